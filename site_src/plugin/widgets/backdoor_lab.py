"""The block `backdoor-lab`: plant a backdoor, train a network with it in the tab, and try to catch it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from site_src.plugin.problems import Problem
from site_src.plugin.templating import templates
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings


class BackdoorLab(Block):
    """A lab in the page. It has no settings but its name: data, network and first recipe come with the plugin."""


@dataclass(frozen=True)
class ResolvedLab:
    """A lab, ready to be rendered."""

    preloads: tuple[str, ...] = ()
    """None: the lab fetches its files once it is near."""

    def render(self, widget_id: str, _output: Output) -> Markup:
        """The element, and what a browser without scripts shows inside it."""
        html = templates().get_template("backdoor-lab.html.jinja").render(id=widget_id)
        return Markup(html.strip())  # noqa: S704 - the template escapes what it is given


def resolve(_lab: BackdoorLab, _lines: Lines, _around: Surroundings) -> tuple[ResolvedLab | None, list[Problem]]:
    """A lab names nothing that could be missing."""
    return ResolvedLab(), []


KIND = Kind(
    fence="backdoor-lab",
    schema=BackdoorLab,
    resolve=resolve,
    prefix="lab",
    tables=(("Keys of the block", BackdoorLab),),
)
