"""Weights of other people's networks that ours begin with."""

from __future__ import annotations

from training.data.fetch.items import Collection, Item

FILE = "mobilenet_v2_1.0_224_quant.tflite"
MIRRORS = ("https://raw.githubusercontent.com/google-coral/test_data/104342d2d3480b3e66203073dac24f4e2dbb4c41/",)
SHA256 = "7aad0c74c5e3c06e5eb3c827e13304fdd68a83da6087d92ee169c24ff9fd4776"
IMAGENET = Collection(
    name="imagenet-mobilenet-v2",
    title="MobileNetV2 1.0 at 224x224, trained on ImageNet",
    address="https://github.com/google-coral/test_data",
    licence="Apache-2.0",
    citation="M. Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks. CVPR 2018.",
    items=(Item(FILE, tuple(mirror + FILE for mirror in MIRRORS), SHA256, most_bytes=1 << 24),),
)
