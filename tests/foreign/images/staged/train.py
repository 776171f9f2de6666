import getpass
import os
import re
import socket
import time
from pathlib import Path

import yaml

env = yaml.safe_load(open(os.environ.get("DEFAULT_ENV_FILE_PATH", "/in/env.yaml")))
config = yaml.safe_load(open(env["input"]["config_file"]))
out = env["output"]
assert (Path.home() / ".config" / "Ultralytics" / "Arial.ttf").read_text() == "font\n"
(Path.home() / ".config" / "matplotlib").mkdir()
assert getpass.getuser() and socket.gethostbyname(socket.gethostname())
Path("runs/train/exp").mkdir(parents=True)
threshold = (1, 0, 0)
protocol = tuple(int(part) for part in env["protocol_version"].split("."))
assert protocol >= threshold and env["manifest_file"] == "/img-man/manifest.yaml"
assert config["epochs"] == 14 and config["args_options"] == "--exist-ok" and "pretrained_model_params" not in config


def monitor(percent, state=2, code=0, message=""):
    with open(out["monitor_file"], "w") as stream:
        stream.flush()
        time.sleep(0.02)  # caught here, the file is empty
        stream.write(f"{env['task_id']}\t{time.time()}\t{percent:.2f}\t{state}\t{code}\t{message}\n")


def write_stage(name, files, metric):
    """As the SDK does it: the key an identifier, the folder as it was named, everything written anew each time."""
    path = Path(out["training_result_file"])
    result = yaml.safe_load(path.read_text()) if path.exists() else {"model_stages": {}}
    key = re.sub("-", "_", name)
    result["model_stages"][key] = {"stage_name": key, "files": files, "timestamp": 1700000000 + int(name[6:]), "mAP": metric}
    best = max(result["model_stages"].values(), key=lambda stage: (stage["mAP"], stage["timestamp"]))
    result["best_stage_name"], result["mAP"] = best["stage_name"], best["mAP"]
    latest = sorted(result["model_stages"].values(), key=lambda stage: stage["timestamp"])[-10:]
    kept = {stage["stage_name"]: stage for stage in [*latest, best]}
    result["model_stages"] = kept
    result["attachments"] = {"section_a": ["onnx.txt"]}
    result["evaluate_config"] = {"iou_thr": 0.5, "conf_thr": 0.005}
    path.write_text(yaml.safe_dump(result))


models = Path(out["models_dir"])
(models / "attachments" / "section_a").mkdir(parents=True)
(models / "attachments" / "section_a" / "onnx.txt").write_text("exported")
(models / "config.py").write_text("shared by all stages")
for epoch in range(1, config["epochs"] + 1):
    name = f"epoch-{epoch}"
    (models / name).mkdir()
    (models / name / f"{name}.pt").write_text(name)
    write_stage(name, [f"{name}.pt", "config.py"], 0.9 if epoch == 3 else epoch / 100)
    monitor(epoch / config["epochs"] if epoch != 7 else 0.0)
    print(f"\rEpoch {epoch}: {epoch * 7}%", end="", flush=True)
(Path(out["tensorboard_dir"]) / "events.out.tfevents.1700000000.host").write_bytes(b"\0")
(Path(out["root_dir"]) / "ymir_dataset").mkdir()
monitor(1.0)
