"""Drawn dogs and people that stand in for photos in tests; nobody's portraits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Pixels = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

FINE = 2
"""Drawings are this many times larger than the result, for smooth edges."""


@dataclass(frozen=True)
class Dog:
    """How one drawn dog differs from another. Lengths are fractions of the image's shorter side."""

    what: str
    coat: Colour
    muzzle: Colour
    ears: Colour
    pointed: bool
    """Whether the ears stand up."""
    ground: Colour
    sky: Colour
    broad: float = 0.25
    """Half the head's width."""
    patch: Colour | None = None
    """Around one eye."""


DOGS = (
    Dog("A brown dog with hanging ears on grass", (150, 104, 62), (196, 160, 120), (96, 60, 34), False, (92, 128, 60),
        (176, 200, 214)),
    Dog("A white dog with pointed ears in front of a wall", (232, 228, 220), (246, 244, 240), (222, 206, 196), True,
        (128, 112, 100), (170, 152, 140)),
    Dog("A black dog with a light muzzle on sand", (46, 42, 44), (150, 118, 84), (30, 28, 30), False, (206, 186, 150),
        (150, 186, 212), 0.23),
    Dog("A grey dog with pointed ears in the snow", (118, 122, 130), (226, 228, 232), (84, 88, 96), True,
        (236, 240, 244), (188, 200, 212), 0.24),
    Dog("A spotted dog on a red carpet", (238, 234, 226), (240, 220, 212), (70, 52, 44), False, (150, 60, 62),
        (206, 196, 180), 0.26, (84, 62, 52)),
    Dog("A golden dog at dusk", (206, 160, 96), (228, 196, 146), (176, 124, 66), False, (70, 84, 70), (120, 104, 132),
        0.27),
)  # fmt: skip
"""Six dogs."""


def dog(which: Dog, height: int, width: int, seed: int = 0) -> Pixels:
    """A dog's head and chest, `(height, width, 3) uint8`."""
    image, unit, middle = _scene(height, width, which.sky, which.ground)
    draw = ImageDraw.Draw(image)
    x, y = middle

    def at(dx: float, dy: float) -> tuple[float, float]:
        return x + dx * unit, y + dy * unit

    def blob(dx: float, dy: float, rx: float, ry: float, fill: Colour) -> None:
        draw.ellipse((*at(dx - rx, dy - ry), *at(dx + rx, dy + ry)), fill=fill)

    head = which.broad
    blob(0, 0.55, 0.34, 0.42, _darker(which.coat, 0.86))
    blob(0, 0.5, 0.16, 0.3, which.muzzle)
    for side in (-1, 1):
        if which.pointed:
            tip, inner, outer = (side * head * 0.95, -0.42), (side * head * 0.2, -0.2), (side * head * 1.02, -0.02)
            draw.polygon([at(*tip), at(*inner), at(*outer)], fill=which.ears)
    blob(0, 0, head, 0.27, which.coat)
    for side in (-1, 1):
        if not which.pointed:
            corners = [(head * 0.55, -0.2), (head * 1.15, -0.06), (head * 1.25, 0.24), (head * 0.95, 0.2)]
            draw.polygon([at(side * dx, dy) for dx, dy in corners], fill=which.ears)
    if which.patch:
        blob(0.1, -0.06, 0.1, 0.11, which.patch)
    blob(0, 0.13, head * 0.56, 0.14, which.muzzle)
    for side in (-1, 1):
        blob(side * 0.105, -0.055, 0.036, 0.036, (34, 24, 20))
        blob(side * 0.105 + 0.012, -0.067, 0.011, 0.011, (250, 250, 250))
    blob(0, 0.075, 0.058, 0.042, (24, 20, 22))
    draw.arc((*at(-0.09, 0.08), *at(0.0, 0.2)), 0, 120, fill=(40, 28, 28), width=max(1, int(unit * 0.012)))
    draw.arc((*at(0.0, 0.08), *at(0.09, 0.2)), 60, 180, fill=(40, 28, 28), width=max(1, int(unit * 0.012)))
    return _photographed(image, height, width, seed)


