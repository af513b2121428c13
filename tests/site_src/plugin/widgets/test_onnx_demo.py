from __future__ import annotations

import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from markdown import markdown

from site_src.plugin.catalogue import Catalogue, Entry
from site_src.plugin.page import PageBuilder
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets, collect
from site_src.plugin.widgets.base import Answered, Credit, MissingSamples, Output, SampleImage, Surroundings
from site_src.plugin.widgets.onnx_demo import KIND, ResolvedDemo, resolve
from site_src.plugin.widgets.reading import read_block
from tests.site_src.fixture_models import write_model
from tests.site_src.photo_models import write_photo_model


@pytest.fixture
def around(models_dir: Path, tmp_path: Path) -> Surroundings:
    copy = tmp_path / "models"
    shutil.copytree(models_dir, copy)
    return Surroundings(Catalogue([copy]), tmp_path, {"digits": [SampleImage("1.png", b"1", "A one", "1")]})


def look_up(body: str, around: Surroundings) -> tuple[ResolvedDemo | None, list[Problem]]:
    demo, lines, problems = read_block(body, 2, KIND.fence, KIND.schema)
    assert demo is not None, problems
    return resolve(demo, lines, around)


def the_problem(body: str, around: Surroundings) -> Problem:
    demo, (problem,) = look_up(body, around)
    assert demo is None
    return problem


def test_defaults_come_from_the_cards(around: Surroundings) -> None:
    demo, problems = look_up("models: [tiny-clean, tiny-badnet]\n", around)
    assert problems == []
    assert demo is not None
    assert (demo.trigger, demo.top, demo.compare) == ("switch", 3, True)
    assert {model.precision for model in demo.models} == {"int8-weight-only"}


def test_samples_are_no_input_when_there_are_none(around: Surroundings) -> None:
    demo, _ = look_up("models: tiny-clean\n", around)
    assert demo is not None
    assert demo.inputs == ("draw", "upload", "camera")


def test_an_unknown_model_is_reported_with_its_line_and_the_nearest(around: Surroundings) -> None:
    problem = the_problem("models:\n  - tiny-clean\n  - tiny-badnett\n", around)
    assert problem == Problem(4, "unknown model 'tiny-badnett'; did you mean 'tiny-badnet'?")


def test_a_path_beside_the_page_finds_a_card(around: Surroundings) -> None:
    demo, _ = look_up("models: models/tiny-clean/card.json\n", around)
    assert demo is not None
    assert demo.models[0].entry.card.id == "tiny-clean"


def test_an_onnx_file_asks_for_its_own_precision(around: Surroundings) -> None:
    demo, _ = look_up("models: models/tiny-clean/tiny-clean.fp32.onnx\n", around)
    assert demo is not None
    assert demo.models[0].precision == "fp32"


