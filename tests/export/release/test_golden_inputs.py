from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.pipeline import interpreter
from export.pipeline.presets import digits_pipeline
from export.release import golden_inputs

LIST = golden_inputs.INPUTS.parent / "inputs.json"
ROWS = json.loads(LIST.read_text())
CLEAR = [row for row in ROWS if row["file"] != "noise.png"]
"""Noise may look like ink."""


def test_the_list_names_every_input_and_no_other() -> None:
    assert sorted(row["file"] for row in ROWS) == [path.name for path in golden_inputs.input_files()]


def test_there_are_enough_and_they_are_small() -> None:
    files = golden_inputs.input_files()
    assert len(files) >= 24
    assert sum(path.stat().st_size for path in files) < 1_500_000


def test_drawing_them_again_gives_the_same_images(tmp_path: Path) -> None:
    script = (
        "import pathlib\n"
        "from tests.golden import make_inputs\n"
        f"make_inputs.HERE = pathlib.Path({str(tmp_path)!r})\n"
        "make_inputs.main()\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=golden_inputs.INPUTS.parents[2])
    assert json.loads((tmp_path / "inputs.json").read_text()) == ROWS
    for path in golden_inputs.input_files():
        drawn, kept = (np.asarray(Image.open(each)) for each in (tmp_path / "inputs" / path.name, path))
        np.testing.assert_array_equal(drawn, kept, err_msg=path.name)


@pytest.mark.parametrize("row", CLEAR, ids=[row["file"] for row in CLEAR])
def test_ink_is_found_exactly_where_there_is_a_digit(row: dict[str, object]) -> None:
    data = (golden_inputs.INPUTS / str(row["file"])).read_bytes()
    made = interpreter.run(digits_pipeline(), data)
    assert (int(made.pixels.max()) > 128) == (row["digit"] is not None)


def test_every_orientation_gives_the_same_upright_digit() -> None:
    pipeline = digits_pipeline()
    made = [
        interpreter.run(pipeline, (golden_inputs.INPUTS / f"exif-{tag}.jpg").read_bytes()).pixels for tag in range(2, 9)
    ]
    for pixels in made[1:]:
        assert np.abs(pixels.astype(int) - made[0]).mean() < 4


@pytest.mark.parametrize("name", ["icc-jpeg.jpg", "icc-png.png", "gamma.png"])
def test_colour_tags_are_really_in_the_files_and_are_not_applied(name: str) -> None:
    data = (golden_inputs.INPUTS / name).read_bytes()
    info = Image.open(io.BytesIO(data)).info
    assert "icc_profile" in info or "gamma" in info
    made = interpreter.run(digits_pipeline(), data)
    np.testing.assert_array_equal(made.stages[0].pixels, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_a_image_of_the_networks_size_is_taken_as_it_is() -> None:
    pixels = [
        interpreter.run(digits_pipeline(), (golden_inputs.INPUTS / name).read_bytes()).pixels
        for name in ("mnist-like.png", "mnist-like-triggered.png")
    ]
    assert np.argwhere(pixels[0] != pixels[1])[:, :2].tolist() == [[25, 25], [25, 26], [26, 25], [26, 26]]
