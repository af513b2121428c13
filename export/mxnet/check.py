"""The checks that a converted model passes before it is written: ONNX's own, and a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from export.mxnet.builder import Shape
from export.mxnet.convert import larger
from export.mxnet.errors import MxnetError
from export.onnx.agreement import TOLERANCE, relative_difference

Floats = npt.NDArray[np.float32]

SEED = 0
Range = tuple[float, float]
RANGES: tuple[Range, ...] = ((0, 1), (-1, 1), (1, 2), (-2, -1), (0, 255))
"""Between which values test images lie: outside its domain, a logarithm or a root has no finite answer."""


@dataclass(frozen=True)
class Checked:
    """What a model answered."""

    answers: list[Floats]
    """The outputs for the images of `random_inputs` that fit the inputs."""
    values: Range
    """Between which values these images lie."""

    @property
    def finite(self) -> bool:
        """Whether there is any number among the answers; without one, nothing could be compared."""
        return all(np.isfinite(answer).any() for answer in self.answers)


def random_inputs(
    inputs: Mapping[str, Shape], batch: int | None = None, values: Range = RANGES[0]
) -> dict[str, Floats]:
    """Inputs between two values that are the same in every run; `batch` replaces the first size."""
    rng = np.random.default_rng(SEED)
    low, high = np.float32(values[0]), np.float32(values[1])
    sizes = {name: (shape[0] if batch is None else batch, *shape[1:]) for name, shape in inputs.items()}
    return {name: low + (high - low) * rng.random(shape, np.float32) for name, shape in sizes.items()}


def check(model: Path | bytes, inputs: Mapping[str, Shape], values: Range | None = None) -> Checked:
    """Validate a model with ONNX's checker, and run it with one image more than it was converted for.

    Args:
        model: Its file, or the file's content.
        inputs: Shapes of its inputs, batch first.
        values: Between which values the test images lie; by default, those of `RANGES` with the most finite answers.

    Raises:
        MxnetError: If it is not valid or does not run, or if an image's answer depends on the size of the batch or on
            the other images in it.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise MxnetError(f"the converted model is not valid ONNX: {reason}") from error
    batch = next(iter(inputs.values()))[0]
    try:
        session = _lean_session(model)
        runs = _runs(session, inputs, batch + 1, RANGES if values is None else (values,))
        chosen, more, together = max(runs, key=lambda run: _finite_fraction(run[2]))
        alone = session.run(None, {name: given[:batch] for name, given in more.items()})
    except Exception as error:  # onnxruntime raises a class of its own for each status, all derived from Exception
        reason = str(error).splitlines()[0]
        problem = f"the converted model does not run at the batch sizes {batch} and {batch + 1}: {reason}"
        raise MxnetError(problem) from error
    for first, second in zip(alone, together, strict=True):
        _compare(np.asarray(first), np.asarray(second), batch)
    return Checked([np.asarray(output, np.float32) for output in alone], chosen)


def check_sizes(
    model: Path | bytes, converted: Callable[[dict[str, Shape]], bytes], inputs: Mapping[str, Shape]
) -> None:
    """Run a model that leaves the size of images free with larger ones, beside conversions for these sizes.

    Args:
        model: Its file, or the file's content.
        converted: The network's conversion for images of one size: the file's content.
        inputs: Shapes of the inputs that the model was converted for.

    Raises:
        MxnetError: If it answers otherwise, or the network takes no images of another size.
    """
    for odd in (0, 1):
        shapes = larger(inputs, odd)
        size = "x".join(map(str, next((shape[2:] for shape in shapes.values() if len(shape) == 4), ())))
        try:
            expected = check(converted(shapes), shapes)
        except MxnetError as error:
            if odd:  # many networks take multiples of 32 only
                continue
            raise MxnetError(f"the size of images cannot be left free, for with {size} {error}") from error
        try:
            found = check(model, shapes, expected.values)
        except MxnetError as error:
            raise MxnetError(f"the size of images cannot be left free: with {size} {error}") from error
        for one, other in zip(found.answers, expected.answers, strict=True):
            if finite_difference(one, other) > TOLERANCE:
                raise MxnetError(f"the size of images cannot be left free: with {size} the answers are others")


def _runs(
    session: ort.InferenceSession, inputs: Mapping[str, Shape], batch: int, ranges: Iterable[Range]
) -> list[tuple[Range, dict[str, Floats], list[Floats]]]:
    """Test images and their answers, range by range until all answers are finite."""
    done = []
    for values in ranges:
        given = random_inputs(inputs, batch, values)
        done.append((values, given, session.run(None, given)))
        if _finite_fraction(done[-1][2]) == 1:
            break
    return done


def _finite_fraction(answers: list[Floats]) -> float:
    return min(float(np.isfinite(answer).mean()) for answer in answers)


def finite_difference(found: Floats, expected: Floats) -> float:
    """As `relative_difference`, over the numbers; infinite if the two have them in different places."""
    if found.shape != expected.shape or not np.array_equal(np.isfinite(found), np.isfinite(expected)):
        return float("inf")
    finite = np.isfinite(found)
    return relative_difference(found[finite], expected[finite])


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
    if together.shape != (alone.shape[0] // batch * (batch + 1), *alone.shape[1:]):
        raise MxnetError(
            f"the network gives {alone.shape} for {batch} images and {together.shape} for {batch + 1}: it is made "
            "for one batch size"
        )
    difference = finite_difference(together[: len(alone)], alone)
    if difference > TOLERANCE:
        raise MxnetError(
            f"an image's answer changes with the images beside it, by {difference:.1e}: the network mixes its batch"
        )
