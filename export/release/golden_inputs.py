"""The golden inputs: image files that every model is tried on, in Python, Node and a browser."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from export.card.steps import InputPipeline
from export.errors import ExportError
from export.pipeline import interpreter
from export.pipeline.image import Pixels
from export.pipeline.presets import digits_pipeline
from training.core.files import write_bytes, write_text

_INSTALLED = Path(__file__).parents[1] / "assets" / "golden"
_FOLDER = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).resolve().parents[2] / "tests" / "golden"
"""In an installed package, or in a working copy."""
INPUTS = _FOLDER / "inputs"
"""Images of digits, for networks of one channel."""
PHOTOS = INPUTS.parent / "photos"
"""Images like photos, for networks of three channels."""


def inputs_of(pipeline: InputPipeline) -> Path:
    """The folder of the golden inputs that suit a network."""
    return INPUTS if pipeline.channels == 1 else PHOTOS


def input_files(folder: Path = INPUTS) -> list[Path]:
    """The golden input images, sorted by name.

    Raises:
        ExportError: If there are none.
    """
    files = sorted(path for path in folder.glob("*.*") if path.is_file())
    if not files:
        raise ExportError(f"{folder}: no golden inputs; draw them with: python {_drawn_by(folder)}")
    return files


def _drawn_by(folder: Path) -> str:
    return f"tests/golden/make_{'photos' if folder.name == PHOTOS.name else 'inputs'}.py"


def composited(path: Path) -> Pixels:
    """A golden input decoded, upright and on white, `(h, w, 3) uint8`: where every pipeline's own work begins."""
    made = interpreter.run(digits_pipeline(), path.read_bytes())
    return next(stage.pixels for stage in made.stages if stage.op == "composite")


def decode_all(target: Path, folders: Sequence[Path] = (INPUTS, PHOTOS)) -> int:
    """Write every golden input's decoded RGB bytes, and `index.json` with their sizes, for readers without decoders.

    Inputs have different names, whatever their folder.

    Returns:
        How many.
    """
    index = {}
    for path in (path for folder in folders for path in input_files(folder)):
        pixels = composited(path)
        name = f"{path.name}.rgb"
        write_bytes(target / name, pixels.tobytes())
        height, width, channels = pixels.shape
        index[path.name] = {"file": name, "height": height, "width": width, "channels": channels}
    write_text(target / "index.json", json.dumps(index, indent=1) + "\n")
    return len(index)
