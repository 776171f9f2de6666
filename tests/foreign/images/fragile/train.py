import os
import sys
import time
from pathlib import Path

import yaml

config = yaml.safe_load(Path("/in/config.yaml").read_text())
ending, models = config["ending"], Path("/out/models")


def monitor(percent, state, code, message=""):
    Path("/out/monitor.txt").write_text(f"{config['task_id']}\t{time.time()}\t{percent}\t{state}\t{code}{message}")


def epoch_10():
    (models / "epoch-10").mkdir()
    (models / "epoch-10" / "epoch10.pt").write_text("good")
    stage = {"stage_name": "epoch_10", "files": ["epoch10.pt"], "timestamp": int(time.time()), "mAP": 0.4}
    (models / "result.yaml").write_text(
        yaml.safe_dump({"best_stage_name": "epoch_10", "model_stages": {"epoch_10": stage}})
    )


def odd_files():
    (models / "folder").mkdir()
    (models / "good.pt").write_text("good")
    (models / "shut.pt").write_text("mine alone")
    (models / "shut.pt").chmod(0)
    (models / "link.pt").symlink_to("/etc/passwd")
    os.mkfifo(models / "pipe.pt")
    files = ["good.pt", "folder", "/etc/hostname", "/out/models/good.pt", "link.pt", "pipe.pt", "missing.pt"]
    text = {"best_stage_name": "last", "model_stages": {"last": {"stage_name": "last", "files": files}}}
    (models / "result.yaml").write_text(yaml.safe_dump(text))


if ending == "no memory":
    epoch_10()
    monitor(0.5, 4, 300103, "\n".join(["\nTraceback (most recent call last):", "  File x", "CUDA out of memory"]))
    sys.exit(1)
elif ending == "false hope":
    epoch_10()
    monitor(1.0, 2, 0)
    print("Segmentation fault")
    sys.exit(3)
elif ending == "network":
    monitor(0.1, 4, 300301, "\tcannot fetch weights")
    sys.exit(1)
elif ending == "nothing":
    monitor(1.0, 3, 0)
elif ending == "false alarm":
    epoch_10()
    monitor(0.1, 4, 300201)
elif ending == "odd files":
    odd_files()
