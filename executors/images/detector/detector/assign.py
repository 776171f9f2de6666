"""Decides which cells answer for which object (Feng et al., TOOD: task-aligned learning, 2021, section 3.2)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from detector.boxes import all_iou

FITTING_CELLS = 4.0  # an object this many cells wide is at home on a level
NEAR_STRIDES = 1.0  # an object narrower than a cell still owns the cells this near its centre


@dataclass
class Assignment:
    """positive [B, A] cells that answer for an object; boxes [B, A, 4] theirs; targets [B, A, classes] soft scores."""

    positive: Tensor
    boxes: Tensor
    targets: Tensor


@torch.no_grad()
def assign(
    scores: Tensor,
    boxes: Tensor,
    cells: tuple[Tensor, Tensor],
    objects: Tensor,
    *,
    trust: float = 1.0,
    top: int = 10,
    alpha: float = 0.5,
    beta: float = 6.0,
) -> Assignment:
    """Give each object the `top` cells whose score and overlap agree best: score^alpha * IoU^beta.

    scores [B, A, classes] in 0..1; boxes [B, A, 4] predicted, in pixels; cells: centres [A, 2] and strides [A];
    objects [B, M, 5]: class, x1, y1, x2, y2, class -1 for padding. A cell wanted by several objects goes to the
    one it overlaps most. An object's best cell gets the target score of the object's best overlap.

    An untrained network overlaps nothing. `trust` below 1 mixes in what overlap can be hoped for: much at the centre
    of an object, on the level that fits its size.
    """
    batch, cell_count, _ = scores.shape
    real = objects[..., 0] >= 0
    truth, labels = objects[..., 1:], objects[..., 0].clamp(min=0).long()
    if truth.shape[1] == 0:
        return Assignment(scores.new_zeros(batch, cell_count).bool(), torch.zeros_like(boxes), torch.zeros_like(scores))

    inside = _inside(truth, *cells) & real[..., None]
    overlap = all_iou(truth, boxes)
    if trust < 1:
        overlap = trust * overlap + (1 - trust) * _prior(truth, *cells)
    overlap = overlap.masked_fill(~inside, 0)
    score = scores.transpose(1, 2).gather(1, labels[..., None].expand(-1, -1, cell_count))
    alignment = (score.pow(alpha) * overlap.pow(beta)).masked_fill(~inside, -1)

    chosen = _best(alignment, min(top, cell_count)) & inside
    crowded = chosen.sum(1, keepdim=True) > 1
    chosen = torch.where(
        crowded, _best((overlap + 1e-9).masked_fill(~chosen, -1).transpose(1, 2), 1).transpose(1, 2), chosen
    )
    chosen &= inside

    owner = chosen.float().argmax(1)
    positive = chosen.any(1)
    alignment = alignment.clamp(min=0) * chosen
    peak = alignment.amax(2, keepdim=True)
    best_overlap = (overlap * chosen).amax(2, keepdim=True)
    soft = (alignment * best_overlap / (peak + 1e-9)).amax(1)
    targets = torch.zeros_like(scores)
    targets.scatter_(2, labels.gather(1, owner)[..., None], soft[..., None])
    return Assignment(
        positive=positive,
        boxes=truth.gather(1, owner[..., None].expand(-1, -1, 4)),
        targets=targets * positive[..., None],
    )


def _inside(truth: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Cells [B, M, A] whose centre lies in the object, or near its centre when the object is tiny."""
    near = NEAR_STRIDES * strides.min()
    inside = []
    for axis in (0, 1):
        low, high = truth[..., axis, None], truth[..., axis + 2, None]
        reach = ((high - low) / 2).clamp(min=near)
        inside.append((centres[:, axis] - (low + high) / 2).abs() < reach)
    return inside[0] & inside[1]


def _prior(truth: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """How likely a cell [B, M, A] is to answer well before anything is learned, 0 to 1."""
    off = torch.zeros((), device=truth.device)
    for axis in (0, 1):
        low, high = truth[..., axis, None], truth[..., axis + 2, None]
        off = off + ((centres[:, axis] - (low + high) / 2) / torch.maximum(high - low, 2 * strides)).square()
    side = (truth[..., 2:] - truth[..., :2]).clamp(min=1).prod(-1).sqrt()
    octaves = torch.log2(side[..., None] / (FITTING_CELLS * strides))
    return torch.exp(-4 * off - 0.3 * octaves.square())


def _best(values: Tensor, count: int) -> Tensor:
    """Mask of the `count` largest entries along the last axis."""
    picked = values.topk(count, dim=-1).indices
    return torch.zeros_like(values, dtype=torch.bool).scatter_(-1, picked, value=True)
