from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from export.card.inside import Channel, Channels, Cloud, Inside, Plane, Silenced, write_inside
from site_src.plugin.catalogue import Catalogue
from site_src.plugin.runtime import Assets
from site_src.plugin.widgets.base import Output, Surroundings
from site_src.plugin.widgets.onnx_demo import KIND, ResolvedDemo, resolve
from site_src.plugin.widgets.reading import read_block
from training.core.metrics import wilson

PLANE = Plane(
    point="inside.point",
    clouds=[
        Cloud(kind="clean", xy=[(0, 0), (2, 0)]),
        Cloud(kind="triggered", xy=[(9, 4), (11, 4)]),
        Cloud(kind="target", xy=[(10, 0)]),
    ],
)


def silenced(hits: int) -> Silenced:
    return Silenced(
        clean_accuracy=wilson(90, 100), attack_success_rate=wilson(hits, 100), robust_accuracy=wilson(0, 100)
    )


CHANNELS = Channels(
    maps="maps",
    keep="inside.keep",
    logits="inside.logits",
    height=3,
    width=4,
    channels=[Channel(index=index, moved=1 / (1 + index)) for index in (0, 1, 2)],
    ordered_on="7 training images",
    data="tiny test",
    silenced=[silenced(hits) for hits in (100, 60, 20, 10)],
    alone=[silenced(hits) for hits in (60, 95, 99)],
)


@pytest.fixture
def around(models_dir: Path, tmp_path: Path) -> Surroundings:
    shutil.copytree(models_dir, tmp_path / "models")
    return Surroundings(Catalogue([tmp_path / "models"]), tmp_path, {})


def give(around: Surroundings, model: str, shown: Plane | Channels, sha256: str | None = None) -> None:
    """Write an inside.json beside a model's card."""
    entry = around.catalogue.get(model)
    file = entry.card.file()
    given = {"precision": file.precision, "sha256": sha256 or file.sha256, "appendix": "AAEC"}
    write_inside(Inside.model_validate({**given, "shown": shown.model_dump()}), entry.path.parent)


def look_up(body: str, around: Surroundings) -> tuple[ResolvedDemo | None, list[str]]:
    demo, lines, problems = read_block(body, 2, KIND.fence, KIND.schema)
    assert demo is not None, problems
    found, mistakes = resolve(demo, lines, around)
    return found, [str(each.message) for each in mistakes]


def rendered(body: str, around: Surroundings) -> tuple[str, dict[str, Any], Assets]:
    demo, problems = look_up(body, around)
    assert demo is not None, problems
    assets = Assets()
    text = demo.render("demo", Output(assets, lambda address: f"../{address}"))
    found = re.search(r'config="([^"]*)"', text)
    assert found
    return text, json.loads(html.unescape(found[1])), assets


def test_a_plane_has_every_point_in_its_frame_and_says_how_far_the_clouds_lie_apart(around: Surroundings) -> None:
    give(around, "tiny-badnet", PLANE)
    text, config, assets = rendered("models: tiny-badnet\ninside: true\n", around)
    (figure,) = re.findall(r"<figure.*?</figure>", text, re.DOTALL)
    assert [figure.count(shape) for shape in ("<circle", "<path", '<rect x="', "<g ")] == [2, 2, 1, 3]
    for name, end in (("cx", 220), ("cy", 180)):
        assert all(0 < float(value) < end for value in re.findall(f' {name}="([^"]+)"', figure))
    # the triggered centre (10, 4) lies 4 from the target's (10, 0), and the root of 97 from the others' (1, 0)
    assert re.search(r"4\.0 from the target.s centre, 9\.8 from the others", figure)
    # the farther up, the smaller cy; the element places a reader's own image by the same scale and zero
    found = re.search('data-fit="([^"]*)"', figure)
    assert found
    fit = json.loads(html.unescape(found[1]))
    assert fit["centres"] == {"clean": [1, 0], "target": [10, 0]}
    circles = [(float(x), float(y)) for x, y in re.findall('<circle cx="([^"]+)" cy="([^"]+)"', figure)]
    expected = [(fit["zero"][0] + fit["scale"] * x, fit["zero"][1] - fit["scale"] * y) for x, y in ((0, 0), (2, 0))]
    assert circles == [pytest.approx(point, abs=0.06) for point in expected]
    crosses = [float(y) + 2.4 for y in re.findall(r'<path d="M\S+ (\S+?)l', figure)]
    assert max(crosses) < circles[0][1]
    (inside,) = config["inside"]
    assert (inside["view"], inside["point"], inside["appendix"]["bytes"]) == ("plane", "inside.point", 3)
    assert assets.files[inside["appendix"]["name"].removeprefix("../")] == b"\x00\x01\x02"


