"""The image that a shared link shows: a page's title, its description and a figure, in the size that all services take.

Drawn with the font that comes with Pillow, so that every machine draws the same bytes.
"""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from site_src.report.figures import Pixels, pixels_png

WIDTH, HEIGHT = 1200, 630
_MARGIN = 72
_FIGURE = 372
"""Side of the figure's square."""
_TEXT = WIDTH - 3 * _MARGIN - _FIGURE
"""Width of the text beside a figure."""
_GROUND, _INK, _SOFT, _ACCENT = "#17233a", "#ffffff", "#b9c4d6", "#ff9a6b"
_TITLE_SIZES = (76, 66, 56, 48)
_TITLE_LINES = 3
_BODY, _NAME = 33, 29
_LEADING = 1.22
_PLAIN = str.maketrans("–—", "--")  # noqa: RUF001 - the font has no dashes

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def preview(above: str, title: str, description: str, figure: Pixels | None) -> bytes:
    """A PNG of 1200 x 630 pixels.

    Args:
        above: A few words above the title.
        title: As large as it fits in three lines.
        description: Below it; what does not fit ends in an ellipsis.
        figure: `(h, w, c) uint8`, enlarged without smoothing if it is small; None for none.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, HEIGHT - 14, WIDTH, HEIGHT), fill=_ACCENT)
    y = float(_MARGIN)
    draw.text((_MARGIN, y), _plain(above), _ACCENT, ImageFont.load_default(_NAME))
    y += 2.2 * _NAME
    size, lines = _title(_plain(title))
    for line in lines:
        draw.text((_MARGIN, y), line, _INK, ImageFont.load_default(size), stroke_width=1, stroke_fill=_INK)
        y += _LEADING * size
    y += 0.6 * _BODY
    room = int((HEIGHT - _MARGIN - y) // (_LEADING * _BODY))
    for line in _cut(wrapped(_plain(description), ImageFont.load_default(_BODY), _TEXT), room):
        draw.text((_MARGIN, y), line, _SOFT, ImageFont.load_default(_BODY))
        y += _LEADING * _BODY
    if figure is not None:
        _paste(image, figure)
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """The text in lines of at most that width; a longer word has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _title(title: str) -> tuple[int, list[str]]:
    """The largest size in which the title fits, and its lines."""
    for size in _TITLE_SIZES:
        font = ImageFont.load_default(size)
        lines = wrapped(title, font, _TEXT)
        if len(lines) <= _TITLE_LINES and all(font.getlength(line) <= _TEXT for line in lines):
            break
    return size, lines[:_TITLE_LINES]


def _cut(lines: list[str], room: int) -> list[str]:
    return lines if len(lines) <= room else [*lines[: room - 1], f"{lines[room - 1].rstrip('.,;:')} ..."]


def _paste(image: Image.Image, figure: Pixels) -> None:
    """The figure on the right, in the middle of the height."""
    opened = Image.open(io.BytesIO(pixels_png(figure))).convert("RGB")
    smoothing = Image.Resampling.NEAREST if opened.width < _FIGURE // 3 else Image.Resampling.LANCZOS
    place = (WIDTH - _MARGIN - _FIGURE, (HEIGHT - _FIGURE) // 2)
    image.paste(opened.resize((_FIGURE, _FIGURE), smoothing), place)


def _plain(text: str) -> str:
    return text.translate(_PLAIN)
