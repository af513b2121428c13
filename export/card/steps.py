"""The steps of a card's input pipeline, and of what follows the network.

Order is the list's order; `export.card.order` says which ones make a tensor. Every step up to `scale` maps
`(h, w, c) uint8` to `(h, w, c) uint8`, with the same bits in Python and JavaScript. `scale` and `normalise` are
float32; `layout` adds the batch axis. Without `scale` the tensor holds 0 to 255.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, ClassVar, Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from training.triggers.base import Byte

Filter = Literal["box", "bilinear", "bicubic"]
MOST_SIDE = 4096
Size = Annotated[int, Field(ge=1, le=MOST_SIDE)]
TensorName = Annotated[str, Field(pattern=r"^[^\x00]+$")]
"""A browser's runtime ends a name at its first zero."""
Divisor = Annotated[float, Field(ge=1e-6, le=1e6)]
"""Anything smaller or larger would leave float32's range, or all of an image's differences."""
MOST_STEPS = 32
MOST_ALIKE = 4
"""How often a step may be used: each one costs time for every image that a reader chooses."""
MOST_PIXELS = 2048 * 2048
"""Of an image that a step makes."""


class _HasSize(Protocol):
    height: int
    width: int


class Part(BaseModel):
    """A frozen part of a card; a field that the schema does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    most_taken: ClassVar[int | None] = None
    """How many pixels a step may be given, where its time or memory for each is large."""


class Decode(Part):
    """File bytes to RGBA. An image of more than `max_pixels` is refused before it is decoded."""

    op: Literal["decode"] = "decode"
    max_pixels: int = Field(default=50_000_000, ge=1, le=100_000_000)


class Orient(Part):
    """Turn the image upright, as its EXIF orientation says. Browsers do so unasked, and so does Python."""

    op: Literal["orient"] = "orient"


class Composite(Part):
    """Lay the image over an opaque background: RGBA to RGB."""

    op: Literal["composite"] = "composite"
    background: tuple[Byte, Byte, Byte] = (255, 255, 255)


class Greyscale(Part):
    """RGB to one channel: ITU-R BT.601 luma in 16-bit fixed point, `(19595 R + 38470 G + 7471 B + 32768) >> 16`."""

    op: Literal["greyscale"] = "greyscale"


class Invert(Part):
    """`255 - value`."""

    op: Literal["invert"] = "invert"


_BOUNDED = ConfigDict(json_schema_extra={"x-most-pixels": MOST_PIXELS})
"""What JSON Schema has no word for, so that the browser reads the same number (`json-schema.mjs`)."""


def _affordable(step: _HasSize) -> _HasSize:
    """Refuse an image of too many pixels."""
    if step.height * step.width > MOST_PIXELS:
        raise ValueError(f"{step.height}x{step.width} is more than {MOST_PIXELS:,} pixels")
    return step


class _Fitting(Part):
    """A step that looks for the subject; skipped for an image that already has the given height and width."""

    unless_size: tuple[Size, Size] | None = None


class Polarity(Part):
    """Invert when the background is lighter than the ink, so that ink is light; see `ink.light_background`."""

    op: Literal["polarity"] = "polarity"


class Shrink(_Fitting):
    """Resize so that the longer side is at most `max_side`, keeping the aspect ratio."""

    op: Literal["shrink"] = "shrink"
    max_side: Size = 256
    filter: Filter = "bilinear"


class IsolateInk(_Fitting):
    """Keep one light mark on black: flatten the lighting, threshold (Otsu), choose the connected strokes, stretch."""

    most_taken: ClassVar[int] = 512 * 512
    op: Literal["isolate-ink"] = "isolate-ink"
    model_config = ConfigDict(json_schema_extra={"x-most-taken": most_taken})
    min_contrast: Byte = 16


class CropToInk(_Fitting):
    """Crop to the bounding box of values of at least `threshold`; an empty image stays unchanged."""

    op: Literal["crop-to-ink"] = "crop-to-ink"
    threshold: Byte = 64


class Fit(_Fitting):
    """Resize to the largest size within `height` x `width` that keeps the aspect ratio."""

    op: Literal["fit"] = "fit"
    height: Size
    width: Size
    filter: Filter = "bilinear"
    model_config = _BOUNDED
    _affordable = model_validator(mode="after")(_affordable)


class CentreOfMass(_Fitting):
    """Place the image on black with its centre of mass in the middle pixel of `height` x `width`."""

    op: Literal["centre-of-mass"] = "centre-of-mass"
    height: Size
    width: Size
    model_config = _BOUNDED
    _affordable = model_validator(mode="after")(_affordable)


class Resize(Part):
    """Resize to exactly `height` x `width`, whatever the aspect ratio."""

    op: Literal["resize"] = "resize"
    height: Size
    width: Size
    filter: Filter = "bilinear"
    model_config = _BOUNDED
    _affordable = model_validator(mode="after")(_affordable)


class Crop(Part):
    """Crop the largest centred part with the aspect ratio `height` : `width`; a `resize` after it distorts nothing."""

    op: Literal["crop"] = "crop"
    height: Size
    width: Size


class StampTrigger(Part):
    """Where the card's trigger is stamped if the viewer asks for it."""

    most_taken: ClassVar[int] = MOST_PIXELS
    op: Literal["trigger"] = "trigger"
    model_config = ConfigDict(json_schema_extra={"x-most-taken": most_taken})


