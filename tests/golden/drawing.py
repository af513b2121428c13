"""Digits drawn with a pen: polylines in a unit square, smoothed, at any size. No font, no data set."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from sympy import Matrix, Rational

Point = tuple[float, float]
Pixels = npt.NDArray[np.uint8]


def _arc(centre: Point, radii: Point, start: float, end: float) -> list[Point]:
    """Points of an ellipse's arc, angles in degrees, 0 to the right, clockwise on the screen."""
    angles = np.linspace(math.radians(start), math.radians(end), 24)
    return [(centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in angles]


STROKES: dict[int, list[list[Point]]] = {
    0: [_arc((0.5, 0.5), (0.3, 0.44), -90, 275)],
    1: [[(0.34, 0.24), (0.54, 0.06), (0.5, 0.94)]],
    2: [[*_arc((0.48, 0.3), (0.28, 0.24), -170, 30), (0.24, 0.92), (0.8, 0.9)]],
    3: [[*_arc((0.46, 0.27), (0.27, 0.21), -150, 80), *_arc((0.46, 0.71), (0.31, 0.23), -80, 150)]],
    4: [[(0.42, 0.06), (0.18, 0.58), (0.82, 0.56)], [(0.64, 0.3), (0.6, 0.95)]],
    5: [[(0.76, 0.07), (0.32, 0.08), (0.28, 0.44), *_arc((0.47, 0.66), (0.29, 0.27), -120, 150)]],
    6: [[(0.66, 0.06), (0.36, 0.34), *_arc((0.5, 0.68), (0.25, 0.25), -170, 190)]],
    7: [[(0.2, 0.1), (0.8, 0.1), (0.54, 0.5), (0.42, 0.95)]],
    8: [[*_arc((0.5, 0.28), (0.22, 0.21), 90, 450), *_arc((0.5, 0.72), (0.27, 0.23), -90, 270)]],
    9: [[*_arc((0.5, 0.32), (0.24, 0.25), 10, -350), (0.7, 0.6), (0.56, 0.95)]],
}
"""Digit -> its strokes, each a polyline of (x, y) in 0-1."""


def pen(
    digit: int, height: int, width: int, *, box: tuple[float, float, float, float], thickness: float, slant: float = 0.0
) -> Pixels:
    """Coverage of a digit drawn with a round pen, `(height, width) uint8`, antialiased by drawing it four times larger.

    Args:
        digit: 0 to 9.
        height: Rows.
        width: Columns.
        box: Left, top, right, bottom of the digit, in pixels.
        thickness: Of the pen, in pixels.
        slant: Shear to the right, in digit heights.
    """
    factor = 4 if height * width <= 2_000_000 else 1
    canvas = Image.new("L", (width * factor, height * factor))
    draw = ImageDraw.Draw(canvas)
    left, top, right, bottom = box
    radius = thickness * factor / 2
    for stroke in STROKES[digit]:
        points = [
            (
                factor * (left + (x + slant * (0.5 - y)) * (right - left)),
                factor * (top + y * (bottom - top)),
            )
            for x, y in stroke
        ]
        draw.line(points, fill=255, width=max(1, round(2 * radius)), joint="curve")
        for x, y in points:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(canvas.resize((width, height), Image.Resampling.BOX))


def ink_on(coverage: Pixels, ink: tuple[int, int, int], paper: npt.ArrayLike) -> Pixels:
    """RGB of ink over paper: `paper` is a colour or pixels `(h, w, 3)`; `coverage` `(h, w) uint8`."""
    share = coverage[..., None].astype(np.float64) / 255
    return np.rint(share * np.asarray(ink) + (1 - share) * np.asarray(paper, dtype=np.float64)).astype(np.uint8)


def lighting(height: int, width: int, *, corners: tuple[float, float, float, float]) -> npt.NDArray[np.float64]:
    """Brightness `(height, width, 1)`, linear between the corners: top left, top right, bottom left, bottom right."""
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None]
    a, b, c, d = corners
    return ((a * (1 - x) + b * x) * (1 - y) + (c * (1 - x) + d * x) * y)[..., None]


def noisy(pixels: npt.NDArray[np.float64], rng: np.random.Generator, sigma: float) -> Pixels:
    """Pixels with the noise of a sensor added."""
    return np.clip(np.rint(pixels + rng.normal(0, sigma, pixels.shape)), 0, 255).astype(np.uint8)


def seen_askew(
    pixels: Pixels, corners: list[Point], height: int, width: int, background: tuple[int, int, int]
) -> Pixels:
    """A flat image photographed from the side: its corners (clockwise from top left) land on `corners`."""
    h, w = pixels.shape[:2]
    flat = [(0.0, 0.0), (float(w), 0.0), (float(w), float(h)), (0.0, float(h))]
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    # in fractions: with LAPACK the last bits, and so some pixels, depend on the processor
    solved = Matrix(rows).applyfunc(Rational).LUsolve(Matrix(values).applyfunc(Rational))
    coefficients = [float(each) for each in solved]
    image = Image.fromarray(pixels).transform(
        (width, height), Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=background
    )
    return np.asarray(image)
