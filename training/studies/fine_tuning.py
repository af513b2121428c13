"""Fine-tuning of students as strong as clean images allow: chosen on validation images, measured over several seeds.

The larger the learning rate, the more of the attacker's work is overwritten, and the more accuracy is lost. The owner
of a network sees only the latter, so the largest rate is chosen that keeps accuracy on a tenth of the training images:
neither the classification layer nor the fine-tuning that is judged has seen them.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from torch import nn

from training.core.errors import RunError
from training.core.metrics import Estimate, wilson
from training.core.progress import progress_bar
from training.data import registry as sources
from training.data.base import Dataset
from training.data.strata import VALIDATION_SEED, stratified
from training.defences.tuning import THOROUGH, StrongTuning, fine_tune
from training.engine.activations import Activations, Floats
from training.engine.head import fit_head
from training.engine.predict import normaliser
from training.models import parts
from training.recipes.transfer import TransferRecipe
from training.runs import weights
from training.runs.store import Run
from training.runs.student import features_of
from training.runs.work import cut_of
from training.studies.place import Place
from training.studies.schema import FineTuned, FineTunings, Study, Tried
from training.studies.students import deeper
from training.triggers.base import Images

Chosen = npt.NDArray[np.bool_]
"""Which of the training images, `(n,)`."""
SET_ASIDE = 0.1
"""Fraction of each class's training images on which the strength is chosen."""
LAYERS = 2
"""How many first layers are tried, the deepest first: whoever trains the last few alone leaves most of the attack."""
FIRST_RATE = 1e-3
"""The learning rate that is tried first."""
MOST_STEPS = 4
"""How often it is doubled, or halved, at most."""


def measure(  # noqa: PLR0913 - students, seeds, a study, places
    students: tuple[TransferRecipe, TransferRecipe],
    seeds: list[int],
    before: Study,
    *,
    runs_dir: Path,
    data_dir: Path | None,
    console: Console,
    keep: Callable[[Study], None] = lambda _study: None,
) -> Study:
    """Choose the strength for the first student, then fine-tune both with every seed; measure them before and after.

    Only the student's seed differs from run to run, so their teachers may be restored from released models.

    Args:
        students: The backdoored teacher's student, and the clean teacher's.
        seeds: Of the students, and of the order in which fine-tuning takes the images.
        before: The study; what it holds of the same students is not measured again.
        runs_dir: Folder of runs.
        data_dir: Folder with the data.
        console: For progress.
        keep: Called with the study so far.

    Returns:
        The study with its `fine_tunings`; all else stays as it is.

    Raises:
        RunError: If the students start from their teacher's classification layer, the control's teacher carries a
            backdoor, or every rate costs too much.
    """
    for each in students:
        if each.keep_head:
            raise RunError(f"{each.name}: keep_head: choosing a strength needs a student whose last layer starts anew")
    if students[1].backdoored:
        raise RunError(
            f"{students[1].name}: the control's teacher carries a backdoor; name the clean teacher's student"
        )
    place = Place(runs_dir, data_dir, console, Activations(runs_dir / "activations", torch.device("cpu")))
    seeded = [student.model_copy(update={"seed": seed}) for seed in seeds for student in students]
    training = sources.load(seeded[0].data.name, "train", data_dir)
    judge = _Judge(_Tuner(place.trained(seeded[0]), training, place))
    found = before.fine_tunings
    if found is None or found.student_sha256 != seeded[0].sha256:
        found = judge.nothing_tried()
    found = found.model_copy(update={"rows": [row for row in found.rows if not _outdated(row, seeded)]})
    record = _Record(before.model_copy(update={"fine_tunings": found}), found, keep)
    rates: dict[int | None, float | None] = {None: None}
    for layer in first_layers(judge.tuner.network, judge.tuner.cut):
        rates[layer] = strongest(functools.partial(judge.accepts, record, layer))
    for recipe in seeded:
        done = {row.layer for row in record.found.rows if row.recipe_sha256 == recipe.sha256}
        missing = {first: rate for first, rate in rates.items() if first not in done}
        if missing:
            tuner = _Tuner(place.trained(recipe), training, place)
            for first, rate in missing.items():
                record.add(rows=tuner.row(first, rate))
    return record.study


def first_layers(network: nn.Module, cut: int) -> list[int]:
    """The first layers that a network is fine-tuned from; all that follow `cut` where it has none of the usual ones."""
    return [layer for layer in deeper(cut) if layer <= parts.cuts(network)][:LAYERS] or [cut]


def _outdated(row: FineTuned, recipes: list[TransferRecipe]) -> bool:
    """Whether a row is of a recipe that was another one when it was measured."""
    return any(
        (row.student, row.seed) == (each.name, each.seed) and row.recipe_sha256 != each.sha256 for each in recipes
    )


def strongest(accepts: Callable[[float], bool]) -> float:
    """The largest learning rate that is accepted: the first one is doubled as long as it is, or halved until it is.

    Raises:
        RunError: If none is.
    """
    rate = FIRST_RATE
    if accepts(rate):
        for _ in range(MOST_STEPS):
            if not accepts(2 * rate):
                break
            rate *= 2
        return rate
    for _ in range(MOST_STEPS):
        rate /= 2
        if accepts(rate):
            return rate
    raise RunError(f"fine-tuning at a learning rate of {rate:g} still loses too much accuracy on the validation images")


