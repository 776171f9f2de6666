import json
import os
import time
from pathlib import Path

import yaml

env = yaml.safe_load(Path("/in/env.yaml").read_text())
config = yaml.safe_load(Path("/in/config.yaml").read_text())
assert config["run_mining"] is env["run_mining"] and config["run_infer"] is env["run_infer"]
paths = [line.strip() for line in open(env["input"]["candidate_index_file"])]
names = [os.path.basename(path) for path in paths]


def monitor(percent):
    Path("/out/monitor.txt").write_text(f"{env['task_id']}\t{time.time()}\t{percent}\t2\t0\n")


if env["run_mining"]:  # unsorted, two further columns, one candidate left out, one stranger, an empty line
    lines = [f"{path}\t{0.1 * place:.3f}\t0.5\tx" for place, path in enumerate(paths[:-1])]
    Path("/out/result.tsv").write_text("\n".join([*lines, "", "/in/assets/zz/stranger.jpg\t1", lines[0]]))
    monitor(0.5)
if env["run_infer"]:
    box = {"x": 10.5, "y": -3.25, "w": 20.5, "h": 30.0, "rotate_angle": 0.1}
    found = [
        {"class_name": "RBC", "score": 0.5, "box": box},
        {"class_name": " rbc ", "score": 1, "box": box},
        {"class_name": "Leukocyte", "score": 0.25, "box": box},
        {"class_name": "Ghost", "score": 0.75, "box": box},
        {"class_name": "RBC", "box": box},
    ]
    detection = {names[0]: {"annotations": found}, names[1]: {"boxes": []}, "other.png": {"boxes": found}}
    Path("/out/infer-result.json").write_text(json.dumps({"detection": detection}))
monitor(1.0)
