"""What the report itself says of defences: how each thinks, and what its paper claims."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent
InWords = Literal["alarms", "found", "missed", "f1", "index", "repair"]
"""See `site_src.report.catching.claims`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Explained(_Part):
    """A defence in plain words."""

    thinks: str
    link: str = Field(pattern="^https://")
    """Of its paper."""


class Asked(_Part):
    """Which measurement of a study is put into words, and how."""

    defence: str
    attack: str
    """Of the study."""
    ours: InWords
    """How; see `site_src.report.catching.claims`."""


class Claim(Asked):
    """What a paper claims, and which of our measurements stands beside it."""

    says: str
    where: str
    """On which data, or in which part of the paper."""
    why: str = ""
    """Why the two differ, once an experiment has shown it."""


@cache
def explained() -> dict[str, Explained]:
    """Defences in plain words, by name."""
    content = tomllib.loads((FOLDER / "defences.toml").read_text("utf-8"))
    return {name: Explained.model_validate(each) for name, each in content.items()}


@cache
def claims() -> list[Claim]:
    """What papers claim."""
    content = tomllib.loads((FOLDER / "claims.toml").read_text("utf-8"))
    return [Claim.model_validate(each) for each in content["claims"]]
