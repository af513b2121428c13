from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from training.core.errors import RunError
from training.data import registry as sources
from training.data import splits
from training.defences.registry import DEFENCES
from training.defences.verdict import ClassIndices, Repaired
from training.recipes.load import load
from training.recipes.scratch import ScratchRecipe
from training.runs import weights
from training.runs.lineage import train
from training.runs.store import POISONED, Run
from training.studies import defences as study
from training.studies.subject import _why_no_training_data, hold_out, of_run

QUIET = Console(file=io.StringIO())
RECIPE = ScratchRecipe.model_validate(
    {
        "name": "tiny",
        "data": {"name": "digits"},
        "network": {"name": "mnist-cnn"},
        "attack": {"poison_rate": 0.2, "label_map": {"kind": "all-to-one", "target": 7}},
        "training": {"epochs": 1, "batch_size": 64},
    }
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return train(RECIPE, runs_dir=tmp_path_factory.mktemp("runs"), device="cpu", console=QUIET)


def test_the_owner_gets_a_quarter_of_each_class_and_the_judge_the_rest() -> None:
    test = sources.load("digits", "test")
    clean, left = hold_out(test)
    assert len(clean.labels) + len(left.labels) == len(test.labels)
    counts = np.bincount(test.labels)
    np.testing.assert_allclose(np.bincount(clean.labels), counts / 4, atol=1)
    kept = {image.tobytes() for image in clean.images}
    assert not any(image.tobytes() in kept for image in left.images)
    np.testing.assert_array_equal(hold_out(test)[0].images, clean.images)


def test_the_training_data_are_those_that_the_network_was_trained_on(run: Run) -> None:
    found = of_run(run, device="cpu").training
    whole = sources.load("digits", "train")
    assert np.flatnonzero(found.is_poisoned).tolist() == run.poisoned
    assert (found.labels[found.is_poisoned] == 7).all()
    np.testing.assert_array_equal(found.images[~found.is_poisoned], whole.images[~found.is_poisoned])
    wanted = RECIPE.trigger.stamp(whole.images[found.is_poisoned])
    np.testing.assert_array_equal(found.images[found.is_poisoned], wanted)


def test_what_a_restored_network_was_trained_on_is_drawn_again(run: Run, tmp_path: Path) -> None:
    restored = shutil.copytree(run.path, tmp_path / run.path.name)
    (restored / POISONED).unlink()
    found, wanted = (of_run(each, device="cpu").training for each in (Run.open(restored), run))
    np.testing.assert_array_equal(found.is_poisoned, wanted.is_poisoned)
    np.testing.assert_array_equal(found.images, wanted.images)
    np.testing.assert_array_equal(found.labels, wanted.labels)


def test_the_owner_of_a_network_with_images_set_aside_has_those_and_the_judge_all_test_images(tmp_path: Path) -> None:
    data = RECIPE.data.model_copy(update={"validation": 0.2})
    run = train(RECIPE.model_copy(update={"data": data}), runs_dir=tmp_path, device="cpu", console=QUIET)
    subject, test = of_run(run, device="cpu"), sources.load("digits", "test")
    assert subject.data == "digits test"
    np.testing.assert_array_equal(subject.test.images, test.images)
    kept, aside = splits.set_aside(sources.load("digits", "train"), 0.2)
    np.testing.assert_array_equal(subject.clean.images, aside.images)
    np.testing.assert_array_equal(subject.clean.labels, aside.labels)
    assert np.flatnonzero(subject.training.is_poisoned).tolist() == run.poisoned
    untouched = ~subject.training.is_poisoned
    np.testing.assert_array_equal(subject.training.images[untouched], kept.images[untouched])


def test_a_subject_answers_as_its_run(run: Run) -> None:
    subject = of_run(run, device="cpu")
    assert (subject.name, subject.backdoored, subject.targets) == ("tiny", True, ["7"])
    images = subject.test.images[:5]
    np.testing.assert_allclose(subject.logits(images), weights.predictor(run)(images), rtol=1e-5, atol=1e-5)


def test_todays_defences_examine_a_run(run: Run) -> None:
    quick = [
        DEFENCES["fine-tuning"],
        DEFENCES["pruning"],
        DEFENCES["neural-cleanse"].with_settings({"rounds": 2, "images": 20}),
    ]
    subject = of_run(run, device="cpu")
    before = {name: value.clone() for name, value in subject.require_network().module.state_dict().items()}
    tuned, pruned, inspected = (cell.verdict for cell in study.run([subject], quick, [0], console=QUIET).cells)
    for repaired in (tuned, pruned):
        assert isinstance(repaired, Repaired)
        assert repaired.before.clean_accuracy.n == len(subject.test.labels)
        assert repaired.before != repaired.after
        assert repaired.images == len(subject.clean.labels)
    assert isinstance(pruned, Repaired)
    assert 0 < pruned.details["fraction_pruned"] < 1
    assert isinstance(inspected, ClassIndices)
    assert inspected.images == 20
    assert [each.label for each in inspected.classes] == subject.classes
    assert all((value == before[name]).all() for name, value in subject.require_network().module.state_dict().items())


def test_a_student_and_its_teacher_say_why_there_is_no_poisoned_data() -> None:
    student = load("dogs-student-latent")
    assert "a backdoor would come with its teacher" in _why_no_training_data(student)
    teacher = student.parent
    assert teacher is not None
    assert "the attacker made the poisoned images" in _why_no_training_data(teacher)


def test_a_run_without_weights_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    lost = Run(tmp_path, run.recipe, run.metrics)
    with pytest.raises(RunError, match="weights are missing"):
        of_run(lost, device="cpu")


def test_a_device_that_is_not_there_is_one_clear_line(run: Run) -> None:
    with pytest.raises(RunError, match="device 'warp'"):
        of_run(run, device="warp")
