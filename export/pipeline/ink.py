"""Find one handwritten or printed character in any image; integer arithmetic only.

The browser runs the same algorithm (`site_assets/widgets/core/ink.mjs`), and the two must agree to the bit, so every
quantity here is an integer or a float64 formed by one order of IEEE operations. Thresholds are Otsu's (*A Threshold
Selection Method from Gray-Level Histograms*, 1979).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from export.pipeline.marks import Labelled, Mark, Mask, grown, marks_of

Grey = npt.NDArray[np.uint8]
"""One channel, `(h, w) uint8`."""

BORDER_PENALTY = 8
"""Marks that touch the image's edge score lower by this factor: they are probably part of something larger."""
HAIRLINE = 20
"""A stroke thinner than this fraction of its character's size fades when it is made small."""
PEN = 12
"""It is thickened to this fraction, which is that of MNIST's thinner digits."""
LONGEST = 8
"""Strokes that are longer than so many times the character's size are no character's; noise has such ones."""


def otsu(grey: Grey) -> int:
    """Otsu's threshold: values above it form the lighter class. An image of one value gives that value."""
    histogram = np.bincount(grey.ravel(), minlength=256).tolist()
    count = grey.size
    total = sum(value * n for value, n in enumerate(histogram))
    best, threshold, below, sum_below = -1.0, int(grey.max()), 0, 0
    for value in range(255):
        below += histogram[value]
        sum_below += value * histogram[value]
        if below in (0, count):
            continue
        difference = sum_below / below - (total - sum_below) / (count - below)
        variance = below * (count - below) * difference * difference
        if variance > best:
            best, threshold = variance, value
    return threshold


