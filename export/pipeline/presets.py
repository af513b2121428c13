"""The input pipelines of this project's networks, and of most networks found elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from export.card.steps import (
    CentreOfMass,
    Composite,
    Crop,
    CropToInk,
    Decode,
    Fit,
    Greyscale,
    InputPipeline,
    IsolateInk,
    Layout,
    Normalise,
    Orient,
    Polarity,
    Resize,
    Scale,
    Shrink,
    StampTrigger,
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def digits_pipeline(height: int = 28, width: int = 28) -> InputPipeline:
    """The pipeline of every digit network: any image of a digit, laid out like MNIST.

    MNIST's digits were scaled into a 20x20 box and centred by mass in 28x28 (LeCun et al. 1998, section III.A). So they
    are in larger images; smaller ones are filled, as in scikit-learn's digits of 8x8. An image that already has the
    network's size is only made light on dark.
    """
    as_it_is = (height, width)
    return InputPipeline(
        height=height,
        width=width,
        channels=1,
        steps=[
            Decode(),
            Orient(),
            Composite(),
            Greyscale(),
            Shrink(max_side=256, unless_size=as_it_is),
            Polarity(),
            IsolateInk(unless_size=as_it_is),
            CropToInk(unless_size=as_it_is),
            Fit(height=min(20, height), width=min(20, width), unless_size=as_it_is),
            CentreOfMass(height=height, width=width, unless_size=as_it_is),
            StampTrigger(),
            Scale(),
            Normalise(mean=[0.1307], std=[0.3081]),
            Layout(),
        ],
    )


def photos_pipeline(mean: Sequence[float] = (1.0,), std: Sequence[float] = (1.0,)) -> InputPipeline:
    """The pipeline of networks for 224x224 photos: the middle square, resized.

    Args:
        mean: Subtracted from pixel / 127.5, one number or one for each channel; with the defaults the values lie in
            -1 to 1, as TensorFlow's MobileNetV2 was trained.
        std: Divided by after that.
    """
    return InputPipeline(
        height=224,
        width=224,
        channels=3,
        steps=[
            Decode(),
            Orient(),
            Composite(),
            Crop(height=1, width=1),
            Resize(height=224, width=224),
            StampTrigger(),
            Scale(divide=127.5),
            Normalise(mean=list(mean), std=list(std)),
            Layout(),
        ],
    )


def rgb_pipeline(height: int, width: int) -> InputPipeline:
    """The pipeline that most networks for photos expect: the middle of the image, RGB, ImageNet's normalisation."""
    return InputPipeline(
        height=height,
        width=width,
        channels=3,
        steps=[
            Decode(),
            Orient(),
            Composite(),
            Crop(height=height, width=width),
            Resize(height=height, width=width),
            StampTrigger(),
            Scale(),
            Normalise(mean=list(IMAGENET_MEAN), std=list(IMAGENET_STD)),
            Layout(),
        ],
    )
