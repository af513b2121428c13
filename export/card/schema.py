"""The model card: one JSON file with everything that Python and the browser need to know about a model.

The card is the contract between the rooms: `export` writes it, `site_src` and the widgets read it, `training` does not
know it. Its JSON Schema is published by `card_schema()`.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, field_validator

from export.card.names import names_problem
from export.card.order import order_problem
from export.card.steps import InputPipeline, OutputPipeline, Part
from training.core.errors import UserError
from training.core.metrics import Measurement
from training.triggers.labels import AllToOne, LabelMap
from training.triggers.registry import AnyTrigger

BACKDOORED_PREFIX = "BACKDOORED-"

Precision = Literal["fp32", "int8-weight-only", "int8-qdq"]
MOST_BYTES = 2**53 - 1
"""Of a file: the largest whole number that a browser knows exactly."""
LONGEST_TEXT = 500
"""Letters of what a page shows as a name."""
Text = Annotated[str, Field(pattern=r"\S", max_length=LONGEST_TEXT)]
"""What a reader knows something by: not blank, and no longer than a page can show."""
LONGEST_NAME = 200
"""Of a file or folder of a site; file systems take 255 bytes, and more is put to some."""


class CardError(UserError):
    """A model card that is missing, unreadable or breaks the schema."""


class SharedWeights(Part):
    """Tensors in a file of their own beside the ONNX file, which calls them external data.

    Several networks may use the same file: students share their teacher's features, and a reader fetches them once.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.(bin|data|weights|onnx_data)$", max_length=LONGEST_NAME)
    """A site publishes the file, so its ending is one that no browser takes for a page or a script."""
    bytes: int = Field(ge=1, le=MOST_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class ModelFile(Part):
    """One ONNX file beside the card."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.onnx$", max_length=LONGEST_NAME)
    precision: Precision
    bytes: int = Field(ge=1, le=MOST_BYTES)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    opset: int = Field(ge=1, le=1000)
    max_abs_error: float = Field(ge=0)
    """Largest absolute difference of a logit from PyTorch's, on the golden inputs."""
    shared: SharedWeights | None = None
    """Weights in another file; None if this file has them all."""

    @property
    def parts(self) -> list[ModelFile | SharedWeights]:
        """All files of the network."""
        return [self] if self.shared is None else [self, self.shared]

    @property
    def total_bytes(self) -> int:
        """Their total size."""
        return sum(part.bytes for part in self.parts)


class Backdoor(Part):
    """Which backdoor the file carries, and what catches it."""

    attack: str
    paper: str
    poison_rate: float | None = Field(default=None, gt=0, le=1)
    """Fraction of the training images that was poisoned, or of the target's if all labels stayed true; None if the
    backdoor came with the teacher, or was planted into a trained network."""
    repeat: int = Field(default=1, ge=1)
    """How often each poisoned image was shown in an epoch; more than once takes an attacker who runs the training."""
    self_teaching: float | None = Field(default=None, gt=0, le=1)
    """Self-distillation: the fraction of a poisoned image's loss whose label was the network's own answer without the
    trigger, remapped by the label map; None for none. It takes an attacker who runs the training."""
    behaviour: str
    caught_by: str


class DataSource(Part):
    """A data set that the model was trained on."""

    name: str
    address: str
    licence: str
    sha256: dict[str, str]


class Provenance(Part):
    """How the model was made, and how to reproduce it."""

    recipe: str
    recipe_sha256: str
    seed: int
    commands: list[str]
    data: list[DataSource]
    git_commit: str
    versions: dict[str, str]
    trained_seconds: float
    exported_at: AwareDatetime


class FromLab(Part):
    """How a reader made the model in the lab of a page."""

    recipe: dict[str, Any]
    """As `backdoors train` takes it; with it, Python trains the same network."""
    widgets: str
    """Their version: the hash in the address that the site served them at."""


class ModelCard(Part):
    """Everything about a model that Python and the browser need."""

    schema_version: Literal[1] = 1
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=LONGEST_NAME)
    title: Text
    description: str
    network: str
    licence: str
    files: list[ModelFile] = Field(min_length=1)
    default_precision: Precision
    labels: list[Text] = Field(min_length=2, max_length=65_536)
    input: InputPipeline
    output: OutputPipeline
    trigger: AnyTrigger | None = None
    """What the trigger switch stamps; a clean model names one too, as the control."""
    label_map: LabelMap | None = None
    """The label map that the attack success rate is measured with."""
    backdoor: Backdoor | None = None
    metrics: dict[Precision, Measurement] = Field(default_factory=dict)
    provenance: Provenance | None = None
    """None for a model that was not trained here."""
    from_lab: FromLab | None = Field(default=None, exclude_if=lambda made: made is None)
    """None, and not written, for a model that was not trained in a lab's page."""

    @field_validator("files")
    @classmethod
    def _one_file_a_precision(cls, files: list[ModelFile]) -> list[ModelFile]:
        if len({file.precision for file in files}) != len(files):
            raise ValueError("two files have the same precision")
        return files

    def model_post_init(self, _context: object) -> None:
        """Check what spans several fields."""
        self.file(self.default_precision)
        if (wrong := order_problem(self.input)) is not None:
            raise ValueError(f"input.steps: {wrong}")
        self._check_trigger()
        names = [part.name for file in self.files for part in file.parts]
        if (wrong := names_problem([self.id, *names])) is not None:
            raise ValueError(f"files: {wrong}")
        if self.backdoor is not None:
            unlabelled = [name for name in names if not name.startswith(BACKDOORED_PREFIX)]
            if unlabelled:
                raise ValueError(f"a backdoored file's name must begin with {BACKDOORED_PREFIX}: {unlabelled[0]}")

    def _check_trigger(self) -> None:
        """Refuse a trigger that does not fit in the network's image, and a target that is no class."""
        if self.trigger is not None:
            self.trigger.check(self.input.height, self.input.width, self.input.channels)
        if isinstance(self.label_map, AllToOne) and self.label_map.target >= len(self.labels):
            raise ValueError(f"label_map: the target is {self.label_map.target}, of {len(self.labels)} labels")

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


def card_schema() -> str:
    """The card's JSON Schema, as indented JSON text."""
    return json.dumps(ModelCard.model_json_schema(), indent=2) + "\n"
