"""A lab of an author's own: class folders of images become the files that the block `backdoor-lab` takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from export.card.lab import LAB_CARD_NAME, MOST_CLASSES, LabCard, LabData
from export.card.steps import (
    Composite,
    Crop,
    Decode,
    Greyscale,
    InputPipeline,
    Layout,
    Normalise,
    Orient,
    Resize,
    Scale,
    StampTrigger,
)
from export.pipeline import interpreter
from export.pipeline.image import ImageError
from export.pipeline.presets import digits_pipeline
from export.release.lab_files import packed, write_card, write_file
from export.release.lab_golden import lab_recipe
from training.core.files import require_writable_file
from training.core.reading import IMAGE_BYTES, TEXT_BYTES, read_bytes
from training.core.text import printable
from training.data.base import DataError
from training.data.images import image_files
from training.data.strata import VALIDATION_SEED, stratified
from training.recipes.scratch import Data, ScratchRecipe
from training.triggers.labels import AllToOne

Preset = Literal["digits", "photos"]
SIDE = 28
FEWEST, FEWEST_OF_CLASS, MOST = 100, 10, 10_000
"""Images in all, of each class, and in all: fewer teach nothing, more take a reader's patience."""
TEST, VALIDATION = 0.2, 0.25
"""Fractions of each class: set aside for measuring; and of the rest, for the network's owner."""
DATA_NAME = "images.bin"
FILE_NAMES = (DATA_NAME, "train.onnx", "evaluate.onnx", "search.onnx", "network.bin", LAB_CARD_NAME)

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def pipeline_of(preset: Preset) -> InputPipeline:
    """How an image becomes 28x28 grey values: a character laid out as MNIST's are, or a photo's middle square."""
    if preset == "digits":
        return digits_pipeline()
    steps = [
        Decode(), Orient(), Composite(), Greyscale(), Crop(height=1, width=1), Resize(height=SIDE, width=SIDE),
        StampTrigger(), Scale(), Normalise(mean=[0.1307], std=[0.3081]), Layout(),
    ]  # fmt: skip
    return InputPipeline(height=SIDE, width=SIDE, channels=1, steps=steps)


def find_files(folder: Path) -> dict[str, list[Path]]:
    """Paths of the images `FOLDER/<class>/<image>` by class, in the order of classes and file names.

    Raises:
        DataError: If there are too few or too many classes or images, or one of the names cannot be shown.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected {folder.name}/<class>/<image>")
    inside = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    classes = [path for path in inside if path.is_dir()]
    for path in classes:
        _require_name(path)
    if len(classes) < len(inside):
        lost = next(path for path in inside if not path.is_dir())
        raise DataError(f"{lost} lies beside the class folders; put it into that of its class, or elsewhere")
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise DataError(
            f"{folder}: {len(classes)} class folders; a lab takes 2 to {MOST_CLASSES}, each with the images of a class"
        )
    files = {path.name: image_files(path) for path in classes}
    for name, paths in files.items():
        if len(paths) < FEWEST_OF_CLASS:
            raise DataError(
                f"{folder / name}: {len(paths)} images; each class needs {FEWEST_OF_CLASS} or more to be split"
            )
    count = sum(map(len, files.values()))
    if not FEWEST <= count <= MOST:
        raise DataError(f"{folder}: {count} images in all; a lab takes {FEWEST} to {MOST:,}")
    return files


def _require_name(folder: Path) -> None:
    """Refuse a folder whose name no page could show: it becomes a class, or the lab's title."""
    if printable(folder.name) != folder.name or not folder.name.strip():
        raise DataError(f"{folder}: a page cannot show the name of this folder: it is blank, or holds other than text")


def read_files(files: dict[str, list[Path]], pipeline: InputPipeline) -> tuple[Images, Labels]:
    """Read those images; returns them, `(n, 28, 28) uint8`, and their labels, `(n,) int64`.

    Raises:
        DataError: If one is not a readable image.
        OSError: If one is not an ordinary file, or too large.
    """
    images = [_read(path, pipeline) for paths in files.values() for path in paths]
    labels = np.repeat(np.arange(len(files)), [len(paths) for paths in files.values()]).astype(np.int64)
    return np.stack(images), labels


def _require_apart(folder: Path, out: Path) -> None:
    """Refuse to write a lab among the images, where the next run would take it for a class."""
    if out.resolve().is_relative_to(folder.resolve()):
        raise DataError(f"{out}: the lab would lie among the images in {folder}; give an --out beside it")


def _require_own(out: Path) -> None:
    """Refuse a folder with files that the lab's would replace, unless they are an earlier lab's."""
    taken = next((out / name for name in FILE_NAMES if os.path.lexists(out / name)), None)
    if taken is None:
        return
    try:
        LabCard.model_validate_json(read_bytes(out / LAB_CARD_NAME, TEXT_BYTES))
    except (OSError, ValidationError) as error:
        raise DataError(f"{taken} would be replaced, and is no lab's; give another --out, or remove it") from error


def _read(path: Path, pipeline: InputPipeline) -> Images:
    try:
        found: Images = interpreter.run(pipeline, read_bytes(path, IMAGE_BYTES)).pixels[..., 0]
    except ImageError as error:
        raise DataError(f"{path}: not a readable image ({error}); remove or replace it") from error
    return found


def write_own(folder: Path, out: Path, preset: Preset) -> LabCard:
    """Write a lab with the images of class folders; returns its card.

    Args:
        folder: Holds `<class>/<image>`, of any size.
        out: Where the lab's files go.
        preset: See `pipeline_of`.

    Raises:
        DataError: As `find_files` and `read_files`; if `out` is in `folder`, or a file in it would be replaced that is
            no lab's.
        RunError: If nothing can be written to `out`.
    """
    folder, out = (path if path.name not in {"", ".."} else path.resolve() for path in (folder, out))  # `.` has no name
    _require_apart(folder, out)
    _require_own(out)
    _require_name(folder)
    files = find_files(folder)
    require_writable_file(out / LAB_CARD_NAME)
    pipeline, classes = pipeline_of(preset), list(files)
    images, labels = read_files(files, pipeline)
    tested = stratified(labels, len(classes), TEST, VALIDATION_SEED)
    owned = np.zeros_like(tested)
    owned[~tested] = stratified(labels[~tested], len(classes), VALIDATION, VALIDATION_SEED)
    parts = [np.flatnonzero(which) for which in (~tested & ~owned, owned, tested)]
    order = np.concatenate(parts)
    content = packed(images[order].tobytes() + labels[order].astype(np.uint8).tobytes())
    data = LabData(
        **write_file(out, DATA_NAME, content).model_dump(),
        title=folder.name, address="", licence="the author's own", side=SIDE, darkest=255,
        training=len(parts[0]), validation=len(parts[1]), test=len(parts[2]),
    )  # fmt: skip
    return write_card(out, _recipe(out, data), classes, data, pipeline)


def _recipe(out: Path, data: LabData) -> ScratchRecipe:
    """The report's, for these images: a batch is not larger than what the owner has."""
    base = lab_recipe()
    size = base.training.batch_size
    return base.model_copy(
        update={
            "title": f"{data.title}, backdoored in the lab",
            "description": "What this lab trains in a browser tab before anyone changes a thing.",
            "data": Data(name=f"lab:{out.name}", validation=VALIDATION),
            "attack": base.attack.model_copy(update={"label_map": AllToOne(target=0)}),
            "training": base.training.model_copy(update={"batch_size": size if data.validation >= size else size // 4}),
        }
    )
