"""MobileNetV2 (Sandler et al., 2018), its features separate from its head, in the variants that checkpoints use."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn

from training.models.base import Classifier

MEAN = (0.485, 0.456, 0.406)
"""Means of ImageNet's training pixels, red, green and blue, divided by 255."""
STD = (0.229, 0.224, 0.225)
"""Their standard deviations."""


@dataclass(frozen=True)
class Block:
    """An inverted residual: widened to `hidden` channels, filtered one by one, narrowed to `channels`."""

    hidden: int
    channels: int
    stride: int = 1


def _standard_blocks() -> tuple[Block, ...]:
    """Table 2 of the paper at width 1: expansion, channels, repeats, stride."""
    stages = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
    blocks, before = [], 32
    for expansion, channels, repeats, stride in stages:
        for repeat in range(repeats):
            blocks.append(Block(before * expansion, channels, stride if repeat == 0 else 1))
            before = channels
    return tuple(blocks)


@dataclass(frozen=True)
class Plan:
    """Sizes and conventions of a MobileNetV2; the default is the paper's, at width 1."""

    stem: int = 32
    """Channels of the first convolution."""
    blocks: tuple[Block, ...] = field(default_factory=_standard_blocks)
    last: int = 1280
    """Channels of the last convolution: the features that the head takes."""
    expand_first: bool = False
    """Whether blocks without expansion also have an expanding convolution: true in MXNet, not in TensorFlow."""
    same_padding: bool = False
    """Pad as TensorFlow's `SAME`, which puts the odd row or column at the end, instead of 1 on each side."""
    eps: float = 1e-5
    """Added to the variances of batch norms; TensorFlow's is 1e-3."""


class SameConv2d(nn.Conv2d):
    """A convolution that pads as TensorFlow's `SAME`: as many outputs as input / stride, the odd row at the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(n, c, h, w)` to `(n, filters, ceil(h / stride), ceil(w / stride))`."""
        top, bottom = same_padding(x.shape[2], self.kernel_size[0], self.stride[0])
        left, right = same_padding(x.shape[3], self.kernel_size[1], self.stride[1])
        return super().forward(nn.functional.pad(x, (left, right, top, bottom)))


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Rows that TensorFlow's `SAME` puts before and behind."""
    total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return total // 2, total - total // 2


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and, unless it is the narrowing one, ReLU6."""

    def __init__(  # noqa: PLR0913 - a layer's sizes
        self,
        plan: Plan,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> None:
        kind, padding = (SameConv2d, 0) if plan.same_padding and kernel > 1 else (nn.Conv2d, kernel // 2)
        self.conv: nn.Conv2d
        self.norm: nn.BatchNorm2d
        super().__init__()
        self.add_module("conv", kind(inputs, outputs, kernel, stride, padding, groups=groups, bias=False))
        self.add_module("norm", nn.BatchNorm2d(outputs, eps=plan.eps))
        if relu:
            self.add_module("relu", nn.ReLU6())

    def set_folded(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take the weights of a network for inference, whose batch norms are folded into its convolutions.

        Args:
            weight: `(outputs, inputs a group, h, w) float32`.
            bias: `(outputs,) float32`; adding it is all that is left to the batch norm.

        Raises:
            ValueError: If a shape differs.
        """
        for mine, given in ((self.conv.weight, weight), (self.norm.bias, bias)):
            if mine.shape != given.shape:
                raise ValueError(f"a tensor has shape {tuple(given.shape)}, {tuple(mine.shape)} is expected")
        with torch.no_grad():
            self.conv.weight.copy_(weight)
            self.norm.running_mean.zero_()  # type: ignore[union-attr]
            self.norm.running_var.fill_(1 - self.norm.eps)  # type: ignore[union-attr]
            self.norm.weight.fill_(1)
            self.norm.bias.copy_(bias)


class InvertedResidual(nn.Module):
    """Widen, filter channel by channel, narrow; add the input where the shapes are equal."""

    def __init__(self, plan: Plan, inputs: int, block: Block) -> None:
        super().__init__()
        layers = []
        if plan.expand_first or block.hidden != inputs:
            layers.append(ConvNorm(plan, inputs, block.hidden))
        layers += [
            ConvNorm(plan, block.hidden, block.hidden, kernel=3, stride=block.stride, groups=block.hidden),
            ConvNorm(plan, block.hidden, block.channels, relu=False),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = block.stride == 1 and inputs == block.channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(n, c, h, w)` to `(n, channels, h / stride, w / stride)`."""
        y: torch.Tensor = self.layers(x)
        return x + y if self.residual else y


class MobileNetV2(Classifier):
    """`(n, 3, h, w)` normalised images to logits `(n, classes)`; 224x224 as trained."""

    features: nn.Sequential
    """The first convolution, the blocks in order, and the last convolution: 19 modules in the paper's plan."""
    head: nn.Linear
    """From the pooled features to the logits: the layer that a student replaces."""

    def __init__(self, classes: int = 1000, plan: Plan | None = None, dropout: float = 0.0) -> None:
        """Initialise at random; `dropout` is the rate on the features, in training."""
        super().__init__()
        self.plan = plan or Plan()
        inputs = [self.plan.stem, *(block.channels for block in self.plan.blocks)]
        blocks = [
            InvertedResidual(self.plan, size, block) for size, block in zip(inputs, self.plan.blocks, strict=False)
        ]
        self.features = nn.Sequential(
            ConvNorm(self.plan, 3, self.plan.stem, kernel=3, stride=2),
            *blocks,
            ConvNorm(self.plan, inputs[-1], self.plan.last),
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.plan.last, classes)
        self.apply(_initialise)

    def embed(self, x: torch.Tensor) -> torch.Tensor:
        """Images `(n, 3, h, w)` to their features, averaged over positions: `(n, last)`."""
        return self.features(x).mean((2, 3))  # type: ignore[no-any-return]  # nn.Sequential is untyped

    @property
    def cuts(self) -> int:
        """After the last convolution."""
        return len(self.features)

    def split(self, cut: int) -> tuple[nn.Module, nn.Module]:
        """As `Classifier.split`; the features have 19 layers in the paper's plan."""
        if not 0 <= cut <= self.cuts:
            raise ValueError(f"cannot cut a {type(self).__name__} at layer {cut}; 0 to {self.cuts} is possible")
        return self.features[:cut], _Pooled(self.features[cut:])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images `(n, 3, h, w)` to logits `(n, classes)`."""
        logits: torch.Tensor = self.head(self.dropout(self.embed(x)))
        return logits


class _Pooled(nn.Module):
    """Some last layers and the average over positions: `(n, c, h, w)` to features `(n, d)`."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled: torch.Tensor = self.layers(x).mean((2, 3))
        return pooled


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
