"""ONNX models as predictors: uint8 images in, logits out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from export.card.parts import part_problem
from export.card.schema import ModelCard, Precision
from export.errors import ExportError
from export.onnx.fit import fit
from export.onnx.sandbox import LONGEST, Sandbox, Tensor
from export.pipeline.interpreter import batch_tensor
from training.core.text import one_line

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
    options.add_session_config_entry("session.strict_shape_type_inference", "1")  # as a browser's runtime is
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
        reason = one_line(error)[:LONGEST]
        raise ExportError(f"{name}: onnxruntime cannot load it: {reason}") from error


class _Here:
    """A network that is open in this process."""

    def __init__(self, path: Path, threads: int) -> None:
        self._session = open_session(path, threads)
        self.inputs, self.outputs = (
            tuple(Tensor(each.name, each.type, tuple(each.shape or ())) for each in tensors)
            for tensors in (self._session.get_inputs(), self._session.get_outputs())
        )
        self._path = path

    def run(self, output: str, name: str, tensor: npt.NDArray[Any]) -> npt.NDArray[Any]:
        try:
            (found,) = self._session.run([output], {name: tensor})
        except Exception as error:  # onnxruntime raises a class of its own for each status
            raise ExportError(f"{self._path}: onnxruntime cannot run it: {one_line(error)[:LONGEST]}") from error
        return np.asarray(found)


class Predictor:
    """One ONNX file with its card's pipelines; call it with images to get logits, as `evaluate` expects."""

    def __init__(
        self,
        card: ModelCard,
        folder: Path,
        precision: Precision | None = None,
        threads: int = 1,
        sandbox: Sandbox | None = None,
    ) -> None:
        """Open the file.

        Args:
            card: The model's card.
            folder: Where the card's files lie.
            precision: Which of its files (default: the card's default).
            threads: Threads within an operator.
            sandbox: Where to run a network that may be anybody's (default: in this process).

        Raises:
            ExportError: If the file is not the one on the card, cannot be loaded, or takes and gives other tensors
                than the card says.
        """
        self.card = card
        file = card.file(precision)
        self.precision: Precision = file.precision
        for part in file.parts:
            if (problem := part_problem(folder, part)) is not None:
                raise ExportError(problem)
        path = folder / file.name
        self._session = _Here(path, threads) if sandbox is None else sandbox.open(path, threads)
        self._fit = fit(card, self._session.inputs, self._session.outputs, path)
        self._one_by_one = self._fit.one_by_one

    def __call__(self, pixels: Images) -> Floats:
        """Logits `(n, classes) float32` of images `(n, h, w, c) uint8` as the network sees them."""
        return self.from_tensor(batch_tensor(self.card.input, pixels))

    def from_tensor(self, tensor: Floats) -> Floats:
        """Logits `(n, classes) float32` of an input tensor.

        Raises:
            ExportError: If the network does not run, or answers with another shape than the card says.
            AnswerError: If the answer is not finite.
        """
        if len(tensor) == 1:
            return self._answers(tensor)
        if not self._one_by_one:
            try:
                return self._answers(tensor)
            except ExportError:
                self._one_by_one = True  # it says that it takes any number, and takes one
        return np.concatenate([self._answers(tensor[index : index + 1]) for index in range(len(tensor))])

    def _answers(self, tensor: Floats) -> Floats:
        taken = self._fit.taken(tensor)
        output = self._session.run(self.card.output.tensor, self.card.input.tensor, taken)
        return self._fit.logits(output, len(tensor))


def probabilities(logits: Floats, activation: str = "softmax") -> npt.NDArray[np.float64]:
    """What a reader sees for logits `(..., classes)`: their softmax in float64, or the logits for activation `none`."""
    values = logits.astype(np.float64)
    if activation == "none":
        return values
    exponents = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))
