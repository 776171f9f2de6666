"""The training loss: class-aware scores, box overlap, and the distribution of box sides."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from detector.assign import assign
from detector.boxes import complete_iou
from detector.model import Output, corner_boxes, expected_sides

CLASS_WEIGHT, BOX_WEIGHT, SIDES_WEIGHT = 0.5, 7.5, 1.5


@dataclass
class Loss:
    """`total` is what is minimised; the parts are for people."""

    total: Tensor
    box: Tensor
    classes: Tensor


def detection_loss(output: Output, cells: tuple[Tensor, Tensor], objects: Tensor, *, trust: float = 1.0) -> Loss:
    """Loss per image of raw predictions against objects [B, M, 5] (class, x1, y1, x2, y2; class -1 is padding).

    Scores: cross entropy against task-aligned soft targets (Feng et al., TOOD, 2021). Boxes: CIoU (Zheng et al., 2020)
    plus distribution focal loss (Li et al., GFL, 2020, eq. 6), each weighted by the target score.
    """
    centres, strides = cells
    boxes = corner_boxes(expected_sides(output.sides), centres, strides)
    matched = assign(output.logits.detach().sigmoid(), boxes.detach(), cells, objects, trust=trust)
    weight_sum = matched.targets.sum().clamp(min=1)
    class_loss = F.binary_cross_entropy_with_logits(output.logits, matched.targets, reduction="sum") / weight_sum

    image, cell = matched.positive.nonzero(as_tuple=True)
    weight = matched.targets[image, cell].sum(-1)
    truth = matched.boxes[image, cell]
    box_loss = ((1 - complete_iou(boxes[image, cell], truth)) * weight).sum() / weight_sum
    wanted = torch.cat([centres[cell] - truth[:, :2], truth[:, 2:] - centres[cell]], dim=1) / strides[cell, None]
    sides_loss = (_distribution_loss(output.sides[image, cell], wanted) * weight).sum() / weight_sum
    total = CLASS_WEIGHT * class_loss + BOX_WEIGHT * box_loss + SIDES_WEIGHT * sides_loss
    return Loss(total=total, box=(BOX_WEIGHT * box_loss).detach(), classes=(CLASS_WEIGHT * class_loss).detach())


def _distribution_loss(sides: Tensor, wanted: Tensor) -> Tensor:
    """Pull the mass of each distribution [P, 4, bins] onto the two bins around the wanted distance [P, 4] -> [P]."""
    bins = sides.shape[-1]
    wanted = wanted.clamp(0, bins - 1 - 0.01)
    low = wanted.floor().long()
    share = wanted - low
    logs = sides.log_softmax(-1)
    left, right = logs.gather(2, low[..., None]).squeeze(2), logs.gather(2, low[..., None] + 1).squeeze(2)
    return -(left * (1 - share) + right * share).mean(1)
