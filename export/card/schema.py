"""The model card: one JSON file that says everything Python and the browser need to know about a model.

The card is the contract between the rooms. `training` knows nothing of it, `export` writes it, `site_src` and the
widgets read it. Its JSON Schema is published by `card_schema()`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from training.core.errors import UserError
from training.core.metrics import Measurement
from training.triggers.labels import LabelMap
from training.triggers.registry import Byte, Trigger

BACKDOORED_PREFIX = "BACKDOORED-"

Precision = Literal["fp32", "int8-weight-only", "int8-qdq"]
Filter = Literal["box", "bilinear", "bicubic"]
Size = Annotated[int, Field(ge=1, le=4096)]


class CardError(UserError):
    """A model card that is missing, unreadable or breaks the schema."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- input pipeline -------------------------------------------------------------------------------------------------
# Order is the list's order. Every step up to `scale` maps `(h, w, c) uint8` to `(h, w, c) uint8`, bit-exact in both
# languages; `scale` and `normalise` are float32; `layout` adds the batch axis.


class Decode(_Part):
    """File bytes to RGBA. A picture of more than `max_pixels` is refused before it is decoded."""

    op: Literal["decode"] = "decode"
    max_pixels: int = Field(default=50_000_000, ge=1)


class Orient(_Part):
    """Turn the picture the way its EXIF orientation says."""

    op: Literal["orient"] = "orient"


class Composite(_Part):
    """Lay the picture over an opaque background: RGBA to RGB."""

    op: Literal["composite"] = "composite"
    background: tuple[Byte, Byte, Byte] = (255, 255, 255)


class Greyscale(_Part):
    """RGB to one channel: ITU-R BT.601 luma in 16-bit fixed point, `(19595 R + 38470 G + 7471 B + 32768) >> 16`."""

    op: Literal["greyscale"] = "greyscale"


class Invert(_Part):
    """`255 - value`."""

    op: Literal["invert"] = "invert"


class _Fitting(_Part):
    """A step that looks for the subject; left out for a picture that has the given height and width already."""

    unless_size: tuple[Size, Size] | None = None


class Polarity(_Part):
    """Invert when the background is lighter than the ink, so that ink is light; see `ink.light_background`."""

    op: Literal["polarity"] = "polarity"


class Shrink(_Fitting):
    """Resize so that the longer side is at most `max_side`, keeping the shape."""

    op: Literal["shrink"] = "shrink"
    max_side: Size = 256
    filter: Filter = "bilinear"


class IsolateInk(_Fitting):
    """Keep one light mark on black: flatten the lighting, threshold (Otsu), choose the connected strokes, stretch."""

    op: Literal["isolate-ink"] = "isolate-ink"
    min_contrast: Byte = 16


class CropToInk(_Fitting):
    """Crop to the bounding box of values of at least `threshold`; an empty picture stays as it is."""

    op: Literal["crop-to-ink"] = "crop-to-ink"
    threshold: Byte = 64


class Fit(_Fitting):
    """Resize to the largest size that lies within `height` x `width` and keeps the shape."""

    op: Literal["fit"] = "fit"
    height: Size
    width: Size
    filter: Filter = "bilinear"


class CentreOfMass(_Fitting):
    """Place the picture on black with its centre of mass in the middle pixel of `height` x `width`."""

    op: Literal["centre-of-mass"] = "centre-of-mass"
    height: Size
    width: Size


class Resize(_Part):
    """Resize to exactly `height` x `width`, the shape not kept."""

    op: Literal["resize"] = "resize"
    height: Size
    width: Size
    filter: Filter = "bilinear"


class Crop(_Part):
    """Cut the largest middle part of the shape `height` : `width`; a `resize` after it keeps the subject's shape."""

    op: Literal["crop"] = "crop"
    height: Size
    width: Size


class StampTrigger(_Part):
    """Where the card's trigger is stamped, when the viewer asks for it."""

    op: Literal["trigger"] = "trigger"


class Scale(_Part):
    """uint8 to float32: `value / divide`."""

    op: Literal["scale"] = "scale"
    divide: float = Field(default=255.0, gt=0)


class Normalise(_Part):
    """`(value - mean) / std` for each channel, in float32."""

    op: Literal["normalise"] = "normalise"
    mean: list[float] = Field(min_length=1)
    std: list[Annotated[float, Field(gt=0)]] = Field(min_length=1)


class Layout(_Part):
    """Axis order of the tensor; the batch axis is added."""

    op: Literal["layout"] = "layout"
    order: Literal["NCHW", "NHWC"] = "NCHW"


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


