"""Networks that only answer: folded and laid out for speed, run over many pictures."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.models.mobilenet_v2 import ConvNorm


def frozen(module: nn.Module) -> nn.Module:
    """A copy that computes the same, quicker, and is no longer trained: batch norms folded, channels last."""
    made = copy.deepcopy(module).eval().requires_grad_(False)
    for layer in made.modules():
        if isinstance(layer, ConvNorm) and isinstance(layer.norm, nn.BatchNorm2d):
            layer.conv = fuse_conv_bn_eval(layer.conv, layer.norm)
            layer.add_module("norm", nn.Identity())
    return made.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]
