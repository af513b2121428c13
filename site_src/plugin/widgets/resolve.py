"""From what an author wrote to what a widget needs: models found, pictures read, defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from export.card.schema import InputPipeline, Precision
from site_src.plugin.catalogue import Catalogue, CatalogueError, Entry
from site_src.plugin.problems import Problem, did_you_mean
from site_src.plugin.widgets.blocks import Demo, Location, ModelRef, Sample, line_of
from training.triggers.overlay import Overlay, Placement

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
    picture: InputPipeline
    """What the networks take."""
    placement: Placement | None
    """Where an overlay lies at first, when not where the card says."""


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
    problems += _misfits(demo, models, lines)
    drawn = _drawable(models)
    inputs = tuple(name for name in demo.inputs if (name != "samples" or pictures) and (name != "draw" or drawn))
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
        trigger=demo.trigger or ("switch" if any(model.entry.card.trigger for model in models) else "off"),
        top=demo.top or max(model.entry.card.output.top for model in models),
        compare=len(models) > 1 if demo.compare is None else demo.compare,
        picture=models[0].entry.card.input,
        placement=demo.placement,
    )
    return resolved, []


def _misfits(demo: Demo, models: Sequence[ShownModel], lines: dict[Location, int]) -> list[Problem]:
    """What the block asks of models that cannot do it."""
    if not models:
        return []
    triggers = [model.entry.card.trigger for model in models]
    problems = []
    if demo.trigger in {"switch", "on"} and not any(triggers):
        ids = ", ".join(model.entry.card.id for model in models)
        problems.append(Problem(line_of(("trigger",), lines), f"no card names a trigger to stamp ({ids})"))
    if demo.placement is not None and not any(isinstance(trigger, Overlay) for trigger in triggers):
        problems.append(Problem(line_of(("placement",), lines), "no card's trigger is an overlay that could be placed"))
    if "inputs" in demo.model_fields_set and "draw" in demo.inputs and not _drawable(models):
        message = "`draw` is for networks of one channel; one of these takes colour pictures: leave it out"
        problems.append(Problem(line_of(("inputs",), lines), message))
    return problems


def _drawable(models: Sequence[ShownModel]) -> bool:
    return all(model.entry.card.input.channels == 1 for model in models)


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