class InputPipeline(_Part):
    """From a file's bytes to the network's input tensor."""

    tensor: str = "image"
    height: Size
    width: Size
    channels: Literal[1, 3]
    steps: list[Step] = Field(min_length=1)


class OutputPipeline(_Part):
    """From the network's output tensor to what a reader sees."""

    tensor: str = "logits"
    activation: Literal["softmax", "none"] = "softmax"
    top: int = Field(default=3, ge=1)


# --- the card -------------------------------------------------------------------------------------------------------


class SharedWeights(_Part):
    """Tensors in a file of their own beside the ONNX file, which calls them external data.

    Several networks may have the same one: students of a teacher share its features, and a reader fetches them once.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ModelFile(_Part):
    """One ONNX file beside the card."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$")
    precision: Precision
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    opset: int = Field(ge=1)
    max_abs_error: float = Field(ge=0)
    """Largest absolute difference of a logit from PyTorch's, on the golden inputs."""
    shared: SharedWeights | None = None
    """Weights that lie in another file; None where all are in this one."""

    @property
    def parts(self) -> list[ModelFile | SharedWeights]:
        """All files that the network is made of."""
        return [self] if self.shared is None else [self, self.shared]

    @property
    def total_bytes(self) -> int:
        """Size of all of them."""
        return sum(part.bytes for part in self.parts)


class Backdoor(_Part):
    """Which backdoor the file carries, and what catches it."""

    attack: str
    paper: str
    poison_rate: float | None = Field(default=None, gt=0, le=1)
    """Share of the training pictures that was poisoned; None where the backdoor came with the teacher, or was planted
    into a trained one."""
    repeat: int = Field(default=1, ge=1)
    """How often each poisoned picture was shown in an epoch; more than once takes an attacker who does the training."""
    self_teaching: float | None = Field(default=None, gt=0, le=1)
    """Share of a poisoned picture's loss that was the network's own answer without the trigger, moved on by the label
    map; None for none. It takes an attacker who does the training, too."""
    behaviour: str
    caught_by: str


class DataSource(_Part):
    """A data set that the model was trained on."""

    name: str
    address: str
    licence: str
    sha256: dict[str, str]


class Provenance(_Part):
    """How to make the model again."""

    recipe: str
    recipe_sha256: str
    seed: int
    commands: list[str]
    data: list[DataSource]
    git_commit: str
    versions: dict[str, str]
    trained_seconds: float
    exported_at: AwareDatetime


class ModelCard(_Part):
    """Everything there is to know about a model."""

    schema_version: Literal[1] = 1
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    description: str
    network: str
    licence: str
    files: list[ModelFile] = Field(min_length=1)
    default_precision: Precision
    labels: list[str] = Field(min_length=2)
    input: InputPipeline
    output: OutputPipeline
    trigger: Trigger | None = None
    """What the trigger switch stamps; a clean model names one too, as the control."""
    label_map: LabelMap | None = None
    """The label map that the attack success rate is measured with."""
    backdoor: Backdoor | None = None
    metrics: dict[Precision, Measurement] = Field(default_factory=dict)
    provenance: Provenance | None = None
    """None for a model that was not trained here."""

    @field_validator("files")
    @classmethod
    def _one_file_a_precision(cls, files: list[ModelFile]) -> list[ModelFile]:
        if len({file.precision for file in files}) != len(files):
            raise ValueError("two files have the same precision")
        return files

    def model_post_init(self, _context: object) -> None:
        """Check what spans several fields."""
        self.file(self.default_precision)
        if self.backdoor is not None:
            names = [part.name for file in self.files for part in file.parts]
            unlabelled = [name for name in names if not name.startswith(BACKDOORED_PREFIX)]
            if unlabelled:
                raise ValueError(f"a backdoored file's name must begin with {BACKDOORED_PREFIX}: {unlabelled[0]}")

    def file(self, precision: Precision | None = None) -> ModelFile:
        """The file of that precision (default: `default_precision`).

        Raises:
            CardError: If the card has no such file.
        """
        wanted = precision or self.default_precision
        for file in self.files:
            if file.precision == wanted:
                return file
        have = ", ".join(file.precision for file in self.files)
        raise CardError(f"model {self.id} has no {wanted} file; it has {have}")


def read_card(path: Path) -> ModelCard:
    """Read and check a `card.json`.

    Raises:
        CardError: With the file, the field, what was found and what was expected.
    """
    try:
        return ModelCard.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CardError(f"{path}: cannot read the model card: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "(whole file)"
        raise CardError(f"{path}: field {where}: {first['msg']}") from error


def card_schema() -> str:
    """The card's JSON Schema, as indented JSON text."""
    return json.dumps(ModelCard.model_json_schema(), indent=2) + "\n"
