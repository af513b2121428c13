"""The symbol, a checkpoint's other half: a graph of operators as JSON, in the dialects of every MXNet since 2015."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from export.mxnet.errors import MxnetError, SymbolError
from training.core.files import write_text
from training.core.reading import TEXT_BYTES, read_bytes

VARIABLE = "null"
"""The operator that JSON gives to inputs and parameters."""
MXNET_VERSION = 10901
"""Version 1.9.1, which the symbols written here claim as theirs."""


@dataclass(frozen=True)
class Entry:
    """One output of a node."""

    node: int
    output: int = 0


@dataclass(frozen=True)
class Node:
    """An operator, or a variable (an input or a parameter)."""

    op: str
    name: str
    inputs: tuple[Entry, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_variable(self) -> bool:
        """Whether it is an input or a parameter."""
        return self.op == VARIABLE


@dataclass(frozen=True)
class Graph:
    """Nodes, each after the operators whose outputs it takes, and the network's outputs."""

    nodes: tuple[Node, ...]
    heads: tuple[Entry, ...]
    file: str = ""

    @property
    def operators(self) -> list[Node]:
        """The nodes that compute something."""
        return [node for node in self.nodes if not node.is_variable]


def read_graph(path: Path) -> Graph:
    """The graph of a `-symbol.json` file.

    Raises:
        SymbolError: If it is no graph: with the node, where it is one node's fault.
        MxnetError: If the file cannot be read.
    """
    try:
        content = read_bytes(path, TEXT_BYTES)
    except OSError as error:
        raise MxnetError(f"{path}: cannot read the symbol: {error.strerror}") from error
    return parse_graph(content, str(path))


def parse_graph(content: bytes, file: str = "") -> Graph:
    """As `read_graph`, of a file's content."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SymbolError(f"the symbol is not valid JSON: {error}", file=file) from error
    if not isinstance(document, dict):
        raise SymbolError(f"the symbol is a JSON {_kind(document)}; an object with 'nodes' is expected", file=file)
    listed = _list(document, "nodes", file)
    nodes = tuple(_node(given, index, file) for index, given in enumerate(listed))
    if not nodes:
        raise SymbolError("the graph has no nodes", file=file)
    heads = tuple(_entry(given, nodes, "'heads'", file) for given in _list(document, "heads", file))
    if not heads:
        raise SymbolError("the graph has no heads, so nothing is its output", file=file)
    _check_order(nodes, file)
    _check_names(nodes, file)
    return Graph(nodes, heads, file)


def _node(given: object, index: int, file: str) -> Node:
    if not isinstance(given, dict):
        raise SymbolError(f"node {index} is a JSON {_kind(given)}; an object is expected", file=file)
    name, op = given.get("name"), given.get("op")
    if not isinstance(name, str) or not isinstance(op, str):
        raise SymbolError(f"node {index} lacks a 'name' or an 'op' that is text", file=file)
    attributes: dict[str, str] = {}
    for dialect in ("attr", "param", "attrs"):  # up to 0.8 'param' held the operator's own and 'attr' the user's
        held = given.get(dialect, {})
        if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
            raise SymbolError(f"'{dialect}' is no object whose values are text", file=file, node=name)
        attributes |= held
    inputs = tuple(_entry(item, None, f"an input of '{name}'", file) for item in _list(given, "inputs", file, name))
    return Node(op, name, inputs, attributes)


def _entry(given: object, nodes: tuple[Node, ...] | None, what: str, file: str) -> Entry:
    """`[node, output]` or `[node, output, version]`."""
    if not isinstance(given, list) or len(given) not in {2, 3} or not all(type(part) is int for part in given):
        raise SymbolError(f"{what} is {_short(given)}; [node, output] is expected", file=file)
    node, output = given[:2]
    if node < 0 or output < 0 or (nodes is not None and node >= len(nodes)):
        count = "" if nodes is None else f" of {len(nodes)} nodes"
        raise SymbolError(f"{what} is {_short(given)}, which is no output of a node{count}", file=file)
    return Entry(node, output)


def _check_order(nodes: tuple[Node, ...], file: str) -> None:
    for index, node in enumerate(nodes):
        if node.is_variable and node.inputs:
            raise SymbolError("a variable has inputs", file=file, node=node.name)
        for entry in node.inputs:
            if entry.node >= index:
                problem = f"takes node {entry.node} as an input, which does not come before it (it is node {index})"
                raise SymbolError(problem, file=file, node=node.name)


def _check_names(nodes: tuple[Node, ...], file: str) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.is_variable:
            if node.name in seen:
                raise SymbolError("there are two variables of this name", file=file, node=node.name)
            seen.add(node.name)


def _list(holder: Mapping[str, Any], key: str, file: str, node: str = "") -> list[Any]:
    found = holder.get(key)
    if not isinstance(found, list):
        what = "is missing" if key not in holder else f"is a JSON {_kind(found)}"
        raise SymbolError(f"'{key}' {what}; an array is expected", file=file, node=node)
    return found


def _kind(value: object) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def write_graph(path: Path, graph: Graph) -> None:
    """Write a symbol as MXNet 1.9.1 does."""
    write_text(path, symbol_json(graph))


def symbol_json(graph: Graph) -> str:
    """The text of a symbol as MXNet 1.9.1 writes it."""
    nodes = []
    for node in graph.nodes:
        written: dict[str, object] = {"op": node.op, "name": node.name}
        if node.attributes:
            written["attrs"] = dict(sorted(node.attributes.items()))
        written["inputs"] = [[entry.node, entry.output, 0] for entry in node.inputs]
        nodes.append(written)
    document = {
        "nodes": nodes,
        "arg_nodes": [index for index, node in enumerate(graph.nodes) if node.is_variable],
        "heads": [[entry.node, entry.output, 0] for entry in graph.heads],
        "attrs": {"mxnet_version": ["int", MXNET_VERSION]},
    }
    return json.dumps(document, indent=2)
