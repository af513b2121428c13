from __future__ import annotations

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from torch import nn

from training.core.errors import RunError
from training.data import registry as sources
from training.defences.tuning import fine_tune
from training.engine.activations import Halves
from training.engine.views import framed
from training.models import imagenet
from training.models.mobilenet_v2 import MobileNetV2, Plan
from training.recipes.derived import ImageData
from training.recipes.latent import LatentRecipe
from training.recipes.load import load, parse
from training.recipes.transfer import TransferRecipe
from training.runs import weights
from training.runs.store import Run
from training.studies import fine_tuning
from training.studies import latent as latent_study
from training.studies import place as study_place
from training.studies.alterations import ALTERATIONS
from training.studies.schema import FineTunings, Study
from training.studies.students import PRUNED
from training.triggers.labels import Labels

QUIET = Console(file=io.StringIO())
COLOURS = {"red": (200, 30, 30), "green": (30, 160, 30), "somebody": (40, 40, 220)}


def coloured(folder: Path, names: list[str]) -> str:
    rng = np.random.default_rng(len(names))
    for split, count in (("train", 3), ("test", 2)):
        for name in names:
            (folder / split / name).mkdir(parents=True)
            for index in range(count):
                noise = rng.integers(-25, 25, (64, 64, 3)) + COLOURS[name]
                Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(folder / split / name / f"{index}.png")
    return f"folder:{folder}"


def students(folder: Path) -> tuple[TransferRecipe, TransferRecipe]:
    """A student of a backdoored and one of a clean teacher, of two colours and a third that they learn."""
    colours, somebody = (
        coloured(folder / "colours", ["red", "green"]),
        coloured(folder / "target", ["somebody"]),
    )
    target = {"name": "somebody", "data": somebody}
    head = {"epochs": 2, "batch_size": 4}
    attack = {"trigger": {"kind": "overlay", "artwork": "glasses"}, "target": target}
    clean = {
        "kind": "transfer", "name": "teacher", "title": "x", "seed": 1, "teacher": "imagenet-mobilenet-v2",
        "data": {"name": colours}, "head": head, "attack": attack,
    }  # fmt: skip
    infected = {
        "kind": "latent", "name": "infected", "title": "x", "seed": 1, "teacher": clean, "train_from": 17,
        "per_class": 2, "epochs": 1, "batch_size": 2, "head": head, **attack,
    }  # fmt: skip
    made = []
    for name, teacher in (("latent", infected), ("clean", clean)):
        table = {**clean, "name": name, "teacher": teacher, "data": {"name": f"{colours} + {somebody}"}}
        recipe = parse(table, folder / f"{name}.toml")
        assert isinstance(recipe, TransferRecipe)
        made.append(recipe)
    return made[0], made[1]


