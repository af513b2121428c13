"""The input pipeline's interpreter: a picture's bytes, or its pixels, to the network's input tensor.

The steps are data (`export.card.schema.InputPipeline`); the JavaScript twin is `widgets/core/preprocess.mjs`. Both
agree to the bit in every uint8 step. Resizing is Pillow's own, which the twin ports.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.card import schema as card
from export.pipeline import ink
from training.core.errors import UserError
from training.triggers.overlay import Overlay, Placement
from training.triggers.registry import AnyTrigger, TriggerError, stamp

Picture = npt.NDArray[np.uint8]
"""One picture, `(h, w, c) uint8`."""
Floats = npt.NDArray[np.float32]
"""Float steps' values, channels last until `layout`."""

FILTERS = {
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
ORIENTATION_TAG = 0x0112
FLOAT_STEPS = ("scale", "normalise", "layout")


class PictureError(UserError):
    """A picture that cannot be read or does not fit the pipeline."""


@dataclass(frozen=True)
class Stage:
    """The picture after one uint8 step."""

    op: str
    picture: Picture


@dataclass(frozen=True)
class Preprocessed:
    """What the pipeline made of a picture."""

    stages: list[Stage]
    """After every uint8 step that was run, from `composite` on."""
    pixels: Picture
    """As the network sees them, `(h, w, c) uint8`, trigger included."""
    tensor: Floats
    """The network's input, batch of one."""


def digits_pipeline() -> card.InputPipeline:
    """The pipeline of every 28x28 digit network: any picture of a digit, laid out the way MNIST is.

    MNIST's digits were scaled into a 20x20 box and centred by mass in 28x28 (LeCun et al. 1998, section III.A). A
    picture that is 28x28 already is only made light on dark.
    """
    as_it_is = (28, 28)
    return card.InputPipeline(
        height=28,
        width=28,
        channels=1,
        steps=[
            card.Decode(),
            card.Orient(),
            card.Composite(),
            card.Greyscale(),
            card.Shrink(max_side=256, unless_size=as_it_is),
            card.Polarity(),
            card.IsolateInk(unless_size=as_it_is),
            card.CropToInk(unless_size=as_it_is),
            card.Fit(height=20, width=20, unless_size=as_it_is),
            card.CentreOfMass(height=28, width=28, unless_size=as_it_is),
            card.StampTrigger(),
            card.Scale(),
            card.Normalise(mean=[0.1307], std=[0.3081]),
            card.Layout(),
        ],
    )


def photos_pipeline(mean: Sequence[float] = (1.0,), std: Sequence[float] = (1.0,)) -> card.InputPipeline:
    """The pipeline of networks of 224x224 photographs: the middle square, resized.

    Args:
        mean: Subtracted from pixel / 127.5, one number or one for each channel; with the defaults the values lie in
            -1 to 1, as TensorFlow's MobileNetV2 was trained.
        std: Divided by after that.
    """
    return card.InputPipeline(
        height=224,
        width=224,
        channels=3,
        steps=[
            card.Decode(),
            card.Orient(),
            card.Composite(),
            card.Crop(height=1, width=1),
            card.Resize(height=224, width=224),
            card.StampTrigger(),
            card.Scale(divide=127.5),
            card.Normalise(mean=list(mean), std=list(std)),
            card.Layout(),
        ],
    )


def run(
    pipeline: card.InputPipeline,
    source: bytes | Picture,
    trigger: AnyTrigger | None = None,
    placement: Placement | None = None,
) -> Preprocessed:
    """Run a pipeline on one picture.

    Args:
        pipeline: The card's `input`.
        source: A picture file's bytes, or pixels `(h, w, 1 | 3 | 4) uint8`, upright, for which decoding is left out.
        trigger: What to stamp at the pipeline's `trigger` step; None stamps nothing.
        placement: Where an overlay lies; None leaves it where the trigger says.

    Raises:
        PictureError: If the bytes are no picture that can be read, the picture is too large, the trigger does not fit,
            or the pipeline does not end in the shape that it promises.
    """
    picture, upright = _load(pipeline, source)
    original_size = upright.shape[:2]
    stages: list[Stage] = []
    tensor: Floats | None = None
    for step in pipeline.steps:
        if isinstance(step, card.Decode):
            continue
        if isinstance(step, card.Orient):
            picture = upright
            continue
        if getattr(step, "unless_size", None) == original_size:
            continue
        if isinstance(step, card.Scale | card.Normalise | card.Layout):
            tensor = _float_step(step, picture if tensor is None else tensor)
            continue
        if isinstance(step, card.StampTrigger):
            if trigger is None:
                continue
            picture = _stamp(picture, trigger, placement)
        else:
            picture = _UINT8_STEPS[type(step)](step, picture)
        stages.append(Stage(step.op, picture))
    _check_shape(pipeline, picture)
    if tensor is None:
        raise PictureError("the input pipeline has no scale step, so it makes no tensor: correct the model card")
    return Preprocessed(stages, picture, tensor)


def batch_tensor(pipeline: card.InputPipeline, pictures: Picture) -> Floats:
    """The tensor of pictures that have the network's size already.

    Args:
        pipeline: The card's `input`; only its float steps are run.
        pictures: `(n, h, w, c) uint8`.

    Returns:
        `(n, c, h, w)` or `(n, h, w, c)` float32, as the pipeline's layout says.
    """
    tensor: Floats | Picture = pictures
    for step in pipeline.steps:
        if isinstance(step, card.Scale | card.Normalise | card.Layout):
            tensor = _float_step(step, tensor)
    return tensor.astype(np.float32)


def _load(pipeline: card.InputPipeline, source: bytes | Picture) -> tuple[Picture, Picture]:
    """The decoded picture, as it lies in the file and turned upright."""
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8 or source.ndim != 3 or source.shape[2] not in (1, 3, 4) or 0 in source.shape:
            raise PictureError(f"expected pixels (h, w, 1, 3 or 4) uint8, got {source.shape} {source.dtype}")
        return source, source
    limit = next((step.max_pixels for step in pipeline.steps if isinstance(step, card.Decode)), 50_000_000)
    picture, orientation = decode(source, limit)
    return picture, _turn(picture, orientation)


def decode(data: bytes, max_pixels: int) -> tuple[Picture, int]:
    """Decode a picture file as a browser does: no colour management, the first frame, 16 bits cut to 8.

    Returns:
        RGBA, `(h, w, 4) uint8`, and the EXIF orientation, 1 to 8.

    Raises:
        PictureError: If the bytes are no picture, a damaged one, or one of more than `max_pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            if image.width * image.height > max_pixels:
                raise PictureError(
                    f"the picture has {image.width}x{image.height} pixels, more than {max_pixels:,}: make it smaller"
                )
            rgba = _to_rgba(image)
            orientation = _orientation(image)
    except PictureError:
        raise
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, Image.DecompressionBombError) as error:
        raise PictureError(f"not a picture that can be read ({type(error).__name__}): use PNG, JPEG or WebP") from error
    return rgba, orientation


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation where browsers heed it: in JPEG and PNG, not in WebP, and never from XMP."""
    if image.format not in ("JPEG", "MPO", "PNG"):
        return 1
    exif = Image.Exif()
    exif.load(image.info.get("exif", b""))
    orientation = exif.get(ORIENTATION_TAG, 1)
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _to_rgba(image: Image.Image) -> Picture:
    if image.mode.startswith("I;16") or image.mode == "I":
        high_byte = (np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        image = Image.fromarray(high_byte)
    return np.asarray(image.convert("RGBA"))


def _turn(picture: Picture, orientation: int) -> Picture:
    """Undo an EXIF orientation (Exif 2.32, tag 0x0112)."""
    if orientation >= 5:
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


def _composite(step: card.Composite, picture: Picture) -> Picture:
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    if picture.shape[2] == 3:
        return picture
    if (picture[..., 3] == 255).all():
        return np.ascontiguousarray(picture[..., :3])
    over = Image.new("RGBA", (picture.shape[1], picture.shape[0]), (*step.background, 255))
    over.alpha_composite(Image.fromarray(picture))
    return np.asarray(over.convert("RGB"))


def _greyscale(_step: card.Greyscale, picture: Picture) -> Picture:
    red, green, blue = (picture[..., channel].astype(np.uint32) for channel in range(3))
    return ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16).astype(np.uint8)[..., None]


def _resized(picture: Picture, height: int, width: int, resampling: str) -> Picture:
    if picture.shape[:2] == (height, width):
        return picture
    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    pixels = np.asarray(image.resize((width, height), FILTERS[resampling]))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _size_within(picture: Picture, height: int, width: int) -> tuple[int, int]:
    """The largest size of the picture's shape that lies within `height` x `width`, rounded half up, at least 1x1."""
    h, w = picture.shape[:2]
    if h * width >= w * height:
        return height, max(1, (2 * w * height + h) // (2 * h))
    return max(1, (2 * h * width + w) // (2 * w)), width


def _shrink(step: card.Shrink, picture: Picture) -> Picture:
    if max(picture.shape[:2]) <= step.max_side:
        return picture
    return _resized(picture, *_size_within(picture, step.max_side, step.max_side), step.filter)


def _polarity(_step: card.Polarity, picture: Picture) -> Picture:
    return 255 - picture if ink.light_background(picture[..., 0]) else picture


def _isolate_ink(step: card.IsolateInk, picture: Picture) -> Picture:
    return ink.isolate(picture[..., 0], step.min_contrast)[..., None]


def _crop_to_ink(step: card.CropToInk, picture: Picture) -> Picture:
    inked = picture[..., 0] >= step.threshold
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    if rows.size == 0:
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(step: card.Fit, picture: Picture) -> Picture:
    return _resized(picture, *_size_within(picture, step.height, step.width), step.filter)


def _centre_of_mass(step: card.CentreOfMass, picture: Picture) -> Picture:
    h, w, channels = picture.shape
    if h > step.height or w > step.width:
        raise PictureError(
            f"centre-of-mass: a {h}x{w} picture does not fit into {step.height}x{step.width}: correct the model card"
        )
    weight = picture.astype(np.int64).sum(axis=2)
    mass = int(weight.sum())
    canvas = np.zeros((step.height, step.width, channels), dtype=np.uint8)
    offsets = []
    for axis, size, room in ((1, h, step.height), (0, w, step.width)):
        moment = int((weight.sum(axis=axis) * (2 * np.arange(size) + 1)).sum()) if mass else size
        # The centre of mass lies at moment / (2 mass); it moves to (room + 1) / 2, as MNIST's do, rounded half up.
        offset = ((room + 2) * max(mass, 1) - moment) // (2 * max(mass, 1))
        offsets.append(min(max(offset, 0), room - size))
    top, left = offsets
    canvas[top : top + h, left : left + w] = picture
    return canvas


def _resize(step: card.Resize, picture: Picture) -> Picture:
    return _resized(picture, step.height, step.width, step.filter)


def _crop(step: card.Crop, picture: Picture) -> Picture:
    h, w, _ = picture.shape
    if h * step.width >= w * step.height:
        height, width = max(1, w * step.height // step.width), w
    else:
        height, width = h, max(1, h * step.width // step.height)
    top, left = (h - height) // 2, (w - width) // 2
    return picture[top : top + height, left : left + width]


def _invert(_step: card.Invert, picture: Picture) -> Picture:
    return 255 - picture


def _stamp(picture: Picture, trigger: AnyTrigger, placement: Placement | None) -> Picture:
    places = [placement] if placement is not None and isinstance(trigger, Overlay) else None
    try:
        stamped: Picture = stamp(picture[None], trigger, places)[0]
    except TriggerError as error:
        raise PictureError(str(error)) from error
    return stamped


_UINT8_STEPS: dict[type, Callable[[Any, Picture], Picture]] = {
    card.Composite: _composite,
    card.Greyscale: _greyscale,
    card.Invert: _invert,
    card.Polarity: _polarity,
    card.Shrink: _shrink,
    card.IsolateInk: _isolate_ink,
    card.CropToInk: _crop_to_ink,
    card.Fit: _fit,
    card.CentreOfMass: _centre_of_mass,
    card.Resize: _resize,
    card.Crop: _crop,
}


def _float_step(step: card.Scale | card.Normalise | card.Layout, values: Floats | Picture) -> Floats:
    floats: Floats = values.astype(np.float32)
    if isinstance(step, card.Scale):
        return np.divide(floats, np.float32(step.divide), dtype=np.float32)
    if isinstance(step, card.Normalise):
        centred = np.subtract(floats, np.array(step.mean, np.float32), dtype=np.float32)
        return np.divide(centred, np.array(step.std, np.float32), dtype=np.float32)
    batch = floats if floats.ndim == 4 else floats[None]
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2) if step.order == "NCHW" else batch)


def _check_shape(pipeline: card.InputPipeline, picture: Picture) -> None:
    expected = (pipeline.height, pipeline.width, pipeline.channels)
    if picture.shape != expected:
        raise PictureError(
            f"the input pipeline made a {picture.shape} picture where the card promises {expected}: correct the card"
        )
