"""Runs: what a recipe made, as a folder `runs/<recipe>-<hash>/`, and the making of it."""

from __future__ import annotations

import json
import platform
import shutil
from dataclasses import dataclass
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch
from lightning_fabric import Fabric
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from training.engine import loop, processes
from training import models
from training.engine.activations import fingerprint
from training.attacks import badnets, self_distillation as self_teaching
from training.engine.batches import Batches, Normaliser, seeds
from training.data import registry as sources
from training.data.base import Dataset
from training.core.errors import RunError
from training.core.files import write_bytes, write_text
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.transfer import TransferRecipe
from training.triggers.labels import map_labels
from training.engine.memory import keep_memory
from training.core.metrics import Measurement, Predict, evaluate
from training.models import parts
from training.triggers.poisoned import Drawn
from training.engine.predict import predictor
from training.recipes.base import RecipeError
from training.recipes.load import load, to_toml
from training.recipes.scratch import ScratchRecipe
from training.triggers.base import TriggerError

WEIGHTS, METRICS, HISTORY, RECIPE, CHOSEN = (
    "weights.safetensors",
    "metrics.json",
    "history.jsonl",
    "recipe.toml",
    "poisoned.json",
)
LIBRARIES = ("torch", "lightning-fabric", "numpy", "pillow", "scikit-learn", "safetensors")
"""Libraries whose versions are recorded."""


