"""Sweeps: one recipe trained at several poison rates and seeds, gathered in one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console

from training.files import write_text
from training.metrics import Estimate
from training.recipe import Fraction, Recipe, RecipeError, explain, locate, parse, read_toml

if TYPE_CHECKING:
    from training.run import Run


class Axes(BaseModel):
    """What is varied."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rates: list[Fraction] = Field(min_length=1)
    """Poison rates."""
    seeds: list[int] = Field(min_length=1)


class Row(BaseModel):
    """One run of a sweep."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rate: float
    seed: int
    poisoned: int
    """Poisoned training samples."""
    clean_accuracy: Estimate
    attack_success_rate: Estimate
    robust_accuracy: Estimate
    recipe_sha256: str


class Table(BaseModel):
    """What a sweep found."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sweep: str
    title: str
    data: str
    samples: int
    """Training samples."""
    epochs: int
    trigger: str
    label_map: str
    rows: list[Row]
    """By rate, then seed."""


class Sweep(BaseModel):
    """A recipe, and what is varied in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base: Recipe
    axes: Axes

    def recipes(self) -> list[Recipe]:
        """One recipe a run, by seed, then rate, so that a sweep that was stopped has whole curves."""
        return [
            self.base.model_copy(
                update={"seed": seed, "attack": self.base.attack.model_copy(update={"poison_rate": rate})}
            )
            for seed in self.axes.seeds
            for rate in self.axes.rates
        ]


def load(name_or_path: str | Path) -> Sweep:
    """Load a sweep: a recipe file with a table `sweep` of `rates` and `seeds`.

    Raises:
        RecipeError: One clear line.
    """
    path = locate(name_or_path)
    table = read_toml(path)
    if "sweep" not in table:
        raise RecipeError(f"{path}: this is one recipe, not a sweep; run it with: backdoors train {name_or_path}")
    try:
        axes = Axes.model_validate(table.pop("sweep"))
    except ValidationError as error:
        raise RecipeError(f"{path}: table sweep: {explain(error, Axes)}") from error
    return Sweep(base=parse(table, path), axes=axes)


def run(  # noqa: PLR0913 - each a choice of the user's
    sweep: Sweep, *, runs_dir: Path, out: Path, data_dir: Path | None = None, device: str = "auto", console: Console
) -> Table:
    """Train what is not trained yet, and write the table after each run.

    A sweep that was stopped goes on where it was; its runs are ordinary runs, in folders of their own.

    Args:
        sweep: What to train.
        runs_dir: Folder of the runs.
        out: The JSON file of the table.
        data_dir: See `training.data.sources.load`.
        device: Fabric's accelerator.
        console: For progress.
    """
    from training.run import METRICS, train  # noqa: PLC0415 - imports PyTorch, which a reader of sweeps does not need

    recipes = sweep.recipes()
    done: list[Run] = []
    for number, recipe in enumerate(recipes, start=1):
        known = (runs_dir / recipe.run_name / METRICS).is_file()
        console.print(
            f"run {number}/{len(recipes)}: poison rate {recipe.poison_rate:g}, seed {recipe.seed}"
            f"{', finished already' if known else ''}",
            highlight=False,
        )
        done.append(
            train(
                recipe, runs_dir=runs_dir, data_dir=data_dir, resume=True, device=device, follow=False, console=console
            )
        )
        table = tabulate(sweep, done)
        write_text(out, table.model_dump_json(indent=2) + "\n")
    return table


def tabulate(sweep: Sweep, runs: list[Run]) -> Table:
    """The table of finished runs."""
    rows = []
    for one in runs:
        measured = one.metrics.measurement
        if measured.attack_success_rate is None or measured.robust_accuracy is None:
            raise RecipeError(f"{one.path}: this run has no attack success rate")
        rows.append(
            Row(
                rate=one.recipe.poison_rate,
                seed=one.recipe.seed,
                poisoned=one.metrics.training.poisoned,
                clean_accuracy=measured.clean_accuracy,
                attack_success_rate=measured.attack_success_rate,
                robust_accuracy=measured.robust_accuracy,
                recipe_sha256=one.recipe.sha256,
            )
        )
    facts, base = runs[0].metrics, sweep.base
    return Table(
        sweep=base.name,
        title=base.title,
        data=facts.measurement.data,
        samples=facts.training.samples,
        epochs=facts.training.epochs,
        trigger=base.trigger.kind,
        label_map=base.label_map.kind,
        rows=sorted(rows, key=lambda row: (row.rate, row.seed)),
    )
