"""ONNX models as predictors: uint8 images in, logits out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from export.card.schema import ModelCard, Precision
from export.errors import ExportError
from export.pipeline.interpreter import batch_tensor

Images = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def open_session(model: bytes | Path, threads: int = 1) -> ort.InferenceSession:
    """An onnxruntime session on the CPU.

    Args:
        model: The file, or its bytes.
        threads: Threads within an operator.

    Raises:
        ExportError: If the file is missing or onnxruntime cannot load it.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    name = str(model) if isinstance(model, Path) else "the model"
    try:
        if isinstance(model, Path):
            model.open("rb").close()
        # by its name, so that onnxruntime finds the weights beside it
        content = str(model) if isinstance(model, Path) else model
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise ExportError(f"{name}: cannot read the model: {error.strerror}") from error
    except Exception as error:  # onnxruntime raises a class of its own for each status, all derived from Exception
        reason = str(error).splitlines()[0]
        raise ExportError(f"{name}: onnxruntime cannot load it: {reason}") from error


class Predictor:
    """One ONNX file with its card's pipelines; call it with images to get logits, as `evaluate` expects."""

    def __init__(self, card: ModelCard, folder: Path, precision: Precision | None = None, threads: int = 1) -> None:
        """Open the file.

        Args:
            card: The model's card.
            folder: Where the card's files lie.
            precision: Which of its files (default: the card's default).
            threads: Threads within an operator.

        Raises:
            ExportError: If the file cannot be loaded, or lacks the tensors that the card names.
        """
        self.card = card
        file = card.file(precision)
        self.precision: Precision = file.precision
        self._session = open_session(folder / file.name, threads)
        for kind, wanted, tensors in (
            ("input", card.input.tensor, self._session.get_inputs()),
            ("output", card.output.tensor, self._session.get_outputs()),
        ):
            names = [tensor.name for tensor in tensors]
            if wanted not in names:
                raise ExportError(
                    f"{folder / file.name}: the card's {kind} tensor is '{wanted}'; the model has {', '.join(names)}"
                )

    def __call__(self, pixels: Images) -> Floats:
        """Logits `(n, classes) float32` of images `(n, h, w, c) uint8` as the network sees them."""
        return self.from_tensor(batch_tensor(self.card.input, pixels))

    def from_tensor(self, tensor: Floats) -> Floats:
        """Logits `(n, classes) float32` of an input tensor."""
        (logits,) = self._session.run([self.card.output.tensor], {self.card.input.tensor: tensor})
        return np.asarray(logits, dtype=np.float32)


def probabilities(logits: Floats, activation: str = "softmax") -> npt.NDArray[np.float64]:
    """What a reader sees for logits `(..., classes)`: their softmax in float64, or the logits for activation `none`."""
    values = logits.astype(np.float64)
    if activation == "none":
        return values
    exponents = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))