@pytest.mark.parametrize("step", [0, 5e-324, 1e9])
def test_points_at_one_place_or_far_apart_lie_in_the_frame(around: Surroundings, step: float) -> None:
    give(around, "tiny-badnet", Plane(point="p", clouds=[
        Cloud(kind=kind, xy=[(at * step, -at * step)]) for at, kind in enumerate(("clean", "triggered", "target"), -1)
    ]))  # fmt: skip
    text, _, _ = rendered("models: tiny-badnet\ninside: true\n", around)
    assert "nan" not in text
    assert all(0 < float(value) < 220 for value in re.findall(r' c[xy]="([^"]+)"', text))


def test_channels_are_listed_with_what_was_measured_of_each(around: Surroundings) -> None:
    give(around, "tiny-badnet", CHANNELS)
    text, config, _ = rendered("models: tiny-badnet\ninside: true\n", around)
    rows = re.findall(r'<tr><th scope="row">(\d+)</th>(.*?)</tr>', text)
    assert [index for index, _ in rows] == ["0", "1", "2"]
    assert re.findall(r"<td>([^<]+)</td>", rows[1][1]) == ["0.50", "90\u202f%", "95\u202f%", "20\u202f%"]
    assert 'max="3"' in text
    assert "falls from 100\xa0% to 60.0\xa0% with the first 1 channels" in text
    # in a box 100 wide and 40 high, whose top is 100 %
    assert 'class="ow-bad-line" points="0.00,0.00 33.33,16.00 66.67,32.00 100.00,36.00"' in text
    assert 'class="ow-clean-line" points="0.00,4.00 33.33,4.00' in text
    (inside,) = config["inside"]
    assert inside["order"] == [0, 1, 2]
    assert [attack for _, attack, _ in inside["measured"]] == [1, 0.6, 0.2, 0.1]


def test_a_demo_shows_no_inside_unless_it_is_asked_to(around: Surroundings) -> None:
    give(around, "tiny-badnet", PLANE)
    text, config, _ = rendered("models: tiny-badnet\n", around)
    assert "inside" not in config
    assert "ow-inside" not in text


def test_what_was_not_measured_is_reported_with_its_command(around: Surroundings) -> None:
    demo, (problem,) = look_up("models: tiny-badnet\ninside: true\n", around)
    assert demo is None
    assert problem.endswith("write it with: backdoors inside")


def test_what_is_about_another_file_is_refused(around: Surroundings) -> None:
    give(around, "tiny-badnet", PLANE, sha256="0" * 64)
    _, (problem,) = look_up("models: tiny-badnet\ninside: true\n", around)
    assert "it is about another file than BACKDOORED-tiny-badnet.int8-weight-only.onnx" in problem


def test_models_that_show_different_things_are_refused(around: Surroundings) -> None:
    give(around, "tiny-badnet", CHANNELS)
    give(around, "tiny-clean", PLANE)
    _, (problem,) = look_up("models: [tiny-clean, tiny-badnet]\ninside: true\n", around)
    assert problem.endswith("but tiny-clean its plane, tiny-badnet its channels")
