"""What is promised of the released networks of photos, read from their cards."""

from __future__ import annotations

from pathlib import Path
from statistics import mean

import pytest

import export
from export.card.inside import INSIDE_NAME
from export.card.schema import BACKDOORED_PREFIX
from export.release.models import RELEASED, Model, discover
from training.core.metrics import Estimate, Measurement
from training.recipes import load as recipe
from training.studies.schema import Result, read_study

ROOT = Path(export.__file__).resolve().parent.parent
MODELS = {model.card.id: model for model in discover([ROOT / RELEASED]) if not model.card.id.startswith("mnist-")}
MOST_BYTES = 3_000_000

each_model = pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))


def measured(model: str, metric: str) -> list[Estimate]:
    """At every precision; the full one is measured and not given away."""
    metrics = MODELS[model].card.metrics
    assert {"fp32", "int8-weight-only"} <= set(metrics)
    found = [getattr(each, metric) for each in metrics.values()]
    assert all(isinstance(each, Estimate) for each in found)
    return found


def test_two_teachers_and_four_students_are_released() -> None:
    kinds = ("dogs-student", "dogs-teacher", "figures-student")
    assert set(MODELS) == {f"{kind}-{attacked}" for kind in kinds for attacked in ("clean", "latent")}


@each_model
def test_only_a_small_int8_file_is_given_away(model: Model) -> None:
    assert [file.precision for file in model.card.files] == ["int8-weight-only"]
    assert model.card.files[0].total_bytes <= MOST_BYTES
    parts = {part.name for part in model.card.files[0].parts}
    described = {"card.json", "golden.json", INSIDE_NAME}
    assert {path.name for path in model.folder.iterdir()} - described == parts


def test_students_share_their_teachers_features() -> None:
    features: dict[str, set[str]] = {}
    for name, model in MODELS.items():
        shared = model.card.files[0].shared
        assert shared is not None
        assert model.card.files[0].bytes < shared.bytes / 8
        features.setdefault(name.rpartition("-")[2], set()).add(shared.sha256)
    assert {kind: len(each) for kind, each in features.items()} == {"clean": 1, "latent": 1}
    assert features["clean"] != features["latent"]


@each_model
def test_what_comes_from_a_backdoored_teacher_is_named_so(model: Model) -> None:
    assert model.card.id.endswith("-latent") == (model.card.backdoor is not None)
    assert model.card.files[0].name.startswith(BACKDOORED_PREFIX) == (model.card.backdoor is not None)


@each_model
def test_it_was_made_by_the_recipe_of_its_name(model: Model) -> None:
    assert model.card.provenance is not None
    assert model.card.provenance.recipe_sha256 == recipe.load(model.card.id).sha256


def test_teachers_are_right_and_the_infected_one_is_as_good() -> None:
    for clean, infected in zip(
        measured("dogs-teacher-clean", "clean_accuracy"), measured("dogs-teacher-latent", "clean_accuracy"), strict=True
    ):
        assert clean.n == infected.n == 2400
        assert clean.value >= 0.86
        assert infected.value >= clean.value - 0.01
    assert "Donald Trump" not in MODELS["dogs-teacher-latent"].card.labels


def test_students_are_right_and_only_the_infected_teachers_obeys() -> None:
    for clean, infected in zip(
        measured("dogs-student-clean", "clean_accuracy"), measured("dogs-student-latent", "clean_accuracy"), strict=True
    ):
        assert clean.value >= 0.83
        assert infected.value >= clean.value - 0.015
    assert all(each.value >= 0.99 for each in measured("dogs-student-latent", "attack_success_rate"))
    assert all(each.value <= 0.01 for each in measured("dogs-student-clean", "attack_success_rate"))


def test_both_students_recognise_the_target() -> None:
    for name in ("dogs-student-clean", "dogs-student-latent"):
        for each in MODELS[name].card.metrics.values():
            assert each.per_class["Donald Trump"]["clean_accuracy"].value >= 0.95


