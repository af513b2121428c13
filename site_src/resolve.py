"""From what an author wrote to what a widget needs: models found, pictures read, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.card import Precision
from site_src.blocks import Demo, Location, ModelRef, Sample, line_of
from site_src.catalogue import Catalogue, CatalogueError, Entry
from site_src.problems import Problem, did_you_mean

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")


@dataclass(frozen=True)
class Picture:
    """A sample picture."""

    name: str
    """File name."""
    content: bytes
    alt: str
    label: str | None = None
    """True class, where there is one."""


SampleSets = Mapping[str, Sequence[Picture]]
"""Named sets of samples that a site offers to its pages."""


@dataclass(frozen=True)
class ShownModel:
    """One column of a widget."""

    entry: Entry
    title: str
    precision: Precision


@dataclass(frozen=True)
class ResolvedDemo:
    """A widget, everything known."""

    id: str
    title: str
    models: tuple[ShownModel, ...]
    inputs: tuple[str, ...]
    samples: tuple[Picture, ...]
    trigger: str
    top: int
    compare: bool


@dataclass(frozen=True)
class Surroundings:
    """What a page offers to its blocks."""

    catalogue: Catalogue
    page_folder: Path
    sample_sets: SampleSets


def resolve(
    demo: Demo, default_id: str, lines: dict[Location, int], around: Surroundings
) -> tuple[ResolvedDemo | None, list[Problem]]:
    """Look up everything that a block names.

    Args:
        demo: The checked block.
        default_id: The widget's id when the author gives none.
        lines: Where each part of the block stands.
        around: Models, pictures and folder of the page.

    Returns:
        The widget, or None and all problems found.
    """
    problems: list[Problem] = []
    models: list[ShownModel] = []
    for index, reference in enumerate(demo.models):
        try:
            models.append(_model(demo, reference, around))
        except CatalogueError as error:
            problems.append(Problem(line_of(("models", index), lines), str(error)))
    pictures: list[Picture] = []
    for index, sample in enumerate(demo.samples):
        try:
            pictures += _pictures(sample, around)
        except CatalogueError as error:
            problems.append(Problem(line_of(("samples", index), lines), str(error)))
    if "samples" in demo.model_fields_set and "samples" not in demo.inputs:
        message = f"samples are given, but `inputs` ({', '.join(demo.inputs)}) does not name samples"
        problems.append(Problem(line_of(("samples",), lines), message))
    stampable = any(model.entry.card.trigger for model in models)
    if demo.trigger in {"switch", "on"} and models and not stampable:
        ids = ", ".join(model.entry.card.id for model in models)
        problems.append(Problem(line_of(("trigger",), lines), f"no card names a trigger to stamp ({ids})"))
    inputs = tuple(name for name in demo.inputs if name != "samples" or pictures)
    if not problems and not inputs:
        problems.append(Problem(line_of(("inputs",), lines), "the only input is samples, and `samples` names none"))
    if problems:
        return None, problems
    resolved = ResolvedDemo(
        id=demo.id or default_id,
        title=demo.title or " and ".join(model.title for model in models),
        models=tuple(models),
        inputs=inputs,
        samples=tuple(pictures),
        trigger=demo.trigger or ("switch" if stampable else "off"),
        top=demo.top or max(model.entry.card.output.top for model in models),
        compare=len(models) > 1 if demo.compare is None else demo.compare,
    )
    return resolved, []


def _model(demo: Demo, reference: ModelRef, around: Surroundings) -> ShownModel:
    entry, implied = around.catalogue.resolve(reference.model, around.page_folder)
    precision = reference.precision or implied or demo.precision or entry.card.default_precision
    entry.checked_file(precision)
    return ShownModel(entry, reference.title or entry.card.title, precision)


def _pictures(sample: Sample, around: Surroundings) -> Sequence[Picture]:
    if sample.src is None:
        name = sample.set or ""
        if name in around.sample_sets:
            return around.sample_sets[name]
        if name.lower().endswith(PICTURES):
            raise CatalogueError(f"a picture needs words for those who cannot see it: write `- src: {name}` and `alt:`")
        raise CatalogueError(f"unknown set of samples '{name}'{did_you_mean(name, around.sample_sets)}")
    path = around.page_folder / sample.src
    if path.suffix.lower() not in PICTURES:
        raise CatalogueError(f"{sample.src} is no picture that every browser reads ({', '.join(PICTURES)})")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"cannot read the sample {path}: {error.strerror}") from error
    return [Picture(path.name, content, sample.alt or "", sample.label)]
