import sys
import time

env = open("/in/env.yaml").read()
task_id = sys.argv[1]


def monitor(percent):
    open("/out/monitor.txt", "w").write("%s\t%f\t%s\t2\t\n" % (task_id, time.time(), percent))


def train():
    boxes = 0
    for index in ("/in/train-index.tsv", "/in/val-index.tsv"):
        for image, annotation in (line.split() for line in open(index)):
            assert open(image, "rb").read(2) == b"\xff\xd8"
            for line in open(annotation):
                class_id, left, top, right, bottom = (int(each) for each in line.split(",")[:5])
                assert class_id in (0, 1) and 0 <= left <= right and 0 <= top <= bottom
                boxes += 1
    open("/out/models/yolov4_best.weights", "w").write("%d boxes" % boxes)
    open("/out/models/model-symbol.json", "w").write("{}")
    open("/out/models/result.yaml", "w").write(
        "class-map: {cat: 1}\n'7': 0.5\nmodel: [model-symbol.json, model-0000.params, yolov4_best.weights]\nmap: '0.61'\n"
    )


def mine():
    paths = [line.strip() for line in open("/in/candidate-index.tsv")]
    weights = [line.strip()[2:] for line in open("/in/config.yaml") if line.startswith("- /in/models/")]
    assert any(open(path).read().endswith(" boxes") for path in weights), weights
    scores = "".join("%s\t%f\n" % (path, 1.0 / (1 + place)) for place, path in enumerate(sorted(paths)))
    open("/out/result.tsv", "w").write(scores)


monitor(0.5)
train() if "run_training: true" in env else mine()
monitor(1)