def test_an_onnx_file_that_its_card_does_not_name_is_refused(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/other.onnx").write_bytes(b"")
    assert "does not describe other.onnx" in the_problem("models: models/tiny-clean/other.onnx\n", around).message


def test_a_file_changed_behind_its_cards_back_is_refused(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/tiny-clean.int8-weight-only.onnx").write_bytes(b"something else")
    assert "not the file that its card describes" in the_problem("models: tiny-clean\n", around).message


def test_a_missing_file_is_reported(around: Surroundings, tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/tiny-clean.fp32.onnx").unlink()
    assert "fp32.onnx: the file is missing" in the_problem("models: tiny-clean\nprecision: fp32\n", around).message


def test_a_precision_that_the_card_lacks_is_reported(around: Surroundings) -> None:
    assert "has no int8-qdq file" in the_problem("models: tiny-clean\nprecision: int8-qdq\n", around).message


def test_an_unknown_set_of_samples_is_reported(around: Surroundings) -> None:
    problem = the_problem("models: tiny-clean\nsamples: digit\n", around)
    assert problem == Problem(3, "unknown set of samples 'digit'; did you mean 'digits'?")
    without = the_problem("models: tiny-clean\nsamples: digits\n", replace(around, sample_sets={}))
    assert "list images" in without.message


def test_a_picture_named_as_a_set_gets_advice(around: Surroundings) -> None:
    assert "- src: cat.png" in the_problem("models: tiny-clean\nsamples: [cat.png]\n", around).message


def test_a_missing_image_is_reported_with_its_line(around: Surroundings) -> None:
    problem = the_problem("models: tiny-clean\nsamples:\n  - digits\n  - {src: no.png, alt: None}\n", around)
    assert problem.line == 5
    assert "no.png" in problem.message


def test_samples_that_no_input_shows_are_reported(around: Surroundings) -> None:
    assert the_problem("models: tiny-clean\ninputs: draw\nsamples: digits\n", around).line == 4


def test_a_trigger_that_no_card_has_is_reported(around: Surroundings, tmp_path: Path) -> None:
    path = tmp_path / "models/tiny-clean/card.json"
    card = around.catalogue.get("tiny-clean").card.model_copy(update={"trigger": None})
    path.write_text(card.model_dump_json())
    fresh = Surroundings(Catalogue([path.parent.parent]), tmp_path, {})
    assert the_problem("models: tiny-clean\ntrigger: switch\n", fresh).line == 3
    demo, _ = look_up("models: tiny-clean\n", fresh)
    assert demo is not None
    assert demo.trigger == "off"


@pytest.mark.usefixtures("around")
def test_a_broken_card_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "models/tiny-clean/card.json").write_text("{}")
    catalogue = Catalogue([tmp_path / "models"])
    assert list(catalogue.entries) == ["tiny-badnet"]
    assert "card.json: field" in catalogue.broken[0]


@pytest.fixture(scope="module")
def photo_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photo-models")
    for backdoored in (False, True):
        write_photo_model(folder, backdoored=backdoored)
    write_model(folder, "tiny-clean")
    return folder


@pytest.fixture
def photos(photo_models: Path, tmp_path: Path) -> Surroundings:
    return Surroundings(Catalogue([photo_models]), tmp_path, {"dogs": [SampleImage("dog.jpg", b"dog", "A dog")]})


def test_nothing_is_drawn_for_a_network_of_photographs(photos: Surroundings) -> None:
    demo, problems = look_up("models: [photos-clean, photos-badnet]\nsamples: dogs\n", photos)
    assert problems == []
    assert demo is not None
    assert demo.inputs == ("samples", "upload", "camera")
    assert (demo.top, demo.trigger, demo.input.channels) == (5, "switch", 3)


def test_samples_that_are_not_on_this_machine_are_no_input_and_say_so(photos: Surroundings) -> None:
    absent = MissingSamples("Get them with a command.")
    around = replace(photos, sample_sets={**photos.sample_sets, "cats": absent, "birds": absent})
    demo, problems = look_up("models: photos-clean\nsamples: [cats, birds]\n", around)
    assert problems == []
    assert demo is not None
    assert (demo.inputs, demo.samples, demo.missing) == (("upload", "camera"), (), absent.message)
    assert absent.message in demo.render("demo-1", Output(Assets(), str))
    some, _ = look_up("models: photos-clean\nsamples: [cats, dogs]\n", around)
    assert some is not None
    assert len(some.samples) == 1
    _, (problem,) = look_up("models: photos-clean\ninputs: samples\nsamples: cats\n", around)
    assert absent.message in problem.message


def test_a_sample_takes_its_credit_and_note_to_the_page(photos: Surroundings) -> None:
    dog = SampleImage(
        "dog.jpg", b"dog", "A dog", credit=Credit("Somebody, CC0", "https://example.org/dog"), note="Look!"
    )
    around = replace(photos, sample_sets={"dogs": [dog]})
    demo, _ = look_up("models: photos-clean\nsamples: dogs\n", around)
    assert demo is not None
    text = html.unescape(demo.render("demo-1", Output(Assets(), str)))
    assert '"note": "Look!"' in text
    assert '"credit": {"text": "Somebody, CC0", "href": "https://example.org/dog"}' in text


def test_a_drawing_pad_asked_for_is_a_problem_with_its_line(photos: Surroundings) -> None:
    _, problems = look_up("models: photos-clean\ninputs: [draw, upload]\n", photos)
    assert problems == [
        Problem(
            3,
            "`draw` works only with networks whose pipeline looks for ink, and one of these takes photos: leave it out",
        )
    ]


def test_a_placement_without_an_overlay_is_a_problem(photos: Surroundings) -> None:
    _, problems = look_up("models: tiny-clean\nplacement: {x: 0.2}\n", photos)
    assert problems == [Problem(3, "no card's trigger can be placed")]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{x: 2}", "placement.x: input should be less than or equal to 1, found 2"),
        ("{where: 1}", "unknown key 'where'"),
        ("{agle: 1}", "unknown key 'agle'; did you mean 'angle'?"),
    ],
)
def test_a_wrong_placement_is_reported(given: str, message: str) -> None:
    _, _, problems = read_block(f"models: photos-clean\nplacement: {given}\n", 2, KIND.fence, KIND.schema)
    assert [problem.line for problem in problems] == [3]
    assert problems[0].message.startswith(message)


def test_the_page_tells_the_widget_what_the_networks_take_and_where_the_overlay_lies(
    photos: Surroundings, runtime_dir: Path
) -> None:
    output = Output(Assets(), lambda address: address)
    builder = PageBuilder("page.md", photos, output, lambda: collect(runtime_dir))
    body = "models: [photos-clean, photos-badnet]\nsamples: dogs\nplacement: {x: 0.25, size: 0.6}\n"
    rendered = builder.html(markdown(builder.markdown(f"```onnx-demo\n{body}```\n", 0)))
    config = json.loads(html.unescape(re.search(r'config="([^"]*)"', rendered)[1]))  # type: ignore[index]
    assert [config["input"][key] for key in ("height", "width", "channels")] == [224, 224, 3]
    assert "resize" in [step["op"] for step in config["input"]["steps"]]
    assert config["labels"]["count"] > 0
    assert config["labels"]["longest"] > 0
    assert config["placement"] == {"x": 0.25, "y": 0.4, "size": 0.6, "angle": 0.0}
    assert config["inputs"] == ["samples", "upload", "camera"]
    assert '<div class="onnx-demo-fallback" data-photos>' in rendered


@pytest.mark.parametrize(("trigger", "seen"), [("switch", {"plain", "stamped"}), ('"off"', {"plain"})])
def test_the_first_sample_stands_with_what_the_networks_say_and_what_the_backdoored_one_saw(
    around: Surroundings, trigger: str, seen: set[str]
) -> None:
    def answer(entry: Entry, *given: object) -> Answered:
        return Answered((0.91, *[0.01] * 9), f"{entry.card.id} {given[2] is not None}".encode())

    body = f"models: [tiny-clean, tiny-badnet]\nsamples: digits\ntrigger: {trigger}\n"
    demo, _ = look_up(body, replace(around, answer=answer))
    assert demo is not None
    output = Output(Assets(), str)
    config = json.loads(html.unescape(re.findall(r'config="([^"]*)"', demo.render("one", output))[0]))
    stored = config["stored"]
    assert [answers["plain"]["probabilities"][0] for answers in stored["answers"]] == [0.91, 0.91]
    assert {name: output.assets.files[address] for name, address in stored["seen"].items()} == {
        name: f"tiny-badnet {name == 'stamped'}".encode() for name in seen
    }
