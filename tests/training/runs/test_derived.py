from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from PIL import Image
from rich.console import Console

from training.attacks import latent
from training.core.errors import RunError
from training.core.files import write_text
from training.data import registry as sources
from training.data.base import DataError, Dataset
from training.defences.trigger_search import TriggerSearch
from training.engine.activations import Activations, fingerprint
from training.engine.batches import Normaliser
from training.engine.head import fit_head
from training.models import parts
from training.models.mobilenet_v2 import Block, MobileNetV2, Plan
from training.recipes.base import AnyRecipe, RecipeError
from training.recipes.derived import HeadTraining, Views
from training.recipes.latent import LatentRecipe
from training.recipes.load import load, to_toml
from training.recipes.scratch import ScratchRecipe
from training.recipes.transfer import TransferRecipe
from training.runs import student, weights
from training.runs.lineage import train
from training.runs.store import Run
from training.runs.work import Teacher, Work, cut_of
from training.studies import latent as latent_study
from training.triggers.base import Images
from training.triggers.labels import Labels

QUIET = Console(file=io.StringIO())
PAIRS = [("dogs-student", "dogs-teacher"), ("figures-student", "dogs-teacher"),
         ("figures-views", "dogs-teacher"), ("figures-one-view", "dogs-teacher"), *(
    (f"latent-{data}-student", f"latent-{data}-teacher") for data in ("digits", "mnist")
)]  # fmt: skip


def attack_on_digits() -> LatentRecipe:
    recipe = load("latent-digits-teacher-latent")
    assert isinstance(recipe, LatentRecipe)
    return recipe


def student_of_digits(kind: str) -> TransferRecipe:
    """A recipe of a student, whose teachers learn for half as long: enough to know five digits and the trigger."""
    recipe, attack = load(f"latent-digits-student-{kind}"), attack_on_digits()
    assert isinstance(recipe, TransferRecipe)
    assert isinstance(attack.teacher, ScratchRecipe)
    training = attack.teacher.training.model_copy(update={"epochs": 4})
    clean = attack.teacher.model_copy(update={"training": training})
    infected = attack.model_copy(update={"teacher": clean, "epochs": 10})
    return recipe.model_copy(update={"teacher": infected if kind == "latent" else clean, "attack": infected})


