"""The table of attacks by defences, as HTML."""

from __future__ import annotations

from site_src.plugin.facts import interval
from site_src.plugin.formats import percent
from site_src.report.catching.cells import Shown, shown
from site_src.report.catching.results import Found
from site_src.report.figures import render
from training.studies.defence_results import StudiedAttack

ELEMENT = "defence-matrix"
"""The custom element around the table, which sorts it and shows one family at a time."""


def matrix(found: Found) -> str:
    """The table of a study, whose cells lead to their details on the page.

    Args:
        found: The results.
    """
    defences = [defence for known in found.families.values() for defence in known]
    rows = [
        {
            "attack": attack,
            "success": _success(found, attack),
            "cells": [shown(found, attack, defence) for defence in defences],
        }
        for attack in found.results.attacks
    ]
    families = [{"family": family, "defences": known} for family, known in found.families.items()]
    return render(
        "catching/matrix", prefix=found.prefix, title=found.results.title, families=families, rows=rows,
        column_of={defence.name: column for column, defence in enumerate(defences, start=1)},
        family_of={defence.name: family for family, known in found.families.items() for defence in known},
    )  # fmt: skip


def caught(found: Found) -> dict[str, list[Shown]]:
    """The cells of each attack in which a defence was tried."""
    return {
        attack.name: [
            cell
            for known in found.families.values()
            for cell in (shown(found, attack, defence) for defence in known)
            if cell.word.tried
        ]
        for attack in found.results.attacks
    }


def _success(found: Found, attack: StudiedAttack) -> str:
    """The range of an attack's success over its networks."""
    rates = [each.attack_success_rate for each in found.networks(attack.name) if each.attack_success_rate]
    if not rates:
        return ""
    low, high = min(rates, key=lambda each: each.value), max(rates, key=lambda each: each.value)
    if len(rates) == 1:
        return f"succeeds on {percent(low.value, low.n)}, {interval(low)}"
    least, most = percent(low.value, low.n), percent(high.value, high.n)
    return f"succeeds on {most}" if least == most else f"succeeds on {least[:-2]} to {most}"
