"""The input pipeline's interpreter: an image's bytes, or its pixels, to the network's input tensor.

The steps are data (`export.card.steps.InputPipeline`); the JavaScript twin is `widgets/core/preprocess.mjs`. Both give
the same bits in every uint8 step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from export.card.steps import Decode, InputPipeline, Layout, Normalise, Orient, Scale, StampTrigger, Step
from export.pipeline.image import ImageError, Pixels, load
from export.pipeline.pixel_steps import PIXEL_STEPS
from training.triggers.base import Trigger, TriggerError
from training.triggers.placement import Placement

Floats = npt.NDArray[np.float32]
"""Values of the float steps, channels last until `layout`."""


@dataclass(frozen=True)
class Stage:
    """The image after one uint8 step."""

    op: str
    pixels: Pixels


@dataclass(frozen=True)
class Preprocessed:
    """What the pipeline made of an image."""

    stages: list[Stage]
    """One for each uint8 step that ran, from `composite` on."""
    pixels: Pixels
    """What the network sees, `(h, w, c) uint8`, trigger included."""
    tensor: Floats
    """The network's input, a batch of one."""


def run(
    pipeline: InputPipeline,
    source: bytes | Pixels,
    trigger: Trigger | None = None,
    placement: Placement | None = None,
) -> Preprocessed:
    """Run a pipeline on one image.

    Args:
        pipeline: The card's `input`.
        source: The bytes of an image file, or upright pixels `(h, w, 1 | 3 | 4) uint8`, which skip decoding.
        trigger: What to stamp at the pipeline's `trigger` step; None stamps nothing.
        placement: Where to stamp a movable trigger; None for its own place.

    Raises:
        ImageError: If the bytes are not a readable image, the image is too large, the trigger does not fit, or the
            pipeline does not end in the shape that it promises.
    """
    pixels = load(source, _largest(pipeline))
    original_size = pixels.shape[:2]
    stages: list[Stage] = []
    tensor: Floats | None = None
    for step in pipeline.steps:
        if isinstance(step, Decode | Orient):
            continue
        if getattr(step, "unless_size", None) == original_size:
            continue
        if isinstance(step, Scale | Normalise | Layout):
            tensor = _float_step(step, pixels if tensor is None else tensor)
            continue
        if isinstance(step, StampTrigger) and trigger is None:
            continue
        _require_affordable(step, pixels)
        if isinstance(step, StampTrigger) and trigger is not None:
            pixels = _stamp(pixels, trigger, placement)
        else:
            pixels = PIXEL_STEPS[type(step)](step, pixels)
        stages.append(Stage(step.op, pixels))
    _check_shape(pipeline, pixels)
    if tensor is None:
        raise ImageError("the input pipeline has no layout step, so it makes no tensor: correct the model card")
    return Preprocessed(stages, pixels, tensor)


def batch_tensor(pipeline: InputPipeline, images: Pixels) -> Floats:
    """The tensor of images that already have the network's size.

    Args:
        pipeline: The card's `input`; only its float steps run.
        images: `(n, h, w, c) uint8`.

    Returns:
        float32, `(n, c, h, w)`, `(n, h, w, c)`, `(n, h, w)` or `(n, h * w * c)`, as the pipeline's layout says.
    """
    tensor: Floats | Pixels = images
    for step in pipeline.steps:
        if isinstance(step, Scale | Normalise | Layout):
            tensor = _float_step(step, tensor)
    return tensor.astype(np.float32)


def _largest(pipeline: InputPipeline) -> int:
    """How many pixels an image may have."""
    return next((step.max_pixels for step in pipeline.steps if isinstance(step, Decode)), Decode().max_pixels)


def _require_affordable(step: Step, pixels: Pixels) -> None:
    h, w = pixels.shape[:2]
    if step.most_taken is not None and h * w > step.most_taken:
        raise ImageError(
            f"the step '{step.op}' is given an image of {h}x{w}, and {step.most_taken:,} pixels are the most: put a "
            "'shrink' or 'resize' before it in the model card"
        )


def _stamp(pixels: Pixels, trigger: Trigger, placement: Placement | None) -> Pixels:
    try:
        stamped: Pixels = trigger.stamp(pixels[None], None if placement is None else [placement])[0]
    except TriggerError as error:
        raise ImageError(str(error)) from error
    return stamped


def _float_step(step: Scale | Normalise | Layout, values: Floats | Pixels) -> Floats:
    floats: Floats = values.astype(np.float32)
    if isinstance(step, Scale):
        return np.divide(floats, np.float32(step.divide), dtype=np.float32)
    if isinstance(step, Normalise):
        centred = np.subtract(floats, np.array(step.mean, np.float32), dtype=np.float32)
        return np.divide(centred, np.array(step.std, np.float32), dtype=np.float32)
    return _laid_out(floats if floats.ndim == 4 else floats[None], step.order)


def _laid_out(batch: Floats, order: str) -> Floats:
    """A batch `(n, h, w, c)` in the order of a network's axes."""
    match order:
        case "NCHW":
            return np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
        case "NHW":
            return np.ascontiguousarray(batch[..., 0])
        case "flat":
            return batch.reshape(len(batch), -1)
        case _:
            return np.ascontiguousarray(batch)


def _check_shape(pipeline: InputPipeline, pixels: Pixels) -> None:
    expected = (pipeline.height, pipeline.width, pipeline.channels)
    if pixels.shape != expected:
        raise ImageError(
            f"the input pipeline made an image of {pixels.shape} where the card promises {expected}: correct the card"
        )
