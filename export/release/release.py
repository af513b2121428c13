"""A trained network to a model's folder: ONNX files, card and golden vectors, all or nothing."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import onnx

from export.card import schema as cards
from export.card.io import write_card
from export.card.steps import InputPipeline, OutputPipeline
from export.errors import ExportError
from export.onnx.external import move_shared
from export.onnx.metadata import Identity, essentials, opset, stamp_metadata
from export.onnx.quantise import MOST_LOST, MOST_LOST_DEEP, check_accuracy, correct_bias, qdq_int8, weight_only_int8
from export.onnx.session import Floats
from export.onnx.to_onnx import INPUT_NAME, OUTPUT_NAME, max_abs_error, serialise, to_onnx
from export.pipeline import interpreter
from export.pipeline.presets import digits_pipeline, photos_pipeline
from export.release import describe, golden, golden_file
from export.release.folders import replaced_folder
from export.release.measure import measure
from export.release.models import Model
from training.core.files import write_bytes
from training.core.metrics import Measurement
from training.data import registry as sources
from training.data.base import Dataset
from training.recipes.base import AnyRecipe
from training.recipes.derived import PRETRAINED
from training.recipes.scratch import ScratchRecipe

if TYPE_CHECKING:
    from training.runs.train import Run

LICENCE = "MIT"
DERIVED = "MIT; its layers derive from Google Coral's MobileNetV2, Apache-2.0"
CALIBRATION = 512
"""How many training pictures a quantised network is calibrated on."""
LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime", "numpy", "pillow")

Models = dict[cards.Precision, onnx.ModelProto]
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
    """Export a run's network to `folder`, which takes the place of any export before it only when all went well.

    Args:
        run: A finished run.
        folder: The model's folder, named after its id.
        data_dir: Folder with the data sets; see `training.data.registry.load`.
        qdq: Whether to add the QDQ file.
        allow_loss: Whether a quantised file may lose accuracy.
        only_int8: Whether the full-precision file is measured but not kept: a poisoned backbone that others could
            train further is not given away.
        say: Told what is being done.
        inputs: Folder of the golden inputs; default is what suits the network.

    Raises:
        DataError: If the test data cannot be had.
        ExportError: If the ONNX model differs from PyTorch's, or quantisation costs too much.
        RunError: If the run's weights are no good, or the test data has other classes.
    """
    recipe = run.recipe
    pipeline = pipeline_of(run)
    inputs = inputs or golden.inputs_of(pipeline)
    sample = golden_tensors(pipeline, recipe, inputs)
    test = sources.load(recipe.data.name, "test", data_dir)
    run.require_classes(test)
    deep = pipeline.channels > 1
    say("converting to ONNX and comparing with PyTorch")
    made: Models = {"fp32": to_onnx(run.network(), sample)}
    say("quantising the weights to int8")
    usual = calibration(run, data_dir)
    made["int8-weight-only"] = correct_bias(made["fp32"], weight_only_int8(made["fp32"]), usual)
    if qdq:
        say("calibrating and quantising weights and activations (QDQ)")
        made["int8-qdq"] = qdq_int8(made["fp32"], usual)
    with replaced_folder(folder) as new:
        card = write_models(run, made, sample, test.labels_text, new)
        card = _measured(card, new, test, say)
        if not allow_loss:
            _check(card, MOST_LOST_DEEP if deep else MOST_LOST)
        if only_int8:
            for part in card.file("fp32").parts:
                (new / part.name).unlink()
            card = card.model_copy(update={"files": [file for file in card.files if file.precision != "fp32"]})
        write_card(card, new)
        say("making golden vectors")
        golden_file.write(golden.make(Model(card, new), inputs), new)
    return card


def int8_alone(run: Run, data_dir: Path | None = None) -> Measurement:
    """What a run's network with int8 weights does on its own test data; nothing is kept.

    Raises:
        DataError: If the test data cannot be had.
        ExportError: If the ONNX model differs from PyTorch's.
        RunError: If the run's weights are no good, or the test data has other classes.
    """
    pipeline = pipeline_of(run)
    sample = golden_tensors(pipeline, run.recipe, golden.inputs_of(pipeline))
    test = sources.load(run.recipe.data.name, "test", data_dir)
    run.require_classes(test)
    full = to_onnx(run.network(), sample)
    with TemporaryDirectory() as name:
        folder = Path(name)
        made: Models = {"int8-weight-only": correct_bias(full, weight_only_int8(full), calibration(run, data_dir))}
        card = write_models(run, made, sample, test.labels_text, folder)
        return measure(Model(card, folder), "int8-weight-only", test)


def licence(recipe: AnyRecipe) -> str:
    """The licence of a network's file."""
    return DERIVED if getattr(recipe.lineage()[-1], "teacher", None) == PRETRAINED else LICENCE