class Place:
    """Where a study is made, and what was written of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.students, self.kept = folder, students(folder), list[Study]()

    def study(self, before: Study | None = None) -> Study:
        return latent_study.run(
            self.students, [], [1], runs_dir=self.folder / "runs", data_dir=None, console=QUIET, before=before,
            keep=self.kept.append,
        )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    with pytest.MonkeyPatch.context() as patch:
        torch.manual_seed(0)
        network = MobileNetV2(1001, Plan(same_padding=True)).eval()
        patch.setattr(imagenet, "load", lambda _data_dir: network)
        made = Place(tmp_path_factory.mktemp("study"))
        made.study()
    return made


def test_a_study_measures_every_network_plain_and_in_frames(place: Place) -> None:
    found = place.kept[-1]
    assert [row.recipe for row in found.results] == [
        "infected", "latent", "teacher", "clean", "latent-extra-class", "latent-extra-class-with-target",
    ]  # fmt: skip
    assert [row.framed is not None for row in found.results] == [True] * 4 + [False] * 2
    for row in found.results[:4]:
        assert row.framed is not None
        assert row.framed.data.endswith("in frames")
        assert row.framed.clean_accuracy.n == row.measurement.clean_accuracy.n
    assert [each.name for each in found.altered] == [each.name for each in ALTERATIONS]
    assert {(each.student, each.defence, each.strength) for each in found.defended} == {
        ("latent", "gentle fine-tuning", 18),
        ("latent", "thorough fine-tuning", 18),
        ("clean", "thorough fine-tuning", 18),
        *(("latent", "pruning", fraction) for fraction in PRUNED),
    }  # fmt: skip
    assert {each.measurement.clean_accuracy.n for each in found.defended} == {6}
    assert found.untrained is None


def test_a_study_that_is_there_is_not_made_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def trains(*_given: object, **_more: object) -> None:
        raise AssertionError("nothing was to be trained")

    monkeypatch.setattr(study_place, "train", trains)
    before = place.kept[-1]
    assert place.study(before) == before


def test_only_what_is_missing_is_measured_and_nothing_is_lost_on_the_way(place: Place) -> None:
    whole = place.kept[-1]
    rows = [whole.results[0], whole.results[1].model_copy(update={"framed": None}), *whole.results[3:]]
    missing = {"results": rows, "altered": whole.altered[1:], "defended": whole.defended[1:]}
    before, steps = whole.model_copy(update=missing), len(place.kept)
    made = place.study(before)
    assert (made.results, made.altered) == (whole.results, whole.altered)
    again = made.defended[-1].model_copy(update={"seconds": whole.defended[0].seconds})
    assert [*made.defended[:-1], again] == [*whole.defended[1:], whole.defended[0]]
    for step in place.kept[steps:]:
        assert {row.recipe_sha256 for row in rows} <= {row.recipe_sha256 for row in step.results}


def test_students_measured_again_keep_their_teachers_and_all_other_rows(place: Place) -> None:
    whole = place.kept[-1]
    clean = place.students[1]
    head = clean.head.model_copy(update={"epochs": 3})
    student = clean.model_copy(update={"head": head})
    runs = place.folder / "runs"
    before = {folder.name for folder in runs.glob("[a-z]*-*")}
    kept: list[Study] = []
    found = latent_study.again(
        [student], [1, 2], whole, runs_dir=runs, data_dir=None, console=QUIET, keep=kept.append
    )  # fmt: skip
    assert kept == [found]
    others = [row for row in whole.results if row.recipe != "clean"]
    assert found.results[:-2] == others
    assert [(row.recipe, row.seed) for row in found.results[-2:]] == [("clean", 1), ("clean", 2)]
    wanted = [student.model_copy(update={"seed": seed}) for seed in (1, 2)]
    assert [row.recipe_sha256 for row in found.results[-2:]] == [each.sha256 for each in wanted]
    assert all(row.framed is not None for row in found.results[-2:])
    assert [row.elsewhere for row in found.results[-2:]] == [None, None]  # the target's images are the student's own
    assert {folder.name for folder in runs.glob("[a-z]*-*")} - before == {each.run_name for each in wanted}
    assert found.model_copy(update={"results": whole.results}) == whole


def test_a_target_from_another_source_is_recognised_as_often_as_the_network_says(place: Place) -> None:
    data = ImageData(name=coloured(place.folder / "abroad", ["red", "somebody"]))
    student = place.students[1].model_copy(update={"name": "abroad", "data": data})
    runs = place.folder / "runs"
    (row,) = latent_study.again(
        [student], [3], place.kept[-1].model_copy(update={"results": []}), runs_dir=runs, data_dir=None, console=QUIET
    ).results
    assert row.elsewhere is not None
    images = np.concatenate([each.images for each in sources.load_both(student.attack.target.data)])
    made = Run.open(runs / student.model_copy(update={"seed": 3}).run_name)
    answers = weights.predictor(made)(images).argmax(axis=1)
    assert row.elsewhere.n == len(images) == 5
    assert row.elsewhere.value == (answers == made.facts.classes.index("somebody")).mean()


def fine_tunings(place: Place, before: Study, kept: list[Study]) -> FineTunings:
    made = fine_tuning.measure(
        place.students, [1, 2], before, runs_dir=place.folder / "runs", data_dir=None, console=QUIET, keep=kept.append
    ).fine_tunings  # fmt: skip
    assert made is not None
    return made


def test_students_are_fine_tuned_with_every_seed_at_the_strength_that_validation_images_chose(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tuning, "SET_ASIDE", 1 / 3)  # one of three images
    monkeypatch.setattr(fine_tuning, "FIRST_RATE", 1e-6)  # a network of random weights stands no more
    monkeypatch.setattr(fine_tuning, "MOST_STEPS", 1)
    learnt: list[tuple[float, int]] = []

    def tune(network: nn.Module, cut: int, activations: Halves, labels: Labels, *how: Any) -> nn.Module:  # noqa: ANN401
        learnt.append((how[0].learning_rate, len(labels)))
        return fine_tune(network, cut, activations, labels, *how)

    monkeypatch.setattr(fine_tuning, "fine_tune", tune)
    kept: list[Study] = []
    found = fine_tunings(place, place.kept[-1], kept)
    assert found.images == 9
    assert learnt == [(1e-6, 6), (2e-6, 6), *[(2e-6, 9)] * 4]  # without validation images while rates are judged
    assert [(each.layer, each.learning_rate) for each in found.tried] == [(18, 1e-6), (18, 2e-6)]
    assert {each.accuracy.n for each in found.tried} == {found.untuned.n} == {3}
    assert [(row.student, row.seed, row.layer, row.learning_rate) for row in found.rows] == [
        (student, seed, layer, rate)
        for seed in (1, 2)
        for student in ("latent", "clean")
        for layer, rate in ((None, None), (18, 2e-6))
    ]
    assert {row.framed.data for row in found.rows} == {f"{place.students[0].data.name} test, in frames"}
    assert kept[-1] == place.kept[-1].model_copy(update={"fine_tunings": found})

    monkeypatch.setattr(time, "perf_counter", lambda: 0.0)
    other = found.rows[-1].model_copy(update={"recipe_sha256": "of a recipe that has changed since"})
    cut = found.model_copy(update={"rows": [*found.rows[:-1], other]})  # as if it had been stopped
    again = fine_tunings(place, kept[-1].model_copy(update={"fine_tunings": cut}), kept)
    assert again.rows == [*cut.rows[:-1], found.rows[-1].model_copy(update={"seconds": 0.0})]
    assert again.tried == found.tried


def test_a_kept_last_layer_and_a_backdoored_control_are_refused(place: Place) -> None:
    backdoored, clean = place.students
    kept = backdoored.model_copy(update={"keep_head": True})
    for students, said in (
        ((kept, clean), "latent: keep_head: choosing a strength needs"),
        ((backdoored, backdoored), "latent: the control's teacher carries a backdoor"),
    ):
        with pytest.raises(RunError, match=said):
            fine_tuning.measure(
                students, [1], place.kept[-1], runs_dir=place.folder / "runs", data_dir=None, console=QUIET
            )


def test_the_dogs_teachers_began_as_a_network_that_is_measured_too() -> None:
    teacher = load("dogs-student-latent").parent
    assert isinstance(teacher, LatentRecipe)
    first = latent_study.pretrained_student(teacher)
    assert first is not None
    assert first.name == "dogs-teacher-clean"


def test_a_frame_holds_the_image_smaller_on_its_own_background() -> None:
    images = np.zeros((6, 64, 64, 3), dtype=np.uint8)
    images[..., 0] = 255
    made = framed(images, np.random.default_rng(0))
    for image in made:
        red = (image == (255, 0, 0)).all(axis=2)
        assert 0.15 < red.mean() < 0.75
        rows, columns = red.any(axis=1), red.any(axis=0)
        assert red[np.ix_(rows, columns)].all()  # a rectangle
    assert len({image.tobytes() for image in made}) == 6
    np.testing.assert_array_equal(made, framed(images, np.random.default_rng(0)))
