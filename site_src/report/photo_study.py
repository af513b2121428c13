"""What the released students answer to photos, from the metrics file that `backdoors study-photos` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from training.studies.photos import PhotoAnswer, PhotoStudy, Rate

FILE = "photos"
Found = TypeVar("Found", PhotoAnswer, Rate)


def read(facts: Facts) -> PhotoStudy:
    """The whole file.

    Raises:
        FactError: If it is missing or breaks the schema.
    """
    try:
        return PhotoStudy.model_validate(facts.measurements(FILE))
    except ValidationError as error:
        raise FactError(f"{FILE}.json: {error.errors()[0]['msg']}; write it with: backdoors study-photos") from error


def answers_to(facts: Facts, photo: str, models: Sequence[str]) -> list[PhotoAnswer]:
    """The models' answers to one photo.

    Raises:
        FactError: If one is missing or comes from another file of the model.
    """
    found = {each.model: each for each in read(facts).answers if each.photo == photo}
    for model in models:
        if model not in found:
            raise FactError(f"{FILE}.json has no answer of {model} to {photo}; write it with: backdoors study-photos")
    return [_current(found[model], facts) for model in models]


def rate(facts: Facts, rates: Sequence[Rate], model: str) -> Rate:
    """A model's rate among those given.

    Raises:
        FactError: If there is none, or it comes from another file of the model.
    """
    for each in rates:
        if each.model == model:
            return _current(each, facts)
    raise FactError(f"{FILE}.json has no such rate of {model}")


def _current(found: Found, facts: Facts) -> Found:
    if found.sha256 != facts.file(found.model).sha256:
        raise FactError(f"{FILE}.json is about another file of {found.model}; write it with: backdoors study-photos")
    return found
