"""The committed networks of other frameworks, drafted as their authors would, and what the frameworks answer."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from export.card.io import write_card
from export.card.schema import ModelCard
from export.release.author import draft_card

HERE = Path(__file__).parent
WHITE = {"scikit-learn": 16.0, "keras": 1.0, "lightgbm": 255.0}
"""What each was trained with: the option `--white`."""
LABELS = [str(digit) for digit in range(10)]


@dataclass(frozen=True)
class Vectors:
    """Images and answers."""

    images: npt.NDArray[np.uint8]
    """`(n, side, side, 1) uint8`."""
    labels: list[int]
    answers: npt.NDArray[np.float32]
    """The framework's own probabilities, `(n, 10)`."""


def vectors(name: str) -> Vectors:
    """Those of one network."""
    made = json.loads((HERE / "vectors.json").read_text("utf-8"))
    digits = np.asarray(made["digits"], np.uint8).reshape(-1, 8, 8)
    if name != "scikit-learn":  # the others learnt them at 28x28
        digits = np.pad(np.kron(digits, np.ones((1, 2, 2), np.uint8)), ((0, 0), (6, 6), (6, 6)))
    return Vectors(digits[..., None], made["labels"], np.asarray(made[name], np.float32))


def write(name: str, folder: Path) -> ModelCard:
    """The network with the card that `backdoors card new` writes, in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / f"{name}.onnx"
    shutil.copy(HERE / model.name, model)
    card = draft_card(model, LABELS, "digits", white=WHITE[name]).card
    write_card(card, folder)
    return card
