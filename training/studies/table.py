"""A sweep's outcome as tables: finished runs as JSON, every run, failed ones included, as Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from training.core.errors import RunError
from training.core.files import require_writable_file, write_bytes
from training.recipes.base import RecipeError
from training.studies.schema import Row, Settings, Table
from training.studies.sweep import RATE, Sweep

if TYPE_CHECKING:
    from training.runs.store import Run
    from training.studies.jobs import Outcome

METRICS = ("clean_accuracy", "attack_success_rate", "robust_accuracy")
ON_VALIDATION = "validation_"
"""Begins the columns of what was measured on the validation images."""
FIXED: dict[str, Any] = {
    "run": pa.string(),
    "recipe_sha256": pa.string(),
    "status": pa.string(),
    "seed": pa.int64(),
    "poison_rate": pa.float64(),
    "trigger_pixels": pa.int64(),
    "samples": pa.int64(),
    "poisoned": pa.int64(),
    "epochs": pa.int64(),
    "training_seconds": pa.float64(),
    "job_seconds": pa.float64(),
    "log": pa.string(),
} | {
    f"{on}{metric}{part}": pa.int64() if part == "_n" else pa.float64()
    for on in ("", ON_VALIDATION)
    for metric in METRICS
    for part in ("", "_low", "_high", "_n")
}
"""The columns of every sweep; those of the fields whose values were tried follow."""


def tabulate(sweep: Sweep, runs: list[Run]) -> Table:
    """The table of finished runs."""
    settings = {one.sha256: given for one, given in zip(sweep.recipes(), sweep.axes.settings(), strict=True)}
    rows = []
    for one in runs:
        measured, chosen_by = one.metrics.measurement, one.metrics.validation
        if measured.attack_success_rate is None or measured.robust_accuracy is None:
            raise RecipeError(f"{one.path}: this run has no attack success rate")
        given = settings.get(one.recipe.sha256, {})
        rows.append(
            Row(
                rate=one.recipe.poison_rate,
                seed=one.recipe.seed,
                poisoned=one.facts.poisoned,
                clean_accuracy=measured.clean_accuracy,
                attack_success_rate=measured.attack_success_rate,
                robust_accuracy=measured.robust_accuracy,
                recipe_sha256=one.recipe.sha256,
                pixels=one.recipe.trigger.pixels,
                settings={name: value for name, value in given.items() if name not in {RATE, "seed"}} or None,
                validation_accuracy=chosen_by.clean_accuracy if chosen_by else None,
                validation_success=chosen_by.attack_success_rate if chosen_by else None,
            )
        )
    first, base = runs[0], sweep.base
    label_map = base.label_map_for(first.facts.classes)
    return Table(
        sweep=base.name,
        title=base.title,
        data=first.metrics.measurement.data,
        samples=first.facts.samples,
        epochs=first.facts.epochs,
        trigger=base.trigger.kind,
        label_map=label_map.kind if label_map else "none",
        rows=sorted(rows, key=lambda row: (row.rate, row.pixels or 0, str(row.settings or ""), row.seed)),
    )


def line(outcome: Outcome, settings: Settings, finished: Run | None) -> dict[str, Any]:
    """One run: what was asked for and, if it is finished, what was found."""
    recipe = outcome.run.recipe
    found: dict[str, Any] = {name: _plain(value) for name, value in settings.items()}
    found |= {
        "run": recipe.run_name,
        "recipe_sha256": recipe.sha256,
        "status": "finished" if finished else "failed",
        "seed": recipe.seed,
        "poison_rate": recipe.poison_rate,
        "trigger_pixels": recipe.trigger.pixels,
        "job_seconds": outcome.seconds,
        "log": None if outcome.log is None else outcome.log.name,
    }
    if finished is None:
        return found
    facts = finished.facts
    found |= {"samples": facts.samples, "poisoned": facts.poisoned, "epochs": facts.epochs}
    found["training_seconds"] = facts.seconds
    for on, measurement in (("", finished.metrics.measurement), (ON_VALIDATION, finished.metrics.validation)):
        for metric in METRICS:
            measured = getattr(measurement, metric, None)
            if measured is not None:
                parts = (("", measured.value), ("_low", measured.low), ("_high", measured.high), ("_n", measured.n))
                found |= {f"{on}{metric}{part}": value for part, value in parts}
    return found


def require_own(path: Path) -> None:
    """Refuse a path at which something other than such a table lies.

    Raises:
        RunError: With what to do.
    """
    require_writable_file(path)
    if not path.exists():
        return
    try:
        columns = pq.read_schema(path).names
    except (OSError, pa.ArrowException):
        columns = []
    if not {"run", "recipe_sha256", "status"} <= set(columns):
        raise RunError(f"{path}: is no table of backdoors sweep, which would replace it; give another --out")


def write(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """Write the table, atomically."""
    columns = {name: pa.array([one.get(name) for one in lines], kind) for name, kind in FIXED.items()}
    for name in dict.fromkeys(name for one in lines for name in one if name not in FIXED):
        columns[name] = _column([one.get(name) for one in lines])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    write_bytes(path, sink.getvalue().to_pybytes())


def _column(values: list[Any]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """A column of the values' own type; of their JSON where they are of several."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else json.dumps(value) for value in values])


def _plain(value: object) -> object:
    """A value that a cell can hold: a table or list as JSON."""
    return json.dumps(value) if isinstance(value, dict | list) else value