class Facts(BaseModel):
    """What is known about how a run went."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    recipe: str
    recipe_sha256: str
    seed: int
    data: str
    data_sha256: dict[str, str]
    samples: int
    """Training samples."""
    poisoned: int
    """Poisoned ones among them."""
    classes: list[str]
    epochs: int
    precision: str
    """What it was computed in: `32-true` or `bf16-mixed`; measured in float32 always."""
    device: str
    threads: int
    """Of each process."""
    processes: int = 1
    """That trained together."""
    seconds: float
    """Of training, all epochs, without evaluations."""
    versions: dict[str, str]


class Metrics(BaseModel):
    """What `metrics.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    measurement: Measurement
    training: Facts


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
        if not (path / METRICS).is_file():
            raise RunError(f"{path}: there is no finished run")
        try:
            recipe = load(path / RECIPE)
            metrics = Metrics.model_validate_json((path / METRICS).read_bytes())
        except (RecipeError, ValidationError, OSError) as error:
            raise RunError(f"{path}: not a readable run: {str(error).splitlines()[0]}") from error
        if metrics.training.recipe_sha256 != recipe.sha256:
            raise RunError(f"{path / RECIPE}: not the recipe that this run was made with; its hash differs")
        return cls(path, recipe, metrics)

    @property
    def history(self) -> list[loop.Epoch]:
        """One entry an epoch."""
        lines = (self.path / HISTORY).read_text(encoding="utf-8").splitlines()
        return [loop.Epoch.model_validate_json(line) for line in lines]

    @property
    def poisoned(self) -> list[int]:
        """Indices of the poisoned training samples, ascending."""
        indices: list[int] = json.loads((self.path / CHOSEN).read_text(encoding="utf-8"))["indices"]
        return indices

    def network(self) -> nn.Module:
        """The trained network, in evaluation mode, mapping normalised `(n, c, h, w) float32` to logits.

        Raises:
            RunError: If its weights are missing, damaged or another network's.
        """
        return _stored(self.recipe, self.metrics.training, self.path)

    def require_classes(self, test_set: Dataset) -> None:
        """Refuse test pictures whose classes are not the network's, in its order: every number would be wrong.

        Raises:
            RunError: If they are others.
        """
        known, found = self.metrics.training.classes, test_set.classes
        for number, (ours, theirs) in enumerate(zip_longest(known, found, fillvalue="none")):
            if ours != theirs:
                raise RunError(
                    f"{self.path}: the network was trained on {len(known)} classes, the test split of "
                    f"{self.recipe.data.name} has {len(found)}; the first that differs is number {number}, expected "
                    f"'{ours}', found '{theirs}': give the data that it was trained on, or {_again(self.recipe)}"
                )

    def predictor(self) -> Predict:
        """The trained network as a function from pixels to logits."""
        return predictor(self.network(), normaliser(self.recipe))


def normaliser(recipe: AnyRecipe) -> Normaliser:
    """How the recipe's network wants its pixels."""
    network = models.network(recipe.network.name)
    return Normaliser(network.mean, network.std)


def find(recipe: AnyRecipe, runs_dir: Path) -> Run:
    """The finished run of a recipe.

    Raises:
        RunError: If there is none; says how to make it.
    """
    path = runs_dir / recipe.run_name
    if not (path / METRICS).is_file():
        raise RunError(
            f"{path}: there is no finished run of {recipe.name}; make it with: backdoors train {recipe.name}"
        )
    return Run.open(path)


def train(  # noqa: PLR0913 - each a choice of the user's
    recipe: AnyRecipe,
    *,
    runs_dir: Path,
    data_dir: Path | None = None,
    resume: bool = False,
    force: bool = False,
    device: str = "auto",
    devices: str | int = "auto",
    follow: bool = True,
    console: Console | None = None,
) -> Run:
    """Train what a recipe says; a finished run is returned as it is.

    Args:
        recipe: What to train.
        runs_dir: Folder of all runs.
        data_dir: Folder with the data; see `training.data.registry.load`.
        resume: Go on from where a stopped run of this recipe was; a job that Slurm or torchrun restarts does so anyway.
        force: Throw away what there is of this run, and begin again.
        device: Fabric's accelerator: `auto`, `cpu`, `cuda`, `mps`, ….
        devices: How many of them, or `auto`.
        follow: Measure on the test set after each epoch, not at the end alone.
        console: For progress; default is stderr.

    Raises:
        RunError: If a stopped run is in the way and neither `resume` nor `force` was asked for, the recipe and its data
            do not go together, or nothing can be written.
        DataError: If the data cannot be had, or its splits differ in their classes.
        Stopped: If a signal said so; the state to go on from is written.
    """
    resume, force = resume or processes.restarted(), force and not processes.restarted()
    folder = runs_dir / recipe.run_name
    if (folder / METRICS).is_file() and not force:
        return Run.open(folder)
    if (folder / loop.STATE).exists() and not (resume or force):
        raise RunError(f"{folder}: a stopped run is here; go on with --resume, or begin again with --force")
    keep_memory()
    if isinstance(recipe, TransferRecipe | LatentRecipe):
        processes.require_one(f"{recipe.name} trains a head or a part of a network")
        from training.runs import derived as chain  # noqa: PLC0415 - it trains teachers by this function

        return chain.train(recipe, folder, data_dir=data_dir, force=force, device=device, console=console)

    if not isinstance(recipe, ScratchRecipe):
        raise TypeError(f"{type(recipe).__name__} is not a kind of recipe that can be trained")
    fabric = loop.fabric_for(recipe.training, device, devices)
    with fabric.rank_zero_first(local=True):  # one downloads, the others find it in the cache
        training_set, test_set = sources.load_both(recipe.data.name, data_dir)
    check(recipe, training_set, test_set)
    require_place(runs_dir)
    network, drawn = _begin(recipe, folder, training_set, fabric, fresh=force)
    poisoned = badnets.apply(training_set, recipe.attack, drawn)
    normalise = normaliser(recipe)
    batches = Batches(
        poisoned, normalise,
        size=recipe.training.batch_size, augment=recipe.data.augment,
        repeat=recipe.attack.repeat or 1, device=fabric.device,
    )  # fmt: skip

    def measure(trained: nn.Module) -> Measurement:
        return evaluate(
            processes.shared(predictor(trained, normalise, fabric.device), fabric), test_set.images, test_set.labels,
            data=f"{recipe.data.name} test", labels_text=test_set.classes,
            trigger=recipe.trigger, label_map=recipe.attack.label_map,
        )  # fmt: skip

    def probe(trained: nn.Module) -> dict[str, float]:
        return _followed(measure(trained)) if follow else {}

    def keep_history(history: list[loop.Epoch]) -> None:
        if fabric.is_global_zero:
            write_text(folder / HISTORY, "".join(line.model_dump_json() + "\n" for line in history))

    objective = self_teaching.objective(recipe)
    trainer = loop.Trainer(network, batches, recipe.training, recipe.seed, fabric, objective)
    history = loop.fit(
        trainer, recipe.training.epochs, folder=folder, probe=probe, on_epoch=keep_history,
        console=console or Console(stderr=True, quiet=not fabric.is_global_zero),
    )  # fmt: skip
    facts = Facts(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data=recipe.data.name,
        data_sha256=data_hashes(recipe.data.name, training_set, test_set), samples=len(poisoned.labels),
        poisoned=len(drawn.indices), classes=training_set.classes, epochs=recipe.training.epochs,
        precision=loop.precision_of(recipe.training), device=str(fabric.device), threads=torch.get_num_threads(),
        processes=fabric.world_size, seconds=sum(line.seconds for line in history), versions=versions(),
    )  # fmt: skip
    if fabric.is_global_zero:
        write_weights(folder, recipe, trainer.kept)
    fabric.barrier()
    metrics = Metrics(measurement=measure(_stored(recipe, facts, folder).to(fabric.device)), training=facts)
    if fabric.is_global_zero:
        finish(folder, metrics)
    fabric.barrier()
    return Run.open(folder)


def check(recipe: AnyRecipe, training_set: Dataset, test_set: Dataset) -> None:
    """Refuse data that a recipe's network, trigger or rule does not go with; nothing is trained or written yet.

    Args:
        recipe: What is to be trained.
        training_set: Its data. The pictures' shape is asked for, not what is on them: there may be none.
        test_set: The same.

    Raises:
        RunError: If the network takes no such pictures, the trigger does not fit in them, or the rule's target is no
            class.
    """
    name, classes = recipe.data.name, training_set.classes
    try:
        channels = len(normaliser(recipe).mean)
    except ValueError as error:
        raise RunError(f"{recipe.name}: network.name: {error}") from error
    attack = "" if isinstance(recipe, LatentRecipe) else "attack."
    rule = recipe.label_map_for(classes)
    for images in (training_set.images, test_set.images):
        _, height, width, found = images.shape
        if found != channels:
            raise RunError(
                f"{recipe.name}: network.name: {recipe.network.name} takes pictures of {channels} channels, but those "
                f"of {name} are {height}x{width} with {found}: choose another network or other data"
            )
        try:
            recipe.trigger.check(*images.shape[1:])
        except TriggerError as error:
            raise RunError(f"{recipe.name}: {attack}trigger: {error}") from error
    try:
        if rule is not None:
            map_labels(training_set.labels[:0], rule, len(classes))
    except ValueError as error:
        raise RunError(f"{recipe.name}: attack.label_map.target: {error}") from error


def require_place(runs_dir: Path) -> None:
    """Refuse a folder of runs that cannot be written to, which is better known before hours of training than after.

    Raises:
        RunError: If so.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=runs_dir):
            pass
    except OSError as error:
        raise RunError(
            f"{runs_dir}: no run can be written here ({error.strerror or error}): name another folder with --runs or "
            "BACKDOORS_RUNS"
        ) from error


def write_weights(folder: Path, recipe: AnyRecipe, network: nn.Module) -> None:
    """Write a run's weights."""
    tensors = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    # one entry only: safetensors writes several in an order that changes from one process to the next
    write_bytes(folder / WEIGHTS, save(tensors, {"recipe": f"{recipe.name} {recipe.sha256}"}))


def finish(folder: Path, metrics: Metrics) -> None:
    """Write a run's metrics, last: they are what says that it is finished."""
    write_text(folder / METRICS, metrics.model_dump_json(indent=2) + "\n")
    (folder / loop.STATE).unlink(missing_ok=True)


def data_hashes(name: str, training_set: Dataset, test_set: Dataset) -> dict[str, str]:
    """Checksums of what was trained and tested on: the files', or, of pictures in folders, their pixels'."""
    published = {file: sha256 for part in sources.parts(name) for file, sha256 in part.source.sha256.items()}
    if published or any(part.source.bundled for part in sources.parts(name)):
        return published
    sets = {"train": training_set, "test": test_set}
    return {f"{split} pixels": fingerprint(found.images) for split, found in sets.items()}


def _followed(found: Measurement) -> dict[str, float]:
    """What the history keeps of a measurement."""
    success = found.attack_success_rate
    return {"clean_accuracy": found.clean_accuracy.value} | ({"attack_success_rate": success.value} if success else {})


def _stored(recipe: AnyRecipe, facts: Facts, folder: Path) -> nn.Module:
    """The network with the weights in the folder, in evaluation mode."""
    path, again = folder / WEIGHTS, _again(recipe)
    network = models.build(recipe.network, len(facts.classes))
    try:
        weights = load_file(path)
    except FileNotFoundError as error:
        raise RunError(f"{path}: the run's weights are missing: {again}") from error
    except (SafetensorError, OSError) as error:
        raise RunError(f"{path}: expected a whole safetensors file, found a damaged one ({error}): {again}") from error
    difference = _difference(network, weights)
    if difference:
        raise RunError(f"{path}: {difference}: {again}")
    network.load_state_dict(weights)
    return network.eval()


def _difference(network: nn.Module, weights: dict[str, torch.Tensor]) -> str | None:
    """What weights have that a network has not, in words; None if they are its own."""
    expected = network.state_dict()
    odd = sorted(expected.keys() ^ weights.keys())
    if odd:
        return (
            f"holds {len(weights)} tensors, expected the network's {len(expected)}; the first that differs is {odd[0]}"
        )
    head = parts.head(network).weight
    for name, tensor in expected.items():
        found = tuple(weights[name].shape)
        if found == tuple(tensor.shape):
            continue
        if tensor.data_ptr() == head.data_ptr() and found[1:] == tuple(tensor.shape[1:]):
            return f"holds a network of {found[0]} classes, expected the {len(tensor)} of {METRICS}"
        return f"holds {name} of shape {found}, expected {tuple(tensor.shape)}"
    return None


def _again(recipe: AnyRecipe) -> str:
    """What to do about a run that is no good."""
    return f"train it again with: backdoors train {recipe.name} --force"


def _begin(
    recipe: ScratchRecipe, folder: Path, training_set: Dataset, fabric: Fabric, *, fresh: bool
) -> tuple[nn.Module, Drawn]:
    """The network with its first weights, and what is poisoned and how: drawn now and recorded, or as recorded."""
    record = folder / CHOSEN
    if fabric.is_global_zero:  # where several processes train together, one writes
        if fresh and folder.exists():
            shutil.rmtree(folder)
        if not record.is_file():
            first = badnets.draw(training_set, recipe.attack, recipe.seed)
            write_text(folder / RECIPE, to_toml(recipe))
            write_text(record, json.dumps(first.model_dump(exclude_none=True)) + "\n")
    fabric.barrier()
    drawn = Drawn.model_validate_json(record.read_bytes())
    torch.manual_seed(seeds(recipe.seed, 0)[0])
    return models.build(recipe.network, len(training_set.classes)), drawn


def versions() -> dict[str, str]:
    """Python's version and those of the libraries that have a say in the result."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}
