"""The networks of a study as they would be released: int8 weights in onnxruntime."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from export.onnx.quantise import correct_bias, weight_only_int8
from export.onnx.to_onnx import to_onnx
from export.release import golden_inputs
from export.release.files import Models, write_models
from export.release.measure import measure
from export.release.models import Model
from export.release.release import Say
from export.release.tensors import calibration, golden_tensors, pipeline_of
from training.core.metrics import Measurement
from training.data import registry as sources
from training.runs import weights
from training.runs.store import Run
from training.studies.place import only_target
from training.studies.schema import Study


def int8_alone(run: Run, data_dir: Path | None = None) -> Measurement:
    """Measure a run's network with int8 weights on its own test data; nothing is written.

    Raises:
        DataError: If the test data is not available.
        ExportError: If the ONNX model differs from PyTorch's.
        RunError: If the run's weights are damaged, or the test data has other classes.
    """
    pipeline = pipeline_of(run)
    sample = golden_tensors(pipeline, run.recipe, golden_inputs.inputs_of(pipeline))
    test = sources.load(run.recipe.data.name, "test", data_dir)
    run.require_classes(test)
    full = to_onnx(weights.network(run), sample)
    with TemporaryDirectory() as name:
        folder = Path(name)
        made: Models = {"int8-weight-only": correct_bias(full, weight_only_int8(full), calibration(run, data_dir))}
        card = write_models(run, made, sample, test.labels_text, folder)
        return measure(Model(card, folder), "int8-weight-only", test)


def add_int8(
    study: Study,
    runs_dir: Path,
    *,
    data_dir: Path | None = None,
    keep: Callable[[Study], None] = lambda _study: None,
    say: Say = lambda _line: None,
) -> Study:
    """Measure every network of a study that has only full-precision results; baselines are skipped.

    Args:
        study: What `backdoors study` found.
        runs_dir: Folder of the runs that it was found with.
        data_dir: Folder with the data sets.
        keep: Called with the results so far.
        say: Receives lines of progress.

    Raises:
        RunError: If a network's run is missing.
        ExportError: If the ONNX model differs from PyTorch's.
        DataError: If the test data is not available.
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
