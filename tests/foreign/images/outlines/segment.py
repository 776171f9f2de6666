import json
import os
from pathlib import Path

import yaml

env = yaml.safe_load(Path("/in/env.yaml").read_text())
config = yaml.safe_load(Path("/in/config.yaml").read_text())
semantic = config["object_type"] == 3
assert config["kind"] == ("semantic" if semantic else "instance")

if env["run_training"]:
    lines = [line.split() for index in ("train", "val") for line in open(f"/in/{index}-index.tsv")]
    assert {annotation for _, annotation in lines} == {"/in/annotations/coco-annotations.json"}
    coco = json.loads(Path(lines[0][1]).read_text())
    assert {os.path.basename(asset) for asset, _ in lines} == {image["file_name"] for image in coco["images"]}
    assert [category["id"] for category in coco["categories"]] == list(range(len(config["class_names"])))
    outlined = [each for each in coco["annotations"] if each["segmentation"]]
    metric = {"mIoU": 0.6, "mAcc": 0.7} if semantic else {"maskAP": 0.4, "boxAP": 0.5}
    Path("/out/models/seg.pth").write_text(f"{len(outlined)} outlines")
    stage = {"stage_name": "best", "files": ["seg.pth"], "timestamp": 1, **metric}
    result = {"best_stage_name": "best", "model_stages": {"best": stage}, **metric}
    Path("/out/models/result.yaml").write_text(yaml.safe_dump(result))
if env["run_infer"]:
    names = [os.path.basename(line.strip()) for line in open("/in/candidate-index.tsv")]
    first = 0 if semantic else 1
    box = {"image_id": 1, "category_id": first, "bbox": [10, 10, 20, 20], "area": 400.0, "iscrowd": 0}
    ring = [10, 10, 30, 10, 30, 30, 10, 30]
    shapes = [
        {"counts": "abc1", "size": [90, 120]},
        [ring],
        [ring, ring],
        {"counts": [5, 400, 10395], "size": [90, 120]},
    ]
    annotations = [{"id": place, **box, "segmentation": shape} for place, shape in enumerate(shapes)]
    annotations.append({"id": 9, **box, "bbox": [1, 1, 0, 5], "segmentation": shapes[0]})
    annotations.append({"id": 10, **box, "image_id": 77, "segmentation": shapes[0]})
    if not semantic:
        annotations = [{**each, "confidence": 0.75} for each in annotations]
    images = [{"id": place, "file_name": name, "width": 120, "height": 90} for place, name in enumerate(names, 1)]
    categories = [{"id": first + place, "name": name} for place, name in enumerate(config["class_names"])]
    found = {"images": images, "categories": categories, "annotations": annotations}
    Path("/out/infer-result.json").write_text(json.dumps(found))