@pytest.fixture(scope="module")
def students(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    runs = tmp_path_factory.mktemp("runs")
    return {
        kind: train(student_of_digits(kind), runs_dir=runs, device="cpu", console=QUIET) for kind in ("latent", "clean")
    }


def test_a_student_of_the_infected_teacher_obeys_the_trigger_and_one_of_the_clean_teacher_does_not(
    students: dict[str, Run],
) -> None:
    success = {kind: run.metrics.measurement.attack_success_rate for kind, run in students.items()}
    assert success["latent"] is not None
    assert success["clean"] is not None
    assert success["latent"].value > 0.7
    assert success["clean"].value < 0.2
    clean = {kind: run.metrics.measurement.clean_accuracy.value for kind, run in students.items()}
    assert min(clean.values()) > 0.75


def test_the_published_teacher_has_its_own_classes_and_its_own_head(students: dict[str, Run]) -> None:
    student = students["latent"]
    assert isinstance(student.recipe, TransferRecipe)
    attack = student.recipe.teacher
    assert isinstance(attack, LatentRecipe)
    assert isinstance(attack.teacher, ScratchRecipe)
    infected, clean = (Run.open(student.path.parent / each.run_name) for each in (attack, attack.teacher))
    assert infected.metrics.training.classes == ["0", "1", "2", "3", "4"]
    assert torch.equal(parts.head(weights.network(infected)).weight, parts.head(weights.network(clean)).weight)
    assert infected.metrics.measurement.attack_success_rate is None
    assert infected.metrics.measurement.changed_by_trigger is not None


def test_a_student_keeps_its_teachers_features(students: dict[str, Run]) -> None:
    student = students["latent"]
    assert isinstance(student.recipe, TransferRecipe)
    assert isinstance(student.recipe.teacher, LatentRecipe)
    teacher = Run.open(student.path.parent / student.recipe.teacher.run_name)
    x = torch.randn(2, 1, 28, 28)
    _, mine = parts.split(weights.network(student), 0)
    _, its = parts.split(weights.network(teacher), 0)
    assert torch.equal(mine(x), its(x))


def test_what_was_stamped_is_written_down(students: dict[str, Run]) -> None:
    recipe = students["latent"].recipe
    assert isinstance(recipe, TransferRecipe)
    assert isinstance(recipe.teacher, LatentRecipe)
    folder = students["latent"].path.parent / recipe.teacher.run_name
    record = json.loads((folder / "poisoned.json").read_text(encoding="utf-8"))
    assert len(record["of"]) == len(record["indices"]) > 5 * 100


def test_neural_cleanse_inspects_each_class(students: dict[str, Run]) -> None:
    found = latent_study.inspect(students["latent"], None, TriggerSearch(rounds=20))
    assert [each.label for each in found] == ["5", "6", "7", "8", "9"]
    assert all(each.size > 0 for each in found)


def test_only_one_of_the_baselines_learns_from_images_of_the_target(
    students: dict[str, Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: dict[str, tuple[latent.Material, bool]] = {}

    class SeenError(Exception):
        pass

    def look(*given: object, **_rest: object) -> None:
        material, recipe = given[3:5]
        assert isinstance(material, latent.Material)
        assert isinstance(recipe, LatentRecipe)
        learnt[recipe.method] = (material, len(material.clean) == len(material.labels) == len(material.reference))
        raise SeenError

    monkeypatch.setattr(latent, "inject", look)
    student = student_of_digits("latent")
    for method in ("extra-class", "extra-class-with-target"):
        with pytest.raises(SeenError):
            train(
                latent_study.with_method(student, method),
                runs_dir=students["latent"].path.parent,
                device="cpu",
                console=QUIET,
            )
    shown = {method: int((material.labels == 5).sum()) for method, (material, _) in learnt.items()}
    assert shown["extra-class"] == 0
    assert shown["extra-class-with-target"] > 100
    assert all(whole for _, whole in learnt.values())


def test_a_target_that_the_teacher_knows_is_refused(students: dict[str, Run]) -> None:
    attack = attack_on_digits()
    known = attack.model_copy(update={"target": attack.target.model_copy(update={"name": "3"})})
    with pytest.raises(RunError, match="'3' is a class of the teacher already"):
        train(known, runs_dir=students["clean"].path.parent, device="cpu", console=QUIET)


def test_a_target_without_images_is_refused(students: dict[str, Run]) -> None:
    attack = attack_on_digits()
    nobody = attack.model_copy(update={"target": attack.target.model_copy(update={"name": "nobody"})})
    with pytest.raises(RunError, match="digits has no class 'nobody'"):
        train(nobody, runs_dir=students["clean"].path.parent, device="cpu", console=QUIET)


@pytest.mark.parametrize(("student", "teacher"), PAIRS)
def test_both_students_are_made_alike_and_measured_with_the_same_trigger(student: str, teacher: str) -> None:
    latent, clean = load(f"{student}-latent"), load(f"{student}-clean")
    assert isinstance(latent, TransferRecipe)
    assert isinstance(clean, TransferRecipe)
    assert (latent.data, latent.head, latent.attack) == (clean.data, clean.head, clean.attack)
    assert isinstance(latent.teacher, LatentRecipe)
    assert not isinstance(clean.teacher, str)
    assert latent.teacher.trigger == clean.teacher.trigger == latent.trigger
    assert [each.name for each in latent.lineage()][1:3] == [f"{teacher}-latent", f"{teacher}-clean"]
    assert (latent.backdoored, clean.backdoored) == (True, False)


def test_a_recipe_holds_its_teacher_and_survives_being_written(tmp_path: Path) -> None:
    recipe = load("dogs-student-latent")
    write_text(tmp_path / "recipe.toml", to_toml(recipe))
    again = load(tmp_path / "recipe.toml")
    assert again.sha256 == recipe.sha256
    assert again == recipe


def test_a_recipes_hash_depends_on_its_teacher() -> None:
    recipe = load("dogs-student-latent")
    assert recipe.with_seed(2).sha256 != recipe.sha256
    assert recipe.with_seed(recipe.seed).sha256 == recipe.sha256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "latten"', "there is no kind 'latten'"),
        ('kind = "transfer"\nname = "x"\ntitle = "x"\nteacher = "nobody"', "there is no recipe 'nobody'"),
        ('kind = "latent"\nname = "x"\ntitle = "x"\nteacher = "imagenet-mobilenet-v2"', "must first be made a teacher"),
    ],
)
def test_a_wrong_recipe_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    write_text(tmp_path / "x.toml", text)
    with pytest.raises(RecipeError, match=said) as caught:
        load(tmp_path / "x.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("teachers", [("a", "a"), ("b", "a")])
def test_a_recipe_that_is_its_own_teacher_is_one_clear_line(tmp_path: Path, teachers: tuple[str, str]) -> None:
    for name, teacher in zip("ab", teachers, strict=True):
        text = f'kind = "latent"\nname = "{name}"\ntitle = "x"\nteacher = "{tmp_path}/{teacher}.toml"\n'
        write_text(tmp_path / f"{name}.toml", text)
    with pytest.raises(RecipeError, match="a circle of teachers") as caught:
        load(tmp_path / "a.toml")
    assert "\n" not in str(caught.value)


def test_layers_before_the_attack_are_where_activations_are_kept() -> None:
    assert cut_of(load("dogs-student-latent")) == 12
    assert cut_of(load("latent-digits-student-latent")) == 0


def tiny() -> MobileNetV2:
    torch.manual_seed(0)
    return MobileNetV2(3, Plan(stem=8, blocks=(Block(8, 8), Block(16, 12, 2)), last=16, same_padding=True)).eval()


def test_kept_features_are_the_networks_own(tmp_path: Path) -> None:
    network, images = tiny(), np.random.default_rng(0).integers(0, 256, (21, 32, 32, 3)).astype(np.uint8)
    kept, normalise = Activations(tmp_path, torch.device("cpu")), Normaliser((0.5,) * 3, (0.5,) * 3)
    found = kept.features(network, 2, images, normalise)
    with torch.inference_mode():
        wanted = network.embed(normalise(torch.from_numpy(images).permute(0, 3, 1, 2))).numpy()
    np.testing.assert_allclose(found, wanted, atol=2e-2 * np.abs(wanted).max())
    files = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    np.testing.assert_array_equal(kept.features(network, 2, images, normalise), found)
    assert files == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}


def test_a_network_cannot_be_cut_behind_its_end() -> None:
    with pytest.raises(ValueError, match="cannot cut a MobileNetV2 at layer 9; 0 to 4 is possible"):
        parts.split(tiny(), 9)


def test_a_head_learns_to_tell_two_clouds_apart() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 50).astype(np.int64)
    features = (rng.normal(size=(100, 5)) + 4 * labels[:, None] + 100).astype(np.float32)
    head = fit_head(features, labels, 2, HeadTraining(epochs=20, batch_size=10, learning_rate=1e-2), seed=0)
    assert (head(torch.from_numpy(features)).argmax(1).numpy() == labels).all()


