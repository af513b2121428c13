"""The checks that a converted model passes before it is written: ONNX's own, and a run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from export.mxnet.builder import Shape
from export.mxnet.errors import MxnetError
from export.onnx.agreement import TOLERANCE, relative_difference

Floats = npt.NDArray[np.float32]

SEED = 0


def random_inputs(inputs: Mapping[str, Shape], batch: int | None = None) -> dict[str, Floats]:
    """Inputs between 0 and 1 that are the same in every run; `batch` replaces the first size."""
    rng = np.random.default_rng(SEED)
    sizes = {name: (shape[0] if batch is None else batch, *shape[1:]) for name, shape in inputs.items()}
    return {name: rng.random(shape, np.float32) for name, shape in sizes.items()}


def check(model: Path | bytes, inputs: Mapping[str, Shape]) -> list[Floats]:
    """Validate a model with ONNX's checker, and run it with one image more than it was converted for.

    Args:
        model: Its file, or the file's content.
        inputs: Shapes of its inputs, batch first.

    Returns:
        The outputs for the images of `random_inputs` that fit `inputs`.

    Raises:
        MxnetError: If it is not valid, does not run, gives no finite answer, or if an image's answer depends on the
            size of the batch or on the other images in it.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MxnetError(f"the converted model is not valid ONNX: {reason}") from error
    batch = next(iter(inputs.values()))[0]
    more = random_inputs(inputs, batch + 1)
    fewer = {name: values[:batch] for name, values in more.items()}
    try:
        session = _lean_session(model)
        together, alone = session.run(None, more), session.run(None, fewer)
    except Exception as error:  # onnxruntime raises a class of its own for each status, all derived from Exception
        reason = str(error).splitlines()[0]
        problem = f"the converted model does not run at the batch sizes {batch} and {batch + 1}: {reason}"
        raise MxnetError(problem) from error
    for first, second in zip(alone, together, strict=True):
        _compare(np.asarray(first), np.asarray(second), batch)
    return [np.asarray(output, np.float32) for output in alone]


def _lean_session(model: Path | bytes) -> ort.InferenceSession:
    """A session that runs the graph as it stands: no second, rearranged copy of the weights."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.enable_cpu_mem_arena = False
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.disable_prepacking", "1")
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _compare(alone: Floats, together: Floats, batch: int) -> None:
    if not np.isfinite(together).all():
        raise MxnetError("the converted model gives answers that are not finite numbers: the weights may be damaged")
    if together.shape != (alone.shape[0] // batch * (batch + 1), *alone.shape[1:]):
        raise MxnetError(
            f"the network gives {alone.shape} for {batch} images and {together.shape} for {batch + 1}: it is made "
            "for one batch size"
        )
    difference = relative_difference(together[: len(alone)], alone)
    if difference > TOLERANCE:
        raise MxnetError(
            f"an image's answer changes with the images beside it, by {difference:.1e}: the network mixes its batch"
        )
