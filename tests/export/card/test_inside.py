from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import ValidationError

from export.card.inside import Channel, Channels, Cloud, Inside, Plane, Silenced, read_inside, write_inside
from export.card.schema import CardError
from training.core.metrics import wilson


def example() -> Inside:
    kinds: tuple[Literal["clean", "triggered", "target"], ...] = ("clean", "triggered", "target")
    plane = Plane(point="inside.point", clouds=[Cloud(kind=kind, xy=[(0, 1)]) for kind in kinds])
    return Inside.model_validate(
        {"precision": "fp32", "sha256": "0" * 64, "appendix": "AP//", "shown": plane.model_dump()}
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    found = read_inside(write_inside(example(), tmp_path))
    assert found == example()
    assert found.appendix == b"\x00\xff\xff"


def test_a_missing_file_says_how_to_write_it(tmp_path: Path) -> None:
    with pytest.raises(
        CardError, match=r"inside\.json: cannot read .*: No such file .*; write it with: backdoors inside"
    ):
        read_inside(tmp_path / "inside.json")


def test_a_broken_file_names_the_field(tmp_path: Path) -> None:
    path = write_inside(example(), tmp_path)
    path.write_text(path.read_text().replace('"clean"', '"neither"'))
    with pytest.raises(CardError, match=r"field shown\.plane\.clouds\.0\.kind"):
        read_inside(path)


@pytest.mark.parametrize("far", [1e308, -1e308])
def test_a_point_that_a_page_cannot_place_is_refused(far: float) -> None:
    with pytest.raises(ValidationError, match=r"xy\.0\.1"):
        Cloud(kind="clean", xy=[(0, far)])


@pytest.mark.parametrize("kinds", [[], ["clean"], ["clean", "clean", "target"]])
def test_a_plane_without_one_cloud_of_each_kind_is_refused(kinds: list[Literal["clean", "target"]]) -> None:
    with pytest.raises(ValidationError, match="one cloud of each kind"):
        Plane(point="point", clouds=[Cloud(kind=kind, xy=[(0, 1)]) for kind in kinds])


@pytest.mark.parametrize(
    ("indices", "silenced", "alone", "said"),
    [
        ([], 1, 0, "at least 1 item"),
        ([0, 1], 2, 2, "2 channels require 3 rows in silenced and 2 in alone, found 2 and 2"),
        ([0, 1], 3, 1, "found 3 and 1"),
        ([0, 0], 3, 2, "expected to be 0 to 1, each once"),
    ],
)
def test_channels_without_a_row_for_each_are_refused(indices: list[int], silenced: int, alone: int, said: str) -> None:
    half = wilson(1, 2)
    row = Silenced(clean_accuracy=half, attack_success_rate=half, robust_accuracy=half)
    with pytest.raises(ValidationError, match=said):
        Channels(
            maps="maps", keep="keep", logits="logits", height=1, width=1, ordered_on="1 image", data="1 image",
            channels=[Channel(index=index, moved=1) for index in indices],
            silenced=[row] * silenced, alone=[row] * alone,
        )  # fmt: skip


@pytest.mark.parametrize("size", [{"height": 10**400}, {"width": 4097}])
def test_maps_that_a_page_cannot_draw_are_refused(size: dict[str, int]) -> None:
    half = wilson(1, 2)
    row = Silenced(clean_accuracy=half, attack_success_rate=half, robust_accuracy=half)
    sound = Channels(
        maps="maps", keep="keep", logits="logits", height=4096, width=4096, ordered_on="1 image", data="1 image",
        channels=[Channel(index=0, moved=1)], silenced=[row, row], alone=[row],
    )  # fmt: skip
    with pytest.raises(ValidationError, match=next(iter(size))):
        Channels.model_validate(sound.model_dump() | size)


def test_a_change_that_a_page_cannot_show_is_refused() -> None:
    with pytest.raises(ValidationError, match="moved"):
        Channel(index=0, moved=1e308)
