"""Finished runs on disk: a folder `<runs>/<recipe>-<hash>/` each. Reading them needs no torch."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from training.core.errors import RunError
from training.core.files import write_text
from training.core.history import Epoch, read_history
from training.core.metrics import Measurement
from training.core.text import did_you_mean
from training.data.base import Dataset
from training.recipes.base import AnyRecipe, RecipeError
from training.recipes.load import explain, is_path, load, names

WEIGHTS = "weights.safetensors"
METRICS = "metrics.json"
"""Written last: a folder that has it is a finished run."""
HISTORY = "history.jsonl"
RECIPE = "recipe.toml"
POISONED = "poisoned.json"
"""Which training samples are poisoned, by their number among those that are trained on."""
STATE = "state.ckpt"
"""What a run resumes from; deleted when it is finished."""
_RUN_NAME = re.compile(r"([a-z0-9][a-z0-9-]*)-[0-9a-f]{12}")


class ReleasedFile(BaseModel):
    """A released model's file that weights were read from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    model: str
    """The model's id."""
    name: str
    sha256: str
    precision: str
    """How its weights are stored, for example `int8-weight-only`; in a run they are floats, with the same rounding."""


class Origin(BaseModel):
    """Where a run's network comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    recipe: str
    recipe_sha256: str
    seed: int
    data: str
    data_sha256: dict[str, str]
    classes: list[str]
    seconds: float
    """Of training, all epochs, without evaluations."""
    versions: dict[str, str]


class Restored(Origin):
    """A network that was not trained here: its weights are those of a released file, and so is its measurement."""

    file: ReleasedFile


class Facts(Origin):
    """How a run was trained."""

    samples: int
    """Number of training samples, without those set aside for validation."""
    poisoned: int
    """Number of poisoned ones among them."""
    epochs: int
    precision: str
    """Of training: `32-true` or `bf16-mixed`. Evaluation is always in float32."""
    device: str
    threads: int
    """Of each process."""
    processes: int = 1
    """Number of processes that trained together."""
    teacher_file: ReleasedFile | None = None
    """The file that the frozen layers were read from; None if the toolkit trained them here."""


class Metrics(BaseModel):
    """Contents of `metrics.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    measurement: Measurement
    """On the test images."""
    validation: Measurement | None = None
    """On the validation images; None if the recipe sets none aside."""
    training: Facts | Restored


@dataclass(frozen=True)
class Run:
    """A finished run."""

    path: Path
    recipe: AnyRecipe
    metrics: Metrics

    @classmethod
    def open(cls, path: Path) -> Run:
        """Open a finished run.

        Raises:
            RunError: If the folder holds no finished run, or one that cannot be read.
        """
        if not finished(path):
            raise RunError(f"{path}: there is no finished run")
        try:
            recipe = load(path / RECIPE)
            metrics = Metrics.model_validate_json((path / METRICS).read_bytes())
        except ValidationError as error:
            raise RunError(f"{path}: not a readable run: {METRICS}: {explain(error, Metrics)}") from error
        except (RecipeError, OSError) as error:
            raise RunError(f"{path}: not a readable run: {error}") from error
        if metrics.training.recipe_sha256 != recipe.sha256:
            raise RunError(f"{path / RECIPE}: not the recipe that this run was made from; its hash differs")
        return cls(path, recipe, metrics)

    @property
    def facts(self) -> Facts:
        """How it was trained.

        Raises:
            RunError: If it was restored from a released model.
        """
        return self.require_trained()

    def require_trained(self) -> Facts:
        """As `facts`."""
        training = self.metrics.training
        if isinstance(training, Restored):
            raise RunError(
                f"{self.path}: restored from the released model {training.file.model}, so it does not say how it was "
                f"trained; {retrain(self.recipe)}"
            )
        return training

    @property
    def file(self) -> ReleasedFile | None:
        """The released file that its weights, or those of its frozen layers, were read from; None if there is none."""
        training = self.metrics.training
        return training.file if isinstance(training, Restored) else training.teacher_file

    @property
    def history(self) -> list[Epoch]:
        """One entry an epoch.

        Raises:
            RunError: If it is damaged, or the run was restored from a released model.
        """
        self.require_trained()
        return read_history(self.path / HISTORY)

    @property
    def poisoned(self) -> list[int]:
        """Indices of the poisoned training samples, ascending.

        Raises:
            RunError: If the run was restored from a released model.
        """
        self.require_trained()
        indices: list[int] = json.loads((self.path / POISONED).read_text(encoding="utf-8"))["indices"]
        return indices

    def require_classes(self, test_set: Dataset) -> None:
        """Refuse test images whose classes are not the network's, in its order: every number would be wrong.

        Raises:
            RunError: If they differ.
        """
        known, found = self.metrics.training.classes, test_set.classes
        for number, (ours, theirs) in enumerate(zip_longest(known, found, fillvalue="none")):
            if ours != theirs:
                raise RunError(
                    f"{self.path}: the network was trained on {len(known)} classes, the test split of "
                    f"{self.recipe.data.name} has {len(found)}; the first that differs is number {number}, expected "
                    f"'{ours}', found '{theirs}': use the data that it was trained on, or {retrain(self.recipe)}"
                )


def finished(folder: Path) -> bool:
    """Whether a folder holds a finished run."""
    return (folder / METRICS).is_file()


def retrain(recipe: AnyRecipe) -> str:
    """What to do about an unusable run, for error messages."""
    return f"train it again with: backdoors train {recipe.name} --force"


def finish(folder: Path, metrics: Metrics) -> None:
    """Write a run's metrics, which marks it as finished, and delete what it would have resumed from."""
    write_text(folder / METRICS, metrics.model_dump_json(indent=2) + "\n")
    (folder / STATE).unlink(missing_ok=True)


def find(recipe: AnyRecipe, runs_dir: Path, called: str | None = None) -> Run:
    """The finished run of a recipe; `called` is what the user called it, a file for example.

    Raises:
        RunError: If there is none; says how to make it.
    """
    path = runs_dir / recipe.run_name
    if not finished(path):
        raise RunError(
            f"{path}: there is no finished run of {recipe.name}; make it with: backdoors train {called or recipe.name}"
        )
    return Run.open(path)


def find_named(name_or_path: str | Path, runs_dir: Path) -> Run:
    """The finished run that a user means.

    Args:
        name_or_path: A run's folder or its name, a recipe file, the name of a recipe that comes with the package, or
            the name of any recipe that was trained into `runs_dir`; of several such runs the newest.
        runs_dir: Folder of all runs.

    Raises:
        RecipeError: If a recipe file is missing or wrong.
        RunError: If there is no finished run, or several of the same name and age.
    """
    given = str(name_or_path)
    for folder in (Path(given), runs_dir / given):
        if given and finished(folder):
            return Run.open(folder)
    if is_path(given) and Path(given).is_dir():
        raise RunError(f"{given}: there is no finished run in this folder; if training was stopped, resume it")
    if is_path(given) or given in names():
        return find(load(given), runs_dir, given)
    known = trained(runs_dir)
    if given not in known:
        hint = did_you_mean(given, [*names(), *known], "`backdoors recipes` lists the recipes")
        raise RunError(f"there is no recipe '{given}' and no finished run of that name in {runs_dir}; {hint}")
    newest, *others = known[given]
    if others and _age(newest) == _age(others[0]):
        same = ", ".join(str(folder) for folder in known[given] if _age(folder) == _age(newest))
        raise RunError(f"several runs are named {given} and equally new: {same}; give the folder of one")
    return Run.open(newest)


def trained(runs_dir: Path) -> dict[str, list[Path]]:
    """The folders of all finished runs by their recipes' names, newest first."""
    found: dict[str, list[Path]] = {}
    for folder in sorted(runs_dir.iterdir() if runs_dir.is_dir() else (), key=_age, reverse=True):
        named = _RUN_NAME.fullmatch(folder.name)
        if named and finished(folder):
            found.setdefault(named[1], []).append(folder)
    return found


def _age(folder: Path) -> int:
    """When a run was finished, in nanoseconds; 0 if it is not."""
    return (folder / METRICS).stat().st_mtime_ns if finished(folder) else 0
