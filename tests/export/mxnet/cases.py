"""The committed vectors that real MXNet made (`oracle_vectors.py`), as the tests use them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from export.mxnet.arrays import Array, read_arrays
from export.mxnet.checkpoint import Parameters, read_checkpoint
from export.mxnet.convert import convert
from export.mxnet.graph import Graph, parse_graph
from export.onnx.agreement import relative_difference
from export.onnx.session import open_session

VECTORS = Path(__file__).with_name("vectors")
NETWORKS = sorted(path.name.removesuffix("-symbol.json") for path in VECTORS.glob("*-symbol.json"))
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """A checkpoint, inputs for it, and what MXNet answered."""

    graph: Graph
    parameters: Parameters
    inputs: dict[str, Floats]
    outputs: list[Floats]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: array.shape for name, array in self.inputs.items()}


def io(arrays: dict[str, Array]) -> tuple[dict[str, Floats], list[Floats]]:
    inputs = {name.removeprefix("input:"): np.array(array) for name, array in arrays.items() if "input:" in name}
    outputs = [np.array(array) for name, array in arrays.items() if "output:" in name]
    return inputs, outputs


@cache
def network(name: str, folder: Path = VECTORS) -> Case:
    checkpoint = read_checkpoint(folder / f"{name}-symbol.json", folder / f"{name}-0000.params")
    return Case(*checkpoint, *io(read_arrays(folder / f"{name}-io.params")))


@cache
def operators() -> dict[str, Case]:
    symbols = json.loads((VECTORS / "operators.json").read_text())
    arrays: dict[str, dict[str, Array]] = {name: {} for name in symbols}
    for name, array in read_arrays(VECTORS / "operators.params").items():
        case, key = name.split("/", 1)
        arrays[case][key] = array
    return {name: _case(symbol, arrays[name]) for name, symbol in symbols.items()}


def _case(symbol: object, arrays: dict[str, Array]) -> Case:
    arg, aux = ({key[4:]: array for key, array in arrays.items() if key.startswith(kind)} for kind in ("arg:", "aux:"))
    return Case(parse_graph(json.dumps(symbol).encode()), Parameters(arg, aux), *io(arrays))


def answers(case: Case, opset: int = 17) -> list[Floats]:
    """What the conversion answers to the case's inputs."""
    model = convert(case.graph, case.parameters, case.shapes, opset).model
    return [np.asarray(output) for output in open_session(model.SerializeToString()).run(None, case.inputs)]


def difference(found: list[Floats], expected: list[Floats]) -> float:
    """The largest difference relative to the largest value expected, over all outputs; infinite where shapes differ."""
    return max(relative_difference(one, other) for one, other in zip(found, expected, strict=True))
