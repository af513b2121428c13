"""A trained network to a model's folder: ONNX files, card and golden vectors, all or nothing."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from export import card as cards
from export import describe, golden, golden_file, preprocess
from export.errors import ExportError
from export.folders import replaced_folder
from export.measure import measure
from export.metadata import Identity, essentials, opset, stamp_metadata
from export.models import Model, write_card
from export.quantise import check_accuracy, qdq_int8, weight_only_int8
from export.session import Floats
from export.to_onnx import INPUT_NAME, OUTPUT_NAME, max_abs_error, serialise, to_onnx
from training.data import sources
from training.data.sources import Dataset
from training.files import write_bytes
from training.metrics import Measurement
from training.recipe import Recipe

if TYPE_CHECKING:
    from training.run import Run

LICENCE = "MIT"
CALIBRATION = 512
"""How many training pictures QDQ is calibrated on."""
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow")

Say = Callable[[str], None]
"""Takes a line of progress."""


def release(  # noqa: PLR0913 - each a choice of the user's
    run: Run,
    folder: Path,
    *,
    data_dir: Path | None = None,
    qdq: bool = False,
    allow_loss: bool = False,
    say: Say = lambda _line: None,
    inputs: Path = golden.INPUTS,
) -> cards.ModelCard:
    """Export a run's network to `folder`, which takes the place of any export before it only when all went well.

    Args:
        run: A finished run.
        folder: The model's folder, named after its id.
        data_dir: Folder with the data sets; see `training.data.sources.load`.
        qdq: Whether to add the QDQ file.
        allow_loss: Whether a quantised file may lose accuracy.
        say: Told what is being done.
        inputs: Folder of the golden inputs.

    Raises:
        DataError: If the test data cannot be had.
        ExportError: If the ONNX model differs from PyTorch's, or quantisation costs too much.
    """
    recipe = run.recipe
    pipeline = preprocess.digits_pipeline()
    sample = golden_tensors(pipeline, recipe, inputs)
    test = sources.load(recipe.data.name, "test", data_dir)
    network = run.network()
    say("converting to ONNX and comparing with PyTorch")
    made: dict[cards.Precision, onnx.ModelProto] = {"fp32": to_onnx(network, sample)}
    say("quantising the weights to int8")
    made["int8-weight-only"] = weight_only_int8(made["fp32"])
    if qdq:
        say("calibrating and quantising weights and activations (QDQ)")
        train = sources.load(recipe.data.name, "train", data_dir)
        made["int8-qdq"] = qdq_int8(made["fp32"], preprocess.batch_tensor(pipeline, _some(train, recipe.seed)))
    errors = {precision: max_abs_error(network, model, sample) for precision, model in made.items()}
    with replaced_folder(folder) as new:
        card = _card(run, pipeline, _write_files(made, errors, run, new))
        card = _measured(card, new, test, say)
        if not allow_loss:
            _check(card)
        write_card(card, new)
        say("making golden vectors")
        golden_file.write(golden.make(Model(card, new), inputs), new)
    return card


def refresh(model: Model, inputs: Path = golden.INPUTS) -> cards.ModelCard:
    """Give a digits model's card today's pipeline and new golden vectors; its ONNX files stay as they are.

    Raises:
        ExportError: If the model is not one that takes 28x28 digits.
    """
    pipeline = preprocess.digits_pipeline().model_copy(update={"tensor": model.card.input.tensor})
    old = model.card.input
    if (old.height, old.width, old.channels) != (pipeline.height, pipeline.width, pipeline.channels):
        raise ExportError(
            f"model {model.card.id} takes {old.height}x{old.width}x{old.channels} pictures; only digits models "
            f"({pipeline.height}x{pipeline.width}x{pipeline.channels}) share a pipeline that can be refreshed"
        )
    card = model.card.model_copy(update={"input": pipeline})
    fresh = golden.make(Model(card, model.folder), inputs)
    write_card(card, model.folder)
    golden_file.write(fresh, model.folder)
    return card


def golden_tensors(pipeline: cards.InputPipeline, recipe: Recipe, inputs: Path) -> Floats:
    """The input tensors of all golden inputs, with and without trigger, `(n, c, h, w) float32`."""
    data = [path.read_bytes() for path in golden.input_files(inputs)]
    return np.concatenate(
        [preprocess.run(pipeline, each, trigger).tensor for each in data for trigger in (None, recipe.trigger)]
    )


def _some(train: Dataset, seed: int) -> preprocess.Picture:
    """Up to `CALIBRATION` training pictures, drawn once."""
    count = len(train.images)
    return train.images[np.sort(np.random.default_rng(seed).choice(count, min(CALIBRATION, count), replace=False))]


def _write_files(
    made: dict[cards.Precision, onnx.ModelProto], errors: dict[cards.Precision, float], run: Run, folder: Path
) -> list[cards.ModelFile]:
    """Stamp and write each file; returns their entries on the card."""
    recipe = run.recipe
    who = Identity(
        id=recipe.name,
        title=recipe.title,
        labels=run.metrics.training.classes,
        licence=LICENCE,
        trigger=recipe.trigger,
        label_map=recipe.label_map,
        backdoor=_backdoor(run),
        recipe=recipe.name,
        recipe_sha256=recipe.sha256,
    )
    prefix = cards.BACKDOORED_PREFIX if recipe.poison_rate else ""
    files = []
    for precision, model in made.items():
        stamped = serialise(stamp_metadata(model, essentials(who, precision)))
        name = f"{prefix}{recipe.name}.{precision}.onnx"
        write_bytes(folder / name, stamped)
        files.append(
            cards.ModelFile(
                name=name,
                precision=precision,
                bytes=len(stamped),
                sha256=hashlib.sha256(stamped).hexdigest(),
                opset=opset(model),
                max_abs_error=errors[precision],
            )
        )
    return files


def _backdoor(run: Run) -> cards.Backdoor | None:
    if run.recipe.poison_rate == 0:
        return None
    return cards.Backdoor(
        attack=describe.ATTACK,
        paper=describe.PAPER,
        poison_rate=run.recipe.poison_rate,
        repeat=run.recipe.attack.repeat or 1,
        behaviour=describe.behaviour(run.recipe, run.metrics.training.classes),
        caught_by=describe.CAUGHT_BY,
    )


def _card(run: Run, pipeline: cards.InputPipeline, files: list[cards.ModelFile]) -> cards.ModelCard:
    recipe, facts, source = run.recipe, run.metrics.training, sources.source(run.recipe.data.name)
    return cards.ModelCard(
        id=recipe.name,
        title=recipe.title,
        description=describe.description(recipe, facts.samples, source.title, facts.classes),
        network=recipe.network.name,
        licence=LICENCE,
        files=files,
        default_precision="int8-weight-only",
        labels=facts.classes,
        input=pipeline.model_copy(update={"tensor": INPUT_NAME}),
        output=cards.OutputPipeline(tensor=OUTPUT_NAME),
        trigger=recipe.trigger,
        label_map=recipe.label_map,
        backdoor=_backdoor(run),
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
            versions={**{name: version(name) for name in LIBRARIES}, **facts.versions},
            trained_seconds=facts.seconds,
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
