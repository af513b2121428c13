from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from export.pipeline import ink


def drawn(
    *shapes: tuple[int, int, int, int], size: tuple[int, int] = (120, 120), paper: int = 40, tone: int = 220
) -> NDArray[np.uint8]:
    image = Image.new("L", (size[1], size[0]), paper)
    draw = ImageDraw.Draw(image)
    for box in shapes:
        draw.rectangle(box, fill=tone)
    return np.asarray(image)


def boxes(image: NDArray[np.uint8]) -> list[tuple[int, int, int, int]]:
    labels, _ = ndimage.label(image > 128, structure=np.ones((3, 3)))
    return [(b[1].start, b[0].start, b[1].stop - 1, b[0].stop - 1) for b in ndimage.find_objects(labels)]


def test_otsu_separates_two_levels() -> None:
    assert 40 <= ink.otsu(drawn((50, 30, 60, 90))) < 220


def test_ink_is_stretched_to_white_on_black() -> None:
    out = ink.isolate(drawn((50, 30, 60, 90), paper=100, tone=150), 16)
    assert out[60, 55] == 255
    assert out[5, 5] == 0


def test_too_little_contrast_counts_as_blank() -> None:
    assert not ink.isolate(drawn((50, 30, 60, 90), paper=100, tone=110), 16).any()


def test_uneven_lighting_is_no_ink() -> None:
    shade = np.linspace(0, 100, 120)[None, :] * np.ones((120, 1))
    image = np.clip(drawn((50, 30, 60, 90), paper=0, tone=120) + shade, 0, 255).astype(np.uint8)
    assert boxes(ink.isolate(image, 16)) == [(50, 30, 60, 90)]


def test_specks_and_things_at_the_edge_are_left_out() -> None:
    image = drawn((50, 30, 60, 90), (5, 5, 6, 6), (100, 0, 119, 40))
    assert boxes(ink.isolate(image, 16)) == [(50, 30, 60, 90)]


def test_a_detached_stroke_above_belongs_to_the_character() -> None:
    assert len(boxes(ink.isolate(drawn((40, 45, 75, 95), (40, 30, 80, 36)), 16))) == 2


def test_a_neighbouring_character_does_not_belong() -> None:
    assert boxes(ink.isolate(drawn((40, 30, 60, 90), (85, 30, 100, 90)), 16)) == [(40, 30, 60, 90)]


def test_dark_print_on_a_light_label_is_found() -> None:
    image = drawn((20, 20, 100, 100), paper=90, tone=240)
    image = image.copy()
    image[40:80, 55:63] = 10
    assert boxes(ink.isolate(image, 16)) == [(55, 40, 62, 79)]


def test_the_eye_of_a_bold_zero_is_not_a_character() -> None:
    image = Image.new("L", (120, 120), 40)
    ImageDraw.Draw(image).ellipse((40, 20, 80, 100), outline=220, width=14)
    assert boxes(ink.isolate(np.asarray(image), 16)) == [(40, 20, 80, 100)]


@pytest.mark.parametrize(("paper", "tone", "light"), [(30, 200, False), (200, 30, True), (100, 60, True)])
def test_background_is_the_class_of_the_border(paper: int, tone: int, *, light: bool) -> None:
    assert ink.light_background(drawn((50, 30, 60, 90), paper=paper, tone=tone)) is light


def test_the_holes_of_a_bold_eight_are_not_characters() -> None:
    image = Image.new("L", (120, 120), 40)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((40, 20, 80, 100), radius=8, fill=220)
    for top in (32, 66):
        draw.rectangle((54, top, 66, top + 20), fill=40)
    assert boxes(ink.isolate(np.asarray(image), 16)) == [(40, 20, 80, 100)]


@pytest.mark.parametrize("paper_is_light", [True, False])
def test_a_small_mark_is_reported_from_paper_under_strongly_uneven_light(*, paper_is_light: bool) -> None:
    shade = np.linspace(90, 220, 160)[None, :] * np.ones((120, 1))
    sign = -1 if paper_is_light else 1
    shade[50:70, 70:74] += sign * 30
    assert ink.light_background(shade.astype(np.uint8)) is paper_is_light


def test_a_hairline_becomes_as_wide_as_a_pen_s_stroke_and_such_a_stroke_stays() -> None:
    hairline, pen = (drawn((60, 20, 60 + wider, 140), size=(160, 160)) for wider in (0, 9))
    ((left, _, right, _),) = boxes(ink.isolate(hairline, 16))
    assert 120 / ink.HAIRLINE < right - left + 1 <= 121 / ink.PEN + 1
    assert (left + right) / 2 == 60
    assert boxes(ink.isolate(pen, 16)) == [(60, 20, 69, 140)]


def test_noise_is_no_hairline() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (120, 120), dtype=np.uint8)
    lit = (ink.isolate(noise, 16) > 128).mean()
    assert 0.2 < lit < 0.6


@pytest.mark.filterwarnings("error")
def test_ink_as_bright_as_its_paper_is_no_ink_however_little_contrast_is_asked_for() -> None:
    grey, kept = np.full((9, 9), 7, np.uint8), np.zeros((9, 9), np.bool_)
    kept[4, 4] = True
    assert not ink.stretch(grey, kept, 0).any()
