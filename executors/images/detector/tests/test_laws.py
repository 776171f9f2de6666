from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from contract import annotations
from detector import augment, export
from detector.assign import assign
from detector.augment import Recipe
from detector.boxes import all_iou, complete_iou, suppress
from detector.checkpoint import Checkpoint
from detector.dataset import ImageStore, LabelledImages
from detector.device import Compute, DeviceOptions
from detector.evaluate import Found, evaluate
from detector.images import read_scaled
from detector.mining import MiningOptions
from detector.mining.diversity import gains
from detector.model import Detector, ModelConfig, cells
from detector.optimisation import rate_at
from detector.options import InferOptions, TrainingOptions
from detector.predict import PredictOptions, Predictor

try:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval
except ImportError:
    COCO = None

HOME = Path(__file__).resolve().parent.parent


def random_boxes(count: int, seed: int, size: float = 100) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    corner = torch.rand(count, 2, generator=generator) * size
    return torch.cat([corner, corner + 2 + torch.rand(count, 2, generator=generator) * size / 3], dim=1)


def test_suppression_equals_the_greedy_loop() -> None:
    for seed in range(20):
        boxes = random_boxes(80, seed)
        generator = torch.Generator().manual_seed(seed)
        scores, classes = torch.rand(80, generator=generator), torch.randint(0, 3, (80,), generator=generator)
        overlap = all_iou(boxes, boxes)
        kept: list[int] = []
        for index in scores.argsort(descending=True).tolist():
            if all(overlap[index, other] <= 0.3 or classes[index] != classes[other] for other in kept):
                kept.append(index)
        assert suppress(boxes, scores, classes, 0.3).tolist() == kept


def test_complete_iou_is_one_for_equal_boxes_and_at_most_the_overlap() -> None:
    a, b = random_boxes(50, 1), random_boxes(50, 2)
    assert torch.allclose(complete_iou(a, a), torch.ones(50), atol=1e-4)
    assert (complete_iou(a, b) <= all_iou(a, b).diagonal() + 1e-6).all()


def test_assignment_gives_every_object_cells_inside_it_and_no_cell_to_two() -> None:
    grid = cells(96, 128)
    objects = torch.tensor([[[0, 10.0, 10, 50, 60], [1, 30, 30, 90, 90], [1, 61, 61, 64, 64], [-1, -1, -1, -1, -1]]])
    boxes = (torch.cat([grid[0], grid[0]], 1) + torch.tensor([-15.0, -15, 15, 15]))[None]
    scores = torch.full((1, len(grid[1]), 2), 0.1)
    found = assign(scores, boxes, grid, objects, top=5)
    owned = found.boxes[found.positive]
    assert {tuple(box) for box in owned.tolist()} == {tuple(box) for box in objects[0, :3, 1:].tolist()}
    centres = grid[0][found.positive[0]]
    assert ((centres > owned[:, :2] - 8) & (centres < owned[:, 2:] + 8)).all()
    assert (found.targets.sum(-1) > 0).equal(found.positive)
    assert found.targets.max() <= 1


def test_assignment_without_objects_has_no_positives() -> None:
    grid = cells(64, 64)
    count = len(grid[1])
    for objects in (torch.zeros(2, 0, 5), torch.full((2, 3, 5), -1.0)):
        found = assign(torch.rand(2, count, 3), torch.rand(2, count, 4), grid, objects)
        assert not found.positive.any()
        assert found.targets.sum() == 0


def random_scene(rng: np.random.Generator, classes: int) -> tuple[Found, np.ndarray]:
    count = int(rng.integers(0, 12))
    corner = rng.uniform(0, 80, (count, 2))
    truth = np.concatenate([rng.integers(0, classes, (count, 1)), corner, corner + rng.uniform(5, 30, (count, 2))], 1)
    hits = truth[rng.random(count) < 0.8]
    shaken = hits[:, 1:] + rng.normal(0, 2, (len(hits), 4))
    noise = rng.uniform(0, 80, (8, 2))
    boxes = np.concatenate([shaken, np.concatenate([noise, noise + 15], 1)])
    labels = np.concatenate([hits[:, 0], rng.integers(0, classes, 8)]).astype(np.int64)
    return Found(boxes, rng.random(len(boxes)).round(2), labels), truth


