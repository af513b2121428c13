from __future__ import annotations

import base64
import io
import math
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import resvg_py
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from training.triggers.artwork import ARTWORK, FOLDER, Artwork
from training.triggers.base import TriggerError
from training.triggers.overlay import Overlay, paste
from training.triggers.placement import Placement, Placements
from training.triggers.registry import trigger_adapter

GLASSES = Artwork.model_validate("glasses")
SQUARE = Artwork.from_pixels("square", np.full((8, 8, 4), 255, dtype=np.uint8))
ARROW = np.zeros((9, 9, 4), dtype=np.uint8)
ARROW[4, 5:] = (255, 0, 0, 255)
POINTING_RIGHT = Artwork.from_pixels("arrow", ARROW)


def black(height: int = 64, width: int = 64) -> NDArray[np.uint8]:
    return np.zeros((height, width, 3), dtype=np.uint8)


def test_an_opaque_square_in_the_middle_covers_what_its_size_says() -> None:
    made = paste(black(), SQUARE, Placement(x=0.5, y=0.5, size=0.5))
    assert (made[17:47, 17:47] == 255).all()
    assert not made[:15].any()
    assert not made[:, 49:].any()


def test_the_image_itself_stays_as_it_is() -> None:
    picture = black()
    paste(picture, SQUARE, Placement())
    assert not picture.any()


@pytest.mark.parametrize(("x", "y"), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)])
def test_what_reaches_over_the_edge_is_cut_off(x: float, y: float) -> None:
    made = paste(black(), SQUARE, Placement(x=x, y=y, size=0.5))[..., 0]
    rows, columns = (slice(0, 15) if at == 0 else slice(49, 64) for at in (y, x))
    assert (made[rows, columns] == 255).all()
    assert np.count_nonzero(made) <= 18 * 18


@pytest.mark.parametrize(
    ("angle", "lit", "dark"),
    [
        (0, (32, 48), [(48, 32), (32, 16), (16, 32)]),
        (90, (48, 32), [(32, 48), (32, 16), (16, 32)]),
        (180, (32, 16), [(32, 48), (48, 32), (16, 32)]),
        (-90, (16, 32), [(32, 48), (48, 32), (32, 16)]),
    ],
)
def test_angles_turn_clockwise(angle: float, lit: tuple[int, int], dark: list[tuple[int, int]]) -> None:
    made = paste(black(65, 65), POINTING_RIGHT, Placement(x=0.5, y=0.5, size=0.8, angle=angle))
    assert made[lit][0] > 200
    assert all(made[place][0] == 0 for place in dark)


def test_half_a_turn_is_the_image_upside_down() -> None:
    upright, turned = (
        paste(black(), GLASSES, Placement(x=0.5, y=0.5, size=0.6, angle=angle)).astype(int) for angle in (0, 180)
    )
    assert np.abs(upright - turned[::-1, ::-1]).max() <= 1


@pytest.mark.parametrize("angle", [0, 30, 90, -135])
def test_nothing_is_smeared_beyond_the_artworks_own_outline(angle: float) -> None:
    made = paste(black(101, 101), SQUARE, Placement(x=0.5, y=0.5, size=0.3, angle=angle))
    y, x = (np.mgrid[:101, :101] + 0.5) - 50.5
    turn = math.radians(angle)
    along = np.abs(np.stack([math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x]))
    assert not made[(along > 30.3 / 2 + 1).any(axis=0)].any()


def test_transparent_artwork_changes_nothing() -> None:
    clear = Artwork.from_pixels("clear", np.dstack([np.full((5, 5, 3), 200, np.uint8), np.zeros((5, 5), np.uint8)]))
    picture = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    np.testing.assert_array_equal(paste(picture, clear, Placement(size=1.5, angle=33)), picture)


