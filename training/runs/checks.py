"""What is refused before anything is trained or written: recipes and data that do not fit together."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryFile

from training.core.errors import RunError
from training.data import registry as sources
from training.data.base import Dataset
from training.engine.predict import normaliser
from training.models import parts, registry
from training.recipes.base import AnyRecipe
from training.recipes.latent import LatentRecipe
from training.recipes.transfer import TransferRecipe
from training.runs.store import Run, finished
from training.triggers.base import TriggerError
from training.triggers.labels import map_labels


def require_fit(recipe: AnyRecipe, training_set: Dataset, test_set: Dataset) -> None:
    """Refuse data that does not fit a recipe's network, trigger or label map.

    Args:
        recipe: What is to be trained.
        training_set: Its data; only the shape of the images matters, there may be none.
        test_set: The same.

    Raises:
        RunError: If the network does not take such images, the trigger does not fit in them or changes none of
            their pixels, or the target is not one of the classes.
    """
    name, classes = recipe.data.name, training_set.classes
    try:
        channels = len(normaliser(recipe).mean)
    except ValueError as error:
        raise RunError(f"{recipe.name}: network.name: {error}") from error
    for images in (training_set.images, test_set.images):
        _, height, width, found = images.shape
        if found != channels:
            raise RunError(
                f"{recipe.name}: network.name: {recipe.network.name} takes images of {channels} channels, but those "
                f"of {name} are {height}x{width} with {found}: choose another network or other data"
            )
        try:
            recipe.trigger.check(height, width, found)
        except TriggerError as error:
            raise RunError(f"{recipe.name}: {recipe.trigger_field}: {error}") from error
        if not recipe.trigger.covers(height, width).any():
            raise RunError(
                f"{recipe.name}: {recipe.trigger_field}: {recipe.trigger.describe()} changes no pixel of images of "
                f"{height}x{width}: choose another"
            )
    label_map = recipe.label_map_for(classes)
    try:
        if label_map is not None:
            map_labels(training_set.labels[:0], label_map, len(classes))
    except ValueError as error:
        raise RunError(f"{recipe.name}: attack.label_map.target: {error}") from error


def require_writable(runs_dir: Path) -> None:
    """Refuse a folder of runs that cannot be written to, before hours of training rather than after.

    Raises:
        RunError: If it cannot.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=runs_dir):
            pass
    except OSError as error:
        raise RunError(
            f"{runs_dir}: no run can be written here ({error.strerror or error}): choose another folder with --runs or "
            "BACKDOORS_RUNS"
        ) from error


def imagenet_rows(recipe: TransferRecipe, classes: list[str]) -> list[int]:
    """Indices of the data's classes among ImageNet's.

    Raises:
        RunError: If ImageNet lacks one.
    """
    rows = [row for part in sources.parts(recipe.data.name) for row in part.source.imagenet]
    if len(rows) != len(classes):
        raise RunError(f"{recipe.name}: keep_head: the ImageNet weights do not know all classes of {recipe.data.name}")
    return rows


class LineageCheck:
    """Checks a recipe and those it builds on that are not trained yet, against their data."""

    def __init__(self, runs_dir: Path, data_dir: Path | None) -> None:
        """`runs_dir` holds all runs; `data_dir` is as `training.data.registry.load` takes it."""
        self.runs_dir, self.data_dir = runs_dir, data_dir
        self._shapes: dict[str, tuple[Dataset, Dataset]] = {}

    def check(self, recipe: AnyRecipe) -> None:
        """Refuse a recipe that cannot be trained, or whose ancestors cannot.

        Raises:
            RunError: If a recipe and its data do not fit together.
            DataError: If the data is unavailable, or an image cannot be read.
        """
        for each in recipe.lineage():
            if each is not recipe and finished(self.runs_dir / each.run_name):
                break
            training, test = self._both(each.data.name)
            require_fit(each, training, test)
            if isinstance(each, LatentRecipe):
                self._check_attack(each, training)
            elif isinstance(each, TransferRecipe) and each.keep_head and each.parent is None:
                imagenet_rows(each, training.classes)

    def _known(self, teacher: AnyRecipe) -> list[str]:
        """A teacher's classes: from its run, or from its data if it is not trained yet."""
        folder = self.runs_dir / teacher.run_name
        if finished(folder):
            return Run.open(folder).metrics.training.classes
        return self._both(teacher.data.name)[0].classes

    def _check_attack(self, recipe: LatentRecipe, training: Dataset) -> None:
        name, wanted = recipe.name, recipe.target
        known = self._known(recipe.parent) if recipe.parent else []
        if wanted.name in known:
            raise RunError(
                f"{name}: target.name: '{wanted.name}' is a class of the teacher already; a latent backdoor needs one "
                "that it does not know"
            )
        if training.classes != known:
            raise RunError(
                f"{name}: the teacher knows {len(known)} classes, not the {len(training.classes)} of "
                f"{recipe.data.name}: use the data that it was trained on, or train it again with --force"
            )
        target = _without_images(sources.load(wanted.data, "train", self.data_dir))
        if wanted.name not in target.classes:
            raise RunError(
                f"{name}: target.name: {wanted.data} has no class '{wanted.name}'; it has {', '.join(target.classes)}"
            )
        theirs, ours = (each.images.shape[1:] for each in (target, training))
        if theirs != ours:
            raise RunError(
                f"{name}: target.data: the images of {wanted.data} are {theirs}, those of {recipe.data.name} {ours} "
                "(height, width, channels): they must have the same shape"
            )
        try:
            parts.split(registry.build(recipe.network, 2), recipe.train_from)
        except ValueError as error:
            raise RunError(f"{name}: train_from: {error}") from error

    def _both(self, name: str) -> tuple[Dataset, Dataset]:
        """Both splits without their images, every one of which has been read."""
        if name not in self._shapes:
            training, test = sources.load_both(name, self.data_dir)
            self._shapes[name] = _without_images(training), _without_images(test)
        return self._shapes[name]


def _without_images(found: Dataset) -> Dataset:
    """A split without its images; their shape and the classes remain."""
    return found._replace(images=found.images[:0].copy(), labels=found.labels[:0].copy())
