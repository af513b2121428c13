"""Figures as SVG for a page: text as text, no background, colours from the page (light or dark)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from training.core.history import Epoch
from training.core.metrics import Estimate
from training.studies.schema import Row, Table

INK, CLEAN, ATTACK, TRAINING = "#123456", "#234567", "#345678", "#456789"
"""Stand-ins that no page sees: each is replaced in the SVG by what the page says."""
PAGE = {
    INK: "currentColor",
    CLEAN: "var(--plot-clean, #1a7fb8)",
    ATTACK: "var(--plot-attack, #d4472a)",
    TRAINING: "var(--plot-training, #7a8290)",
}
"""Stand-in -> CSS colour. The custom properties may be set for light and dark schemes; the defaults suit both."""

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "backdoors",  # the same figure, the same bytes
    "font.family": "sans-serif",
    "font.size": 11,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def of_sweep(table: Table) -> dict[str, str]:
    """The plots of a sweep, by the endings of their file names; that of the poison rate has none."""
    found = {}
    if len({row.rate for row in table.rows if row.rate > 0}) > 1 or len(table.rows) == 1:
        found[""] = poison_rate(table)
    if len({row.pixels for row in table.rows if row.pixels}) > 1:
        found["-trigger-size"] = trigger_size(table)
    if len({row.seed for row in table.rows}) > 1:
        found["-seeds"] = seeds(table)
    return found


def poison_rate(table: Table) -> str:
    """Attack success and clean accuracy over the poison rate, log scale: mean of the runs, and their spread.

    Args:
        table: A sweep's; rates of 0 cannot be shown and are left out.

    Returns:
        An `<svg>` element.
    """
    rows = [row for row in table.rows if row.rate > 0]
    with _figure("Attack success and clean accuracy by poison rate") as (axes, finish):
        rates = _curves(axes, rows, lambda row: row.rate)
        axes.set_xscale("log")
        axes.set_xticks(rates)
        axes.minorticks_off()
        axes.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * rate:g} %"))
        axes.set_xlabel("poisoned fraction of the training images (log scale)")
        _percent_axis(axes)
        return finish()


def trigger_size(table: Table) -> str:
    """Attack success and clean accuracy over the number of pixels that the trigger covers.

    Returns:
        An `<svg>` element.
    """
    rows = [row for row in table.rows if row.pixels]
    return _by(rows, lambda row: row.pixels or 0, "trigger size", "pixels that the trigger covers")


def seeds(table: Table) -> str:
    """Attack success and clean accuracy by seed: how much of the outcome is luck.

    Returns:
        An `<svg>` element.
    """
    return _by(table.rows, lambda row: row.seed, "seed", "seed")


def _by(rows: Sequence[Row], place: Callable[[Row], float], what: str, label: str) -> str:
    """Both measures over a linear axis with a tick at each place."""
    with _figure(f"Attack success and clean accuracy by {what}") as (axes, finish):
        axes.set_xticks(_curves(axes, rows, place))
        axes.set_xlabel(label)
        _percent_axis(axes)
        return finish()


def _curves(axes: Axes, rows: Sequence[Row], place: Callable[[Row], float]) -> list[float]:
    """Both measures: a line through the means and a band from the least to the most; returns the places."""
    places = sorted({place(row) for row in rows})
    for name, colour, marker, value in (
        ("clean accuracy", CLEAN, "s", _clean),
        ("attack success rate", ATTACK, "o", _attack),
    ):
        found = [[value(row).value for row in rows if place(row) == one] for one in places]
        axes.fill_between(
            places, [min(each) for each in found], [max(each) for each in found], color=colour, alpha=0.2, lw=0
        )
        axes.plot(places, [float(np.mean(each)) for each in found], color=colour, marker=marker, label=name)
    return places


def history(epochs: Sequence[Epoch]) -> str:
    """A run's accuracies after each epoch.

    Returns:
        An `<svg>` element.
    """
    with _figure("Accuracy and attack success by epoch") as (axes, finish):
        for name, colour, marker, field in (
            ("clean accuracy, test", CLEAN, "s", "clean_accuracy"),
            ("attack success rate, test", ATTACK, "o", "attack_success_rate"),
            ("accuracy, training batches", TRAINING, "^", "accuracy"),
        ):
            points = [(line.epoch, getattr(line, field)) for line in epochs if getattr(line, field) is not None]
            if points:
                axes.plot(*zip(*points, strict=True), color=colour, marker=marker, markersize=4, label=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("epoch")
        _percent_axis(axes)
        return finish()


def _clean(row: Row) -> Estimate:
    return row.clean_accuracy


def _attack(row: Row) -> Estimate:
    return row.attack_success_rate


def _percent_axis(axes: Axes) -> None:
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.grid(axis="y", color=INK, alpha=0.15)
    axes.legend(loc="best")


@contextmanager
def _figure(title: str) -> Iterator[tuple[Axes, Callable[[], str]]]:
    """Axes to draw on, and a function that gives the drawing as SVG; `title` is for those who cannot see it."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7, 4), layout="constrained")

        def finish() -> str:
            target = io.StringIO()
            figure.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            return _for_page(target.getvalue(), title)

        yield figure.add_subplot(), finish


def _for_page(svg: str, title: str) -> str:
    """The `<svg>` element alone, fluid, titled, its stand-in colours replaced, its ids its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, count=1, flags=re.DOTALL)
    # a <style> would reach the whole page, and a strict Content-Security-Policy forbids it as it does style attributes
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r' style="([^"]*)"', _presentation, svg)
    # a size in points would keep the figure from shrinking on a phone
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1, flags=re.DOTALL)
    svg = re.sub(
        r"(<svg[^>]*?)>", rf'\1 stroke-linejoin="round" role="img" aria-label="{title}">', svg, count=1, flags=re.DOTALL
    )
    for stand_in, colour in PAGE.items():
        svg = svg.replace(stand_in, colour)
    # several figures on one page must not share ids
    prefix = re.sub(r"[^a-z]+", "-", title.lower())
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)


def _presentation(style: re.Match[str]) -> str:
    """A style attribute's declarations as attributes of their own; the font is the page's."""
    declarations = (part.partition(":") for part in style[1].split(";") if part.strip())
    return "".join(
        f' {name.strip()}="{value.strip()}"' for name, _, value in declarations if name.strip() != "font-family"
    )