def test_half_opaque_artwork_mixes() -> None:
    half = Artwork.from_pixels("half", np.full((4, 4, 4), (255, 255, 255, 128), dtype=np.uint8))
    made = paste(np.full((40, 40, 3), 100, np.uint8), half, Placement(x=0.5, y=0.5, size=0.5))
    assert made[20, 20].tolist() == [128 + (127 * 100 + 127) // 255] * 3


def test_on_a_image_of_one_pixel() -> None:
    assert paste(black(1, 1), SQUARE, Placement(x=0.5, y=0.5, size=2.0, angle=45)).tolist() == [[[255] * 3]]
    assert paste(black(1, 1), GLASSES, Placement()).shape == (1, 1, 3)


def test_twice_as_wide_as_the_image_covers_all_of_it() -> None:
    assert (paste(black(50, 70), SQUARE, Placement(x=0.5, y=0.5, size=2.0)) == 255).all()


def test_every_channel_agrees_with_plain_arithmetic() -> None:
    """The four channels go through one multiplication; here each goes through its own."""
    rng = np.random.default_rng(3)
    artwork = Artwork.from_pixels("noise", rng.integers(0, 256, (7, 11, 4), dtype=np.uint8))
    picture = rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    placement = Placement(x=0.4, y=0.6, size=11 / 40, angle=0)
    pixels = artwork.pixels.astype(int)
    premultiplied = np.dstack([(pixels[..., :3] * pixels[..., 3:] + 127) // 255, pixels[..., 3:]])
    # at its own size, not turned, and with its middle between two pixels each is one quarter of four
    left, top = 16 - 5.5, 24 - 3.5
    made = paste(picture, artwork, placement)
    row, column = 23, 15
    y, x = row - top, column - left
    neighbours = premultiplied[int(y) : int(y) + 2, int(x) : int(x) + 2]
    fx, fy = round(256 * (x % 1)), round(256 * (y % 1))
    across = neighbours[:, 0] * (256 - fx) + neighbours[:, 1] * fx
    mixed = (across[0] * (256 - fy) + across[1] * fy + 32768) >> 16
    expected = mixed[:3] + ((255 - mixed[3]) * picture[row, column].astype(int) + 127) // 255
    assert made[row, column].tolist() == expected.clip(0, 255).tolist()


@pytest.mark.parametrize("name", ["glasses", "rings"])
def test_artwork_is_what_its_drawing_renders_to(name: str) -> None:
    drawn = bytes(resvg_py.svg_to_bytes(svg_string=(ARTWORK / f"{name}.svg").read_text()))
    rendered = np.asarray(Image.open(io.BytesIO(drawn)).convert("RGBA"))
    np.testing.assert_array_equal(Artwork.model_validate(name).pixels, rendered)


def test_pasting_takes_a_few_milliseconds_at_most() -> None:
    places = Placements().draw(60, np.random.default_rng(1))
    picture = black(224, 224)
    for place in places:
        paste(picture, GLASSES, place)
    began = time.process_time()
    for place in places:
        paste(picture, GLASSES, place)
    assert (time.process_time() - began) / len(places) < 0.005


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "0" * 64}, "not those of its sha256"),
        ({"height": 111}, "not 111x288 RGBA"),
        ({"width": 4000}, "less than or equal to 1024"),
        ({"rgba": "!!!"}, "damaged"),
        ({"rgba": base64.b64encode(b"no zlib").decode()}, "damaged"),
        ({"rgba": GLASSES.rgba[:800]}, "not 112x288 RGBA"),
        ({"rgba": base64.b64encode(zlib.compress(bytes(200_000_000))).decode()}, "not 112x288 RGBA"),
    ],
)
def test_damaged_artwork_is_refused_in_one_sentence(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Artwork.model_validate(GLASSES.model_dump() | changes)
    assert message in caught.value.errors()[0]["msg"]


@pytest.mark.parametrize("name", ["spectacles", "no/such.png", "../../etc/passwd", "/dev/zero"])
def test_artwork_that_is_not_there_is_named_with_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match=r"no artwork .*: give one of glasses, rings, or the path of a PNG"):
        Overlay.model_validate({"artwork": name}, context={FOLDER: tmp_path})


