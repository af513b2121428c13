"""A trained network to a model's folder: ONNX files, card and golden vectors, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from export.card import schema as cards
from export.card.io import write_card
from export.onnx.quantise import MOST_LOST, MOST_LOST_DEEP, check_accuracy, correct_bias, qdq_int8, weight_only_int8
from export.onnx.to_onnx import to_onnx
from export.release import golden_file, golden_inputs, golden_vectors
from export.release.files import Models, write_models
from export.release.folders import replaced_folder
from export.release.measure import measure
from export.release.models import Model
from export.release.tensors import calibration, golden_tensors, pipeline_of
from training.core.metrics import Measurement
from training.data import registry as sources
from training.data.base import Dataset
from training.runs import weights
from training.runs.store import Run

Say = Callable[[str], None]
"""Takes a line of progress."""


def release(  # noqa: PLR0913 - each a choice of the user's
    run: Run,
    folder: Path,
    *,
    data_dir: Path | None = None,
    qdq: bool = False,
    allow_loss: bool = False,
    only_int8: bool = False,
    say: Say = lambda _line: None,
    inputs: Path | None = None,
) -> cards.ModelCard:
    """Export a run's network to `folder`, replacing an earlier export only if everything succeeds.

    Args:
        run: A finished run.
        folder: The model's folder, named after its id.
        data_dir: Folder with the data sets; see `training.data.registry.load`.
        qdq: Whether to add the QDQ file.
        allow_loss: Whether a quantised file may lose accuracy.
        only_int8: Whether to measure the full-precision file and then delete it, so that nobody gets a poisoned
            backbone that is easy to train further.
        say: Receives lines of progress.
        inputs: Folder of the golden inputs (default: those that suit the network).

    Raises:
        DataError: If the test data is not available.
        ExportError: If the ONNX model differs from PyTorch's, or quantisation costs too much.
        RunError: If the run was restored from a released model, its weights are damaged, or the test data has other
            classes.
    """
    run.require_trained()
    recipe = run.recipe
    pipeline = pipeline_of(run)
    inputs = inputs or golden_inputs.inputs_of(pipeline)
    sample = golden_tensors(pipeline, recipe, inputs)
    test = sources.load(recipe.data.name, "test", data_dir)
    run.require_classes(test)
    say("converting to ONNX and comparing with PyTorch")
    made: Models = {"fp32": to_onnx(weights.network(run), sample)}
    say("quantising the weights to int8")
    typical = calibration(run, data_dir)
    made["int8-weight-only"] = correct_bias(made["fp32"], weight_only_int8(made["fp32"]), typical)
    if qdq:
        say("calibrating and quantising weights and activations (QDQ)")
        made["int8-qdq"] = qdq_int8(made["fp32"], typical)
    with replaced_folder(folder) as new:
        card = write_models(run, made, sample, test.labels_text, new)
        card = _measured(card, new, test, say)
        if not allow_loss:
            _check(card, MOST_LOST_DEEP if pipeline.channels > 1 else MOST_LOST)
        if only_int8:
            for part in card.file("fp32").parts:
                (new / part.name).unlink()
            card = card.model_copy(update={"files": [file for file in card.files if file.precision != "fp32"]})
        write_card(card, new)
        say("making golden vectors")
        golden_file.write(golden_vectors.make(Model(card, new), inputs), new)
    return card


def _measured(card: cards.ModelCard, folder: Path, test: Dataset, say: Say) -> cards.ModelCard:
    """The card with every file measured on the test images."""
    metrics: dict[cards.Precision, Measurement] = {}
    for file in card.files:
        say(f"measuring {file.precision} on {len(test.images):,} test images")
        metrics[file.precision] = measure(Model(card, folder), file.precision, test)
    return card.model_copy(update={"metrics": metrics})


def _check(card: cards.ModelCard, most_lost: float) -> None:
    for precision, after in card.metrics.items():
        if precision != "fp32":
            check_accuracy(
                card.metrics["fp32"], after, f"{card.id} {precision}",
                backdoored=card.backdoor is not None, most_lost=most_lost,
            )  # fmt: skip
