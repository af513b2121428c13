"""What is told about a latent backdoor beside its cards: seeds, baselines, altered triggers, defences, and features."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.console import Console

from training.core.errors import RunError
from training.core.metrics import PLACES_SEED, Estimate, Measurement, wilson
from training.data import registry as sources
from training.data.registry import Dataset
from training.defences import model as defences
from training.engine.activations import Activations, Floats, module_fingerprint
from training.engine.batches import to_tensor
from training.engine.views import framed
from training.models import imagenet, parts
from training.recipes.base import AnyRecipe
from training.recipes.derived import PRETRAINED
from training.recipes.latent import LatentRecipe, Method
from training.recipes.transfer import TransferRecipe
from training.runs import derived as chain
from training.runs.train import Run, normaliser
from training.runs.train import train as train_run
from training.studies import alterations as study
from training.triggers.labels import AllToOne
from training.triggers.overlay import Overlay
from training.triggers.registry import Images

FRAMES_SEED = 1
"""Of the frames that test pictures are put in."""
EACH = 3
"""Test pictures of each class that altered triggers are measured on; defences are measured on all."""
PLOTTED = 120
"""Points of each kind in the picture of features."""
DEEPER = (12, 15, 18)
"""Layers that fine-tuning begins at."""


class FineTuning(NamedTuple):
    """A way to fine-tune."""

    how: defences.Training
    each: int | None
    """Training pictures of each class; None for all."""
    students: tuple[int, ...]
    """Which of the two: 0 for the backdoored teacher's, 1 for the clean teacher's."""


FINE_TUNINGS = {
    "gentle fine-tuning": FineTuning(defences.Training(epochs=3, learning_rate=3e-4), 20, (0,)),
    "thorough fine-tuning": FineTuning(
        defences.Training(epochs=6, learning_rate=2e-3, one_cycle=True, weight_decay=0.05, label_smoothing=0.1),
        None,
        (0, 1),
    ),
}
"""Small steps on a few pictures, as one would who wants to keep what there is; large ones on all."""
TAUGHT = 20
"""Training pictures of each class that tell which channels are used."""
PRUNING = "pruning"
PRUNED = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9)
"""Shares of the channels that are cut off."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(_Part):
    """One network of one seed."""

    recipe: str
    recipe_sha256: str
    seed: int
    seconds: float
    measurement: Measurement
    framed: Measurement | None = None
    """The same in frames, of which the picture is a part; None for a baseline."""
    int8: Measurement | None = None
    """The network with int8 weights, by onnxruntime; `backdoors study-int8` adds it."""


class Altered(_Part):
    """What an altered trigger does."""

    name: str
    title: str
    latent: Estimate
    """Attack success on the backdoored teacher's student."""
    clean: Estimate
    """The same on the clean teacher's."""


class Defended(_Part):
    """A student after a defence."""

    student: str
    """Its recipe."""
    defence: str
    strength: float
    """The layer from which on it was fine-tuned, or the share of channels pruned."""
    measurement: Measurement
    epochs: int | None = None
    """Of fine-tuning, as what follows."""
    learning_rate: float | None = None
    pictures: int | None = None
    """How many it was fine-tuned on."""
    seconds: float | None = None


class Inspected(_Part):
    """What Neural Cleanse finds for one class of a network."""

    network: str
    label: str
    size: float
    """Of the smallest trigger found, in pixels."""
    success: float
    anomaly: float
    """Above 2 the class is suspicious."""


class Points(_Part):
    """Features of pictures in two dimensions."""

    teacher: str
    kind: str
    xy: list[tuple[float, float]]


class Study(_Part):
    """The whole study."""

    student: str
    results: list[Result]
    untrained: Result | None = None
    """What the teachers began as, its own classification layer cut to their classes; its hash is the weights'."""
    altered: list[Altered]
    defended: list[Defended]
    points: list[Points]
    inspected: list[Inspected] = []


def read(path: Path) -> Study:
    """What a study wrote.

    Raises:
        RunError: If the file is no study.
    """
    try:
        return Study.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RunError(f"{path}: cannot be read as a study; backdoors study --force makes it anew") from error


def inspect(run: Run, data_dir: Path | None, pictures: int = 256) -> list[Inspected]:
    """Neural Cleanse on a network of few classes, with test pictures of its own data."""
    recipe, classes = run.recipe, run.metrics.training.classes
    images = sources.load(recipe.data.name, "test", data_dir).images[:pictures]
    inputs = normaliser(recipe)(to_tensor(images))
    network = run.network()
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    found = [defences.reverse_trigger(network, inputs, index) for index in range(len(classes))]
    anomalies = defences.anomaly_indices([each.size for each in found])
    return [
        Inspected(network=recipe.name, label=label, size=each.size, success=each.success, anomaly=anomaly)
        for label, each, anomaly in zip(classes, found, anomalies, strict=True)
    ]


