"""What a cell of the table opens to: charts, recovered triggers, all numbers beside the clean control's, settings."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from statistics import median
from typing import NamedTuple

import numpy as np
from PIL import Image

from site_src.plugin.facts import interval
from site_src.plugin.formats import THIN, count, duration, percent, samples, size
from site_src.report.catching import cells
from site_src.report.catching.cells import Shown, bare, count_of, spread_text
from site_src.report.catching.curves import Curve, histogram, roc
from site_src.report.catching.results import AUROC, Beside, Found
from site_src.report.catching.words import Word
from site_src.report.figures import Pixels, pixels_png, render
from site_src.report.trigger_images import ground
from training.core.metrics import Estimate
from training.defences.verdict import AnyVerdict, ClassIndices, RecoveredTrigger, Repaired, SampleScores
from training.studies.defence_results import Spread, StudiedDefence, TableCell
from training.triggers.base import Trigger

AddImage = Callable[[str, bytes], str]
"""Puts a file of that name and content into the site, and returns its address."""

MOST_SHOWN = 3
"""Recovered triggers that are shown: those of the most suspicious classes."""
THUMBNAIL = 84
"""Side of the images with a trigger, in CSS pixels; those that have more pixels are shown twice as large."""
MOST_CLASSES = 20
"""Whose numbers are shown, besides those that the attacker wants: the most suspicious ones."""


class Numbers(NamedTuple):
    """A row of a cell's table."""

    name: str
    backdoored: str
    control: str


class TriggerImages(NamedTuple):
    """A trigger: what it covers, and an image with it."""

    title: str
    note: str
    mask: str
    """Address of the image."""
    stamped: str
    large: bool
    """Whether its pixels are too many for a thumbnail."""


def all_details(
    found: Found, defence: StudiedDefence, add_image: AddImage, heading: str = "Against each attack"
) -> str:
    """The details of a defence against each attack, folded below a heading, as HTML; for the others see `details`."""
    shown = [cells.shown(found, attack, defence) for attack in found.results.attacks]
    counts = Counter(each.word for each in shown)
    tally = ", ".join(f"{word} {counts[word]}" for word in Word if counts[word])
    inside = "\n".join(details(found, each, add_image) for each in shown)
    return f'<details class="bd-details"><summary><b>{heading}</b>: {tally}</summary>\n{inside}\n</details>'


def details(found: Found, shown: Shown, add_image: AddImage, heading: str | None = None) -> str:
    """The details of a cell, folded, as HTML.

    Args:
        found: The results.
        shown: The cell.
        add_image: For recovered triggers.
        heading: Of the fold; the attack's title by default.

    Raises:
        FactError: If the study has no such cell.
    """
    cell = found.cell(shown.attack.name, shown.defence.name)
    networks = found.beside(shown.attack.name, shown.defence.name)
    measured = [each for each in networks if each.cell.verdict is not None]
    return render(
        "catching/details",
        shown=shown,
        heading=heading or shown.attack.title,
        charts=list(_charts(shown, measured)),
        triggers=_triggers(found.triggers.get(shown.attack.name), measured, shown.id, add_image),
        numbers=list(_numbers(cell)) if measured else [],
        classes=_classes(measured),
        facts=list(_facts(found, shown, cell, measured)),
    )


def _charts(shown: Shown, measured: Sequence[Beside]) -> Iterator[str]:
    verdicts = [each.cell.verdict for each in measured]
    scores = [each for each in verdicts if isinstance(each, SampleScores) and each.auroc]
    if not scores:
        return
    poisoned = "Poisoned images" if scores[0].samples == "training-images" else "Triggered images"
    one = "" if len(scores) == 1 else f" One line for each of {len(scores)} networks, with the median and range below."
    yield roc(
        f"{shown.id}-roc",
        [Curve(f"{poisoned} found", scores)],
        f"The further up and left, the better; on the dashed line a defence only guesses.{one}",
    )
    place = " The dashed line is the defence’s own threshold." if scores[0].decision else ""  # noqa: RUF001
    yield histogram(
        f"{shown.id}-scores",
        scores[0],
        {"clean": "Clean images", "poisoned": poisoned},
        f"Scores with seed {measured[0].network.seed}: the higher, the more suspicious.{place}",
    )


