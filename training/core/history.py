"""The history of a training run: one entry an epoch."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from training.core.errors import RunError
from training.core.files import write_text


class Epoch(BaseModel):
    """One line of a run's history."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    epoch: int
    """Counted from 1."""
    loss: float
    """Mean over the epoch's batches."""
    accuracy: float
    """On the epoch's training batches as they are: augmented, poisoned labels included, dropout on."""
    clean_accuracy: float | None = None
    """On the validation images if the recipe sets some aside, otherwise on the test images."""
    attack_success_rate: float | None = None
    """On the same images."""
    learning_rate: float
    """At the epoch's end."""
    seconds: float
    """Of training, without the evaluation."""


def finite(loss: float, epoch: int) -> float:
    """The mean loss of an epoch.

    Raises:
        RunError: If it is infinite or no number: then every step after it is in vain.
    """
    if not math.isfinite(loss):
        raise RunError(f"epoch {epoch}: the loss is {loss:g}: lower the recipe's learning rate")
    return loss


def write_history(path: Path, epochs: list[Epoch]) -> None:
    """Write a history as JSON lines."""
    write_text(path, "".join(each.model_dump_json() + "\n" for each in epochs))


def read_history(path: Path) -> list[Epoch]:
    """Read what `write_history` wrote.

    Raises:
        RunError: If it is damaged.
    """
    epochs = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            epochs.append(Epoch.model_validate_json(line))
        except ValidationError as error:
            raise RunError(f"{path}: line {number} is damaged: {error.errors()[0]['msg']}") from error
    return epochs


def summary(epoch: Epoch, epochs: int, probed: str = "test") -> str:
    """One of `epochs` epochs as a line of text; `probed` is the split that the network was measured on."""
    parts = [f"epoch {epoch.epoch}/{epochs}", f"loss {epoch.loss:.4f}", f"accuracy {epoch.accuracy:.2%}"]
    if epoch.clean_accuracy is not None:
        parts.append(f"{probed}: clean accuracy {epoch.clean_accuracy:.2%}")
    if epoch.attack_success_rate is not None:
        parts.append(f"ASR {epoch.attack_success_rate:.2%}")
    return "  ".join([*parts, f"{epoch.seconds:.1f} s"])
