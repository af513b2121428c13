"""Widgets for networks of photographs: what a block may say, what the page gets, and their samples."""

from __future__ import annotations

import html
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from markdown import markdown
from PIL import Image

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.page import PageBuilder
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets, collect
from site_src.plugin.widgets.blocks import parse_block
from site_src.plugin.widgets.resolve import ResolvedDemo, Surroundings, resolve
from site_src.report.samples import pets
from site_src.report.samples import photos as photo_samples
from tests.site_src.fixture_models import write_model
from tests.site_src.photo_models import write_photo_model
from training.data import dogs_crops


@pytest.fixture(scope="module")
def photo_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photo-models")
    for backdoored in (False, True):
        write_photo_model(folder, backdoored=backdoored)
    write_model(folder, "tiny-clean")
    return folder


@pytest.fixture
def around(photo_models: Path, tmp_path: Path) -> Surroundings:
    return Surroundings(Catalogue([photo_models]), tmp_path, {"dogs": photo_samples.dogs()})


@pytest.fixture(autouse=True)
def no_data_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BACKDOORS_DATA", raising=False)
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path / "cache"))


def look_up(body: str, around: Surroundings) -> tuple[ResolvedDemo | None, list[Problem]]:
    demo, lines, problems = parse_block(body, 2)
    assert demo is not None, problems
    return resolve(demo, "demo-1", lines, around)


def test_nothing_is_drawn_for_a_network_of_photographs(around: Surroundings) -> None:
    demo, problems = look_up("models: [photos-clean, photos-badnet]\nsamples: dogs\n", around)
    assert problems == []
    assert demo is not None
    assert demo.inputs == ("samples", "upload", "camera")
    assert (demo.top, demo.trigger, demo.picture.channels) == (5, "switch", 3)


def test_a_drawing_pad_asked_for_is_a_problem_with_its_line(around: Surroundings) -> None:
    _, problems = look_up("models: photos-clean\ninputs: [draw, upload]\n", around)
    assert problems == [
        Problem(3, "`draw` is for networks of one channel; one of these takes colour pictures: leave it out")
    ]


def test_a_placement_without_an_overlay_is_a_problem(around: Surroundings) -> None:
    _, problems = look_up("models: tiny-clean\nplacement: {x: 0.2}\n", around)
    assert problems == [Problem(3, "no card's trigger is an overlay that could be placed")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{x: 2}", "placement.x: input should be less than or equal to 1, found 2"),
        ("{where: 1}", "unknown key 'where'"),
        ("{agle: 1}", "unknown key 'agle'; did you mean 'angle'?"),
    ],
)
def test_a_wrong_placement_is_told(given: str, told: str) -> None:
    _, _, problems = parse_block(f"models: photos-clean\nplacement: {given}\n", 2)
    assert [problem.line for problem in problems] == [3]
    assert problems[0].message.startswith(told)


def test_the_page_tells_the_widget_what_the_networks_take_and_where_the_overlay_lies(
    around: Surroundings, runtime_dir: Path
) -> None:
    builder = PageBuilder("page.md", around, Assets(), lambda address: address, lambda: collect(runtime_dir))
    body = "models: [photos-clean, photos-badnet]\nsamples: dogs\nplacement: {x: 0.25, size: 0.6}\n"
    rendered = builder.html(markdown(builder.markdown(f"```onnx-demo\n{body}```\n", 0)))
    config = json.loads(html.unescape(re.search(r'config="([^"]*)"', rendered)[1]))  # type: ignore[index]
    assert config["picture"] == {"height": 224, "width": 224, "channels": 3}
    assert config["placement"] == {"x": 0.25, "y": 0.4, "size": 0.6, "angle": 0.0}
    assert config["inputs"] == ["samples", "upload", "camera"]
    assert '<div class="onnx-demo-fallback" data-photos>' in rendered


def test_without_data_the_samples_are_drawn_and_the_same_in_every_build() -> None:
    for name, pictures in photo_samples.photo_sets().items():
        assert pictures, name
        assert [picture.content for picture in pictures] == [
            picture.content for picture in photo_samples.photo_sets()[name]
        ]
        for picture in pictures:
            assert picture.alt
            assert Image.open(io.BytesIO(picture.content)).size == (320, 320)


def test_real_photographs_are_shown_when_they_are_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKDOORS_DATA", str(tmp_path))
    stream = io.BytesIO()
    Image.fromarray(np.zeros((224, 224, 3), dtype=np.uint8)).save(stream, "JPEG")
    for index in range(20):
        folder = tmp_path / "stanford-dogs" / "test" / f"n{index:08}-Breed_number-{index}"
        folder.mkdir(parents=True)
        (folder / "a.jpg").write_bytes(stream.getvalue())
        (folder / "notes.txt").touch()
    (tmp_path / "public-figures" / "test" / "some-body").mkdir(parents=True)
    (tmp_path / "public-figures" / "test" / "some-body" / "b.png").write_bytes(b"bytes")
    shown = photo_samples.dogs()
    assert [picture.label for picture in shown] == [f"Breed number-{index}" for index in (0, 3, 6, 10, 13, 16)]
    assert all(picture.content == stream.getvalue() for picture in shown)
    assert [(picture.label, picture.content) for picture in photo_samples.figures()] == [("Some Body", b"bytes")]
    assert photo_samples.target()[0].alt == pets.PEOPLE[-1].what


def test_photographs_that_were_downloaded_are_shown_from_where_they_are_put(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    monkeypatch.setattr(dogs_crops, "obtain", lambda item, place: place / item.name)
    monkeypatch.setattr("training.data.fetch.archive.unpack", lambda _path, folder, _sha256: folder)

    def cut_all(_images: Path, _annotation: Path, _lists: Path, out: Path) -> int:
        (out / "test" / "n02085620-Chihuahua").mkdir(parents=True)
        (out / "test" / "n02085620-Chihuahua" / "a.jpg").write_bytes(b"bytes")
        return 1

    monkeypatch.setattr(dogs_crops, "cut_all", cut_all)
    assert photo_samples.dogs()[0].label is None
    (tmp_path / "stanford-dogs").mkdir()
    dogs_crops.prepare()
    assert [(picture.label, picture.content) for picture in photo_samples.dogs()] == [("Chihuahua", b"bytes")]


@pytest.mark.parametrize(("height", "width"), [(64, 64), (50, 120), (200, 90)])
def test_a_drawn_dog_fits_any_shape_and_differs_from_the_next(height: int, width: int) -> None:
    first, second = (pets.dog(dog, height, width) for dog in pets.DOGS[:2])
    assert first.shape == (height, width, 3)
    assert np.abs(first.astype(int) - second).mean() > 20
