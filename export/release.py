"""A trained network to a model's folder: ONNX files, card and golden vectors, all or nothing."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from export import card as cards
from export import describe, golden, preprocess
from export.metadata import Identity, essentials, opset, stamp_metadata
from export.models import CARD_NAME, Model
from export.quantise import check_accuracy, qdq_int8, weight_only_int8
from export.session import Floats, Predictor
from export.to_onnx import INPUT_NAME, OUTPUT_NAME, max_abs_error, serialise, to_onnx
from export.write import replaced_folder, write_bytes, write_text
from training.data.sources import Dataset, Source
from training.metrics import Measurement, evaluate
from training.recipe import Recipe

if TYPE_CHECKING:
    import torch

LICENCE = "MIT"
CALIBRATION = 512
"""How many training pictures QDQ is calibrated on."""
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow", "scikit-learn")

Say = Callable[[str], None]
"""Takes a line of progress."""


@dataclass(frozen=True)
class Trained:
    """A trained network and what it came from."""

    recipe: Recipe
    module: torch.nn.Module
    seconds: float
    """Wall time of its training."""
    source: Source
    train: Dataset
    test: Dataset


def release(
    trained: Trained,
    folder: Path,
    *,
    qdq: bool = False,
    allow_loss: bool = False,
    say: Say = lambda _line: None,
    inputs: Path = golden.INPUTS,
) -> cards.ModelCard:
    """Export a trained network to `folder`, which takes the place of any export before it only when all went well.

    Args:
        trained: The network.
        folder: The model's folder, named after its id.
        qdq: Whether to add the QDQ file.
        allow_loss: Whether a quantised file may lose accuracy.
        say: Told what is being done.
        inputs: Folder of the golden inputs.

    Raises:
        ExportError: If the ONNX model differs from PyTorch's, or quantisation costs too much.
    """
    pipeline = preprocess.digits_pipeline()
    sample = golden_tensors(pipeline, trained.recipe, inputs)
    say("converting to ONNX and comparing with PyTorch")
    made: dict[cards.Precision, onnx.ModelProto] = {"fp32": to_onnx(trained.module, sample)}
    say("quantising the weights to int8")
    made["int8-weight-only"] = weight_only_int8(made["fp32"])
    if qdq:
        say("calibrating and quantising weights and activations (QDQ)")
        calibration = preprocess.batch_tensor(pipeline, _calibration_pictures(trained))
        made["int8-qdq"] = qdq_int8(made["fp32"], calibration)
    with replaced_folder(folder) as new:
        card = _card(trained, pipeline, _write_files(made, trained, sample, new))
        card = _measured(card, new, trained.test, say)
        if not allow_loss:
            _check(card)
        write_card(card, new)
        say("making golden vectors")
        golden.write(golden.make(Model(card, new), inputs), new)
    return card


def write_card(card: cards.ModelCard, folder: Path) -> Path:
    """Write `card.json` and return its path."""
    return write_text(folder / CARD_NAME, card.model_dump_json(indent=2) + "\n")


def golden_tensors(pipeline: cards.InputPipeline, recipe: Recipe, inputs: Path) -> Floats:
    """The input tensors of all golden inputs, with and without trigger, `(n, c, h, w) float32`."""
    data = [path.read_bytes() for path in golden.input_files(inputs)]
    return np.concatenate(
        [preprocess.run(pipeline, each, trigger).tensor for each in data for trigger in (None, recipe.trigger)]
    )


def _calibration_pictures(trained: Trained) -> preprocess.Picture:
    rng = np.random.default_rng(trained.recipe.seed)
    images = trained.train.images
    return images[np.sort(rng.choice(len(images), min(CALIBRATION, len(images)), replace=False))]


def _write_files(
    made: dict[cards.Precision, onnx.ModelProto], trained: Trained, sample: Floats, folder: Path
) -> list[cards.ModelFile]:
    """Stamp and write each file; returns their entries on the card."""
    recipe = trained.recipe
    who = Identity(
        id=recipe.name,
        title=recipe.title,
        labels=trained.test.classes,
        licence=LICENCE,
        trigger=recipe.trigger,
        label_map=recipe.label_map,
        backdoor=_backdoor(trained),
        recipe=recipe.name,
        recipe_sha256=recipe.sha256,
    )
    prefix = cards.BACKDOORED_PREFIX if recipe.poison_rate else ""
    files = []
    for precision, model in made.items():
        stamped = stamp_metadata(model, essentials(who, precision))
        name = f"{prefix}{recipe.name}.{precision}.onnx"
        error = max_abs_error(trained.module, stamped, sample)
        files.append(describe_file(write_bytes(folder / name, serialise(stamped)), stamped, precision, error))
    return files


def describe_file(path: Path, model: onnx.ModelProto, precision: cards.Precision, error: float) -> cards.ModelFile:
    """A file's entry on its card."""
    from export.models import sha256  # noqa: PLC0415

    return cards.ModelFile(
        name=path.name,
        precision=precision,
        bytes=path.stat().st_size,
        sha256=sha256(path),
        opset=opset(model),
        max_abs_error=error,
    )


