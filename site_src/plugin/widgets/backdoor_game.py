"""The block `backdoor-game`: four networks, tests that cost, and a guess which of them is backdoored."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from site_src.plugin.problems import Problem
from site_src.plugin.templating import render
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings


class BackdoorGame(Block):
    """A game in the page. It has no settings but its name: the networks come with the plugin."""


@dataclass(frozen=True)
class ResolvedGame:
    """A game, ready to be rendered."""

    preloads: tuple[str, ...] = ()
    """None: the game fetches its files when a reader begins."""

    def render(self, widget_id: str, _output: Output) -> Markup:
        """The element, and what a browser without scripts shows inside it."""
        return render("backdoor-game", id=widget_id)


def resolve(_game: BackdoorGame, _lines: Lines, _around: Surroundings) -> tuple[ResolvedGame | None, list[Problem]]:
    """A game names nothing that could be missing."""
    return ResolvedGame(), []


KIND = Kind(
    fence="backdoor-game",
    schema=BackdoorGame,
    resolve=resolve,
    prefix="game",
    tables=(("Keys of the block", BackdoorGame),),
)
