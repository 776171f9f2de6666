"""CALD: images whose boxes change when the image is changed a little.

Yu, Zhu, Yang and Chen, "Consistency-based active learning for object detection", CVPR Workshops 2022: section 3.2
(consistency of boxes and of class scores between an image and its changed copies; an image is as good as its least
consistent box is near to `BETA`, since boxes that are wholly inconsistent are mostly noise). The second stage of the
paper, which balances classes within a known budget, is left out: a mining task is not told how many images are taken.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageEnhance

from detector.evaluate import Found, overlaps
from detector.images import Pixels
from detector.mining.base import UNREADABLE, Floats, MiningOptions, Pool

BETA = 1.3  # the consistency of the most telling boxes (section 4.1 of the paper); 2 is full agreement
SHRINK = 0.8
CLEAR = 2.0  # an image without boxes is held for fully consistent


def scores(pool: Pool, options: MiningOptions) -> Floats:
    """2 less the mean distance of an image's least consistent box from BETA, over the changes: 0.7 to 2."""
    result = np.full(len(pool.paths), UNREADABLE)
    done = 0
    for positions, scaled in pool.decoded():
        originals = [image.pixels for image in scaled]
        wanted = [_sure(found, options) for found in _detect(pool, originals)]
        distance = np.zeros(len(originals))
        for change in (_mirrored, _darker, _smaller):
            changed = [change(pixels) for pixels in originals]
            seen = _detect(pool, [pixels for pixels, _, _ in changed])
            for place, (_, factor, mirror) in enumerate(changed):
                width = originals[place].shape[1]
                back = _carried_back(_sure(seen[place], options), factor, width if mirror else None)
                distance[place] += abs(_consistency(wanted[place], back) - BETA) / 3
        result[positions] = 2 - distance
        done += len(positions)
        pool.progress(0.95 * done / len(pool.paths))
    return result


def _detect(pool: Pool, pixels: Sequence[Pixels]) -> list[Found]:
    found = {position: boxes for position, boxes, _ in pool.predictor.images(pixels, pool.batch_size)}
    return [found[position] for position in range(len(pixels))]


def _sure(found: Found, options: MiningOptions) -> Found:
    kept = found.scores >= options.mining_confidence
    return Found(found.boxes[kept], found.scores[kept], found.classes[kept])


def _consistency(wanted: Found, seen: Found) -> float:
    """The least over the boxes of overlap plus agreement of class and score with the best match; 0 to 2."""
    if len(wanted.scores) == 0:
        return CLEAR
    if len(seen.scores) == 0:
        return 0.0
    overlap = overlaps(wanted.boxes, seen.boxes)
    match = overlap.argmax(axis=1)
    rows = np.arange(len(match))
    same = wanted.classes == seen.classes[match]
    agreement = 1 - _divergence(wanted.scores, np.where(same, seen.scores[match], 1 - seen.scores[match]))
    return float((overlap[rows, match] + agreement).min())


def _divergence(p: Floats, q: Floats) -> Floats:
    """Jensen-Shannon divergence in bits of two yes-or-no distributions; 0 to 1."""
    a, b = (np.clip(np.stack([x, 1 - x]), 1e-9, 1) for x in (p, q))
    middle = (a + b) / 2
    return ((a * np.log2(a / middle)).sum(axis=0) + (b * np.log2(b / middle)).sum(axis=0)) / 2


def _carried_back(found: Found, factor: float, mirror: int | None) -> Found:
    boxes = found.boxes / factor
    if mirror is not None:
        boxes = boxes.copy()
        boxes[:, [0, 2]] = mirror - boxes[:, [2, 0]]
    return Found(boxes, found.scores, found.classes)


def _mirrored(pixels: Pixels) -> tuple[Pixels, float, bool]:
    return np.ascontiguousarray(pixels[:, ::-1]), 1.0, True


def _darker(pixels: Pixels) -> tuple[Pixels, float, bool]:
    image = ImageEnhance.Color(ImageEnhance.Brightness(Image.fromarray(pixels)).enhance(0.7)).enhance(0.6)
    return np.asarray(image), 1.0, False


def _smaller(pixels: Pixels) -> tuple[Pixels, float, bool]:
    height, width = pixels.shape[:2]
    size = max(1, round(width * SHRINK)), max(1, round(height * SHRINK))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)), size[0] / width, False
