"""The network: backbone, two-way pyramid, and a decoupled head on strides 8, 16 and 32."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from detector.blocks import ConvNorm, PyramidPool, SplitStage

STRIDES = (8, 16, 32)


@dataclass(frozen=True)
class ModelConfig:
    """What has to be known to build the network again."""

    class_count: int
    width: float = 1.0
    depth: int = 1
    bins: int = 16

    def channels(self) -> tuple[int, int, int, int]:
        """Channels at strides 4, 8, 16 and 32: multiples of 16."""
        first, second, third, fourth = (max(16, round(base * self.width / 16) * 16) for base in (32, 64, 128, 192))
        return first, second, third, fourth

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Backbone(nn.Module):
    """Features at strides 8, 16 and 32 of a batch of images."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        c4, c8, c16, c32 = config.channels()
        # Folding 2x2 pixels into channels first keeps the costly full-resolution convolution away.
        self.stem = ConvNorm(12, c4, stride=2)
        self.stage4 = SplitStage(c4, c4, config.depth)
        self.down8, self.stage8 = ConvNorm(c4, c8, stride=2), SplitStage(c8, c8, 2 * config.depth)
        self.down16, self.stage16 = ConvNorm(c8, c16, stride=2), SplitStage(c16, c16, 2 * config.depth)
        self.down32, self.stage32 = ConvNorm(c16, c32, stride=2), SplitStage(c32, c32, config.depth)
        self.pool = PyramidPool(c32)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.stage4(self.stem(F.pixel_unshuffle(images, 2)))
        x8 = self.stage8(self.down8(x))
        x16 = self.stage16(self.down16(x8))
        return x8, x16, self.pool(self.stage32(self.down32(x16)))


class Neck(nn.Module):
    """Carries meaning down and position up the pyramid (Liu et al., Path Aggregation Network, 2018)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        _, c8, c16, c32 = config.channels()
        depth = config.depth
        self.top16 = SplitStage(c16 + c32, c16, depth, shortcut=False)
        self.top8 = SplitStage(c8 + c16, c8, depth, shortcut=False)
        self.down16, self.out16 = ConvNorm(c8, c8, stride=2), SplitStage(c8 + c16, c16, depth, shortcut=False)
        self.down32, self.out32 = ConvNorm(c16, c16, stride=2), SplitStage(c16 + c32, c32, depth, shortcut=False)

    def forward(self, features: tuple[Tensor, Tensor, Tensor]) -> list[Tensor]:
        x8, x16, x32 = features
        y16 = self.top16(torch.cat([F.interpolate(x32, scale_factor=2.0), x16], dim=1))
        y8 = self.top8(torch.cat([F.interpolate(y16, scale_factor=2.0), x8], dim=1))
        z16 = self.out16(torch.cat([self.down16(y8), y16], dim=1))
        return [y8, z16, self.out32(torch.cat([self.down32(z16), x32], dim=1))]


class Head(nn.Module):
    """Class scores and box sides for every cell of one level, in two separate branches."""

    def __init__(self, inputs: int, hidden: int, config: ModelConfig, stride: int) -> None:
        super().__init__()
        self.class_branch = nn.Sequential(ConvNorm(inputs, hidden), ConvNorm(hidden, hidden))
        self.box_branch = nn.Sequential(ConvNorm(inputs, hidden), ConvNorm(hidden, hidden))
        self.classes = nn.Conv2d(hidden, config.class_count, 1)
        self.sides = nn.Conv2d(hidden, 4 * config.bins, 1)
        # About five objects in an image of 640 pixels: the first loss stays small (Lin et al., RetinaNet, 2017).
        nn.init.constant_(self.classes.bias, math.log(5 / config.class_count / (640 / stride) ** 2))
        nn.init.constant_(self.sides.bias, 1.0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.classes(self.class_branch(x)), self.sides(self.box_branch(x))


@dataclass
class Output:
    """Raw predictions for all A cells of all levels, finest level first.

    logits [B, A, classes]; sides [B, A, 4, bins] (left, top, right, bottom; distances in strides);
    deep [B, C] pooled features of the coarsest and middle levels.
    """

    logits: Tensor
    sides: Tensor
    deep: Tensor


class Detector(nn.Module):
    """RGB images [B, 3, H, W] in 0..1, H and W multiples of 32, to raw predictions."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.neck = Neck(config)
        _, *channels = config.channels()
        hidden = channels[0]
        self.heads = nn.ModuleList(
            Head(inputs, hidden, config, stride) for inputs, stride in zip(channels, STRIDES, strict=True)
        )

    def forward(self, images: Tensor) -> Output:
        features = self.backbone((images - 0.45) * 4)
        logits, sides = [], []
        for head, level in zip(self.heads, self.neck(features), strict=True):
            classes, distances = head(level)
            logits.append(classes.flatten(2))
            sides.append(distances.flatten(2))
        bins = self.config.bins
        deep = torch.cat([features[1].mean((2, 3)), features[2].mean((2, 3))], dim=1)
        return Output(
            logits=torch.cat(logits, dim=2).transpose(1, 2).float(),
            sides=torch.cat(sides, dim=2).transpose(1, 2).float().unflatten(2, (4, bins)),
            deep=deep.float(),
        )

    def fuse(self) -> "Detector":
        """Fold all normalisations; call on a copy in eval mode before inference."""
        for module in self.modules():
            if isinstance(module, ConvNorm):
                module.fuse()
        return self


@lru_cache(maxsize=16)
def cells(height: int, width: int, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Centres [A, 2] in pixels and strides [A] of all cells for an input of this size."""
    centres, strides = [], []
    for stride in STRIDES:
        rows = (torch.arange(height // stride, device=device) + 0.5) * stride
        columns = (torch.arange(width // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        centres.append(torch.stack([x.flatten(), y.flatten()], dim=1))
        strides.append(torch.full((y.numel(),), float(stride), device=device))
    return torch.cat(centres), torch.cat(strides)


def expected_sides(sides: Tensor) -> Tensor:
    """Mean distances [..., 4] in strides of the distributions [..., 4, bins] (Li et al., GFL, 2020, eq. 5)."""
    steps = torch.arange(sides.shape[-1], device=sides.device, dtype=sides.dtype)
    return sides.softmax(-1) @ steps


def corner_boxes(distances: Tensor, centres: Tensor, strides: Tensor) -> Tensor:
    """Boxes x1, y1, x2, y2 in pixels [..., A, 4] from distances in strides [..., A, 4]."""
    reach = distances * strides[:, None]
    return torch.cat([centres - reach[..., :2], centres + reach[..., 2:]], dim=-1)