@pytest.mark.skipif(COCO is None, reason="pycocotools is not installed")
def test_average_precision_equals_pycocotools() -> None:
    rng = np.random.default_rng(5)
    classes = 4
    pairs = [random_scene(rng, classes - 1) for _ in range(40)]  # the last class has detections at most
    ours = evaluate([found for found, _ in pairs], [truth for _, truth in pairs], classes)
    rows, found = [], []
    for image, (detections, truth) in enumerate(pairs):
        for label, x1, y1, x2, y2 in truth:
            box = [x1, y1, x2 - x1, y2 - y1]
            rows.append(
                {
                    "id": len(rows) + 1,
                    "image_id": image,
                    "category_id": int(label),
                    "bbox": box,
                    "area": box[2] * box[3],
                    "iscrowd": 0,
                }
            )
        for box, score, label in zip(detections.boxes, detections.scores, detections.classes, strict=True):
            x1, y1, x2, y2 = box
            found.append(
                {"image_id": image, "category_id": int(label), "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score}
            )
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": image} for image in range(len(pairs))],
        "categories": [{"id": label, "name": str(label)} for label in range(classes)],
        "annotations": rows,
    }
    coco.createIndex()
    run = COCOeval(coco, coco.loadRes(found), "bbox")
    run.evaluate()
    run.accumulate()
    run.summarize()
    assert ours.map50_95 == pytest.approx(run.stats[0], abs=1e-6)
    assert ours.map50 == pytest.approx(run.stats[1], abs=1e-6)
    assert ours.mean_recall == pytest.approx(run.stats[8], abs=1e-6)


def test_perfect_detections_score_one() -> None:
    truth = np.array([[0, 1, 1, 20, 20], [1, 30, 30, 50, 60]], dtype=float)
    found = Found(truth[:, 1:], np.array([0.9, 0.8]), truth[:, 0].astype(np.int64))
    scores = evaluate([found], [truth], 2)
    assert (scores.map50, scores.map50_95, scores.mean_recall) == (1, 1, 1)
    assert (scores.true_positives, scores.false_positives, scores.false_negatives) == (2, 0, 0)


def test_objects_stay_on_their_pixels_through_augmentation() -> None:
    rng = np.random.default_rng(0)
    pixels = np.zeros((96, 128, 3), dtype=np.uint8)
    pixels[20:50, 30:70] = 255
    objects = np.array([[0, 30, 20, 70, 50]], dtype=np.float32)
    data = LabelledImages([Image.fromarray(pixels)] * 4, [objects] * 4)
    for round_ in range(60):
        recipe = Recipe(mosaic=round_ % 2, scale=0.5, flip_vertical=True, transpose=True)
        picture, found = augment.sample(data, round_ % 4, (96, 128), recipe, rng, np.ones(4))
        assert picture.shape == (96, 128, 3)
        for _, x1, y1, x2, y2 in found:
            inside = picture[round(y1) + 2 : round(y2) - 2, round(x1) + 2 : round(x2) - 2]
            assert inside.size == 0 or inside.mean() > 240