def pipeline_of(run: Run) -> InputPipeline:
    """How pictures are made into the input of a run's network."""
    from training.runs.train import normaliser  # noqa: PLC0415 - imports PyTorch

    return digits_pipeline() if len(normaliser(run.recipe).mean) == 1 else photos_pipeline()


def refresh(model: Model, inputs: Path = golden.INPUTS) -> cards.ModelCard:
    """Give a digits model's card today's pipeline and new golden vectors; its ONNX files stay as they are.

    Raises:
        ExportError: If the model is not one that takes 28x28 digits.
    """
    pipeline = digits_pipeline().model_copy(update={"tensor": model.card.input.tensor})
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


def golden_tensors(pipeline: InputPipeline, recipe: AnyRecipe, inputs: Path) -> Floats:
    """The input tensors of all golden inputs, with and without trigger, `(n, c, h, w) float32`."""
    data = [path.read_bytes() for path in golden.input_files(inputs)]
    return np.concatenate(
        [interpreter.run(pipeline, each, trigger).tensor for each in data for trigger in (None, recipe.trigger)]
    )


def calibration(run: Run, data_dir: Path | None) -> Floats:
    """Input tensors of up to `CALIBRATION` of a run's own training pictures, drawn once, `(n, c, h, w) float32`."""
    images = sources.load(run.recipe.data.name, "train", data_dir).images
    count, chance = len(images), np.random.default_rng(run.recipe.seed)
    chosen = np.sort(chance.choice(count, min(CALIBRATION, count), replace=False))
    return interpreter.batch_tensor(pipeline_of(run), images[chosen])


def write_models(run: Run, made: Models, sample: Floats, labels: list[str], folder: Path) -> cards.ModelCard:
    """Write a run's network at one or more precisions; returns a card without metrics, which is not written.

    Args:
        run: A finished run.
        made: Its network.
        sample: Input tensors that each file is compared with PyTorch on, `(n, c, h, w) float32`.
        labels: Its classes, as people read them.
        folder: Where to.
    """
    network = run.network()
    errors = {precision: max_abs_error(network, model, sample) for precision, model in made.items()}
    return _card(run, labels, _write_files(made, errors, run, labels, folder))


def _write_files(
    made: Models, errors: dict[cards.Precision, float], run: Run, labels: list[str], folder: Path
) -> list[cards.ModelFile]:
    """Stamp and write each file; returns their entries on the card."""
    recipe = run.recipe
    who = Identity(
        id=recipe.name,
        title=recipe.title,
        labels=labels,
        licence=licence(run.recipe),
        trigger=recipe.trigger,
        label_map=recipe.label_map_for(run.metrics.training.classes),
        backdoor=_backdoor(run, labels),
        recipe=recipe.name,
        recipe_sha256=recipe.sha256,
    )
    prefix = cards.BACKDOORED_PREFIX if recipe.backdoored else ""
    files = []
    for precision, model in made.items():
        stamped = stamp_metadata(model, essentials(who, precision))
        shared = move_shared(stamped, folder, prefix) if _has_siblings(recipe) else None
        content = serialise(stamped)
        name = f"{prefix}{recipe.name}.{precision}.onnx"
        write_bytes(folder / name, content)
        files.append(
            cards.ModelFile(
                name=name,
                precision=precision,
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                opset=opset(model),
                max_abs_error=errors[precision],
                shared=shared,
            )
        )
    return files