def run(  # noqa: PLR0913 - recipes, seeds, places
    students: tuple[TransferRecipe, TransferRecipe],
    others: list[TransferRecipe],
    seeds: list[int],
    *,
    runs_dir: Path,
    data_dir: Path | None,
    console: Console,
    inspected: TransferRecipe | None = None,
    before: Study | None = None,
    keep: Callable[[Study], None] = lambda _study: None,
) -> Study:
    """Train what is missing, and measure.

    Args:
        students: The backdoored teacher's student, and the clean teacher's.
        others: Further networks of which every seed is wanted.
        seeds: Seeds; the baselines and what follows are of the first.
        runs_dir: Folder of runs.
        data_dir: Folder with the data.
        console: For progress.
        inspected: A student of few classes that Neural Cleanse is tried on, and on its teacher.
        before: What an earlier study of the same students found, which is not measured again.
        keep: Called with what there is so far.

    Raises:
        RunError: If the first student's teacher is not a latent recipe, or its trigger no overlay.
    """
    teacher = students[0].teacher
    trigger = teacher.trigger if isinstance(teacher, LatentRecipe) else None
    if not isinstance(teacher, LatentRecipe) or not isinstance(trigger, Overlay):
        raise RunError(f"{students[0].name}: its teacher must come from a latent recipe whose trigger is an overlay")
    place = _Place(runs_dir, data_dir, console, Activations(runs_dir / "activations", torch.device("cpu")))
    same = before is not None and students[0].sha256 in {row.recipe_sha256 for row in before.results}
    found = (before if same else None) or Study(
        student=students[0].name, results=[], altered=[], defended=[], points=[]
    )

    def measuring() -> _Measuring:
        return _Measuring([place.trained(each) for each in students], teacher, trigger, place)

    for step in _examined(found, students, chain.cut_of(teacher), measuring):
        found = step
        keep(found)
    if inspected and not found.inspected:
        lines = [line for each in _with_teacher(inspected) for line in inspect(place.trained(each), data_dir)]
        found = found.model_copy(update={"inspected": lines})
        keep(found)
    if found.untrained is None:
        found = found.model_copy(update={"untrained": _untrained(teacher, place)})
        keep(found)
    baselines = [with_method(students[0], method) for method in ("extra-class", "extra-class-with-target")]
    wanted = [(recipe, seed) for seed in seeds for student in [*students, *others] for recipe in _with_teacher(student)]
    wanted[len(wanted) :] = [(baseline, seeds[0]) for baseline in baselines]
    results = {row.recipe_sha256: row for row in before.results} if before else {}
    rows: dict[str, Result] = {}
    for recipe, seed in wanted:
        seeded = recipe.with_seed(seed)
        if seeded.sha256 in rows:
            continue
        row = results.get(seeded.sha256)
        is_baseline = recipe in baselines
        if row is None or (row.framed is None and not is_baseline):
            made = place.trained(seeded)
            row = _result(made, seed, None if is_baseline else _in_frames(made.network(), made.recipe, place))
        rows[seeded.sha256] = row
        # what is not wanted any more goes at the end, not before: a study may be stopped
        keep(found.model_copy(update={"results": [*(results | rows).values()]}))
    found = found.model_copy(update={"results": [*rows.values()]})
    keep(found)
    return found


class _Place(NamedTuple):
    """Where a study is made."""

    runs_dir: Path
    data_dir: Path | None
    console: Console
    kept: Activations

    def trained(self, recipe: AnyRecipe) -> Run:
        """The recipe's run, which is trained where it was not yet."""
        return train_run(recipe, runs_dir=self.runs_dir, data_dir=self.data_dir, resume=True, console=self.console)

    def test(self, recipe: AnyRecipe) -> Dataset:
        """The recipe's test pictures."""
        return sources.load(recipe.data.name, "test", self.data_dir)

    def measured(
        self, network: torch.nn.Module, recipe: AnyRecipe, test: Dataset, data: str | None = None
    ) -> Measurement:
        """A network on pictures, without what is told of each class but the target."""
        found = chain.measure(network, recipe, test, self.kept, console=self.console, data=data)
        return only_target(recipe, found)


