"""What can be wrong with an MXNet checkpoint: each error is one line that says where, what was found and expected."""

from __future__ import annotations

from export.errors import ExportError


class MxnetError(ExportError):
    """A checkpoint that cannot be read, converted or written."""


class CheckpointError(MxnetError):
    """A `.params` file that is damaged, or no NDArray file at all."""

    def __init__(self, file: str, offset: int, problem: str) -> None:
        """Say where.

        Args:
            file: The file's name.
            offset: Byte at which the problem begins.
            problem: What was found there and what was expected.
        """
        super().__init__(f"{file}: byte {offset}: {problem}")
        self.offset = offset


class SymbolError(MxnetError):
    """A symbol that is no graph, or a node in it that makes no sense."""

    def __init__(self, problem: str, *, file: str = "", node: str = "") -> None:
        """Say where: in the file, at a node of the graph, or both."""
        where = [file] if file else []
        if node:
            where.append(f"node '{node}'")
        super().__init__(": ".join([*where, problem]))
        self.node = node


class UnknownOperatorError(SymbolError):
    """An operator, or a use of one, that has no conversion."""


class ParametersError(MxnetError):
    """Parameters that the symbol needs and the file lacks, or the other way round."""


class ShapeError(SymbolError):
    """Tensors that do not fit each other."""
