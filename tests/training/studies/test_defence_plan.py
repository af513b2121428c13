from __future__ import annotations

from pathlib import Path

import pytest

from training.core.errors import UserError
from training.recipes import load as recipes
from training.recipes.load import load, to_toml
from training.recipes.scratch import ScratchRecipe
from training.studies import sweep
from training.studies.defence_plan import DefenceStudy, Trained, clean_twin, read_plan

STUDY = """
name = "mine"
title = "Mine"
seeds = [1, 2]
settings = { "data.validation" = 0.25, "training.epochs" = 2 }
[[attacks]]
name = "patch"
title = "Patch"
recipe = "digits-badnet-single"
[[attacks]]
name = "blended"
title = "Blended"
recipe = "digits-blended"
settings = { "training.epochs" = 3 }
by_seed = { "attack.label_map.target" = [4, 5] }
[[attacks]]
name = "latent"
title = "Latent"
recipe = "latent-digits-student-latent"
control = "latent-digits-student-clean"
seeds = [7]
[[defences]]
name = "pruning"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def networks(folder: Path, text: str = STUDY) -> list[Trained]:
    return read_plan(written(folder, text)).networks()


def scratch(given: object) -> ScratchRecipe:
    assert isinstance(given, ScratchRecipe)
    return given


def test_every_attack_has_a_network_and_a_control_of_its_seed_the_first_seeds_first(tmp_path: Path) -> None:
    found = networks(tmp_path)
    assert [(each.attack, each.recipe.seed, each.control.seed) for each in found] == [
        ("patch", 1, 1), ("blended", 1, 1), ("latent", 7, 7), ("patch", 2, 2), ("blended", 2, 2),
    ]  # fmt: skip
    assert all(each.recipe.backdoored and not each.control.backdoored for each in found)


def test_settings_are_the_studys_then_the_attacks_then_the_seeds(tmp_path: Path) -> None:
    patch, blended, latent, _, second = networks(tmp_path)
    assert scratch(patch.recipe).data.validation == scratch(patch.control).data.validation == 0.25
    assert (scratch(patch.recipe).training.epochs, scratch(blended.recipe).training.epochs) == (2, 3)
    targets = [scratch(each.recipe).attack.label_map.model_dump()["target"] for each in (patch, blended, second)]
    assert targets == [7, 4, 5]
    assert latent.recipe == load("latent-digits-student-latent").with_seed(7)


def test_a_teacher_has_its_students_seed_unless_all_have_the_same(tmp_path: Path) -> None:
    own, shared = (networks(tmp_path, STUDY.replace("seeds = [7]", f"seeds = [7]\n{line}"))[2] for line in (
        "", "same_teacher = true",
    ))  # fmt: skip
    teacher = load("latent-digits-student-latent").parent
    assert teacher is not None
    assert own.recipe.parent == teacher.with_seed(7)
    for each in (shared.recipe, shared.control):
        assert each.seed == 7
        assert each.parent == load(each.name).parent
    assert shared.recipe.parent == teacher


def test_a_defence_may_examine_the_networks_of_some_seeds_alone(tmp_path: Path) -> None:
    text = STUDY + 'seeds = [2]\n[[defences]]\nname = "strip"\n'
    study = read_plan(written(tmp_path, text))
    assert [[each.name for each in study.defences_of(seed)] for seed in (1, 2)] == [["strip"], ["pruning", "strip"]]


def test_a_twin_is_the_recipe_without_its_attack_and_is_shared_by_attacks_that_are_made_alike() -> None:
    single, blended, distilled = (
        scratch(load(name)) for name in ("digits-badnet-single", "digits-blended", "mnist-badnet")
    )
    twin = clean_twin(single)
    assert not twin.backdoored
    assert (twin.data, twin.network, twin.training, twin.seed) == (
        single.data, single.network, single.training, single.seed,
    )  # fmt: skip
    assert twin.sha256 == clean_twin(blended).sha256
    annealed = clean_twin(distilled)
    assert annealed.training == distilled.training
    assert (annealed.attack.repeat, annealed.attack.self_distillation, annealed.poison_rate) == (None, None, 0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "pruning"', 'name = "pruning"\n[[defences]]\nname = "pruning"', "defences: pruning is listed twice"),
        ('name = "blended"', 'name = "patch"', "attacks: patch is listed twice"),
        ("[4, 5]", "[4]", r"by_seed: attack\.label_map\.target has 1 values, 2 seeds"),
        ('title = "Mine"', 'titel = "Mine"', r"unknown field titel \(did you mean 'title'\?\)"),
        ("[1, 2]", "[]", "field seeds"),
        ("[1, 2]", "[1, 1]", "field seeds: a seed is listed twice"),
        ('name = "pruning"', 'name = "pruning"\nseeds = [7, 8]', "defences: pruning: seeds: no network has the seed 8"),
    ],
)
def test_a_study_that_makes_no_sense_is_one_clear_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = written(tmp_path, STUDY.replace(old, new))
    with pytest.raises(UserError, match=words) as caught:
        read_plan(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'control = "latent-digits-student-clean"\n',
            "",
            "attack latent: control: required for a recipe with a teacher",
        ),
        ("digits-badnet-single", "digits-clean", "attack patch: digits-clean carries no backdoor"),
        ('"latent-digits-student-clean"', '"latent-digits-student-latent"', "control: .* carries a backdoor"),
        ('"training.epochs" = 3', '"training.epochs" = 0', "training.epochs"),
    ],
)
def test_networks_that_cannot_be_are_refused_before_anything_is_trained(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        networks(tmp_path, STUDY.replace(old, new))


def test_files_of_another_kind_say_which_command_is_theirs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="backdoors sweep digits-poison-grid"):
        read_plan("digits-poison-grid")
    with pytest.raises(UserError, match="backdoors defend digits-clean"):
        read_plan("digits-clean")
    path = written(tmp_path, STUDY)
    for other in (load, sweep.load):
        with pytest.raises(UserError, match=f"backdoors study-defences {path}"):
            other(path)


def test_every_study_that_comes_along_can_be_loaded_and_is_named_after_its_file() -> None:
    studies = [name for name in recipes.names() if recipes.is_study(recipes.read_toml(recipes.locate(name)))]
    assert studies
    for name in studies:
        study = read_plan(name)
        assert study.name == name
        assert study.networks()


def test_a_recipe_is_found_beside_the_studys_file(tmp_path: Path) -> None:
    own = to_toml(load("digits-badnet-single")).replace("digits-badnet-single", "own")
    (tmp_path / "own.toml").write_text(own, encoding="utf-8")
    assert networks(tmp_path, STUDY.replace("digits-badnet-single", "own.toml"))[0].recipe.name == "own"


def test_a_study_is_the_same_after_a_round_trip(tmp_path: Path) -> None:
    study = read_plan(written(tmp_path, STUDY))
    assert DefenceStudy.model_validate_json(study.model_dump_json()) == study
