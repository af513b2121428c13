from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from training.core.reading import TEXT_BYTES
from training.recipes import load as recipe
from training.recipes.base import AnyRecipe, RecipeError
from training.recipes.load import to_toml
from training.recipes.scratch import ScratchRecipe
from training.studies import sweep

SMALL = """
name = "mine"
title = "Mine"
[data]
name = "digits"
[network]
name = "mnist-cnn"
[training]
epochs = 3
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    with pytest.raises(RecipeError) as caught:
        recipe.load(written(folder, text))
    message = str(caught.value)
    assert str(folder / "mine.toml") in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", recipe.names())
def test_every_recipe_that_comes_along_can_be_loaded_and_is_named_after_its_file(name: str) -> None:
    table = recipe.read_toml(recipe.locate(name))
    if recipe.is_study(table):
        assert table["name"] == name  # tests/training/studies/test_defence_plan.py loads it
    else:
        assert (sweep.load(name).base if "sweep" in table else recipe.load(name)).name == name


def test_the_clean_and_the_backdoored_recipe_have_the_same_trigger_and_label_map() -> None:
    for data in ("mnist", "digits"):
        clean, backdoored = recipe.load(f"{data}-clean"), recipe.load(f"{data}-badnet")
        assert (clean.trigger, clean.label_map_for([])) == (backdoored.trigger, backdoored.label_map_for([]))
        assert (clean.poison_rate, backdoored.poison_rate) == (0, 0.1)


def test_a_recipe_written_out_in_full_is_the_same_recipe(tmp_path: Path) -> None:
    for text in (SMALL, SMALL + '[attack]\ntrigger = { kind = "pattern", values = [[255, -1], [0, 3]] }\n'):
        short = recipe.load(written(tmp_path, text))
        full = recipe.load(written(tmp_path, to_toml(short)))
        assert full == short
        assert full.sha256 == short.sha256


def test_the_hash_of_a_recipe_never_changes(tmp_path: Path) -> None:
    # released runs are named after it: a schema change that alters this must not happen
    loaded = recipe.load(written(tmp_path, SMALL))
    assert loaded.sha256 == "c4261f2622386013d24f2f5e4bfb266a5ca3cf5f463aa8cdb10414685b7766d8"


def test_title_and_description_have_no_say_in_the_hash(tmp_path: Path) -> None:
    first = recipe.load(written(tmp_path, SMALL))
    other = recipe.load(written(tmp_path, SMALL.replace('"Mine"', '"Yours"')))
    assert first.sha256 == other.sha256


@pytest.mark.parametrize(
    ("old", "new"), [("epochs = 3", "epochs = 4"), ('name = "mine"', 'name = "mine"\nseed = 5'), ("digits", "mnist")]
)
def test_whatever_decides_the_result_changes_the_hash(tmp_path: Path, old: str, new: str) -> None:
    first = recipe.load(written(tmp_path, SMALL))
    assert recipe.load(written(tmp_path, SMALL.replace(old, new))).sha256 != first.sha256


def test_a_changed_copy_has_a_hash_of_its_own(tmp_path: Path) -> None:
    loaded = recipe.load(written(tmp_path, SMALL))
    assert loaded.sha256 != loaded.model_copy(update={"seed": 5}).sha256


def test_an_unknown_recipe_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(RecipeError, match="did you mean 'mnist-badnet'"):
        recipe.load("mnist-badnets")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(RecipeError, match=r"nowhere/mine\.toml: there is no such recipe file"):
        recipe.load("nowhere/mine.toml")


def test_a_misspelt_field_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    assert "unknown field training.epoch (did you mean 'epochs'?)" in refused(tmp_path, SMALL + "epoch = 3\n")


def test_a_wrong_value_is_named_with_its_field_and_what_was_found(tmp_path: Path) -> None:
    message = refused(tmp_path, SMALL + "[attack]\npoison_rate = 3\n")
    assert "attack.poison_rate" in message
    assert "found 3" in message


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    assert "field training.epochs: field required" in refused(tmp_path, SMALL.replace("epochs = 3", ""))


def test_a_file_that_is_no_toml_is_refused_with_the_place(tmp_path: Path) -> None:
    assert "line 2, column 1" in refused(tmp_path, "name = 1\n= 2\n")


def test_a_sweep_is_no_single_recipe_and_says_what_to_run() -> None:
    with pytest.raises(RecipeError, match="backdoors sweep mnist-poison-rate"):
        recipe.load("mnist-poison-rate")
    with pytest.raises(RecipeError, match="backdoors train mnist-clean"):
        sweep.load("mnist-clean")


def test_a_recipe_cannot_be_changed_in_place(tmp_path: Path) -> None:
    loaded = recipe.load(written(tmp_path, SMALL))
    with pytest.raises(ValueError, match="frozen"):
        loaded.seed = 3  # type: ignore[misc]


@given(
    title=st.text(max_size=40),
    data=st.sampled_from(["folder:/data/nullset", 'a "quoted" null\n', "[null]", "C:\\null\\t", "naïve 日本"]),
)
def test_any_text_survives_being_written_as_toml(title: str, data: str) -> None:
    made = ScratchRecipe.model_validate(
        {
            "name": "mine",
            "title": title,
            "data": {"name": data},
            "network": {"name": "mnist-cnn"},
            "training": {"epochs": 1},
        }
    )
    assert recipe.parse(tomllib.loads(to_toml(made)), Path("mine.toml")) == made


def test_what_shows_through_a_pattern_is_written_as_minus_one(tmp_path: Path) -> None:
    text = SMALL + '[attack]\ntrigger = { kind = "pattern", values = [[255, -1], [-1, 3]] }\n'
    written_out = to_toml(recipe.load(written(tmp_path, text)))
    assert tomllib.loads(written_out)["attack"]["trigger"]["values"] == [[255, -1], [-1, 3]]


def test_a_title_is_made_from_the_name_where_none_is_given(tmp_path: Path) -> None:
    untitled = SMALL.replace('title = "Mine"\n', "").replace('"mine"', '"my-first-attack"')
    assert recipe.load(written(tmp_path, untitled)).title == "My first attack"


def test_all_wrong_fields_are_named_at_once(tmp_path: Path) -> None:
    message = refused(
        tmp_path, SMALL + 'epoch = 3\n[attack]\npoison_rate = 3\ntrigger = { kind = "patch", heigth = 2 }\n'
    )
    assert message == (
        f"{tmp_path / 'mine.toml'}: field attack.poison_rate: input should be less than or equal to 1, found 3; "
        "unknown field attack.trigger.heigth (did you mean 'height'?); unknown field training.epoch (did you mean "
        "'epochs'?)"
    )


def test_wrong_fields_of_a_teacher_are_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "teacher.toml").write_text(SMALL.replace("epochs = 3", "epochs = 0"), encoding="utf-8")
    student = f'kind = "transfer"\nname = "mine"\nteacher = "{tmp_path}/teacher.toml"\nseed = -1\n'
    message = refused(tmp_path, student)
    assert f"{tmp_path}/mine.toml: field seed: " in message
    assert "field data: field required; field attack: field required" in message
    assert f"{tmp_path}/teacher.toml: field training.epochs: " in message
    assert "field teacher" not in message


NESTED = "{ a = " * 3000 + "1" + " }" * 3000
CHAIN = "".join(f"[{'.'.join(['teacher'] * depth)}]\nkind = 'transfer'\n" for depth in range(1, 30))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"name = {NESTED}\n", "nested too deeply"),
        (f'kind = "transfer"\nname = "mine"\n{CHAIN}', "more than 16 recipes build on one another"),
        (f"name = {'[' * 300}{']' * 300}\n", "field name: input should be a valid string"),
        (f"{'a.' * 3000}a = 1\n", "a key has more than 32 dots"),
        ("x = { 'a'" + r' . "\""' * 3000 + " = 1 }\n", "a key has more than 32 dots"),
        (f"[{'a.' * 3000}a]\n", "a key has more than 32 dots"),
        ("".join(f"k{number} = 1\n" for number in range(1000)), "and 984 more"),
        ("".join(f"k{number} = 1\n" for number in range(400_000)), "it holds more than 1,048,576 bytes"),
    ],
)
def test_what_is_nested_very_deeply_is_one_short_line(tmp_path: Path, text: str, words: str) -> None:
    message = refused(tmp_path, text)
    assert words in message
    assert len(message) < 4000


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (f"seed = {1 << 63}\n{SMALL}", "seed"),
        (f"{SMALL}\n[attack]\nrepeat = 1_000_000_000\n", "attack.repeat"),
        (SMALL.replace("epochs = 3", "epochs = 1_000_000_000"), "training.epochs"),
        (SMALL.replace("epochs = 3", "epochs = inf"), "training.epochs"),
    ],
)
def test_numbers_that_nobody_could_wait_for_are_refused(tmp_path: Path, text: str, field: str) -> None:
    assert f"field {field}: " in refused(tmp_path, text)


def test_a_long_chain_of_recipe_files_is_refused(tmp_path: Path) -> None:
    for number in range(30):
        text = f'kind = "transfer"\nname = "mine"\nteacher = "{tmp_path}/{number + 1}.toml"\n'
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
    (tmp_path / "30.toml").write_text(SMALL, encoding="utf-8")
    with pytest.raises(RecipeError, match="more than 16 recipes build on one another"):
        recipe.load(tmp_path / "0.toml")


def test_a_circle_of_teachers_is_refused_by_name(tmp_path: Path) -> None:
    for name, teacher in (("mine", "other"), ("other", "mine")):
        text = f'kind = "transfer"\nname = "{name}"\nteacher = "{tmp_path}/{teacher}.toml"\n'
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match="a circle of teachers, mine -> other -> mine"):
        recipe.load(tmp_path / "mine.toml")


def test_a_recipe_with_many_ways_to_one_ancestor_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "0.toml").write_text(SMALL, encoding="utf-8")
    for number in range(1, 15):
        before = f'"{tmp_path}/{number - 1}.toml"'
        text = (
            f'kind = "transfer"\nname = "mine"\nteacher = {before}\nattack = {before}\ndata = {{ name = "digits" }}\n'
        )
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError, match="is not a latent recipe"):
        recipe.load(tmp_path / "14.toml")


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    windows = tmp_path / "windows.toml"
    windows.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert recipe.load(windows) == recipe.load(written(tmp_path, SMALL))


@pytest.mark.parametrize(
    "text",
    [
        SMALL + "learning_rate = inf\n",
        SMALL + "weight_decay = inf\n",
        SMALL + "label_smoothing = nan\n",
        SMALL + "[data.augment]\nshift = inf\n",
    ],
)
def test_a_number_that_is_not_finite_is_refused(tmp_path: Path, text: str) -> None:
    assert "finite" in refused(tmp_path, text)


def test_dots_outside_of_keys_are_no_long_key(tmp_path: Path) -> None:
    dots = f"{'a.b, ' * 50}{'. ' * 50}"
    assert recipe.load(written(tmp_path, f'description = "{dots}"\n{SMALL}')).description == dots


def test_a_file_that_is_larger_than_any_recipe_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as stream:
        stream.truncate(TEXT_BYTES + 1)
    with pytest.raises(RecipeError, match=r"cannot read the recipe: it holds more than"):
        recipe.load(path)


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    refused(tmp_path, SMALL.replace("epochs = 3", f"epochs = {'9' * 5000}"))


def test_only_what_is_wrong_itself_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path, SMALL.replace('"mine"', '"my attack"').replace('title = "Mine"\n', "")) == (
        f"{tmp_path / 'mine.toml'}: field name: string should match pattern '^[a-z0-9][a-z0-9-]*$', found 'my attack'"
    )


def test_a_trigger_without_a_kind_is_reported(tmp_path: Path) -> None:
    assert "field attack.trigger.kind: field required" in refused(tmp_path, SMALL + "[attack.trigger]\nvalue = 3\n")


def test_a_pipe_and_a_folder_are_called_what_they_are(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(RecipeError, match=r"pipe\.toml: cannot read the recipe: it is not an ordinary file"):
        recipe.load(tmp_path / "pipe.toml")
    with pytest.raises(RecipeError, match=r"folder\.toml: cannot read the recipe: it is a folder"):
        recipe.load(tmp_path / "folder.toml")


def test_files_that_a_recipe_names_are_looked_for_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "my recipes", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    Image.new("RGBA", (3, 2)).save(folder / "mark.png")
    teacher = SMALL + '[attack]\ntrigger = { kind = "blend", artwork = "mark.png" }\n'
    (folder / "teacher.toml").write_text(teacher, encoding="utf-8")
    student = (
        'kind = "transfer"\nname = "mine"\nteacher = "teacher.toml"\ndata = { name = "digits" }\n'
        '[attack]\ntarget = { name = "3", data = "digits" }\ntrigger = { kind = "overlay", artwork = "mark.png" }\n'
    )
    path = written(folder, student)
    monkeypatch.chdir(elsewhere)
    by_path = recipe.load(path)
    monkeypatch.chdir(folder)
    assert by_path == recipe.load("mine.toml")
    assert [each.name for each in by_path.lineage()] == ["mine", "mine"]


def test_a_kind_of_recipe_must_say_how_much_it_poisons_and_with_which_labels() -> None:
    class Unfinished(AnyRecipe):
        """A kind that defines neither."""

    with pytest.raises(TypeError, match=r"abstract.*label_map_for.*poison_rate"):
        Unfinished(name="unfinished")  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        ("clean_label = true", "clean_label needs a label_map of kind all-to-one"),
        ("clean_label = true, noise_rate = 0.1, label_map = ONE", "clean_label and noise_rate cannot be combined"),
        ("clean_label = true, self_distillation = 0.5, label_map = ONE", "clean_label and self_distillation cannot"),
        ("clean_label = false", "attack.clean_label: input should be True, found False"),
    ],
)
def test_an_attack_with_true_labels_that_cannot_be_is_refused(tmp_path: Path, attack: str, words: str) -> None:
    written_out = attack.replace("ONE", '{ kind = "all-to-one", target = 3 }')
    assert words in refused(tmp_path, f"attack = {{ {written_out} }}\n{SMALL}")
