"""The networks of a study as they would be released: with int8 weights, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from export.release.release import Say, int8_alone
from training.runs.train import Run
from training.studies.place import only_target
from training.studies.schema import Study


def add_int8(
    study: Study,
    runs_dir: Path,
    *,
    data_dir: Path | None = None,
    keep: Callable[[Study], None] = lambda _study: None,
    say: Say = lambda _line: None,
) -> Study:
    """Measure every network of a study that was measured in full precision only; baselines are left out.

    Args:
        study: What `backdoors study` found.
        runs_dir: Folder of the runs that it was found with.
        data_dir: Folder with the data sets.
        keep: Called with what there is so far.
        say: Told what is being done.

    Raises:
        RunError: If the run of a network is not there.
        ExportError: If the ONNX model differs from PyTorch's.
        DataError: If the test data cannot be had.
    """
    rows = list(study.results)
    for index, row in enumerate(rows):
        if row.int8 is not None or row.framed is None:
            continue
        say(f"{row.recipe}, seed {row.seed}: int8")
        run = Run.open(runs_dir / f"{row.recipe}-{row.recipe_sha256[:12]}")
        rows[index] = row.model_copy(update={"int8": only_target(run.recipe, int8_alone(run, data_dir))})
        study = study.model_copy(update={"results": list(rows)})
        keep(study)
    return study
