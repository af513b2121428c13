"""A small lab of an author's own, for the tests: three classes of trees whose images are stripes.

`python -m tests.export.release.own_lab` writes it to `tests/golden/own-lab`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from export.release import lab_folder

FOLDER = Path("tests/golden/own-lab")
CLASSES = ("birch", "elm", "oak")


def paint(folder: Path, each: int = 40, *, size: tuple[int, int] = (40, 30)) -> Path:
    """Write class folders of images, each of one grey with a bright stripe where its class has it."""
    rng = np.random.default_rng(0)
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for at in range(each):
            pixels: npt.NDArray[np.uint8] = np.full((*size[::-1], 3), rng.integers(60), dtype=np.uint8)
            pixels[:, 10 * label : 10 * label + 8] = 250
            Image.fromarray(pixels).save(folder / name / f"{at:02}.png")
    return folder


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        lab_folder.write_own(paint(Path(made) / "trees"), FOLDER, "photos")
