"""Runs that train a whole network from random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from lightning_fabric import Fabric
from rich.console import Console
from torch import nn

from training.attacks import badnets, self_distillation
from training.core.files import write_text
from training.core.history import Epoch, write_history
from training.core.metrics import Measurement
from training.core.portable import ORDERS, Portable
from training.data import splits as data_splits
from training.data.base import Dataset
from training.engine import processes
from training.engine.batches import Batches, seeds
from training.engine.devices import fabric_for, precision_of
from training.engine.evaluate import evaluate
from training.engine.loop import fit
from training.engine.predict import normaliser, predictor
from training.engine.trainer import Order, Trainer
from training.models import portable
from training.models.registry import build
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs import weights
from training.runs.checks import require_fit, require_writable
from training.runs.provenance import data_hashes, versions
from training.runs.store import HISTORY, POISONED, RECIPE, STATE, Facts, Metrics, finish
from training.triggers.poisoned import Drawn


def train(  # noqa: PLR0913 - each a choice of the user's
    recipe: ScratchRecipe,
    folder: Path,
    *,
    data_dir: Path | None,
    force: bool,
    device: str,
    devices: str | int,
    follow: bool,
    console: Console,
) -> None:
    """Train a recipe into its run's folder, resuming what is there; see `training.runs.lineage.train`."""
    fabric = fabric_for(recipe.training, device, devices)
    with fabric.rank_zero_first(local=True):  # one downloads, the others find it in the cache
        splits = data_splits.load(recipe.data, data_dir)
    training_set = splits.training
    require_fit(recipe, training_set, splits.test)
    require_writable(folder.parent)
    drawn = _drawn(recipe, folder, training_set, fabric, start_over=force)
    trainer = make_trainer(recipe, training_set, drawn, fabric)

    watched = "validation" if splits.validation else "test"

    def measure(network: nn.Module, split: str) -> Measurement:
        found = splits.by_name[split]
        return evaluate(
            processes.shared(predictor(network, normaliser(recipe), fabric.device), fabric),
            found.images, found.labels, data=f"{recipe.data.name} {split}", labels_text=found.classes,
            trigger=recipe.trigger, label_map=recipe.attack.label_map,
        )  # fmt: skip

    def write_epochs(epochs: list[Epoch]) -> None:
        if fabric.is_global_zero:
            write_history(folder / HISTORY, epochs)

    history = fit(
        trainer, recipe.training.epochs, state=folder / STATE, console=console, on_epoch=write_epochs,
        probe=lambda network: _headline(measure(network, watched)) if follow else {}, probed=watched,
    )  # fmt: skip
    facts = Facts(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data=recipe.data.name,
        data_sha256=data_hashes(recipe.data.name, splits.by_name), samples=len(training_set.labels),
        poisoned=len(drawn.indices), classes=training_set.classes, epochs=recipe.training.epochs,
        precision=precision_of(recipe.training), device=str(fabric.device), threads=torch.get_num_threads(),
        processes=fabric.world_size, seconds=sum(line.seconds for line in history), versions=versions(),
    )  # fmt: skip
    if fabric.is_global_zero:
        weights.write(folder, recipe, trainer.result)
    fabric.barrier()
    stored = weights.read(folder, recipe, len(facts.classes)).to(fabric.device)
    metrics = Metrics(
        measurement=measure(stored, "test"),
        validation=measure(stored, "validation") if splits.validation else None,
        training=facts,
    )
    if fabric.is_global_zero:
        finish(folder, metrics)
    fabric.barrier()


def _drawn(recipe: ScratchRecipe, folder: Path, training_set: Dataset, fabric: Fabric, *, start_over: bool) -> Drawn:
    """What is poisoned and how: drawn now and recorded, or as recorded."""
    record = folder / POISONED
    if fabric.is_global_zero:  # where several processes train together, one writes
        if start_over and folder.exists():
            shutil.rmtree(folder)
        if not record.is_file():
            first = badnets.draw_for(training_set, recipe)
            write_text(folder / RECIPE, to_toml(recipe))
            write_text(record, json.dumps(first.model_dump(exclude_none=True)) + "\n")
    fabric.barrier()
    return Drawn.model_validate_json(record.read_bytes())


def make_trainer(recipe: ScratchRecipe, training_set: Dataset, drawn: Drawn, fabric: Fabric) -> Trainer:
    """The network with its initial weights, and the poisoned batches it learns from."""
    torch.manual_seed(seeds(recipe.seed, 0)[0])
    network = build(recipe.network, len(training_set.classes))
    batches = Batches(
        badnets.apply(training_set, recipe.attack, drawn), normaliser(recipe), size=recipe.training.batch_size,
        augment=recipe.data.augment, repeat=recipe.attack.repeat or 1, device=fabric.device,
    )  # fmt: skip
    order = None
    if recipe.rng == "portable":
        portable.initialise(network, recipe.seed)
        order = _portable_order(recipe.seed, batches.samples)
    return Trainer(network, batches, recipe.training, recipe.seed, fabric, self_distillation.objective(recipe), order)


def _portable_order(seed: int, samples: int) -> Order:
    return lambda epoch: torch.from_numpy(Portable(seed, ORDERS + epoch).permutation(samples))


def _headline(found: Measurement) -> dict[str, float]:
    """The part of a measurement that goes into the history."""
    success = found.attack_success_rate
    return {"clean_accuracy": found.clean_accuracy.value} | ({"attack_success_rate": success.value} if success else {})
