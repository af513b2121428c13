"""What catches a released network, by measurement instead of by its card."""

from __future__ import annotations

from site_src.report.catching.matrix import caught
from site_src.report.catching.results import Found
from site_src.report.catching.words import Word


def caught_by(found: Found, recipe_sha256: str) -> str | None:
    """What was measured on networks of a recipe, in a sentence or two; None if the study has no such network."""
    attack = next((each.attack for each in found.results.networks if each.recipe_sha256 == recipe_sha256), None)
    if attack is None:
        return None
    cells = caught(found)[attack]
    sentences = []
    for word, words in ((Word.CAUGHT, "Caught by"), (Word.PARTLY, "Partly by"), (Word.SLIPS, "Slips through")):
        titles = [cell.defence.title for cell in cells if cell.word is word]
        if titles:
            sentences.append(f"{words} {'; '.join(titles)}.")
    return " ".join(sentences) or None
