"""The connected marks of a mask, in integer arithmetic.

Its own labelling, because importing scipy takes longer than preparing an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
"""`(h, w) bool`."""
Labelled = npt.NDArray[np.int64]
"""For each pixel the number of its mark, 0 for none; `(h, w) int64`."""
Integers = npt.NDArray[np.int64]
Values = TypeVar("Values", Mask, npt.NDArray[np.uint8])


@dataclass(frozen=True)
class Mark:
    """A connected group of mask pixels; the box ends before `bottom` and `right`."""

    label: int
    area: int
    top: int
    left: int
    bottom: int
    right: int
    mass: int
    """Sum of a weight over its pixels."""

    @property
    def height(self) -> int:
        """Rows of the box."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns of the box."""
        return self.right - self.left


def marks_of(mask: Mask, weight: npt.NDArray[np.uint8]) -> tuple[Labelled, list[Mark]]:
    """The 8-connected marks of a mask, numbered from 1 in the raster order of their first pixels.

    Each row is cut into runs of neighbouring pixels; runs of adjoining rows that touch are one mark.

    Args:
        mask: `(h, w) bool`.
        weight: `(h, w) uint8`; its sum over a mark is the mark's mass.
    """
    labels: Labelled = np.zeros(mask.shape, dtype=np.int64)
    rows, starts, stops = _runs(mask)
    if not len(rows):
        return labels, []
    roots = _joined(len(rows), *_touching(rows, starts, stops, mask.shape[1]))
    first, of_run = np.unique(roots, return_inverse=True)
    lengths = stops - starts
    of_pixel = np.repeat(of_run, lengths)
    labels[mask] = of_pixel + 1
    count = len(first)
    areas, masses = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(areas, of_run, lengths)
    np.add.at(masses, of_pixel, weight[mask].astype(np.int64))
    left, right, bottom = np.full(count, mask.shape[1]), np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.minimum.at(left, of_run, starts)
    np.maximum.at(right, of_run, stops)
    np.maximum.at(bottom, of_run, rows + 1)
    boxes = zip(areas, rows[first], left, bottom, right, masses, strict=True)
    return labels, [Mark(number, *(int(value) for value in box)) for number, box in enumerate(boxes, start=1)]


def _runs(mask: Mask) -> tuple[Integers, Integers, Integers]:
    """Row, first column and column after the last of each run, in raster order."""
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, stops = np.nonzero(edges == -1)
    return rows, starts, stops


def _touching(rows: Integers, starts: Integers, stops: Integers, width: int) -> tuple[Integers, Integers]:
    """Pairs of runs of adjoining rows that touch, even if only at a corner."""
    below = (rows + 1) * (width + 2)
    begin = np.searchsorted(rows * (width + 2) + stops, below + starts, side="left")
    end = np.searchsorted(rows * (width + 2) + starts, below + stops, side="right")
    counts = end - begin
    upper = np.repeat(np.arange(len(rows)), counts)
    place = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(begin, counts) + place


def _joined(count: int, one: Integers, other: Integers) -> Integers:
    """For each of `count` runs the first run that it is connected with through the pairs."""
    roots = np.arange(count)
    while True:
        low, high = np.minimum(roots[one], roots[other]), np.maximum(roots[one], roots[other])
        if (low == high).all():
            return roots
        np.minimum.at(roots, high, low)
        while not np.array_equal(roots, higher := roots[roots]):
            roots = higher


def grown(pixels: Values, by: int) -> Values:
    """Each pixel becomes the largest of those at most `by` rows and columns from it; a mask grows by so much.

    Args:
        pixels: `(h, w) bool` or `(h, w) uint8`.
        by: How far, at least 0.
    """
    for _axis in range(2):
        pixels = np.pad(pixels, ((by, by), (0, 0)))
        length = 1
        while length < 2 * by + 1:  # Of the run of rows whose largest values stand in the first one.
            step = min(length, 2 * by + 1 - length)
            pixels = np.maximum(pixels[:-step], pixels[step:])
            length += step
        pixels = pixels.T
    return pixels
