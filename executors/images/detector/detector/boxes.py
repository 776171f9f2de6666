"""Geometry of boxes x1, y1, x2, y2."""

import math

import torch
from torch import Tensor


def pair_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of boxes that broadcast against each other [..., 4] -> [...]."""
    # Side by side, not as pairs: the last axis stays long, which is several times faster on a CPU.
    left_a, top_a, right_a, bottom_a = a.unbind(-1)
    left_b, top_b, right_b, bottom_b = b.unbind(-1)
    width = (torch.minimum(right_a, right_b) - torch.maximum(left_a, left_b)).clamp(min=0)
    height = (torch.minimum(bottom_a, bottom_b) - torch.maximum(top_a, top_b)).clamp(min=0)
    shared = width * height
    return shared / (area(a) + area(b) - shared + 1e-7)


def all_iou(a: Tensor, b: Tensor) -> Tensor:
    """Every box of a [..., N, 4] against every box of b [..., M, 4] -> [..., N, M]."""
    return pair_iou(a.unsqueeze(-2), b.unsqueeze(-3))


def area(boxes: Tensor) -> Tensor:
    """Areas; zero where a corner has crossed over."""
    size = (boxes[..., 2:] - boxes[..., :2]).clamp(min=0)
    return size[..., 0] * size[..., 1]


def complete_iou(a: Tensor, b: Tensor) -> Tensor:
    """IoU less penalties for distance and shape, for pairs [..., 4] (Zheng et al., CIoU, 2020, eq. 10)."""
    iou = pair_iou(a, b)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    diagonal = hull.square().sum(-1) + 1e-7
    distance = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) / 2).square().sum(-1)
    size_a, size_b = (a[..., 2:] - a[..., :2]).clamp(min=1e-4), (b[..., 2:] - b[..., :2]).clamp(min=1e-4)
    angle = torch.atan(size_b[..., 0] / size_b[..., 1]) - torch.atan(size_a[..., 0] / size_a[..., 1])
    shape = 4 / math.pi**2 * angle.square()
    with torch.no_grad():
        weight = shape / (1 - iou + shape + 1e-7)
    return iou - distance / diagonal - weight * shape


def suppress(boxes: Tensor, scores: Tensor, classes: Tensor, threshold: float) -> Tensor:
    """Indices kept by greedy non-maximum suppression within each class, best score first.

    Solved as a fixed point over the whole overlap matrix instead of box by box: the result is that of the
    greedy loop (Zheng et al., Cluster-NMS, 2021, section 3.3), in a handful of matrix steps.
    """
    order = scores.argsort(descending=True, stable=True)
    boxes, classes = boxes[order], classes[order]
    clash = (all_iou(boxes, boxes) > threshold) & (classes[:, None] == classes[None, :])
    clash = clash.triu(diagonal=1).float()
    kept = torch.ones(len(order), device=boxes.device)
    for _ in range(len(order)):
        after = (kept @ clash == 0).float()
        if torch.equal(after, kept):
            break
        kept = after
    return order[kept.bool()]
