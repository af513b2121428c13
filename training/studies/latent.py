"""The study of a latent backdoor: seeds, baselines, altered triggers and defences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from torch import nn

from training.core.errors import RunError
from training.core.metrics import Estimate, Measurement
from training.data import registry as sources
from training.data.base import Dataset
from training.defences.base import Network
from training.defences.outliers import anomaly_indices
from training.defences.trigger_search import TriggerSearch, search
from training.engine.activations import Activations, module_fingerprint
from training.engine.predict import normaliser
from training.models import imagenet, parts
from training.recipes.base import AnyRecipe
from training.recipes.derived import PRETRAINED
from training.recipes.latent import LatentRecipe, Method
from training.recipes.transfer import TransferRecipe
from training.runs import weights
from training.runs.store import Run
from training.runs.student import own_head
from training.runs.work import Teacher, cut_of
from training.studies.alterations import ALTERATIONS
from training.studies.place import Place, only_target
from training.studies.schema import Inspected, Result, Study
from training.studies.students import FINE_TUNINGS, PRUNED, PRUNING, Students, deeper
from training.triggers.overlay import Overlay


def inspect(run: Run, data_dir: Path | None, how: TriggerSearch | None = None) -> list[Inspected]:
    """Neural Cleanse on a network of few classes, with test images of its own data."""
    recipe, classes = run.recipe, run.metrics.training.classes
    test = sources.load(recipe.data.name, "test", data_dir)
    network = Network(weights.network(run), normaliser(recipe))
    found = search(network, test.images, range(len(classes)), how or TriggerSearch())
    anomalies = anomaly_indices([each.size for each in found])
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
    """Train what is missing, and measure all.

    Args:
        students: The backdoored teacher's student, and the clean teacher's.
        others: Further students to train with every seed.
        seeds: Seeds; the baselines use the first alone.
        runs_dir: Folder of runs.
        data_dir: Folder with the data.
        console: For progress.
        inspected: A student of few classes; Neural Cleanse examines it and its teacher.
        before: An earlier study; what it holds of the same networks is not measured again.
        keep: Called with the study so far.

    Raises:
        RunError: If the first student's teacher is not a latent recipe, or its trigger no overlay.
    """
    teacher = students[0].teacher
    trigger = teacher.trigger if isinstance(teacher, LatentRecipe) else None
    if not isinstance(teacher, LatentRecipe) or not isinstance(trigger, Overlay):
        raise RunError(f"{students[0].name}: its teacher must come from a latent recipe whose trigger is an overlay")
    place = Place(runs_dir, data_dir, console, Activations(runs_dir / "activations", torch.device("cpu")))
    same = before is not None and students[0].sha256 in {row.recipe_sha256 for row in before.results}
    found = (before if same else None) or Study(student=students[0].name, results=[], altered=[], defended=[])

    def load_students() -> Students:
        return Students([place.trained(each) for each in students], teacher, trigger, place)

    for step in _examined(found, students, cut_of(teacher), load_students):
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
            row = _result(made, seed, None if is_baseline else place.in_frames(weights.network(made), made.recipe))
        rows[seeded.sha256] = row
        # rows of an earlier study that are no longer wanted go at the end, as this one may be stopped before
        keep(found.model_copy(update={"results": [*(results | rows).values()]}))
    found = found.model_copy(update={"results": [*rows.values()]})
    keep(found)
    return found


def again(  # noqa: PLR0913 - recipes, seeds, a study, places
    students: list[TransferRecipe],
    seeds: list[int],
    before: Study,
    *,
    runs_dir: Path,
    data_dir: Path | None,
    console: Console,
    keep: Callable[[Study], None] = lambda _study: None,
) -> Study:
    """Train and measure students on the teachers that their recipes name, and replace their rows in a study.

    Only the student's seed differs from run to run, so their teachers may be restored from released models.

    Args:
        students: Whose rows are replaced; the new rows go to the end.
        seeds: Of the students.
        before: The study; its other rows, and all else, stay as they are.
        runs_dir: Folder of runs.
        data_dir: Folder with the data.
        console: For progress.
        keep: Called with the study once all are measured.
    """
    place = Place(runs_dir, data_dir, console, Activations(runs_dir / "activations", torch.device("cpu")))
    fresh: dict[str, list[Result]] = {}
    for student in students:
        for seed in seeds:
            made = place.trained(student.model_copy(update={"seed": seed}))
            network = weights.network(made)
            row = _result(made, seed, place.in_frames(network, made.recipe))
            row = row.model_copy(update={"elsewhere": _elsewhere(network, made, place)})
            fresh.setdefault(student.name, []).append(row)
    others = [row for row in before.results if row.recipe not in fresh]
    found = before.model_copy(update={"results": [*others, *(row for rows in fresh.values() for row in rows)]})
    keep(found)
    return found


def _examined(
    found: Study,
    students: tuple[TransferRecipe, TransferRecipe],
    cut: int,
    load_students: Callable[[], Students],
) -> Iterator[Study]:
    """The study with its missing altered triggers and defences, one more each time."""
    altered = [each for each in ALTERATIONS if each.name not in {row.name for row in found.altered}]
    done = {(row.student, row.defence, row.strength) for row in found.defended}
    tunings = [
        (name, layer, which)
        for name, way in FINE_TUNINGS.items()
        for which in way.students
        for layer in deeper(cut)
        if (students[which].name, name, layer) not in done
    ]
    fractions = [each for each in PRUNED if (students[0].name, PRUNING, each) not in done]
    if not (altered or tunings or fractions):
        return
    work = load_students()
    order = [each.name for each in ALTERATIONS]
    for each in altered:
        rows = sorted([*found.altered, work.altered(each)], key=lambda row: order.index(row.name))
        found = found.model_copy(update={"altered": rows})
        yield found
    for name, layer, which in tunings:
        found = found.model_copy(update={"defended": [*found.defended, work.fine_tuned(name, layer, which)]})
        yield found
    for fraction in fractions:
        found = found.model_copy(update={"defended": [*found.defended, work.pruned(fraction)]})
        yield found


def _result(made: Run, seed: int, in_frames: Measurement | None) -> Result:
    return Result(
        recipe=made.recipe.name, recipe_sha256=made.recipe.sha256, seed=seed, seconds=made.metrics.training.seconds,
        measurement=only_target(made.recipe, made.metrics.measurement), framed=in_frames,
    )  # fmt: skip


def _elsewhere(network: nn.Module, made: Run, place: Place) -> Estimate | None:
    """How often a student recognises the target in all images of the target's own data set; None if it is the same."""
    recipe, classes = made.recipe, made.metrics.training.classes
    if not isinstance(recipe, TransferRecipe) or recipe.attack.target.name not in classes:
        return None
    name, data = recipe.attack.target.name, recipe.attack.target.data
    if data in {part.source.name for part in sources.parts(recipe.data.name)}:
        return None
    both = sources.load_both(data, place.data_dir)
    images = np.concatenate([split.images[split.labels == split.classes.index(name)] for split in both])
    labels = np.full(len(images), classes.index(name), dtype=np.int64)
    return place.measured(network, recipe, Dataset(images, labels, classes), f"{data}, all").clean_accuracy