def _triggers(true: Trigger | None, measured: Sequence[Beside], name: str, add_image: AddImage) -> list[TriggerImages]:
    """The true trigger and, of the first network, those that were recovered for the most suspicious classes."""
    verdict = measured[0].cell.verdict if measured else None
    if not isinstance(verdict, ClassIndices):
        return []
    ranked = sorted(verdict.classes, key=lambda each: each.index, reverse=True)
    suspicious = list(islice(((each, recovered(each.trigger)) for each in ranked if each.trigger), MOST_SHOWN))
    large = any(pattern.shape[0] > THUMBNAIL for _, (_, pattern) in suspicious)
    found = []
    if suspicious and true is not None:
        plain = ground(suspicious[0][1][1].shape)
        stamped = true.stamp(plain[None])[0]
        covered = np.abs(stamped.astype(int) - plain).max(axis=2, keepdims=True).astype(np.uint8)
        images = _images(f"{name}-true", covered, stamped, add_image)
        found.append(TriggerImages("The true trigger", true.describe(), *images, large))
    for place, (each, pixels) in enumerate(suspicious):
        target = " (the attacker’s)" if each.label in verdict.targets else ""  # noqa: RUF001
        images = _images(f"{name}-{place}", *pixels, add_image)
        found.append(
            TriggerImages(f"Found for class {each.label}{target}", f"{verdict.index} {each.index:.2f}", *images, large)
        )
    return found


def recovered(trigger: RecoveredTrigger) -> tuple[Pixels, Pixels]:
    """A recovered trigger's mask, `(h, w, 1)`, and an image with the trigger, `(h, w, c)`, both uint8."""
    mask, pattern = (_unpacked(each) for each in (trigger.mask, trigger.pattern))
    plain = ground(pattern.shape).astype(np.float64)
    part = mask / 255
    return mask, np.rint(plain * (1 - part) + pattern * part).astype(np.uint8)


def _unpacked(packed: str) -> Pixels:
    with Image.open(io.BytesIO(base64.b64decode(packed))) as image:
        pixels = np.asarray(image)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _images(name: str, mask: Pixels, stamped: Pixels, add_image: AddImage) -> tuple[str, str]:
    """The addresses of a mask and of an image with the trigger."""
    return add_image(f"{name}-mask.png", pixels_png(mask)), add_image(f"{name}-on.png", pixels_png(stamped))


def _numbers(cell: TableCell) -> Iterator[Numbers]:
    for each in cell.measures:
        text = _area if each.name == AUROC else _spread
        yield Numbers(each.name, text(each.backdoored), text(each.control))
    if cell.detected is not None:
        yield Numbers("called backdoored", _counted(cell.detected), _counted(cell.false_alarms))
    if cell.named is not None:
        yield Numbers("names a class that the attacker wants", _counted(cell.named), "")


def _spread(found: Spread | None) -> str:
    """A number over the seeds: median, range, interval and n; a plain number where it is no proportion."""
    if found is None:
        return ""
    if found.n is None:
        middle, low, high = (f"{each:.2f}" for each in (found.median, found.low, found.high))
        return middle if low == high else f"{middle} ({low} to {high})"
    reach, bounds = spread_text(found), found.interval
    text = percent(found.median, found.n) + (f" ({reach})" if reach else "") + f"; {samples(found.n)}"
    if bounds is None:
        return text
    return f"{text}, 95{THIN}% interval {bare(bounds[0], found.n)} to {percent(bounds[1], found.n)}"


def _area(found: Spread | None) -> str:
    """An area under a curve: median, range and interval."""
    if found is None:
        return ""
    middle, low, high = (f"{each:.3f}" for each in (found.median, found.low, found.high))
    reach = "" if low == high else f" ({low} to {high})"
    bounds = found.interval
    return f"{middle}{reach}" + (f"; 95{THIN}% interval {bounds[0]:.3f} to {bounds[1]:.3f}" if bounds else "")


def _counted(found: Estimate | None) -> str:
    return f"{count_of(found)}, {interval(found)}" if found else ""