def _local_mean(grey: Grey) -> npt.NDArray[np.int64]:
    """The mean around each pixel, in a window of half the image's longer side, rounded down."""
    height, width = grey.shape
    radius = max(1, max(height, width) // 4)
    sums = np.zeros((height + 1, width + 1), dtype=np.int64)
    sums[1:, 1:] = grey.astype(np.int64).cumsum(axis=0).cumsum(axis=1)
    rows, columns = np.arange(height), np.arange(width)
    top, bottom = np.maximum(rows - radius, 0)[:, None], np.minimum(rows + radius + 1, height)[:, None]
    left, right = np.maximum(columns - radius, 0)[None], np.minimum(columns + radius + 1, width)[None]
    total = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
    mean: npt.NDArray[np.int64] = total // ((bottom - top) * (right - left))
    return mean


def flatten(grey: Grey) -> Grey:
    """How much lighter each pixel is than the mean of its surroundings."""
    contrast: Grey = np.maximum(grey.astype(np.int64) - _local_mean(grey), 0).astype(np.uint8)
    return contrast


def light_background(grey: Grey) -> bool:
    """Whether the background is lighter than the ink.

    The background is the Otsu class of most of the outermost ring. Where uneven light divides the ring, each class
    having a quarter of it at least, ink is taken for what differs most from its surroundings. An image of one value
    counts as background: it is light from 128 on.
    """
    if grey.min() == grey.max():
        return bool(grey[0, 0] >= 128)
    light = grey > otsu(grey)
    height, width = grey.shape
    inner = light[1 : height - 1, 1 : width - 1]
    ring = grey.size - inner.size
    on_ring = int(light.sum()) - int(inner.sum())
    if 4 * min(on_ring, ring - on_ring) < ring:
        return 2 * on_ring > ring
    return int(((grey.astype(np.int64) - _local_mean(grey)) ** 3).sum()) < 0


def main_mark(marks: list[Mark], height: int, width: int) -> Mark:
    """The mark that is largest, strongest and nearest the middle; one that touches the edge counts less."""

    def score(mark: Mark) -> int:
        off_y = abs(mark.top + mark.bottom - height)
        off_x = abs(mark.left + mark.right - width)
        nearness = 2 * max(height, width) - max(off_y, off_x)
        touches = mark.top == 0 or mark.left == 0 or mark.bottom == height or mark.right == width
        return mark.mass * nearness * (1 if touches else BORDER_PENALTY)

    return max(marks, key=lambda mark: (score(mark), -mark.label))


def _belongs(mark: Mark, group: Mark) -> bool:
    """Whether a mark is another stroke of the same character: close to the group, and mostly above or below it."""
    gap_y = max(mark.top - group.bottom, group.top - mark.bottom, 0)
    gap_x = max(mark.left - group.right, group.left - mark.right, 0)
    overlap = min(mark.right, group.right) - max(mark.left, group.left)
    near = 16 * gap_y <= group.height and 16 * gap_x <= group.height
    stacked = 2 * overlap >= mark.width and 4 * gap_y <= group.height
    return 100 * mark.mass >= group.mass and mark.area <= 2 * group.area and (near or stacked)


def strokes_with(main: Mark, marks: list[Mark]) -> list[Mark]:
    """The main mark and the strokes that belong to it, gathered until none is added."""
    group, chosen, added = main, [main], True
    while added:
        added = False
        for mark in marks:
            if mark in chosen or not _belongs(mark, group):
                continue
            chosen.append(mark)
            added = True
            group = Mark(
                group.label,
                group.area + mark.area,
                min(group.top, mark.top),
                min(group.left, mark.left),
                max(group.bottom, mark.bottom),
                max(group.right, mark.right),
                group.mass + mark.mass,
            )
    return chosen


def characters_on(
    panel: Mark, marks: list[Mark], mask: Mask, grey: Grey, min_contrast: int
) -> tuple[Labelled, list[Mark]]:
    """The marks cut out of a panel (a label, a sign): unmasked pixels inside its box that do not reach the box's edge.

    Empty when the mark is no panel. A stroke leaves much of its box free, and what it encloses (the eye of a 0) has the
    background's colour; a panel fills three quarters of its box, or half of it and encloses a mark of its own colour or
    one with an eye of its own.
    """
    labels: Labelled = np.zeros(mask.shape, dtype=np.int64)
    box = (slice(panel.top, panel.bottom), slice(panel.left, panel.right))
    if 2 * panel.area <= panel.height * panel.width:
        return labels, []
    labels[box], holes = marks_of(~mask[box], grey[box])
    enclosed: list[Mark] = []
    outside: list[Mark] = []
    for hole in holes:
        reaches_edge = hole.top == 0 or hole.left == 0 or hole.bottom == panel.height or hole.right == panel.width
        (outside if reaches_edge else enclosed).append(hole)
    enclosed = [hole for hole in enclosed if 5 * hole.height >= 2 * panel.height]
    if not enclosed:
        return labels, []
    main = main_mark(enclosed, panel.height, panel.width)
    full = 4 * panel.area > 3 * panel.height * panel.width
    around = sum(hole.area for hole in outside)
    background = sum(hole.mass for hole in outside) // around if around else 0
    own_colour = around > 0 and abs(main.mass // main.area - background) >= 2 * min_contrast
    main = _moved(main, panel)
    has_eye = any(_within(mark, main) and 5 * mark.height >= main.height for mark in marks)
    if not (full or own_colour or has_eye):
        return labels, []
    return labels, [_moved(hole, panel) for hole in enclosed]


def _moved(hole: Mark, panel: Mark) -> Mark:
    """A mark found in the panel's box, in the image's coordinates and with its area as its mass."""
    top, left = panel.top, panel.left
    return Mark(
        hole.label, hole.area, hole.top + top, hole.left + left, hole.bottom + top, hole.right + left, hole.area
    )


def _within(mark: Mark, other: Mark) -> bool:
    return mark.top > other.top and mark.left > other.left and mark.bottom < other.bottom and mark.right < other.right


def isolate(grey: Grey, min_contrast: int) -> Grey:
    """Keep one light character on black, stretched so that its mean becomes white.

    Lighting is flattened and thresholded; the main connected mark is chosen with the strokes that belong to it; where
    that mark is a panel with characters cut out of it, those are taken instead, inverted.

    Args:
        grey: Light ink on a darker background, `(h, w) uint8`.
        min_contrast: Grey levels by which ink must differ from its background; with less, the image counts as blank.

    Returns:
        `(h, w) uint8`, all zero where no ink was found.
    """
    contrast = flatten(grey)
    mask = contrast > otsu(contrast)
    labels, marks = marks_of(mask, contrast)
    if not marks:
        return np.zeros_like(grey)
    main = main_mark(marks, *grey.shape)
    inner_labels, inner_marks = characters_on(main, marks, mask, grey, min_contrast)
    if inner_marks:
        grey = 255 - grey
        labels, marks = inner_labels, inner_marks
        main = main_mark(marks, *grey.shape)
    kept = np.isin(labels, [mark.label for mark in strokes_with(main, marks)]) & (labels > 0)
    return grown(stretch(grey, kept, min_contrast), _missing_width(kept))


def _missing_width(kept: Mask) -> int:
    """By how many pixels a hairline is to grow on each side until it is a pen's stroke; 0 for what is no hairline.

    The mean width of strokes is twice their area divided by the length of their outline.
    """
    outline = sum(int((np.diff(np.pad(kept, 1), axis=axis) != 0).sum()) for axis in (0, 1))
    area = int(kept.sum())
    size = max(int(np.ptp(np.flatnonzero(kept.any(axis=axis)))) + 1 for axis in (0, 1))
    if 2 * HAIRLINE * area >= size * outline or outline > 2 * LONGEST * size:
        return 0
    return (size * outline - 2 * PEN * area) // (2 * PEN * outline)


def stretch(grey: Grey, kept: Mask, min_contrast: int) -> Grey:
    """Map the mean around the kept strokes to 0 and their own mean to 255; black further than two pixels away."""
    soft_edge = grown(kept, 2)
    around = grown(soft_edge, 2) & ~soft_edge
    if not around.any():
        around = ~kept
    values = grey.astype(np.int64)
    ink = int(values[kept].sum()) // int(kept.sum())
    paper = int(values[around].sum()) // int(around.sum()) if around.any() else 0
    if ink - paper < max(1, min_contrast):
        return np.zeros_like(grey)
    stretched = (values - paper) * 255 // (ink - paper)
    return np.where(soft_edge, np.clip(stretched, 0, 255), 0).astype(np.uint8)