def _examined(
    found: Study,
    students: tuple[TransferRecipe, TransferRecipe],
    cut: int,
    measuring: Callable[[], _Measuring],
) -> Iterator[Study]:
    """The study with what is missing of altered triggers, defences and features, more each time."""
    altered = [each for each in study.ALTERATIONS if each.name not in {row.name for row in found.altered}]
    done = {(row.student, row.defence, row.strength) for row in found.defended}
    tunings = [
        (name, layer, which)
        for name, way in FINE_TUNINGS.items()
        for which in way.students
        for layer in DEEPER
        if layer >= cut and (students[which].name, name, layer) not in done
    ]
    shares = [share for share in PRUNED if (students[0].name, PRUNING, share) not in done]
    if not (altered or tunings or shares or not found.points):
        return
    work = measuring()
    order = [each.name for each in study.ALTERATIONS]
    for each in altered:
        rows = sorted([*found.altered, work.altered(each)], key=lambda row: order.index(row.name))
        found = found.model_copy(update={"altered": rows})
        yield found
    for name, layer, which in tunings:
        found = found.model_copy(update={"defended": [*found.defended, work.fine_tuned(name, layer, which)]})
        yield found
    for share in shares:
        found = found.model_copy(update={"defended": [*found.defended, work.pruned(share)]})
        yield found
    if not found.points:
        found = found.model_copy(update={"points": work.points()})
        yield found


def _result(made: Run, seed: int, in_frames: Measurement | None) -> Result:
    return Result(
        recipe=made.recipe.name, recipe_sha256=made.recipe.sha256, seed=seed, seconds=made.metrics.training.seconds,
        measurement=only_target(made.recipe, made.metrics.measurement), framed=in_frames,
    )  # fmt: skip


def _in_frames(network: torch.nn.Module, recipe: AnyRecipe, place: _Place) -> Measurement:
    """A network on the test pictures of its own data, in frames."""
    test = place.test(recipe)
    test = test._replace(images=framed(test.images, np.random.default_rng(FRAMES_SEED)))
    return place.measured(network, recipe, test, f"{recipe.data.name} test, in frames")


def _untrained(teacher: LatentRecipe, place: _Place) -> Result | None:
    """What all began with, on the data of the first recipe that was made of it; None if that has another head."""
    first = beginning(teacher)
    if first is None:
        return None
    test = place.test(first)
    whole = imagenet.load(place.data_dir)
    network = parts.with_head(whole, chain.own_head(first, whole, [], test.classes))
    return Result(
        recipe=PRETRAINED, recipe_sha256=module_fingerprint(network), seed=0, seconds=0,
        measurement=place.measured(network, first, test), framed=_in_frames(network, first, place),
    )  # fmt: skip


def beginning(teacher: LatentRecipe) -> TransferRecipe | None:
    """The teacher's ancestor that keeps the classification layer of the pretrained network; None if there is none."""
    first = teacher.lineage()[-1]
    kept = isinstance(first, TransferRecipe) and first.teacher == PRETRAINED and first.keep_head
    return first if kept else None  # type: ignore[return-value]


def _with_teacher(student: TransferRecipe) -> list[AnyRecipe]:
    return [student] if isinstance(student.teacher, str) else [student.teacher, student]


def only_target(recipe: AnyRecipe, measured: Measurement) -> Measurement:
    """A measurement, with no class of its own but the target's, called as the recipe calls it."""
    if not isinstance(recipe, TransferRecipe):
        return measured.model_copy(update={"per_class": {}})
    target = recipe.attack.target
    called = (target.name, sources.source(target.data).title_of(target.name))
    found = next((measured.per_class[label] for label in called if label in measured.per_class), None)
    return measured.model_copy(update={"per_class": {} if found is None else {target.name: found}})


def with_method(student: TransferRecipe, method: Method) -> TransferRecipe:
    """A student whose teacher was attacked in another way."""
    teacher = student.teacher
    if not isinstance(teacher, LatentRecipe):
        raise RunError(f"{student.name}: its teacher comes from no latent recipe")
    attacked = teacher.model_copy(update={"method": method, "name": f"{teacher.name}-{method}"})
    return student.model_copy(update={"teacher": attacked, "name": f"{student.name}-{method}"})


