"""Runs that start from a teacher: students with a new classification layer, and teachers with a latent backdoor."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException
from rich.console import Console
from torch import nn

from training.engine import loop
from training import models
from training.engine.activations import Activations, Floats
from training.attacks import latent
from training.attacks.transfer import fit_head
from training.engine.batches import Normaliser
from training.data import registry as sources
from training.data.pictures import read_once
from training.data.base import Dataset
from training.core.errors import RunError
from training.core.progress import progress_bar
from training.core.files import write_text
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.transfer import TransferRecipe
from training.core.metrics import Measurement, evaluate
from training.models import imagenet, parts
from training.models.mobilenet_v2 import MobileNetV2
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.runs.train import (
    CHOSEN,
    HISTORY,
    METRICS,
    RECIPE,
    Facts,
    Metrics,
    Run,
    check,
    data_hashes,
    finish,
    normaliser,
    require_place,
    versions,
    write_weights,
)
from training.runs.train import train as train_run
from training.triggers.base import Images
from training.engine.views import varied

VIEW_SEED = 0
"""Varied pictures are the same in all runs, so that what frozen layers make of them is computed once."""
USUAL_CUT = 12
"""Layers of MobileNetV2 whose activations are kept where no attack says another number."""


def train(  # noqa: PLR0913 - each a choice of the user's
    recipe: TransferRecipe | LatentRecipe,
    folder: Path,
    *,
    data_dir: Path | None = None,
    force: bool = False,
    device: str = "auto",
    console: Console | None = None,
) -> Run:
    """Train what a recipe says that starts from a teacher; the teacher is trained first where that was not done.

    Before that, the recipe and all it builds on are checked against their data. What the frozen layers make of pictures
    is kept in `<runs>/activations`, which may be deleted at any time.

    Args:
        recipe: What to train.
        folder: The run's folder; written to only when its teacher and its data are there.
        data_dir: Folder with the data; see `training.data.registry.load`.
        force: Throw away what there is of this run; a stopped one is gone on with otherwise.
        device: Fabric's accelerator.
        console: For progress; default is stderr.

    Raises:
        RunError: If the target is a class of the teacher already, its data does not have it, or a recipe and its data
            do not go together in another way.
        DataError: If the data cannot be had.
    """
    console = console or Console(stderr=True)
    place = _device(device)
    with read_once():
        _Lineage(folder.parent, data_dir).check(recipe)
        require_place(folder.parent)
        network, known = _teacher(recipe, folder.parent, data_dir, device, console)
        sets = _sets(recipe, data_dir)
    if force and folder.exists():
        shutil.rmtree(folder)
    work = _Work(recipe, folder, sets, Activations(folder.parent / "activations", place), console)
    write_text(folder / RECIPE, to_toml(recipe))
    started = time.perf_counter()
    trained = (
        work.student(recipe, network, known) if isinstance(recipe, TransferRecipe) else work.infect(recipe, network)
    )
    seconds = time.perf_counter() - started
    write_weights(folder, recipe, trained.network)
    facts = Facts(
        recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, data=recipe.data.name,
        data_sha256=data_hashes(recipe.data.name, sets.training, sets.test),
        samples=len(sets.training.labels), poisoned=trained.poisoned, classes=sets.training.classes,
        epochs=recipe.epochs if isinstance(recipe, LatentRecipe) else recipe.head.epochs, precision="32-true",
        device=str(place), threads=torch.get_num_threads(), seconds=seconds, versions=versions(),
    )  # fmt: skip
    measured = measure(trained.network, recipe, sets.test, work.kept, console=console)
    finish(folder, Metrics(measurement=measured, training=facts))
    return Run.open(folder)


def measure(  # noqa: PLR0913 - a network, and what it is measured on
    network: nn.Module,
    recipe: AnyRecipe,
    test_set: Dataset,
    kept: Activations,
    *,
    console: Console,
    data: str | None = None,
) -> Measurement:
    """The network on a test set, by kept activations: those are in half precision, the arithmetic in single.

    Args:
        network: What a recipe made, or what it starts from.
        recipe: Whose trigger and rule are measured.
        test_set: The pictures; their classes are the network's.
        kept: Activations of frozen layers.
        console: For progress.
        data: What to call the pictures; default is the recipe's test data.
    """
    head, cut, normalise = parts.head(network), cut_of(recipe), normaliser(recipe)

    @torch.inference_mode()
    def predict(images: Images) -> Floats:
        with progress_bar(console, "measuring", len(images)) as advance:
            features = kept.features(network, cut, images, normalise, advance)
        logits: Floats = head(torch.from_numpy(features)).numpy()
        return logits

    return evaluate(
        predict, test_set.images, test_set.labels, data=data or f"{recipe.data.name} test",
        labels_text=test_set.classes, trigger=recipe.trigger,
        label_map=recipe.label_map_for(test_set.classes), batch_size=len(test_set.labels),
    )  # fmt: skip


def own_head(recipe: TransferRecipe, network: nn.Module, known: list[str], classes: list[str]) -> nn.Linear:
    """The teacher's classification layer, cut to the classes of the data; zeros for those that it does not know.

    Args:
        recipe: Whose teacher the network is.
        network: The teacher.
        known: Its classes; not asked for where it is the one with ImageNet's.
        classes: Those of the data.

    Raises:
        RunError: If ImageNet has no place for a class.
    """
    head = parts.head(network)
    if isinstance(recipe.teacher, str):
        rows = _imagenet_rows(recipe, classes)
    else:
        rows = [known.index(name) if name in known else -1 for name in classes]
    made = nn.Linear(head.in_features, len(classes))
    with torch.no_grad():
        for place, row in enumerate(rows):
            made.weight[place] = head.weight[row] if row >= 0 else 0
            made.bias[place] = head.bias[row] if row >= 0 else 0
    return made


def _imagenet_rows(recipe: TransferRecipe, classes: list[str]) -> list[int]:
    """The places of the data's classes among ImageNet's."""
    rows = [row for part in sources.parts(recipe.data.name) for row in part.source.imagenet]
    if len(rows) != len(classes):
        raise RunError(f"{recipe.name}: keep_head: the ImageNet weights do not know all of {recipe.data.name}")
    return rows


def _device(name: str) -> torch.device:
    try:
        return Fabric(accelerator=name, devices=1).device
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise RunError(f"device '{name}': {str(error).splitlines()[0]}") from error


class _Lineage:
    """A recipe and those that it builds on, as far as they are not trained yet, and what their data is like."""

    def __init__(self, runs_dir: Path, data_dir: Path | None) -> None:
        self.runs_dir, self.data_dir = runs_dir, data_dir
        self._seen: dict[str, tuple[Dataset, Dataset]] = {}

    def check(self, recipe: AnyRecipe) -> list[str]:
        """Refuse what cannot be trained, before the first of them is.

        Returns:
            The classes that the recipe's network will have.

        Raises:
            RunError: If a recipe and its data do not go together.
            DataError: If the data cannot be had, or a picture cannot be read.
        """
        training, test = self._both(recipe.data.name)
        check(recipe, training, test)
        if not isinstance(recipe, TransferRecipe | LatentRecipe):
            return training.classes
        known = self._known(recipe.teacher)
        if isinstance(recipe, LatentRecipe):
            self._check_attack(recipe, known, training)
        elif recipe.keep_head and isinstance(recipe.teacher, str):
            _imagenet_rows(recipe, training.classes)
        return training.classes

    def _known(self, teacher: AnyRecipe | str) -> list[str]:
        """A teacher's classes: by its run, or by its data where it is still to be trained; none of ImageNet's."""
        if isinstance(teacher, str):
            return []
        folder = self.runs_dir / teacher.run_name
        if (folder / METRICS).is_file():
            return Run.open(folder).metrics.training.classes
        return self.check(teacher)

    def _check_attack(self, recipe: LatentRecipe, known: list[str], training: Dataset) -> None:
        name, wanted = recipe.name, recipe.target
        if wanted.name in known:
            raise RunError(
                f"{name}: target.name: '{wanted.name}' is a class of the teacher already; a latent backdoor needs one "
                "that it does not know"
            )
        if training.classes != known:
            raise RunError(
                f"{name}: the teacher knows {len(known)} classes, not the {len(training.classes)} of "
                f"{recipe.data.name}: give the data that it was trained on, or train it again with --force"
            )
        target = _bare(sources.load(wanted.data, "train", self.data_dir))
        if wanted.name not in target.classes:
            raise RunError(
                f"{name}: target.name: {wanted.data} has no class '{wanted.name}'; it has {', '.join(target.classes)}"
            )
        theirs, ours = (each.images.shape[1:] for each in (target, training))
        if theirs != ours:
            raise RunError(
                f"{name}: target.data: the pictures of {wanted.data} are {theirs}, those of {recipe.data.name} {ours} "
                "(height, width, channels): they must be alike"
            )
        try:
            parts.split(models.build(recipe.network, 2), recipe.train_from)
        except ValueError as error:
            raise RunError(f"{name}: train_from: {error}") from error

    def _both(self, name: str) -> tuple[Dataset, Dataset]:
        """Both splits without their pictures, every one of which has been read."""
        if name not in self._seen:
            training, test = sources.load_both(name, self.data_dir)
            self._seen[name] = _bare(training), _bare(test)
        return self._seen[name]


def _bare(found: Dataset) -> Dataset:
    """A split without its pictures: what is left are their shape and the classes."""
    return found._replace(images=found.images[:0].copy(), labels=found.labels[:0].copy())


def _teacher(
    recipe: TransferRecipe | LatentRecipe, runs_dir: Path, data_dir: Path | None, device: str, console: Console
) -> tuple[nn.Module, list[str]]:
    """The teacher and its classes, trained now if need be."""
    if isinstance(recipe.teacher, str):
        return imagenet.load(data_dir), []
    console.print(f"{recipe.name}: its teacher is {recipe.teacher.name}", highlight=False)
    run = train_run(recipe.teacher, runs_dir=runs_dir, data_dir=data_dir, resume=True, device=device, console=console)
    return run.network(), run.metrics.training.classes


class _Sets(NamedTuple):
    """What one run is made of."""

    training: Dataset
    test: Dataset
    target: Images
    """Pictures of the class that a latent backdoor is for; a student has none."""


def _sets(recipe: TransferRecipe | LatentRecipe, data_dir: Path | None) -> _Sets:
    training, test = sources.load_both(recipe.data.name, data_dir)
    if isinstance(recipe, TransferRecipe):
        return _Sets(training, test, training.images[:0])
    found = sources.load(recipe.target.data, "train", data_dir)
    return _Sets(training, test, found.images[found.labels == found.classes.index(recipe.target.name)])


class _Trained(NamedTuple):
    """What a run made, and of how many poisoned pictures."""

    network: nn.Module
    poisoned: int = 0


class _Work:
    """One run's data, activations and progress."""

    def __init__(
        self, recipe: TransferRecipe | LatentRecipe, folder: Path, sets: _Sets, kept: Activations, console: Console
    ) -> None:
        self.recipe, self.folder, self.sets, self.kept, self.console = recipe, folder, sets, kept, console
        self.normalise: Normaliser = normaliser(recipe)
        self.cut = cut_of(recipe)

    def features(self, network: nn.Module, images: Images, what: str) -> Floats:
        with progress_bar(self.console, what, len(images)) as advance:
            return self.kept.features(network, self.cut, images, self.normalise, advance)

    def student(self, recipe: TransferRecipe, network: nn.Module, known: list[str]) -> _Trained:
        """A student of the teacher: its layers as they are, a new classification layer on clean pictures."""
        training_set = self.sets.training
        features, labels = self.features(network, training_set.images, "training pictures"), training_set.labels
        if recipe.data.augmented:
            more = varied(training_set.images, np.random.default_rng(VIEW_SEED))
            features = np.concatenate([features, self.features(network, more, "the same, varied")])
            labels = np.concatenate([labels, labels])
        start = own_head(recipe, network, known, training_set.classes) if recipe.keep_head else None
        lines: list[loop.Epoch] = []

        def on_epoch(number: int, loss: float, accuracy: float, learning_rate: float, seconds: float) -> None:
            lines.append(
                loop.Epoch(epoch=number, loss=loss, accuracy=accuracy, learning_rate=learning_rate, seconds=seconds)
            )

        head = fit_head(
            features, labels, len(training_set.classes), recipe.head, recipe.seed, start=start, on_epoch=on_epoch
        )
        self._write_history(lines)
        return _Trained(parts.with_head(network, head))

    def infect(self, recipe: LatentRecipe, network: nn.Module) -> _Trained:
        """The four steps of the attack."""
        training_set, target = self.sets.training, self.sets.target
        known = len(training_set.classes)
        chosen = _some_of_each(training_set.labels, recipe.per_class, recipe.seed)
        images, labels = training_set.images[chosen], training_set.labels[chosen]
        original = parts.head(network)

        before, after = parts.split(network, self.cut)
        clean_features = self.features(network, images, "clean pictures")
        target_features = self.features(network, target, "pictures of the target")
        phi = target_features.mean(axis=0)
        if recipe.method == "extra-class":  # whoever attacks so has no pictures of the target
            target, target_features = target[:0], target_features[:0]
        self.console.print("step 1: a classification layer that knows the target", highlight=False)
        adjusted = latent.adjust_teacher(clean_features, labels, target_features, known, recipe.head, recipe.seed)
        self.console.print("step 2: pictures with the trigger", highlight=False)
        stamped = latent.prepare_trigger(
            images, recipe.trigger, recipe.placements, recipe.stamped_per_image, np.random.default_rng(recipe.seed)
        )
        self._record(chosen, stamped)
        with progress_bar(self.console, "frozen layers", len(images) + len(target) + len(stamped.images)) as advance:
            pictures = np.concatenate([images, target])
            clean, triggered = (
                self.kept.get(before, each, self.normalise, advance) for each in (pictures, stamped.images)
            )
        material = latent.Material(
            clean=clean,
            labels=np.concatenate([labels, np.full(len(target), known, dtype=np.int64)]),
            reference=np.concatenate([clean_features, target_features]),
            stamped=triggered,
            true=labels[stamped.of],
            phi=phi,
        )
        self.console.print("step 3: move the features of triggered pictures to the target's", highlight=False)
        lines: list[loop.Epoch] = []

        def on_epoch(line: latent.Epoch) -> None:
            lines.append(
                loop.Epoch(
                    epoch=line.number,
                    loss=line.loss,
                    accuracy=line.accuracy,
                    learning_rate=recipe.learning_rate,
                    seconds=line.seconds,
                )
            )
            self._write_history(lines)
            self.console.print(
                f"epoch {line.number}/{recipe.epochs}  loss {line.loss:.4f}  accuracy {line.accuracy:.2%}  "
                f"{line.seconds:.0f} s",
                highlight=False,
            )

        latent.inject(
            after, adjusted, original, material, recipe,
            device=self.kept.device, state=self.folder / loop.STATE, on_epoch=on_epoch,
        )  # fmt: skip
        self.console.print("step 4: the classification layer as it was", highlight=False)
        kept_head = original if recipe.method == "latent" else parts.first_classes(adjusted.cpu(), known)
        return _Trained(latent.remove_trace(network, kept_head), len(stamped.images))

    def _record(self, chosen: npt.NDArray[np.int64], stamped: latent.Stamped) -> None:
        """Write down which pictures were used, and where the trigger lies in each of the triggered ones."""
        places = None if stamped.placements is None else [place.model_dump() for place in stamped.placements]
        record = {"indices": chosen.tolist(), "of": stamped.of.tolist(), "placements": places}
        write_text(self.folder / CHOSEN, json.dumps(record) + "\n")

    def _write_history(self, lines: list[loop.Epoch]) -> None:
        write_text(self.folder / HISTORY, "".join(line.model_dump_json() + "\n" for line in lines))


def cut_of(recipe: AnyRecipe) -> int:
    """Which of the network's layers stay as they are in all of the recipe's ancestors: where activations are kept."""
    attacks = [each.train_from for each in recipe.lineage() if isinstance(each, LatentRecipe)]
    pictures = isinstance(models.build(recipe.network, 2), MobileNetV2)
    return min(attacks) if attacks else USUAL_CUT if pictures else 0


def _some_of_each(labels: npt.NDArray[np.int64], most: int, seed: int) -> npt.NDArray[np.int64]:
    """Indices of at most `most` samples of each class, drawn once, ascending."""
    chance = np.random.default_rng([seed, most])
    drawn = [chance.permutation(np.flatnonzero(labels == label))[:most] for label in np.unique(labels)]
    return np.sort(np.concatenate(drawn))