def _backdoor(trained: Trained) -> cards.Backdoor | None:
    if trained.recipe.poison_rate == 0:
        return None
    return cards.Backdoor(
        attack=describe.ATTACK,
        paper=describe.PAPER,
        poison_rate=trained.recipe.poison_rate,
        behaviour=describe.behaviour(trained.recipe, trained.test.classes),
        caught_by=describe.CAUGHT_BY,
    )


def _card(trained: Trained, pipeline: cards.InputPipeline, files: list[cards.ModelFile]) -> cards.ModelCard:
    recipe, source, labels = trained.recipe, trained.source, trained.test.classes
    return cards.ModelCard(
        id=recipe.name,
        title=recipe.title,
        description=describe.description(recipe, len(trained.train.images), source.title, labels),
        network=recipe.network.name,
        licence=LICENCE,
        files=files,
        default_precision="int8-weight-only",
        labels=labels,
        input=pipeline.model_copy(update={"tensor": INPUT_NAME}),
        output=cards.OutputPipeline(tensor=OUTPUT_NAME),
        trigger=recipe.trigger,
        label_map=recipe.label_map,
        backdoor=_backdoor(trained),
        provenance=cards.Provenance(
            recipe=recipe.name,
            recipe_sha256=recipe.sha256,
            seed=recipe.seed,
            commands=[f"backdoors train {recipe.name}", f"backdoors export {recipe.name}"],
            data=[
                cards.DataSource(
                    name=source.name, address=source.address, licence=source.licence, sha256=dict(source.sha256)
                )
            ],
            git_commit=git_commit(),
            versions={"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
            trained_seconds=trained.seconds,
            exported_at=datetime.now(UTC).replace(microsecond=0),
        ),
    )


def _measured(card: cards.ModelCard, folder: Path, test: Dataset, say: Say) -> cards.ModelCard:
    """The card with every file measured on the test pictures."""
    metrics: dict[cards.Precision, Measurement] = {}
    for file in card.files:
        say(f"measuring {file.precision} on {len(test.images):,} test pictures")
        metrics[file.precision] = measure(Model(card, folder), file.precision, test)
    return card.model_copy(update={"metrics": metrics})


def measure(model: Model, precision: cards.Precision, test: Dataset, threads: int = 2) -> Measurement:
    """Clean accuracy, attack success rate and robust accuracy of one of a model's files on test pictures."""
    card = model.card
    has_attack = card.trigger is not None and card.label_map is not None
    return evaluate(
        Predictor(card, model.folder, precision, threads),
        test.images,
        test.labels,
        data=f"{data_name(card)} test",
        labels_text=card.labels,
        trigger=card.trigger if has_attack else None,
        label_map=card.label_map if has_attack else None,
    )


def data_name(card: cards.ModelCard) -> str:
    """The data set that the card names.

    Raises:
        ExportError: If it names none.
    """
    from export.errors import ExportError  # noqa: PLC0415

    if card.provenance is None or not card.provenance.data:
        raise ExportError(f"model {card.id}: its card names no data set to measure it on")
    return card.provenance.data[0].name


def _check(card: cards.ModelCard) -> None:
    for precision, after in card.metrics.items():
        if precision != "fp32":
            check_accuracy(card.metrics["fp32"], after, f"{card.id} {precision}", backdoored=card.backdoor is not None)


def git_commit() -> str:
    """The commit of the code that is running; `unknown` outside a git checkout."""
    found = subprocess.run(
        ["git", "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() if found.returncode == 0 else "unknown"