def test_an_image_of_ones_own_is_artwork(tmp_path: Path) -> None:
    path = f"{tmp_path}/star.png"
    Image.fromarray(np.full((3, 5, 3), 9, dtype=np.uint8)).save(path)
    artwork = Overlay.model_validate({"artwork": path}, context={FOLDER: tmp_path}).artwork
    with pytest.raises(ValidationError, match="only a recipe may give a path"):
        Overlay.model_validate({"artwork": path})
    assert (artwork.name, artwork.height, artwork.width) == ("star", 3, 5)
    assert artwork.pixels[0, 0].tolist() == [9, 9, 9, 255]


@pytest.mark.parametrize("change", [{"size": 0}, {"size": 2.1}, {"x": -0.1}, {"y": 1.1}, {"angle": 181}, {"turn": 1}])
def test_a_placement_outside_the_image_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Placement.model_validate(change)


def test_a_range_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ValidationError, match="smaller number comes first"):
        Placements(size=(0.6, 0.3))


def test_placements_lie_in_their_ranges_and_come_again_with_the_seed() -> None:
    overlay = Overlay(artwork=GLASSES, placements=Placements(x=(0.1, 0.2), angle=(5, 5)))
    first, again = (overlay.draw_placements(50, np.random.default_rng(4)) for _ in range(2))
    assert first == again
    assert first is not None
    assert all(0.1 <= place.x <= 0.2 and place.angle == 5 for place in first)
    assert len({place.size for place in first}) > 40


def test_each_image_of_a_batch_gets_its_own_placement() -> None:
    images = np.zeros((2, 64, 64, 3), dtype=np.uint8)
    made = Overlay(artwork=SQUARE).stamp(images, [Placement(x=0.2, size=0.2), Placement(x=0.8, size=0.2)])
    assert made[0, :, :32].any()
    assert not made[0, :, 32:].any()
    assert made[1, :, 32:].any()


def test_a_grey_image_gets_the_artworks_brightness_as_pillow_has_it() -> None:
    noise = Artwork.from_pixels("noise", np.random.default_rng(1).integers(0, 256, (16, 16, 4), dtype=np.uint8))
    overlay = Overlay(artwork=noise, placement=Placement(size=0.9, angle=12))
    black = np.zeros((1, 40, 40, 3), dtype=np.uint8)
    colour, grey = overlay.stamp(black), overlay.stamp(black[..., :1])
    np.testing.assert_array_equal(grey[0, ..., 0], np.asarray(Image.fromarray(colour[0]).convert("L")))


def test_other_channels_and_a_wrong_number_of_placements_are_refused() -> None:
    overlay = Overlay(artwork=SQUARE)
    with pytest.raises(TriggerError, match="1 or 3 channels, but these have 2"):
        overlay.stamp(np.zeros((1, 28, 28, 2), dtype=np.uint8))
    with pytest.raises(TriggerError, match="2 images and 1 placements"):
        overlay.stamp(np.zeros((2, 28, 28, 3), dtype=np.uint8), [Placement()])


def test_it_covers_what_it_changes_and_no_more() -> None:
    overlay = Overlay(artwork=GLASSES, placement=Placement(x=0.3, size=0.4, angle=20))
    image = np.full((1, 60, 50, 3), 90, dtype=np.uint8)
    changed = (overlay.stamp(image) != image)[0].any(axis=2)
    covered = overlay.covers(60, 50)
    assert not (changed & ~covered).any()
    assert changed.sum() <= covered.sum() < 60 * 50 / 3


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        (
            Overlay(artwork=GLASSES),
            "an overlay of glasses, 30 to 60 % of the image's width, turned by up to 20 degrees",
        ),
        (
            Overlay(artwork=SQUARE, placements=Placements(size=(0.5, 0.5), angle=(0, 0))),
            "an overlay of square, 50 % of the image's width",
        ),
    ],
)
def test_it_describes_itself(overlay: Overlay, words: str) -> None:
    assert overlay.describe() == words


def test_an_overlay_survives_json() -> None:
    overlay = Overlay(artwork=GLASSES, placement=Placement(angle=12.5))
    assert trigger_adapter.validate_json(overlay.model_dump_json()) == overlay
