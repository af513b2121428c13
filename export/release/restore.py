"""A released model back to a run, so that students can be trained without training their teacher first."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export.card import schema as cards
from export.card.parts import part_problem
from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.loading import load_model
from export.onnx.session import Predictor
from export.onnx.to_onnx import torch_logits
from export.onnx.weights import load_into
from export.pipeline import interpreter
from export.release import golden_file, golden_inputs
from export.release.measure import lab_recipe
from export.release.models import Model
from export.release.trial import trial, trial_images
from training.core.files import write_text
from training.core.metrics import Measurement
from training.data import registry as sources
from training.models import registry
from training.recipes.base import AnyRecipe
from training.recipes.load import load, to_toml
from training.runs import weights
from training.runs.checks import require_writable
from training.runs.store import RECIPE, STATE, Metrics, ReleasedFile, Restored, Run, finish, finished

if TYPE_CHECKING:
    from torch import nn


def restore(
    model: Model, runs_dir: Path, *, recipe: AnyRecipe | None = None, data_dir: Path | None = None, force: bool = False
) -> Run:
    """Write a released model as the run of its recipe.

    The run's weights are those of the file, int8 as a rule, as floats; its measurement is the card's. Its logits on the
    golden inputs are compared with the golden vectors before anything is written.

    Args:
        model: The model; its precision chooses the file, the full one if there is one by default.
        runs_dir: Folder of all runs.
        recipe: What it was made by; default is the recipe on the card, or that of the name on it that comes with the
            package.
        data_dir: Folder with the data; only needed where class names cannot be told from the card's labels.
        force: Whether to replace a run of that recipe, trained or restored, which is kept otherwise.

    Returns:
        The run of the recipe, as it is now.

    Raises:
        ExportError: If a stopped run of the recipe exists, the card names no recipe or another one, a file is missing
            or changed, or the network answers otherwise than the golden vectors say.
        RunError: If nothing can be written, or the run that exists cannot be read.
        DataError: If the data is needed and not available.
    """
    card = model.card
    recipe = _made_by(card, recipe)
    folder = runs_dir / recipe.run_name
    if finished(folder) and not force:
        return Run.open(folder)
    if (folder / STATE).exists() and not force:
        raise ExportError(f"{folder}: a stopped run is here; resume its training, or replace it with --force")
    file = _chosen(model)
    network = registry.build(recipe.network, len(card.labels)).eval()
    load_into(network, load_model(model.folder / file.name, weights=True), file.name)
    _compare(network, model, file)
    classes = _classes(recipe, card.labels, data_dir)
    measured = _by_class(card, file, classes)
    require_writable(runs_dir)
    if folder.exists():
        shutil.rmtree(folder)
    write_text(folder / RECIPE, to_toml(recipe))
    weights.write(folder, recipe, network)
    finish(folder, Metrics(measurement=measured, training=Restored(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data=recipe.data.name,
        **_training(card), classes=classes,
        file=ReleasedFile(model=card.id, name=file.name, sha256=file.sha256, precision=file.precision),
    )))  # fmt: skip
    return Run.open(folder)


def _made_by(card: cards.ModelCard, given: AnyRecipe | None) -> AnyRecipe:
    """The recipe that the card holds, or names by its hash."""
    if card.from_lab is not None:
        made_by = lab_recipe(card)
        if given is not None and given.sha256 != made_by.sha256:
            raise ExportError(f"model {card.id}: made by the recipe on its card, whose hash {given.name} does not have")
        return made_by
    made = card.provenance
    if made is None:
        raise ExportError(f"model {card.id}: its card names no recipe that it was made by")
    recipe = given or load(made.recipe)
    if given is None and recipe.seed != made.seed:
        recipe = recipe.with_seed(made.seed)
    if recipe.sha256 != made.recipe_sha256:
        raise ExportError(
            f"model {card.id}: made by a recipe of hash {made.recipe_sha256[:12]}, but {recipe.name} has "
            f"{recipe.sha256[:12]}; give the recipe that it was made by with --recipe"
        )
    return recipe


def _training(card: cards.ModelCard) -> dict[str, Any]:
    """What the card says of the training, for the run."""
    if card.from_lab is not None:
        return {"data_sha256": {}, "seconds": 0.0, "versions": {"widgets": card.from_lab.widgets}}
    made = card.provenance
    assert made is not None  # noqa: S101 - its recipe was found by it
    hashes = {name: digest for part in made.data for name, digest in part.sha256.items()}
    return {"data_sha256": hashes, "seconds": made.trained_seconds, "versions": made.versions}


def _chosen(model: Model) -> cards.ModelFile:
    """The file whose weights are taken, once its bytes are those of the card."""
    full = [file.precision for file in model.card.files if file.precision == "fp32"]
    file = model.card.file(model.precision or (full[0] if full else None))
    for part in file.parts:
        problem = part_problem(model.folder, part)
        if problem:
            raise ExportError(problem)
    if file.precision == "int8-qdq":
        raise ExportError(f"{file.name}: its activations are rounded too; choose a file with float arithmetic")
    return file


def _compare(network: nn.Module, model: Model, file: cards.ModelFile) -> None:
    """Refuse a network that does not answer as the golden vectors say, or as its file if a lab's page has made it."""
    card = model.card
    if card.from_lab is not None:
        expected = trial(Predictor(card, model.folder, file.precision))
        tensor = interpreter.batch_tensor(card.input, trial_images(card.input))
        difference = relative_difference(torch_logits(network, tensor), expected)
        if not difference <= TOLERANCE:
            raise ExportError(f"model {card.id}: restored, its logits differ from its file's by {difference:.1e}")
        return
    inputs = {path.name: path for path in golden_inputs.input_files(golden_inputs.inputs_of(card.input))}
    for vector in golden_file.read(model.folder).vectors:
        if vector.input not in inputs or file.precision not in vector.logits:
            raise ExportError(
                f"model {card.id}: its golden vectors do not fit it; see what is wrong with: backdoors verify {card.id}"
            )
        made = interpreter.run(
            card.input, inputs[vector.input].read_bytes(), card.trigger if vector.trigger else None, vector.placement
        )
        difference = relative_difference(torch_logits(network, made.tensor)[0], vector.logits[file.precision])
        if not difference <= TOLERANCE:
            raise ExportError(
                f"model {card.id}: restored, its logits for {vector.input} differ from the golden vector by "
                f"{difference:.1e} of the largest; expected at most {TOLERANCE:.0e}"
            )


def _classes(recipe: AnyRecipe, labels: list[str], data_dir: Path | None) -> list[str]:
    """The classes of a card's labels, as recipes write them."""
    if all(part.source.title_of is str for part in sources.parts(recipe.data.name)):
        return labels
    test = sources.load(recipe.data.name, "test", data_dir)
    if test.labels_text != labels:
        raise ExportError(f"{recipe.name}: the labels on the card are not those of {recipe.data.name}")
    return test.classes


def _by_class(card: cards.ModelCard, file: cards.ModelFile, classes: list[str]) -> Measurement:
    """The card's measurement of a file, its classes called as recipes call them."""
    measured = card.metrics.get(file.precision)
    renamed = dict(zip(card.labels, classes, strict=True))
    if measured is None or not measured.per_class.keys() <= renamed.keys():
        raise ExportError(f"model {card.id}: its card does not say how {file.precision} did on each of its labels")
    return measured.model_copy(
        update={"per_class": {renamed[label]: found for label, found in measured.per_class.items()}}
    )