def keeps(before: Estimate, after: Estimate, most_lost: float) -> bool:
    """Whether an accuracy fell by no more than a fraction of the images; one image may always be lost."""
    return after.value >= before.value - max(most_lost, 1 / before.n) - 1e-9  # as fractions are rounded


class _Record:
    """What was found so far; the study is kept with every addition."""

    def __init__(self, before: Study, found: FineTunings, keep: Callable[[Study], None]) -> None:
        self.found, self._before, self._keep = found, before, keep

    @property
    def study(self) -> Study:
        return self._before.model_copy(update={"fine_tunings": self.found})

    def add(self, **items: Tried | FineTuned) -> None:
        lists = {field: [*getattr(self.found, field), item] for field, item in items.items()}
        self.found = self.found.model_copy(update=lists)
        self._keep(self.study)


class _Tuner:
    """A student, and the training images that it is fine-tuned on."""

    def __init__(self, run: Run, training: Dataset, place: Place) -> None:
        recipe = run.recipe
        if not isinstance(recipe, TransferRecipe) or recipe.keep_head:
            raise RunError(
                f"{recipe.name}: keep_head: choosing a strength needs a student whose last layer starts anew"
            )
        self.recipe, self.network, self.cut, self.place = recipe, weights.network(run), cut_of(recipe), place
        self.training, self.normalise = training, normaliser(recipe)

    def features(self, network: nn.Module, images: Images, what: str) -> Floats:
        """What a network whose first layers are the student's makes of images, `(n, d)`."""
        with progress_bar(self.place.console, what, len(images)) as advance:
            return self.place.kept.features(network, self.cut, images, self.normalise, advance)

    def tuned(self, network: nn.Module, layer: int, rate: float, which: slice | Chosen = slice(None)) -> nn.Module:
        """A network with the student's first layers, fine-tuned from a layer on, on all training images or some."""
        self.place.console.print(f"fine-tuning {self.recipe.name} from layer {layer} on at {rate:g}", highlight=False)
        before, _ = parts.split(self.network, self.cut)
        activations = self.place.kept.get(before, self.training.images, self.normalise)[which]
        how = THOROUGH.model_copy(update={"train_from": layer, "learning_rate": rate})
        return fine_tune(network, self.cut, activations, self.training.labels[which], how, self.recipe.seed)

    def row(self, layer: int | None, rate: float | None) -> FineTuned:
        """The student fine-tuned, or as it is if `layer` is None, measured on the test images."""
        started, made, seconds = time.perf_counter(), self.network, None
        if layer is not None and rate is not None:
            made = self.tuned(made, layer, rate)
            seconds = time.perf_counter() - started
        return FineTuned(
            student=self.recipe.name, recipe_sha256=self.recipe.sha256, seed=self.recipe.seed, layer=layer,
            learning_rate=rate, seconds=seconds,
            measurement=self.place.measured(made, self.recipe, self.place.test(self.recipe)),
            framed=self.place.in_frames(made, self.recipe),
        )  # fmt: skip


class _Judge:
    """Chooses a strength: fine-tunes a student that has not seen the validation images, and asks it about them."""

    def __init__(self, tuner: _Tuner) -> None:
        recipe, training = tuner.recipe, tuner.training
        aside = stratified(training.labels, len(training.classes), SET_ASIDE, VALIDATION_SEED)
        self.tuner, self.learnt = tuner, ~aside
        self.validation = training._replace(images=training.images[aside], labels=training.labels[aside])
        features = features_of(
            recipe, training.images, lambda images, what: tuner.features(tuner.network, images, what)
        )
        head = fit_head(
            np.concatenate([each[self.learnt] for each in features]),
            np.tile(training.labels[self.learnt], len(features)), len(training.classes), recipe.head, recipe.seed,
        )  # fmt: skip
        self.student = parts.with_head(tuner.network, head)

    def nothing_tried(self) -> FineTunings:
        """The record before a rate was tried."""
        return FineTunings(
            student_sha256=self.tuner.recipe.sha256, epochs=THOROUGH.epochs, images=len(self.learnt),
            most_lost=StrongTuning().most_lost, untuned=self.accuracy(self.student),
        )  # fmt: skip

    def accepts(self, record: _Record, layer: int, rate: float) -> bool:
        """Whether fine-tuning loses little enough accuracy on the validation images; it is tried if it was not yet."""
        for known in record.found.tried:
            if (known.layer, known.learning_rate) == (layer, rate):
                break
        else:
            made = self.tuner.tuned(self.student, layer, rate, self.learnt)
            known = Tried(layer=layer, learning_rate=rate, accuracy=self.accuracy(made))
            record.add(tried=known)
        return keeps(record.found.untuned, known.accuracy, record.found.most_lost)

    def accuracy(self, network: nn.Module) -> Estimate:
        """A network's accuracy on the validation images."""
        features = self.tuner.features(network, self.validation.images, "validation images")
        with torch.inference_mode():
            answers = parts.head(network)(torch.from_numpy(features)).argmax(1).numpy()
        return wilson(int((answers == self.validation.labels).sum()), len(answers))