class Scale(Part):
    """uint8 to float32: `value / divide`."""

    op: Literal["scale"] = "scale"
    divide: Divisor = 255.0


class Normalise(Part):
    """`(value - mean) / std` for each channel, in float32."""

    op: Literal["normalise"] = "normalise"
    mean: list[Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(min_length=1, max_length=3)
    std: list[Divisor] = Field(min_length=1, max_length=3)


class Layout(Part):
    """Axis order of the tensor; the batch axis is added.

    `NHW` is for images of one channel, without an axis for it; `flat` is one axis with the values of `NHWC` in order.
    """

    op: Literal["layout"] = "layout"
    order: Literal["NCHW", "NHWC", "NHW", "flat"] = "NCHW"


Step = Annotated[
    Decode
    | Orient
    | Composite
    | Greyscale
    | Invert
    | Polarity
    | Shrink
    | IsolateInk
    | CropToInk
    | Fit
    | CentreOfMass
    | Resize
    | Crop
    | StampTrigger
    | Scale
    | Normalise
    | Layout,
    Field(discriminator="op"),
]


_INK_STEPS = frozenset({"polarity", "isolate-ink", "crop-to-ink", "centre-of-mass"})


class InputPipeline(Part):
    """From a file's bytes to the network's input tensor."""

    model_config = ConfigDict(json_schema_extra={"x-most-pixels": MOST_PIXELS, "x-most-alike": MOST_ALIKE})

    tensor: TensorName = "image"
    height: Size
    width: Size
    channels: Literal[1, 3]
    steps: list[Step] = Field(min_length=1, max_length=MOST_STEPS)

    _affordable = model_validator(mode="after")(_affordable)

    @model_validator(mode="after")
    def _few_steps(self) -> Self:
        for op, times in Counter(step.op for step in self.steps).items():
            if times > MOST_ALIKE:
                raise ValueError(f"the step '{op}' is used {times} times; {MOST_ALIKE} times is the most")
        return self

    @property
    def integral(self) -> bool:
        """Whether the tensor holds the image's own values, 0 to 255."""
        return not any(isinstance(step, Scale | Normalise) for step in self.steps)

    @property
    def finds_ink(self) -> bool:
        """Whether a step looks for ink: then the network takes a drawn character, and otherwise a photo.

        The browser decides alike: `inputKind` in `site_assets/widgets/core/card.mjs`.
        """
        return any(step.op in _INK_STEPS for step in self.steps)


class OutputPipeline(Part):
    """From the network's output tensor to what a reader sees."""

    tensor: TensorName = "logits"
    activation: Literal["softmax", "none"] = "softmax"
    """`none` for a network that gives probabilities itself."""
    top: int = Field(default=3, ge=1, le=65_536)