def test_images_beyond_the_allowed_memory_are_decoded_again(tmp_path: Path) -> None:
    store = ImageStore(64, room=64 * 48 * 4)
    for seed in range(2):
        path = tmp_path / f"{seed}.png"
        Image.fromarray(np.random.default_rng(seed).integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(path)
        store.add(path, read_scaled(path, 64).pixels)
    assert isinstance(store.kept[0], Image.Image)
    assert isinstance(store.kept[1], Path)
    assert np.array_equal(np.asarray(store[1]), read_scaled(tmp_path / "1.png", 64).pixels)
    assert len(store) == 2


def test_images_of_rare_classes_are_seen_more_often() -> None:
    common, rare = np.array([[0, 1, 1, 9, 9]], dtype=np.float32), np.array([[1, 1, 1, 9, 9]], dtype=np.float32)
    image = Image.new("RGB", (32, 32))
    data = LabelledImages([image] * 100, [common] * 96 + [rare] * 3 + [np.zeros((0, 5), dtype=np.float32)])
    factors = data.repeat_factors(0.3)
    assert factors[:96] == pytest.approx(1)
    assert factors[96:99] == pytest.approx(10**0.5)
    assert factors[99] == 1
    assert data.repeat_factors(0) == pytest.approx(1)


def test_colour_jitter_keeps_range_and_can_be_off() -> None:
    images = torch.rand(3, 3, 8, 8)
    generator = torch.Generator().manual_seed(0)
    assert torch.allclose(augment.recoloured(images, augment.colour_matrices(3, 0, generator)), images, atol=1e-6)
    changed = augment.recoloured(images, augment.colour_matrices(3, 1.0, generator))
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert not torch.equal(changed, images)


def test_flip_average_of_a_symmetric_picture_is_symmetric() -> None:
    torch.manual_seed(0)
    model = Detector(ModelConfig(2, width=0.5)).eval()
    half = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    picture = torch.cat([half, half.flip(3)], dim=3)
    compute = Compute(torch.device("cpu"), torch.float32, compile=False, lanes=1)
    predictor = Predictor(model, compute, PredictOptions(flips=("h",)))
    dense = predictor.dense(picture)
    scores = dense.scores[0, : 8 * 16].reshape(8, 16, 2)
    assert torch.allclose(scores, scores.flip(1), atol=1e-5)
    boxes = dense.boxes[0, : 8 * 16].reshape(8, 16, 4)
    mirrored = boxes.flip(1)[..., [2, 1, 0, 3]] * torch.tensor([-1, 1, -1, 1]) + torch.tensor([128, 0, 128, 0])
    assert torch.allclose(boxes, mirrored, atol=1e-3)


def test_onnx_agrees_with_the_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = Detector(ModelConfig(3, width=0.5)).eval()
    checkpoint = Checkpoint(model.config, ["a", "b", "c"], 64, False, {}, [0, 0, 0], [], model.state_dict())
    assert export.export_onnx(checkpoint, (64, 96), tmp_path / "model.onnx")
    network = export.Exported(checkpoint.build(), 64, 96)
    boxes, scores = export.parity(network, torch.rand(3, 3, 64, 96), tmp_path / "model.onnx")
    assert boxes < 1e-2
    assert scores < 1e-4


def test_learning_rate_rises_then_falls() -> None:
    rates = [rate_at(step / 100, 0.1) for step in range(101)]
    assert rates[0] < 0.01
    assert max(rates) == pytest.approx(1, abs=0.01)
    assert rates[-1] == pytest.approx(0.01, abs=1e-3)
    assert all(a >= b for a, b in pairwise(rates[10:]))


def test_greedy_gains_fall_and_favour_rare_classes_and_new_images() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(30, 8))
    worth = np.zeros((30, 2))
    worth[:, 0] = 1.0
    worth[7] = [0.0, 1.0]
    result = gains(worth, features, np.array([500.0, 2.0]), np.zeros((0, 8)))
    assert result.argmax() == 7
    assert (np.diff(-np.sort(-result)) <= 1e-12).all()
    twin = np.concatenate([features, features[:1]])
    again = gains(np.ones((31, 2)), twin, np.zeros(2), features[:1])
    assert set(np.argsort(again)[:2]) == {0, 30}, "what is labelled already comes last"


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("0, 10, 20, 19, 29, -1.0, 0.0", [(0, 10, 20, 20, 30)]),
        ("1, 10, 20, 19, 29", [(1, 10, 20, 20, 30)]),
        ("0, 10, 20, 10, 20, -1.0, 0.0", []),
        ("5, 10, 20, 19, 29", []),
        ("0, nan, 20, 19, 29", []),
        ("", []),
    ],
)
def test_ark_lines(tmp_path: Path, text: str, boxes: list) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text)
    assert annotations.read(path, ["a", "b"]) == boxes


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("training", [TrainingOptions, DeviceOptions]),
        ("infer", [InferOptions, DeviceOptions]),
        ("mining", [MiningOptions, InferOptions, DeviceOptions]),
    ],
)
def test_templates_hold_the_defaults_and_explain_every_key(name: str, kinds: list) -> None:
    lines = (HOME / "img-man" / f"{name}-template.yaml").read_text().splitlines()
    template = yaml.safe_load("\n".join(lines))
    known = {field.name: field.default for kind in kinds for field in fields(kind)}
    own = {"compile": "off", "infer_flip": False} if name == "mining" else {"compile": "off"} if name == "infer" else {}
    for key, value in template.items():
        if key not in {"export_format", "shm_size"}:
            assert value == own.get(key, known[key]), key
    for before, line in zip(["", *lines], lines, strict=False):
        assert line.startswith("#") or before.startswith("#"), f"{line} has no comment"
    if name == "training":
        assert set(known) <= set(template)
