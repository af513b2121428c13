"""What a demo shows of its networks' insides, as HTML that reads well without scripts; the element makes it live."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from export.card.inside import INSIDE_NAME, Channels, Inside, Plane, read_inside
from export.card.schema import CardError
from site_src.plugin.catalogue import CatalogueError
from site_src.plugin.templating import render
from site_src.plugin.widgets.base import Output
from site_src.plugin.widgets.parts import ShownModel

Point = tuple[float, float]

PLANE = (8.0, 212.0, 8.0, 172.0)
"""Left, right, top and bottom of the part of a plane's picture that points lie in."""
COLUMNS = 8
"""Maps beside each other (`COLUMNS` in channels.mjs)."""
HIGH = 40
"""Of the curves' picture."""


@dataclass(frozen=True)
class ShownInside:
    """What is shown of one network's inside."""

    model: ShownModel
    inside: Inside

    def config(self, output: Output) -> dict[str, object]:
        """As the element reads it: where the appendix is, and what it adds."""
        appendix = self.inside.appendix
        digest = hashlib.sha256(appendix).hexdigest()
        address = output.assets.add(f"{self.model.entry.served_at}/inside.{digest[:12]}.bin", appendix)
        shown = self.inside.shown
        names = {"point": shown.point} if isinstance(shown, Plane) else _names(shown)
        stored = {"name": output.url(address), "bytes": len(appendix), "sha256": digest}
        return {"appendix": stored, "view": shown.view, **names}


def look_up(models: Sequence[ShownModel]) -> list[ShownInside]:
    """What `backdoors inside` measured of the models' files.

    Raises:
        CatalogueError: If something is missing, broken or about another file, or the models show different things.
    """
    found = [_look_up(model) for model in models]
    views = {each.model.entry.card.id: each.inside.shown.view for each in found}
    if len(set(views.values())) > 1:
        shown = ", ".join(f"{name} its {view}" for name, view in views.items())
        raise CatalogueError(f"all models of a block show the same of their insides, but {shown}")
    return found


def _look_up(model: ShownModel) -> ShownInside:
    card, path = model.entry.card, model.entry.path.parent / INSIDE_NAME
    try:
        inside = read_inside(path)
    except CardError as error:
        raise CatalogueError(str(error)) from error
    file = card.file(model.precision)
    if inside.sha256 != file.sha256:
        raise CatalogueError(f"{path}: it is about another file than {file.name}; write it with: backdoors inside")
    return ShownInside(model, inside)


def figures(found: Sequence[ShownInside], widget_id: str) -> Markup:
    """The figures, side by side, for a widget of that id."""
    made = [_figure(each, f"{widget_id}-{at}") for at, each in enumerate(found)]
    shown = found[0].inside.shown
    return render("inside", view=shown.view, figures=made, shown=shown)


def _figure(found: ShownInside, figure_id: str) -> Markup:
    shown = found.inside.shown
    made = _plane(shown) if isinstance(shown, Plane) else _channels(shown)
    return render(f"inside-{shown.view}", id=figure_id, title=found.model.title, shown=shown, **made)


def _names(shown: Channels) -> dict[str, object]:
    return {
        "maps": shown.maps,
        "keep": shown.keep,
        "logits": shown.logits,
        "height": shown.height,
        "width": shown.width,
        "order": [channel.index for channel in shown.channels],
        "measured": [
            [each.clean_accuracy.value, each.attack_success_rate.value, each.robust_accuracy.value]
            for each in shown.silenced
        ],
    }


def _plane(shown: Plane) -> dict[str, object]:
    """The points in the picture, one scale for both axes, and the centre of each cloud."""
    left, right, top, bottom = PLANE
    xs, ys = zip(*[point for cloud in shown.clouds for point in cloud.xy], strict=True)
    scale = min((right - left) / _spread(xs), (bottom - top) / _spread(ys))
    zero = (
        (left + right) / 2 - scale * (max(xs) + min(xs)) / 2,
        (top + bottom) / 2 + scale * (max(ys) + min(ys)) / 2,
    )

    def place(x: float, y: float) -> Point:
        return round(zero[0] + scale * x, 1), round(zero[1] - scale * y, 1)

    clouds = [{"kind": cloud.kind, "xy": [place(x, y) for x, y in cloud.xy]} for cloud in shown.clouds]
    centres = {cloud.kind: _centre(cloud.xy) for cloud in shown.clouds}
    apart = {kind: round(math.dist(centres["triggered"], centres[kind]), 1) for kind in ("clean", "target")}
    fit = {"scale": scale, "zero": zero, "centres": {kind: centres[kind] for kind in ("clean", "target")}}
    return {"clouds": clouds, "apart": apart, "fit": json.dumps(fit)}


def _spread(values: Sequence[float]) -> float:
    """How far apart they lie; at least the last digit that `backdoors inside` writes, so that it can be divided by."""
    return max(max(values) - min(values), 1e-3)


def _centre(points: Sequence[Point]) -> Point:
    xs, ys = zip(*points, strict=True)
    return sum(xs) / len(xs), sum(ys) / len(ys)


def _channels(shown: Channels) -> dict[str, object]:
    """Sizes, curves and rows of the figure of a network's channels."""
    columns, rows = COLUMNS, -(-len(shown.channels) // COLUMNS)
    side = {"width": columns * (shown.width + 1) - 1, "height": rows * (shown.height + 1) - 1}
    lines = {
        name: " ".join(
            f"{100 * at / (len(shown.silenced) - 1):.2f},{HIGH * (1 - getattr(each, metric).value):.2f}"
            for at, each in enumerate(shown.silenced)
        )
        for name, metric in (("clean", "clean_accuracy"), ("attack", "attack_success_rate"))
    }
    half = shown.silenced[len(shown.channels) // 2]
    each_channel = zip(shown.channels, shown.alone, shown.silenced[1:], strict=True)
    return {"side": side, "lines": lines, "first": shown.silenced[0], "half": half, "rows": list(each_channel)}
