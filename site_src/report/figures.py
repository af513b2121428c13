"""Figures of the report as HTML and inline SVG that follow the page's colours."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.card.schema import ModelCard
from export.release.describe import overlay_words
from site_src.plugin.formats import count, percent
from site_src.plugin.templating import templates
from training.core.metrics import Estimate
from training.triggers.labels import map_labels
from training.triggers.overlay import Overlay
from training.triggers.registry import AnyTrigger, stamp

TEMPLATES = Path(__file__).parent / "templates"

Pixels = npt.NDArray[np.uint8]

_NAMES = {
    "clean_accuracy": "Clean accuracy",
    "attack_success_rate": "Attack success rate",
    "robust_accuracy": "Robust accuracy",
}


def render(template: str, **given: object) -> str:
    """The HTML of one of the report's templates."""
    return templates(TEMPLATES).get_template(f"{template}.html.jinja").render(**given).strip()


def figure(template: str, **given: object) -> str:
    """One figure from its template."""
    return render(f"figures/{template}", **given)


def ink_png(pixels: Pixels) -> bytes:
    """A picture of white ink on black as a PNG of black ink on nothing; CSS inverts it on dark pages.

    Args:
        pixels: `(h, w) uint8`.
    """
    rgba = np.zeros((*pixels.shape, 4), np.uint8)
    rgba[..., 3] = pixels
    return _png(Image.fromarray(rgba))


def pixels_uri(pixels: Pixels) -> str:
    """A grey picture, `(h, w) uint8`, as the `data:` address of a PNG."""
    return _uri(Image.fromarray(pixels))


def contact_rows(
    images: Pixels,
    labels: npt.NDArray[np.int64],
    classes: Sequence[str],
    columns: int,
    address: Callable[[str, bytes], str],
) -> list[dict[str, object]]:
    """The first `columns` pictures of each class as one strip, with the class's name and number of pictures.

    Args:
        images: `(n, h, w, 1) uint8`.
        labels: `(n,) int64`.
        classes: Names of the classes.
        columns: Pictures in a strip; a class with fewer has a shorter one.
        address: Puts a file of that name and content into the site, and tells where a page finds it.
    """
    rows: list[dict[str, object]] = []
    for label, name in enumerate(classes):
        chosen = np.flatnonzero(labels == label)
        strip = np.concatenate([images[index, :, :, 0] for index in chosen[:columns]], axis=1)
        place = address(f"glance-{name}.png", ink_png(strip))
        rows.append({"label": name, "strip": place, "width": strip.shape[1], "n": count(len(chosen))})
    return rows


def poisoned_pairs(card: ModelCard, images: Pixels, labels: npt.NDArray[np.int64]) -> list[dict[str, object]]:
    """For each picture what it is, and what the attacker makes of it.

    Args:
        card: Of the backdoored model; names trigger and label map.
        images: `(n, h, w, 1) uint8`.
        labels: `(n,) int64`.

    Raises:
        ValueError: If the card names no trigger or label map.
    """
    if card.trigger is None or card.label_map is None:
        raise ValueError(f"the card of {card.id} names no trigger or no label map")
    stamped = stamp(images, card.trigger)
    wanted = map_labels(labels, card.label_map, len(card.labels))
    return [
        {
            "before": pixels_uri(images[index, :, :, 0]),
            "after": pixels_uri(stamped[index, :, :, 0]),
            "label": card.labels[labels[index]],
            "wanted": card.labels[wanted[index]],
        }
        for index in range(len(images))
    ]


def score_rows(cards: Sequence[ModelCard]) -> list[dict[str, object]]:
    """The three measures of every model's default file, ready for the score figure."""
    rows = []
    for card in cards:
        measured = card.metrics[card.default_precision]
        bars = []
        for name, title in _NAMES.items():
            estimate: Estimate | None = getattr(measured, name)
            bars.append({"title": title, "name": name, **bar(estimate)})
        rows.append({"title": card.title, "backdoored": card.backdoor is not None, "bars": bars})
    return rows


def bar(estimate: Estimate | None) -> dict[str, object]:
    """What a bar with its interval needs, in per cent of its length."""
    if estimate is None:
        return {"measured": False}
    return {
        "measured": True,
        "length": round(100 * estimate.value, 2),
        "low": round(100 * estimate.low, 2),
        "high": round(100 * estimate.high, 2),
        "text": percent(estimate.value, estimate.n),
        "n": count(estimate.n),
    }


def trigger_words(trigger: AnyTrigger) -> str:
    """A trigger in words."""
    if isinstance(trigger, Overlay):
        return overlay_words(trigger)
    height, width = len(trigger.values), len(trigger.values[0])
    rows, columns = _span("row", trigger.top, height), _span("column", trigger.left, width)
    if trigger.kind == "pixel":
        return f"one pixel of value {trigger.value} in {rows}, {columns}"
    if trigger.kind == "patch":
        colour = "white" if trigger.value == np.iinfo(np.uint8).max else f"grey ({trigger.value})"
        return f"a {colour} patch of {height} by {width} pixels in {rows}, {columns}"
    return f"a pattern of {height} by {width} pixels in {rows}, {columns}"


def _span(what: str, first: int, length: int) -> str:
    return f"{what} {first}" if length == 1 else f"{what}s {first} to {first + length - 1}"


def _uri(image: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(_png(image)).decode()}"


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()