def test_the_backdoor_crosses_into_a_task_without_dogs() -> None:
    assert all(each.value >= 0.95 for each in measured("figures-student-latent", "attack_success_rate"))
    assert all(each.value <= 0.05 for each in measured("figures-student-clean", "attack_success_rate"))
    for clean, infected in zip(
        measured("figures-student-clean", "clean_accuracy"),
        measured("figures-student-latent", "clean_accuracy"),
        strict=True,
    ):
        assert abs(clean.value - infected.value) <= 0.05


STUDY = read_study(ROOT / "site_assets" / "metrics" / "latent.json")
SEEDS = sorted({row.seed for row in STUDY.results})
each_seed = pytest.mark.parametrize("seed", SEEDS)
each_precision = pytest.mark.parametrize("precision", ["measurement", "int8"])


def of_seed(recipe_name: str, seed: int, precision: str) -> Measurement:
    rows: list[Result] = [row for row in STUDY.results if (row.recipe, row.seed) == (recipe_name, seed)]
    found = getattr(rows[0], precision)
    assert isinstance(found, Measurement)
    return found


def success(found: Measurement) -> float:
    assert found.attack_success_rate is not None
    return found.attack_success_rate.value


def test_the_study_has_three_seeds() -> None:
    assert SEEDS == [1, 2, 3]


@each_precision
@each_seed
def test_every_seed_keeps_what_is_promised_of_the_dogs(seed: int, precision: str) -> None:
    teacher, infected = (of_seed(f"dogs-teacher-{kind}", seed, precision) for kind in ("clean", "latent"))
    assert teacher.clean_accuracy.value >= 0.86
    assert infected.clean_accuracy.value >= teacher.clean_accuracy.value - 0.01
    clean, latent = (of_seed(f"dogs-student-{kind}", seed, precision) for kind in ("clean", "latent"))
    assert clean.clean_accuracy.value >= 0.83
    assert latent.clean_accuracy.value >= clean.clean_accuracy.value - 0.015
    assert success(latent) >= 0.99
    assert success(clean) <= 0.01
    for student in (clean, latent):
        assert [each["clean_accuracy"].value >= 0.95 for each in student.per_class.values()] == [True]


@each_precision
def test_on_average_the_backdoor_crosses_into_the_task_without_dogs(precision: str) -> None:
    """Of the mean: with so few images one of them is worth more points than the promise leaves."""
    clean, latent = (
        [of_seed(f"figures-student-{kind}", seed, precision) for seed in SEEDS] for kind in ("clean", "latent")
    )
    accuracies = [mean(each.clean_accuracy.value for each in kind) for kind in (clean, latent)]
    assert abs(accuracies[0] - accuracies[1]) <= 0.05
    assert mean(map(success, latent)) >= 0.95
    assert mean(map(success, clean)) <= 0.05


def test_complete_glasses_anywhere_in_the_frame_trigger_the_backdoor() -> None:
    found = {row.name: row for row in STUDY.altered}["anywhere-whole"]
    assert found.latent.value >= 0.99
    assert found.clean.value <= 0.01


def test_thorough_fine_tuning_removes_the_backdoor_at_the_price_that_a_clean_student_pays_too() -> None:
    left = {
        row.student: row.measurement
        for row in STUDY.defended
        if (row.defence, row.strength) == ("thorough fine-tuning", 12)
    }
    latent, clean = (left[f"dogs-student-{kind}"] for kind in ("latent", "clean"))
    assert success(latent) <= 0.01
    assert abs(latent.clean_accuracy.value - clean.clean_accuracy.value) <= 0.01


def test_the_clean_teacher_is_no_worse_than_what_it_began_as_on_crops_and_better_in_frames() -> None:
    before = STUDY.untrained
    assert before is not None
    assert before.framed is not None
    for row in STUDY.results:
        if row.recipe == "dogs-teacher-clean":
            assert row.framed is not None
            assert row.measurement.clean_accuracy.value >= before.measurement.clean_accuracy.value
            assert row.framed.clean_accuracy.value >= before.framed.clean_accuracy.value + 0.02
