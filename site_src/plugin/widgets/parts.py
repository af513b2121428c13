"""What blocks of several kinds name, and how it is looked up: models of the catalogue, and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from export.card.schema import LONGEST_TEXT, CardError, Precision
from site_src.plugin.catalogue import CatalogueError, Entry
from site_src.plugin.problems import Problem, did_you_mean
from site_src.plugin.widgets.base import Lines, MissingSamples, Part, SampleImage, Surroundings
from site_src.plugin.widgets.reading import line_of
from training.core.reading import IMAGE_BYTES, read_bytes
from training.core.text import one_line

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""Formats that every browser reads."""


Caption = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(one_line)]
"""What an author calls something."""


class ModelRef(Part):
    """A model. Its id or path alone may stand for it."""

    model: str
    """Id of a model in one of the plugin's `models` folders, or the path of a card.json or .onnx file, relative to
    the page."""
    title: Caption | None = None
    """Heading of the model's column; the card's title by default."""
    precision: Precision | None = None
    """Which of the card's files to run; the block's `precision` by default."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"model": value} if isinstance(value, str) else value


class Sample(Part):
    """An image to click, or a named set of them. A set's name alone may stand for it."""

    set: str | None = None
    """Name of a set of samples that the site offers."""
    src: str | None = None
    """Path of an image, relative to the page."""
    alt: Caption | None = None
    """What the image shows, for readers who cannot see it. Required with `src`."""
    label: Caption | None = None
    """The true class, shown beside the image."""

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: object) -> object:
        return {"set": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Sample:
        if (self.set is None) == (self.src is None):
            raise ValueError("give either `set` (a named set) or `src` and `alt` (an image)")
        if self.src is not None and not (self.alt or "").strip():
            raise ValueError(f"the image {self.src} requires `alt`, a few words on what it shows")
        return self


@dataclass(frozen=True)
class ShownModel:
    """A model with its title and the file to run."""

    entry: Entry
    title: str
    precision: Precision


def look_up_models(
    references: Sequence[ModelRef], precision: Precision | None, lines: Lines, around: Surroundings
) -> tuple[list[ShownModel], list[Problem]]:
    """The models that a block's `models` names.

    Args:
        references: The items of `models`.
        precision: The block's own precision, for items that name none.
        lines: Where each part of the block stands.
        around: Models and folder of the page.

    Returns:
        The models found, and a problem for each of the others.
    """
    models, problems = [], []
    for index, reference in enumerate(references):
        try:
            models.append(_model(reference, precision, around))
        except CatalogueError as error:
            problems.append(Problem(line_of(("models", index), lines), str(error)))
    return models, problems


@dataclass(frozen=True)
class FoundSamples:
    """What a block's `samples` names."""

    images: tuple[SampleImage, ...]
    missing: str | None
    """A sentence on the sets that are not on this machine; None where nothing is missing."""
    problems: tuple[Problem, ...]
    """One for each item that cannot be read."""


def look_up_samples(samples: Sequence[Sample], lines: Lines, around: Surroundings) -> FoundSamples:
    """The images that a block's `samples` names."""
    images: list[SampleImage] = []
    missing: list[str] = []
    problems = []
    for index, sample in enumerate(samples):
        try:
            found = _images(sample, around)
        except CatalogueError as error:
            problems.append(Problem(line_of(("samples", index), lines), str(error)))
            continue
        if isinstance(found, MissingSamples):
            missing.append(found.message)
        else:
            images += found
    return FoundSamples(tuple(images), " ".join(dict.fromkeys(missing)) or None, tuple(problems))


def _model(reference: ModelRef, precision: Precision | None, around: Surroundings) -> ShownModel:
    entry, implied = around.catalogue.resolve(reference.model, around.page_folder)
    chosen = reference.precision or implied or precision or entry.card.default_precision
    try:
        entry.card.file(chosen)
    except CardError as error:
        raise CatalogueError(str(error)) from error
    entry.check()
    return ShownModel(entry, reference.title or entry.title, chosen)


def _images(sample: Sample, around: Surroundings) -> Sequence[SampleImage] | MissingSamples:
    if sample.src is None:
        name = sample.set or ""
        if name in around.sample_sets:
            return around.sample_sets[name]
        if name.lower().endswith(IMAGE_SUFFIXES):
            raise CatalogueError(
                f"an image requires a description for readers who cannot see it: write `- src: {name}` and `alt:`"
            )
        hint = did_you_mean(name, around.sample_sets) or "; this site has no sets: list images, with `src` and `alt`"
        raise CatalogueError(f"unknown set of samples '{name}'{hint}")
    path = around.page_folder / sample.src
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise CatalogueError(f"{sample.src} is not an image that every browser reads ({', '.join(IMAGE_SUFFIXES)})")
    try:
        content = read_bytes(path, IMAGE_BYTES)
    except OSError as error:
        raise CatalogueError(f"cannot read the sample {path}: {error.strerror}") from error
    return [SampleImage(path.name, content, sample.alt or "", sample.label)]
