from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image, ImageFont

from site_src.report.preview import _BODY, _TEXT, HEIGHT, WIDTH, preview, wrapped

FIGURE = np.full((28, 28, 1), 200, np.uint8)
LONG = "A sentence that goes on and on about networks and triggers. " * 20


def drawn(title: str = "A title", description: str = "Words.", *, figure: bool = True) -> Image.Image:
    content = preview("The site", title, description, FIGURE if figure else None)
    return Image.open(io.BytesIO(content)).convert("RGB")


def test_an_image_has_the_size_that_services_take_and_the_same_bytes_each_time() -> None:
    assert drawn().size == (WIDTH, HEIGHT) == (1200, 630)
    assert preview("The site", "Title", "Words.", FIGURE) == preview("The site", "Title", "Words.", FIGURE)


def test_the_figure_is_shown_on_the_right() -> None:
    assert drawn().getpixel((WIDTH - 200, HEIGHT // 2)) == (200, 200, 200)
    assert drawn(figure=False).getpixel((WIDTH - 200, HEIGHT // 2)) != (200, 200, 200)


@pytest.mark.parametrize("title", ["Short", "Notebook: convert an MXNet checkpoint", "many " * 30])
def test_text_stays_in_its_column_and_above_the_edge(title: str) -> None:
    written, blank = np.asarray(drawn(title, LONG)), np.asarray(drawn("", ""))
    rows, columns = np.nonzero((written != blank).any(axis=2))
    assert columns.max() < WIDTH - 72 - 372
    assert rows.max() < HEIGHT - 14


def test_lines_are_as_long_as_they_fit() -> None:
    font = ImageFont.load_default(_BODY)
    lines = wrapped(LONG, font, _TEXT)
    assert " ".join(lines) == LONG.strip()
    assert all(font.getlength(line) <= _TEXT for line in lines)
    for line, following in itertools.pairwise(lines):
        assert font.getlength(f"{line} {following.split()[0]}") > _TEXT