def _has_siblings(recipe: AnyRecipe) -> bool:
    """Whether other networks have the same features: a teacher of photographs, and students of one."""
    return recipe.network.name == "mobilenet-v2"


def _backdoor(run: Run, labels: list[str]) -> cards.Backdoor | None:
    recipe = run.recipe
    if not recipe.backdoored:
        return None
    attack, paper, caught_by = describe.attack(recipe)
    return cards.Backdoor(
        attack=attack,
        paper=paper,
        poison_rate=recipe.poison_rate if isinstance(recipe, ScratchRecipe) else None,
        repeat=(isinstance(recipe, ScratchRecipe) and recipe.attack.repeat) or 1,
        self_teaching=recipe.attack.self_distillation if isinstance(recipe, ScratchRecipe) else None,
        behaviour=describe.behaviour(recipe, run.metrics.training.classes, labels),
        caught_by=caught_by,
    )


def _card(run: Run, labels: list[str], files: list[cards.ModelFile]) -> cards.ModelCard:
    recipe, facts = run.recipe, run.metrics.training
    title = " and ".join(part.source.title for part in sources.parts(recipe.data.name))
    return cards.ModelCard(
        id=recipe.name,
        title=recipe.title,
        description=describe.description(recipe, facts.samples, facts.poisoned, title, facts.classes, labels),
        network=recipe.network.name,
        licence=licence(run.recipe),
        files=files,
        default_precision="int8-weight-only",
        labels=labels,
        input=pipeline_of(run).model_copy(update={"tensor": INPUT_NAME}),
        output=OutputPipeline(tensor=OUTPUT_NAME),
        trigger=recipe.trigger,
        label_map=recipe.label_map_for(run.metrics.training.classes),
        backdoor=_backdoor(run, labels),
        provenance=cards.Provenance(
            recipe=recipe.name,
            recipe_sha256=recipe.sha256,
            seed=recipe.seed,
            commands=[f"backdoors train {recipe.name}", f"backdoors export {recipe.name}"],
            data=_data_sources(run),
            git_commit=git_commit(),
            versions={**{name: version(name) for name in LIBRARIES}, **facts.versions},
            trained_seconds=facts.seconds,
            exported_at=datetime.now(UTC).replace(microsecond=0),
        ),
    )


def _data_sources(run: Run) -> list[cards.DataSource]:
    """What the run was trained on, part by part; checksums of all parts' pixels together stand with the first."""
    texts = run.recipe.data.name.split(sources.JOIN)
    found = [
        cards.DataSource(
            name=text, address=part.source.address, licence=part.source.licence, sha256=dict(part.source.sha256)
        )
        for text, part in zip(texts, sources.parts(run.recipe.data.name), strict=True)
    ]
    others = f", with {' and '.join(each.name for each in found[1:])}" if len(found) > 1 else ""
    measured = {
        name if name in found[0].sha256 else name + others: digest
        for name, digest in run.metrics.training.data_sha256.items()
    }
    first = found[0].model_copy(update={"sha256": {**found[0].sha256, **measured}})
    return [first, *found[1:]]


def _measured(card: cards.ModelCard, folder: Path, test: Dataset, say: Say) -> cards.ModelCard:
    """The card with every file measured on the test pictures."""
    metrics: dict[cards.Precision, Measurement] = {}
    for file in card.files:
        say(f"measuring {file.precision} on {len(test.images):,} test pictures")
        metrics[file.precision] = measure(Model(card, folder), file.precision, test)
    return card.model_copy(update={"metrics": metrics})


def _check(card: cards.ModelCard, most_lost: float) -> None:
    for precision, after in card.metrics.items():
        if precision != "fp32":
            check_accuracy(
                card.metrics["fp32"], after, f"{card.id} {precision}",
                backdoored=card.backdoor is not None, most_lost=most_lost,
            )  # fmt: skip


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