def _untrained(teacher: LatentRecipe, place: Place) -> Result | None:
    """The pretrained network on the data of the first recipe made from it; None if that replaced the head."""
    first = pretrained_student(teacher)
    if first is None:
        return None
    test = place.test(first)
    pretrained = imagenet.load(place.data_dir)
    network = parts.with_head(pretrained, own_head(first, Teacher(pretrained, []), test.classes))
    return Result(
        recipe=PRETRAINED, recipe_sha256=module_fingerprint(network), seed=0, seconds=0,
        measurement=place.measured(network, first, test), framed=place.in_frames(network, first),
    )  # fmt: skip


def pretrained_student(teacher: LatentRecipe) -> TransferRecipe | None:
    """The teacher's ancestor that kept the pretrained network's classification layer; None if none did."""
    first = teacher.lineage()[-1]
    kept = isinstance(first, TransferRecipe) and first.teacher == PRETRAINED and first.keep_head
    return first if kept else None  # type: ignore[return-value]


def _with_teacher(student: TransferRecipe) -> list[AnyRecipe]:
    return [student] if isinstance(student.teacher, str) else [student.teacher, student]


def with_method(student: TransferRecipe, method: Method) -> TransferRecipe:
    """A student whose teacher was attacked in another way."""
    teacher = student.teacher
    if not isinstance(teacher, LatentRecipe):
        raise RunError(f"{student.name}: its teacher does not come from a latent recipe")
    attacked = teacher.model_copy(update={"method": method, "name": f"{teacher.name}-{method}"})
    return student.model_copy(update={"teacher": attacked, "name": f"{student.name}-{method}"})