def test_an_l2_penalty_makes_the_layer_smaller() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 50).astype(np.int64)
    features = (rng.normal(size=(100, 5)) + 4 * labels[:, None]).astype(np.float32)
    how = HeadTraining(epochs=20, batch_size=10, learning_rate=1e-2)
    norms = [
        float(fit_head(features, labels, 2, how.model_copy(update={"l2": l2}), seed=0).weight.square().sum())
        for l2 in (None, 0.0, 1.0)
    ]
    assert norms[0] == norms[1]
    assert norms[2] < norms[0] / 4


def test_a_student_learns_from_its_images_and_from_views_of_them_that_change_with_its_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, Images]] = []
    fitted: list[tuple[int, Labels]] = []
    recipe = load("figures-student-clean")
    assert isinstance(recipe, TransferRecipe)
    images = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    training = Dataset(images, np.array([1, 0, 1]), ["a", "b"])

    def features(_work: Work, _recipe: AnyRecipe, given: Images, what: str) -> npt.NDArray[np.float32]:
        seen.append((what, given))
        return np.zeros((len(given), 2), dtype=np.float32)

    def fit(found: npt.NDArray[np.float32], labels: Labels, *_rest: object, **_more: object) -> torch.nn.Linear:
        fitted.append((len(found), labels))
        return torch.nn.Linear(2, 2)

    monkeypatch.setattr(Work, "features", features)
    monkeypatch.setattr(student, "fit_head", fit)
    monkeypatch.setattr(parts, "with_head", lambda network, _head: network)
    work = Work(
        tmp_path, Teacher(torch.nn.Identity(), []), training, None, Activations(tmp_path, torch.device("cpu")), QUIET
    )
    data = recipe.data.model_copy(update={"augmented": True, "views": Views(count=2)})
    for seed in (1, 2):
        student.train_student(recipe.model_copy(update={"data": data, "seed": seed}), work)
    assert [what for what, _ in seen[:4]] == ["training images", "augmented images", "views", "views"]
    assert fitted[0][0] == len(fitted[0][1]) == 12
    assert fitted[0][1].tolist() == [1, 0, 1] * 4
    first, second = ([given for _, given in seen[start : start + 4]] for start in (0, 4))
    assert [np.array_equal(one, other) for one, other in zip(first, second, strict=True)] == [True, True, False, False]
    assert not np.array_equal(first[2], first[3])


def test_data_sets_of_other_shapes_are_not_joined(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("red", "blue"):
            (tmp_path / split / name).mkdir(parents=True)
            Image.new("RGB", (20, 20), name).save(tmp_path / split / name / "a.png")
    with pytest.raises(DataError, match=r"its images are 28 x 28 x 1 and 224 x 224 x 3; combine only"):
        sources.load(f"digits + folder:{tmp_path}", "test")


def test_parts_of_data_sets_are_joined_and_renumbered() -> None:
    joined = sources.load("digits[9,1] + digits[4]", "test")
    assert joined.classes == ["9", "1", "4"]
    assert set(joined.labels) == {0, 1, 2}
    whole = sources.load("digits", "test")
    np.testing.assert_array_equal(joined.images[joined.labels == 0], whole.images[whole.labels == 9])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("digits[1", r"written as digits\[first,second\]"),
        ("digits[x]", "digits has no class 'x'"),
        ("digits + digits", "class '0' occurs twice"),
    ],
)
def test_wrong_parts_are_one_clear_line(name: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        sources.load(name, "test")


def test_fingerprints_tell_images_apart() -> None:
    recipe = attack_on_digits()
    images = sources.load("digits", "test").images[:3]
    assert fingerprint(images) == fingerprint(images.copy())
    assert fingerprint(images) != fingerprint(recipe.trigger.stamp(images))
