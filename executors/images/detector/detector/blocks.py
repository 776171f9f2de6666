"""Building blocks of the network. Dense 3x3 convolutions throughout: CPUs and GPUs run them at their best rate."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvNorm(nn.Module):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.1)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.norm(self.conv(x)), inplace=True)

    def fuse(self) -> None:
        """Fold the normalisation into the convolution; for inference only."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv, self.norm)
            self.norm = nn.Identity()


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int, *, shortcut: bool = True) -> None:
        super().__init__()
        self.first = ConvNorm(channels, channels)
        self.second = ConvNorm(channels, channels)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(self.first(x))
        return x + y if self.shortcut else y


class SplitStage(nn.Module):
    """Cross-stage partial block: half of the channels go through residuals, every step is joined again.

    Wang et al., CSPNet (2020), in the gradient-rich layout of ELAN (Wang et al., 2022).
    """

    def __init__(self, inputs: int, outputs: int, depth: int, *, shortcut: bool = True) -> None:
        super().__init__()
        self.half = outputs // 2
        self.split = ConvNorm(inputs, 2 * self.half, kernel=1)
        self.steps = nn.ModuleList(Residual(self.half, shortcut=shortcut) for _ in range(depth))
        self.join = ConvNorm((2 + depth) * self.half, outputs, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        parts = list(self.split(x).chunk(2, dim=1))
        for step in self.steps:
            parts.append(step(parts[-1]))
        return self.join(torch.cat(parts, dim=1))


class PyramidPool(nn.Module):
    """Spatial pyramid pooling by three poolings in a row (He et al., 2015; the fast form of YOLOv5)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduce = ConvNorm(channels, channels // 2, kernel=1)
        self.join = ConvNorm(channels * 2, channels, kernel=1)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.reduce(x)]
        for _ in range(3):
            parts.append(F.max_pool2d(parts[-1], kernel_size=5, stride=1, padding=2))
        return self.join(torch.cat(parts, dim=1))
