"""Sample digits: real ones from the data at hand, and strokes and a photo that are drawn when the site is built."""

from __future__ import annotations

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from site_src.plugin.widgets.base import SampleImage
from training.data import mnist
from training.data import registry as sources
from training.data.base import Dataset, cache_dir

Pixels = npt.NDArray[np.uint8]
Stroke = tuple[tuple[float, float], ...]

CLASSES = 10

STROKES: dict[str, tuple[Stroke, ...]] = {
    "2": (((0.27, 0.32), (0.36, 0.2), (0.54, 0.17), (0.68, 0.28), (0.64, 0.44), (0.45, 0.62), (0.26, 0.8), (0.5, 0.79),
           (0.74, 0.8)),),
    "4": (((0.56, 0.16), (0.4, 0.38), (0.24, 0.6), (0.5, 0.6), (0.76, 0.58)), ((0.62, 0.4), (0.6, 0.62), (0.58, 0.86))),
    "7": (((0.24, 0.22), (0.5, 0.21), (0.74, 0.2), (0.62, 0.42), (0.52, 0.62), (0.44, 0.84)),),
}  # fmt: skip
"""Digits as polylines in the unit square."""


def source() -> str:
    """Name of the data set of `digits`: MNIST where it was given or downloaded, scikit-learn's digits otherwise."""
    given = os.environ.get("BACKDOORS_DATA")
    folder = (Path(given) if given else cache_dir()) / "mnist"
    return "mnist" if all((folder / name).is_file() for name in mnist.FILES["test"]) else "digits"


@cache
def test_digits() -> Dataset:
    """The test split of the data set named by `source`."""
    return sources.load(source(), "test")


def digits() -> list[SampleImage]:
    """The first test digit of each class, 28x28."""
    dataset = test_digits()
    title = sources.source(source()).title
    images = []
    for index in range(CLASSES):
        image = dataset.images[int(np.argmax(dataset.labels == index)), :, :, 0]
        label = dataset.classes[index]
        alt = f"A handwritten {label}, from the test images of {title}"
        images.append(SampleImage(f"digit-{label}.png", _png(Image.fromarray(image)), alt, label))
    return images


def drawn() -> list[SampleImage]:
    """Digits drawn as strokes, dark on white, 280x280."""
    return [
        SampleImage(f"drawn-{label}.png", _png(_draw(strokes)), f"A {label} drawn with a thick pen", label)
        for label, strokes in STROKES.items()
    ]


def packaging() -> SampleImage:
    """A drawn photo: a printed 3 on a cardboard box under uneven light, tilted, 640x480."""
    width, height, digit = 640, 480, "3"
    noise = np.random.default_rng(3)
    column, row = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    grain = noise.normal(0, 3, (height, width, 1)) + 4 * np.sin(row * 260 + 3 * np.sin(column * 9))[..., None]
    cardboard = np.array([196, 158, 112]) * (1.08 - 0.35 * column - 0.18 * row)[..., None] + grain
    box = Image.fromarray(np.clip(cardboard, 0, 255).astype(np.uint8))
    sticker = Image.new("L", (300, 300), 0)
    ImageDraw.Draw(sticker).rounded_rectangle((6, 6, 293, 293), radius=24, fill=255)
    face = np.clip(np.array([236, 232, 222]) * (1.02 - 0.2 * np.linspace(0, 1, 300))[None, :, None], 0, 255)
    label = Image.fromarray(np.repeat(face, 300, axis=0).astype(np.uint8))
    font = ImageFont.load_default(size=230)
    ImageDraw.Draw(label).text((150, 150), digit, fill=(38, 36, 44), font=font, anchor="mm", stroke_width=3)
    smooth = Image.Resampling.BICUBIC
    box.paste(label.rotate(7, resample=smooth), (170, 90), sticker.rotate(7, resample=smooth))
    photo = io.BytesIO()
    box.filter(ImageFilter.GaussianBlur(1.1)).save(photo, "JPEG", quality=85)
    return SampleImage("packaging.jpg", photo.getvalue(), f"A {digit} printed on a sticker on a cardboard box", digit)


def _draw(strokes: tuple[Stroke, ...]) -> Image.Image:
    side, ink = 1120, 78
    canvas = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(canvas)
    for stroke in strokes:
        points = [(x * side, y * side) for x, y in stroke]
        pen.line(points, fill=20, width=ink, joint="curve")
        for x, y in points:
            pen.ellipse((x - ink / 2, y - ink / 2, x + ink / 2, y + ink / 2), fill=20)
    return canvas.resize((side // 4, side // 4), Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", optimize=True)
    return data.getvalue()