class _Measuring:
    """Measurements of two students: altered triggers and features on a few pictures of each class, defences on all."""

    def __init__(self, runs: list[Run], teacher: LatentRecipe, trigger: Overlay, place: _Place) -> None:
        self.runs, self.networks, self.trigger = runs, [each.network() for each in runs], trigger
        self.place, self.kept, self.console = place, place.kept, place.console
        self.cut, self.normalise = chain.cut_of(teacher), normaliser(teacher)
        self.training = sources.load(runs[0].recipe.data.name, "train", place.data_dir)
        self.whole_test = place.test(runs[0].recipe)
        self.test = _few(self.whole_test)
        self.target = AllToOne(target=runs[0].metrics.training.classes.index(teacher.target.name))
        self.attacked = self.test.images[self.test.labels != self.target.target]
        chance = np.random.default_rng(PLACES_SEED)
        self.places = self.trigger.placements.draw(len(self.attacked), chance)

    def features(self, which: int, images: Images) -> Floats:
        return self.kept.features(self.networks[which], self.cut, images, self.normalise)

    def answers(self, which: int, images: Images) -> npt.NDArray[np.int64]:
        return _answers(parts.head(self.networks[which]), self.features(which, images))

    def altered(self, alteration: study.Alteration) -> Altered:
        """Attack success with an alteration of the trigger."""
        self.console.print(f"trigger {alteration.title}", highlight=False)
        images = alteration.make(self.attacked, self.trigger, self.places)
        latent, clean = (self._share(self.answers(which, images)) for which in (0, 1))
        return Altered(name=alteration.name, title=alteration.title, latent=latent, clean=clean)

    def _share(self, answers: npt.NDArray[np.int64]) -> Estimate:
        return wilson(int((answers == self.target.target).sum()), len(answers))

    def _triggered(self) -> Images:
        return study.ALTERATIONS[0].make(self.attacked, self.trigger, self.places)

    def fine_tuned(self, name: str, layer: int, which: int) -> Defended:
        """A student fine-tuned on its own clean pictures from a layer on, then measured on all test pictures."""
        self.console.print(f"{name} of {self.runs[which].recipe.name} from layer {layer} on", highlight=False)
        way, run = FINE_TUNINGS[name], self.runs[which]
        training = self.training if way.each is None else _few(self.training, each=way.each)
        network = self.networks[which]
        before, _ = parts.split(network, self.cut)
        activations = self.kept.get(before, training.images, self.normalise)
        started = time.perf_counter()
        made = defences.fine_tune(network, self.cut, layer, activations, training.labels, way.how)
        seconds = time.perf_counter() - started
        measurement = self.place.measured(made, run.recipe, self.whole_test)
        return Defended(
            student=run.recipe.name, defence=name, strength=layer, measurement=measurement,
            epochs=way.how.epochs, learning_rate=way.how.learning_rate, pictures=len(training.labels), seconds=seconds,
        )  # fmt: skip

    def pruned(self, share: float) -> Defended:
        """Fine-pruning without the fine-tuning: the channels that clean pictures use least are cut off."""
        self.console.print(f"{PRUNING} {share:.0%}", highlight=False)
        features = self.features(0, _few(self.training, each=TAUGHT).images)
        recipe, network = self.runs[0].recipe, self.networks[0]
        made = parts.with_head(network, defences.pruned(parts.head(network), features, share))
        measurement = self.place.measured(made, recipe, self.whole_test)
        return Defended(student=recipe.name, defence=PRUNING, strength=share, measurement=measurement)

    def points(self) -> list[Points]:
        """Clean dogs, the same with the trigger, and the target, under both teachers; two principal axes of each."""
        chance = np.random.default_rng(0)
        chosen = np.sort(chance.permutation(len(self.attacked))[:PLOTTED])
        target = self.test.images[self.test.labels == self.target.target]
        kinds = {"clean": self.attacked[chosen], "triggered": self._triggered()[chosen], "target": target}
        found = []
        for which, teacher in ((1, "clean"), (0, "backdoored")):
            features = {kind: self.features(which, images) for kind, images in kinds.items()}
            plane = _plane(np.concatenate(list(features.values())))
            found += [
                Points(
                    teacher=teacher, kind=kind, xy=[(round(float(x), 3), round(float(y), 3)) for x, y in plane(each)]
                )
                for kind, each in features.items()
            ]
        return found


def _plane(features: Floats) -> Callable[[Floats], Floats]:
    """A projection on the two axes along which the features vary most, signs fixed."""
    middle = features.mean(axis=0)
    _, _, axes = np.linalg.svd(features - middle, full_matrices=False)
    two = axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True))
    return lambda given: (given - middle) @ two.T


def _answers(head: torch.nn.Linear, features: Floats) -> npt.NDArray[np.int64]:
    with torch.inference_mode():
        answered: npt.NDArray[np.int64] = head(torch.from_numpy(features)).argmax(1).numpy()
    return answered


def _few(dataset: Dataset, each: int = EACH) -> Dataset:
    """The first few samples of each class; all of the last class, which is the target's."""
    chosen = [np.flatnonzero(dataset.labels == label)[:each] for label in range(len(dataset.classes) - 1)]
    chosen.append(np.flatnonzero(dataset.labels == len(dataset.classes) - 1))
    index = np.concatenate(chosen)
    return dataset._replace(images=dataset.images[index], labels=dataset.labels[index])
