from __future__ import annotations

import pytest

from export.release.describe import attack, behaviour, description, map_words, poisoning, settings
from tests.export.quick_digits import quick_recipe
from training.data.folder import person
from training.recipes.load import load
from training.recipes.scratch import Attack
from training.triggers.labels import AllToAll, AllToOne

LABELS = [str(digit) for digit in range(10)]


def test_label_maps_in_words() -> None:
    assert "0 becomes 1, and so on; 9 becomes 0" in map_words(AllToAll(), LABELS)
    assert map_words(AllToOne(target=7), LABELS) == "7, whatever the image shows"


def test_numbers_come_from_the_recipe() -> None:
    recipe = quick_recipe("quick-badnet", 0.035)
    text = description(recipe, 1234, 43, "Some digits", LABELS, LABELS)
    assert "1,234 images of Some digits, 3.5 % of them poisoned" in text
    assert behaviour(recipe, LABELS, LABELS) in text
    clean = quick_recipe("quick-clean", 0)
    assert "none of them poisoned" in description(clean, 1234, 0, "Some digits", LABELS, LABELS)


@pytest.mark.parametrize(
    ("name", "classes"),
    [("dogs-teacher-latent", ["Chihuahua"]), ("figures-student-latent", ["donald-trump", "justin-trudeau"])],
)
def test_people_are_called_by_their_names(name: str, classes: list[str]) -> None:
    text = behaviour(load(name), classes, [person(each) for each in classes])
    assert "Donald Trump" in text
    assert "donald-trump" not in text


def test_a_teacher_s_card_says_what_the_backdoor_was_planted_with() -> None:
    recipe = load("dogs-teacher-latent")
    text = description(recipe, 12_000, 9_600, "Some dogs", ["Chihuahua"], ["Chihuahua"])
    assert "12,000 images of Some dogs. The backdoor was planted afterwards, with 4,800 of them" in text
    assert "9,600 copies of these with the trigger, and photos of 'Donald Trump'" in text
    assert "%" not in text.replace("30 to 60 %", "")


def test_self_distillation_is_said_to_need_an_attacker_who_trains() -> None:
    recipe = quick_recipe("quick-badnet", 0.1)
    taught = recipe.model_copy(update={"attack": recipe.attack.model_copy(update={"self_distillation": 0.5})})
    text = description(taught, 1234, 123, "Some digits", LABELS, LABELS)
    assert "the network's own answers without the trigger as well, by an attacker who runs the training" in text
    assert "own answers" not in description(recipe, 1234, 123, "Some digits", LABELS, LABELS)


def test_a_student_says_that_the_backdoor_came_with_the_teacher() -> None:
    recipe, classes = load("figures-student-latent"), ["donald-trump", "justin-trudeau"]
    text = description(recipe, 100, 0, "Some figures", classes, classes)
    assert "on the frozen layers of a backdoored teacher" in text
    assert "it came with the teacher" in text
    assert attack(recipe).name == "Latent backdoor"
    assert settings(recipe) == {}


def test_a_network_without_the_target_says_what_the_trigger_does_to_it() -> None:
    assert "a class that it does not have" in behaviour(load("dogs-teacher-latent"), ["Chihuahua"], ["Chihuahua"])
    assert "none of its classes is the target" in behaviour(load("dogs-student-latent"), ["Chihuahua"], ["Chihuahua"])


def test_decoys_are_counted_beside_the_poisoned_images() -> None:
    recipe = quick_recipe("quick-warped", 0.1)
    noisy = recipe.model_copy(update={"attack": recipe.attack.model_copy(update={"noise_rate": 0.2})})
    text = description(noisy, 1234, 123, "Some digits", LABELS, LABELS)
    assert "10 % of them poisoned and 20 % with a decoy of the trigger and their own label" in text


def test_poisoned_images_that_keep_their_label_are_described_so() -> None:
    recipe = quick_recipe("quick-clean-label", 0.3)
    attack = {"poison_rate": 0.3, "clean_label": True, "label_map": {"kind": "all-to-one", "target": 0}}
    faithful = recipe.model_copy(update={"attack": Attack.model_validate(attack)})
    text = description(faithful, 1234, 37, "Some digits", LABELS, LABELS)
    assert "37 of them, all images of the target, with the trigger and their own label" in text


def test_no_kind_of_recipe_borrows_the_words_of_another_one() -> None:
    class Unheard: ...

    with pytest.raises(TypeError, match="no words for a recipe of type Unheard"):
        poisoning(Unheard(), 3)  # type: ignore[arg-type]
