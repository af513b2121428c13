"""A checkpoint: a symbol and its parameters, arguments (trained) apart from auxiliary states (running statistics)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from export.mxnet.arrays import Array, parse_arrays, read_arrays, write_arrays
from export.mxnet.errors import ParametersError
from export.mxnet.graph import Graph, read_graph, write_graph

ARGUMENT, AUXILIARY = "arg:", "aux:"


@dataclass(frozen=True)
class Parameters:
    """A network's arrays by the names that its symbol uses, without the `arg:` and `aux:` of the file."""

    arguments: Mapping[str, Array]
    auxiliary: Mapping[str, Array]
    file: str = ""

    @property
    def by_name(self) -> dict[str, Array]:
        """All of them."""
        return {**self.arguments, **self.auxiliary}


def read_parameters(path: Path) -> Parameters:
    """The parameters of a `.params` file.

    Raises:
        MxnetError: If it cannot be read, is damaged, or names an array twice.
    """
    return _sort(read_arrays(path), str(path))


def parse_parameters(content: bytes, file: str) -> Parameters:
    """As `read_parameters`, of a file's content."""
    return _sort(parse_arrays(content, file), file)


def _sort(arrays: Mapping[str, Array], file: str) -> Parameters:
    arguments: dict[str, Array] = {}
    auxiliary: dict[str, Array] = {}
    for stored, array in arrays.items():
        name = stored.removeprefix(ARGUMENT).removeprefix(AUXILIARY)
        if name in arguments or name in auxiliary:
            raise ParametersError(f"{file}: there are two arrays named '{name}'")
        (auxiliary if stored.startswith(AUXILIARY) else arguments)[name] = array
    return Parameters(arguments, auxiliary, file)


def read_checkpoint(symbol: Path, parameters: Path) -> tuple[Graph, Parameters]:
    """Both halves of a checkpoint."""
    return read_graph(symbol), read_parameters(parameters)


def write_checkpoint(prefix: Path, graph: Graph, parameters: Parameters, epoch: int = 0) -> tuple[Path, Path]:
    """Write `<prefix>-symbol.json` and `<prefix>-<epoch>.params`, as MXNet names them; gives both paths."""
    symbol = prefix.with_name(f"{prefix.name}-symbol.json")
    arrays = prefix.with_name(f"{prefix.name}-{epoch:04d}.params")
    named = {f"{ARGUMENT}{name}": array for name, array in parameters.arguments.items()}
    named |= {f"{AUXILIARY}{name}": array for name, array in parameters.auxiliary.items()}
    write_graph(symbol, graph)
    write_arrays(arrays, named)
    return symbol, arrays