def _classes(measured: Sequence[Beside]) -> dict[str, object] | None:
    """What was found for each class, for every network and its control."""
    columns = list(_columns(measured))
    if not columns:
        return None
    first = next(each.cell.verdict for each in measured if each.cell.verdict is not None)
    targets = first.targets if isinstance(first, ClassIndices) else []
    labels = dict.fromkeys(label for _, cells in columns for label in cells)
    few = ""
    if isinstance(first, ClassIndices) and len(labels) > MOST_CLASSES:
        suspicious = sorted(first.classes, key=lambda each: each.index, reverse=True)[:MOST_CLASSES]
        labels = dict.fromkeys([*(each.label for each in suspicious), *targets])
        few = f". Of {len(first.classes)} classes, those with the highest index in the first column, and the target"
    return {
        "caption": _class_caption(first) + few,
        "headings": [heading for heading, _ in columns],
        "rows": [
            {"label": label, "wanted": label in targets, "cells": [cells.get(label) for _, cells in columns]}
            for label in labels
        ],
    }


def _columns(measured: Sequence[Beside]) -> Iterator[tuple[str, dict[str, dict[str, object]]]]:
    """Each network's heading and cells by class, followed by its control's."""
    for each in measured:
        control = each.control.verdict if each.control else None
        for heading, verdict in ((f"Seed {each.network.seed}", each.cell.verdict), ("Its control", control)):
            cells = _class_cells(verdict)
            if cells:
                yield heading, cells


def _class_cells(verdict: AnyVerdict | None) -> dict[str, dict[str, object]]:
    if isinstance(verdict, ClassIndices):
        return {
            row.label: {"text": f"{row.index:.2f}", "high": row.index > verdict.threshold} for row in verdict.classes
        }
    if isinstance(verdict, SampleScores):
        return {
            row.label: {"text": " / ".join(f"{value:.2f}" for value in row.numbers.values()), "high": row.suspicious}
            for row in verdict.labels
        }
    return {}


def _class_caption(verdict: AnyVerdict) -> str:
    if isinstance(verdict, ClassIndices):
        index = verdict.index[:1].upper() + verdict.index[1:]
        return f"{index} of each class; above {verdict.threshold:g}, in bold, a class is suspicious"
    names = " / ".join(verdict.labels[0].numbers) if isinstance(verdict, SampleScores) else ""
    return f"Among the images of each label: {names}. In bold, the label is suspicious"


def _facts(found: Found, shown: Shown, cell: TableCell, measured: Sequence[Beside]) -> Iterator[tuple[str, str]]:
    """How it was measured, as pairs of a name and a text."""
    if not measured:
        return
    yield "Networks", f"{len(measured)}, seeds {', '.join(str(each.network.seed) for each in measured)}"
    yield "Measured on", _samples_of(measured)
    verdicts = [each.cell.verdict for each in measured]
    repaired = [each for each in verdicts if isinstance(each, Repaired)]
    for name in dict.fromkeys(name for each in repaired for name in each.details):  # not every network has all
        chosen = [each.details[name] for each in repaired if name in each.details]
        yield name.replace("_", " ").capitalize(), f"{median(chosen):.3g}"
    against = found.detection(shown.defence.name, shown.attack.name)
    if against is not None and against.verdict.auroc is not None and _several(against.verdict):
        auroc = against.verdict.auroc
        apart = f"AUROC {auroc.value:.2f} ({auroc.low:.2f} to {auroc.high:.2f})"
        networks = f"{against.verdict.poisoned} backdoored and {against.verdict.clean} clean"
        yield "Told apart from clean networks", f"{apart}, {networks}"
    if cell.seconds is not None:
        yield "Processor time for a network", duration(cell.seconds) if cell.seconds >= 1 else f"under 1{THIN}s"
    if cell.peak_bytes is not None:
        yield "Memory at most", size(cell.peak_bytes, decimals=0)
    if shown.defence.settings:
        settings = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in shown.defence.settings.items())
        yield "Settings", settings


def _samples_of(measured: Sequence[Beside]) -> str:
    first, data = measured[0].cell.verdict, measured[0].network.data
    if isinstance(first, SampleScores):
        where = "training images" if first.samples == "training-images" else f"images of {data}"
        return f"{count(first.clean)} clean and {count(first.poisoned)} poisoned {where}"
    images = first.images if isinstance(first, ClassIndices | Repaired) else 0
    return f"{data}; the defence was given {count(images)} clean images of the owner’s"  # noqa: RUF001


def _several(networks: SampleScores) -> bool:
    """Whether there are several networks of each kind: one beside one says nothing of how well they are told apart."""
    return min(networks.poisoned, networks.clean) > 1
