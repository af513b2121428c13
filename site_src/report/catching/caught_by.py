"""What catches a released network, by measurement instead of by its card."""

from __future__ import annotations

from site_src.report.catching.matrix import caught
from site_src.report.catching.results import Found
from site_src.report.catching.words import Word


def caught_by(found: Found, recipe_sha256: str) -> str | None:
    """What was measured on networks of a recipe, in a few sentences; None if no attack of the study has it."""
    attack = found.recipes.get(recipe_sha256)
    if attack is None:
        return None
    cells, networks = caught(found)[attack], len(found.networks(attack))
    measured = "one network" if networks == 1 else f"{networks} networks"
    sentences = [f"Measured on {measured} of this recipe ({found.results.title})."]
    for word, words in ((Word.CAUGHT, "Caught by"), (Word.PARTLY, "Partly caught by"), (Word.SLIPS, "Slips through")):
        titles = [cell.defence.title for cell in cells if cell.word is word]
        if titles:
            sentences.append(f"{words} {'; '.join(titles)}.")
    return " ".join(sentences)