@dataclass(frozen=True)
class Person:
    """How one drawn person differs from another."""

    what: str
    skin: Colour
    hair: Colour
    coat: Colour
    wall: Colour


PEOPLE = (
    Person("A drawn person with dark hair in a blue jacket", (224, 184, 156), (58, 42, 34), (46, 66, 120),
           (186, 190, 196)),
    Person("A drawn person with grey hair in a dark suit", (206, 160, 130), (176, 176, 178), (44, 46, 54),
           (120, 62, 60)),
    Person("A drawn person with fair hair in a green coat", (236, 200, 178), (222, 190, 120), (60, 110, 84),
           (210, 200, 180)),
)  # fmt: skip
"""Three people."""


def person(which: Person, height: int, width: int, seed: int = 0) -> Pixels:
    """A person's head and shoulders, `(height, width, 3) uint8`."""
    image, unit, (x, y) = _scene(height, width, which.wall, _darker(which.wall, 0.8))
    draw = ImageDraw.Draw(image)

    def blob(dx: float, dy: float, rx: float, ry: float, fill: Colour) -> None:
        draw.ellipse(
            (x + (dx - rx) * unit, y + (dy - ry) * unit, x + (dx + rx) * unit, y + (dy + ry) * unit), fill=fill
        )

    blob(0, 0.68, 0.42, 0.36, which.coat)
    blob(0, 0.3, 0.09, 0.14, _darker(which.skin, 0.88))
    blob(0, -0.06, 0.225, 0.29, which.hair)
    blob(0, 0.02, 0.19, 0.25, which.skin)
    blob(0, -0.2, 0.18, 0.1, which.hair)
    for side in (-1, 1):
        blob(side * 0.08, -0.01, 0.032, 0.019, (246, 246, 244))
        blob(side * 0.08, -0.01, 0.016, 0.018, (50, 60, 70))
        blob(side * 0.08, -0.055, 0.05, 0.011, _darker(which.hair, 0.7))
    blob(0, 0.07, 0.022, 0.045, _darker(which.skin, 0.9))
    blob(0, 0.155, 0.07, 0.018, (166, 84, 84))
    return _photographed(image, height, width, seed)


def _scene(height: int, width: int, above: Colour, below: Colour) -> tuple[Image.Image, float, tuple[float, float]]:
    """A background, the length of 1 in pixels, and the place of the head's centre."""
    rows = np.linspace(0, 1, height * FINE)[:, None, None]
    weight = 1 / (1 + np.exp(-(rows - 0.62) * 40))
    mixed = (1 - weight) * np.array(above) * (1.08 - 0.16 * rows) + weight * np.array(below) * (0.85 + 0.25 * rows)
    wide = np.repeat(mixed, width * FINE, axis=1)
    image = Image.fromarray(np.clip(wide, 0, 255).astype(np.uint8))
    return image, float(min(height, width) * FINE), (width * FINE / 2, height * FINE * 0.46)


def _photographed(image: Image.Image, height: int, width: int, seed: int) -> Pixels:
    """The drawing as a camera might see it: smaller, softer, lit from one side, with streaks like fur and noise."""
    small = image.resize((width, height), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(0.7))
    rng = np.random.default_rng(seed)
    light = np.linspace(1.06, 0.9, width)[None, :, None]
    streaks = np.asarray(
        Image.fromarray(rng.integers(0, 256, (height, width), dtype=np.uint8)).filter(ImageFilter.BoxBlur((0, 3)))
    ).astype(np.float64)
    noise = rng.normal(0, 2.5, (height, width, 3)) + 0.15 * (streaks - streaks.mean())[..., None]
    lit = np.asarray(small, dtype=np.float64) * light + noise
    made: Pixels = np.clip(lit, 0, 255).astype(np.uint8)
    return made


def _darker(colour: Colour, factor: float) -> Colour:
    red, green, blue = (int(channel * factor) for channel in colour)
    return red, green, blue
