"""Sweeps: one recipe, and the values that its fields take in turn."""

from __future__ import annotations

import copy
import itertools
import math
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, SerializeAsAny, ValidationError, model_validator

from training.recipes.base import AnyRecipe, Fraction, Part, RecipeError
from training.recipes.former import current_path
from training.recipes.load import explain, is_study, locate, parse, read_toml
from training.studies.schema import Settings

RATE = "attack.poison_rate"
MOST_RUNS = 100_000


class Range(Part):
    """Numbers drawn evenly between two bounds."""

    low: float
    high: float
    log: bool = False
    """Whether evenly by their logarithm."""
    whole: bool = False
    """Whether to round to integers."""

    @model_validator(mode="after")
    def _check(self) -> Range:
        if self.low >= self.high or (self.log and self.low <= 0) or math.isinf(self.high - self.low):
            raise ValueError(f"no range: {self.low} to {self.high}{' by logarithm' if self.log else ''}")
        return self

    def draw(self, rng: np.random.Generator) -> float | int:
        """One number."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        drawn = float(rng.uniform(low, high))
        drawn = math.exp(drawn) if self.log else drawn
        return round(drawn) if self.whole else float(f"{drawn:.4g}")


class Random(Part):
    """Values drawn at random, a set of them for each run."""

    runs: int = Field(ge=1, le=MOST_RUNS)
    """Sets that are drawn."""
    seed: int = Field(default=0, ge=0)
    fields: dict[str, Range | Annotated[list[Any], Field(min_length=1)]] = Field(min_length=1)
    """A range, or a list to choose from, for each field."""

    def draw(self) -> list[Settings]:
        """The sets; each one is the same however many are drawn after it."""
        rng = np.random.default_rng(self.seed)
        return [
            {
                name: of.draw(rng) if isinstance(of, Range) else of[int(rng.integers(len(of)))]
                for name, of in self.fields.items()
            }
            for _ in range(self.runs)
        ]


class Axes(Part):
    """The values to try: every combination of `rates`, `grid`, the sets of `random`, and `seeds` is a run."""

    rates: list[Fraction] = Field(default=[])
    """Poison rates."""
    seeds: list[int] = Field(default=[])
    """None: the recipe's own seed."""
    grid: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default={})
    """Values for fields of the recipe, by their dotted names."""
    random: Random | None = None

    @model_validator(mode="after")
    def _check(self) -> Axes:
        if not (self.rates or self.seeds or self.grid or self.random):
            raise ValueError("nothing is varied; give rates, seeds, grid or random")
        random = self.random.fields if self.random else {}
        varied = [RATE] * bool(self.rates) + ["seed"] * bool(self.seeds) + _fields(*self.grid, *random)
        counts = [
            len(self.rates),
            len(self.seeds),
            *map(len, self.grid.values()),
            self.random.runs if self.random else 1,
        ]
        runs = math.prod(max(1, count) for count in counts)
        if runs > MOST_RUNS:
            raise ValueError(f"its values make {runs:,} runs; {MOST_RUNS:,} are the most")
        for name, times in Counter(varied).items():
            if times > 1:
                raise ValueError(f"{name} is varied {times} times; only the last of its values would be used")
        return self

    def settings(self) -> list[Settings]:
        """One set of values a run, by seed first, so that a sweep that was stopped has complete curves."""
        axes = {RATE: list(self.rates)} if self.rates else {}
        combined = [
            dict(zip((*axes, *self.grid), values, strict=True))
            for values in itertools.product(*axes.values(), *self.grid.values())
        ]
        drawn = self.random.draw() if self.random else [{}]
        seeds: list[Settings] = [{"seed": seed} for seed in self.seeds] or [{}]
        return [seed | one | other for seed in seeds for one in combined for other in drawn]


class Sweep(Part):
    """A recipe, and the values to try in its fields."""

    base: SerializeAsAny[AnyRecipe]
    axes: Axes

    def recipes(self) -> list[Any]:
        """One recipe a run, in the order in which they are trained.

        Raises:
            RecipeError: If a combination is no valid recipe, or two are the same.
        """
        found = [with_settings(self.base, settings) for settings in self.axes.settings()]
        if len({one.run_name for one in found}) < len(found):
            raise RecipeError(f"{self.base.name}: two runs of this sweep are the same; a value is given twice")
        return found


def with_settings(base: AnyRecipe, settings: Settings) -> Any:  # noqa: ANN401 - a recipe of the base's kind
    """A recipe with other values in some of its fields.

    Raises:
        RecipeError: If that is no valid recipe; names the values.
    """
    table = base.model_dump(mode="json", exclude_none=True)
    for names, value in sorted(settings.items(), key=lambda one: one[0].count(".")):  # a table before what is in it
        for name in _fields(names):
            *tables, last = name.split(".")
            inside = table
            for part in tables:
                inside = inside.setdefault(part, {})
                if not isinstance(inside, dict):
                    raise RecipeError(f"sweep: {name}: {part} is not a table of the recipe")
            inside[last] = copy.deepcopy(value)
    return parse(table, Path(f"sweep with {describe(settings)}"))


def _fields(*axes: str) -> list[str]:
    """The dotted names of the fields on axes, each of which may tie several by commas."""
    return [current_path(name.strip()) for names in axes for name in names.split(",")]


def describe(settings: Settings) -> str:
    """The values in words, the fields by the last part of their names."""
    parts = []
    for names, value in settings.items():
        short = ", ".join(name.strip().rpartition(".")[2].replace("_", " ") for name in names.split(","))
        parts.append(f"{short} {value:g}" if isinstance(value, float) else f"{short} {value}")
    return ", ".join(parts)


def load(name_or_path: str | Path) -> Sweep:
    """Load a sweep: a recipe file with a table `sweep` with the values to try; see `Axes`.

    Raises:
        RecipeError: One clear line.
    """
    path = locate(name_or_path)
    table = read_toml(path)
    if "sweep" not in table:
        what, command = ("a study of defences", "study-defences") if is_study(table) else ("one recipe", "train")
        raise RecipeError(f"{path}: this is {what}, not a sweep; run it with: backdoors {command} {name_or_path}")
    try:
        axes = Axes.model_validate(table.pop("sweep"))
    except ValidationError as error:
        raise RecipeError(f"{path}: table sweep: {explain(error, Axes)}") from error
    return Sweep(base=parse(table, path), axes=axes)
