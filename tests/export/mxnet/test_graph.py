from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.mxnet.checkpoint import write_checkpoint
from export.mxnet.errors import SymbolError
from export.mxnet.graph import Graph, parse_graph, symbol_json
from export.onnx.agreement import TOLERANCE
from tests.export.mxnet.cases import NETWORKS, VECTORS, Case, answers, difference, network
from tests.export.mxnet.real import ask, needs_mxnet


def document(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}-symbol.json").read_text())


def as_0_11(symbol: dict[str, Any]) -> dict[str, Any]:
    """MXNet 0.9 to 0.12: attributes under `attr`."""
    nodes = [{("attr" if key == "attrs" else key): value for key, value in node.items()} for node in symbol["nodes"]]
    return {**symbol, "nodes": nodes, "attrs": {"mxnet_version": ["int", 1100]}}


def as_0_8(symbol: dict[str, Any]) -> dict[str, Any]:
    """MXNet 0.8: the operator's under `param`, entries of two numbers, running statistics unsaid, no version."""
    states = {node["inputs"][slot][0] for node in symbol["nodes"] if node["op"] == "BatchNorm" for slot in (3, 4)}
    places: dict[int, int] = {}
    nodes: list[dict[str, Any]] = []
    for index, node in enumerate(symbol["nodes"]):
        if index in states:
            continue
        places[index] = len(nodes)
        inputs = [[places[entry[0]], entry[1]] for entry in node["inputs"] if entry[0] not in states]
        own = {} if node["op"] == "null" else node.get("attrs", {})
        nodes.append({"op": node["op"], "param": own, "name": node["name"], "inputs": inputs, "backward_source_id": -1})
    heads = [[places[entry[0]], entry[1]] for entry in symbol["heads"]]
    return {"nodes": nodes, "arg_nodes": [], "heads": heads}


@pytest.mark.parametrize("dialect", [as_0_11, as_0_8])
@pytest.mark.parametrize("name", ["defaults", "mlp", "lenet"])
def test_older_dialects_mean_the_same(dialect: Any, name: str) -> None:  # noqa: ANN401 - a function of this module
    case = network(name)
    graph = parse_graph(json.dumps(dialect(document(name))).encode())
    assert difference(answers(Case(graph, case.parameters, case.inputs, case.outputs)), case.outputs) <= TOLERANCE


@needs_mxnet
@pytest.mark.parametrize("dialect", [as_0_11, as_0_8])
def test_real_mxnet_understands_the_older_dialects_alike(dialect: Any, tmp_path: Path) -> None:  # noqa: ANN401
    case = network("lenet")
    write_checkpoint(tmp_path / "old", case.graph, case.parameters)
    (tmp_path / "old-symbol.json").write_text(json.dumps(dialect(document("lenet"))))
    assert difference(ask(tmp_path, "old", dict(case.inputs)), case.outputs) <= TOLERANCE


@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_written_is_read_as_it_was(name: str) -> None:
    graph = network(name).graph
    back = parse_graph(symbol_json(graph).encode())
    assert (back.nodes, back.heads) == (graph.nodes, graph.heads)


@needs_mxnet
@pytest.mark.parametrize("name", ["mobilenetv2-trained", "resnet-v2"])
def test_real_mxnet_answers_the_same_to_a_checkpoint_written_again(name: str, tmp_path: Path) -> None:
    case = network(name)
    write_checkpoint(tmp_path / "again", case.graph, case.parameters)
    assert difference(ask(tmp_path, "again", dict(case.inputs)), case.outputs) <= TOLERANCE


def test_python_2_s_long_integers_are_understood() -> None:
    case = network("lenet")
    text = symbol_json(case.graph).replace('"(5, 5)"', '"(5L, 5L)"')
    assert "5L" in text
    found = answers(Case(parse_graph(text.encode()), case.parameters, case.inputs, case.outputs))
    assert difference(found, case.outputs) <= TOLERANCE


VARIABLE = {"op": "null", "name": "data", "inputs": []}


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"{}", "'nodes' is missing; an array is expected"),
        (b"[]", "is a JSON array; an object with 'nodes'"),
        (b"3", "is a JSON number"),
        (b"null", "is a JSON null"),
        ({"nodes": {}}, "'nodes' is a JSON object"),
        ({"nodes": [], "heads": []}, "no nodes"),
        ({"nodes": [3], "heads": []}, "node 0 is a JSON number"),
        ({"nodes": [{}], "heads": []}, "node 0 lacks a 'name' or an 'op'"),
        ({"nodes": [{"op": "null", "name": "x"}], "heads": []}, "node 'x': 'inputs' is missing"),
        ({"nodes": [VARIABLE], "heads": []}, "no heads"),
        ({"nodes": [VARIABLE], "heads": [[5, 0, 0]]}, "no output of a node of 1 nodes"),
        ({"nodes": [VARIABLE], "heads": [[0]]}, r"'heads' is \[0\]; \[node, output\] is expected"),
        ({"nodes": [VARIABLE], "heads": [[True, 0]]}, "is expected"),
        ({"nodes": [VARIABLE, VARIABLE], "heads": [[0, 0]]}, "node 'data': there are two variables"),
        ({"nodes": [{**VARIABLE, "attrs": {"a": 1}}], "heads": [[0, 0]]}, "'attrs' is no object whose values are text"),
        ({"nodes": [{"op": "relu", "name": "r", "inputs": [[0, 0]]}], "heads": [[0, 0]]}, "node 'r': takes node 0"),
        ({"nodes": [{**VARIABLE, "inputs": [[0, 0]]}], "heads": [[0, 0]]}, "a variable has inputs"),
    ],
)
def test_json_that_is_no_graph_is_refused_with_the_place(symbol: object, message: str) -> None:
    content = symbol if isinstance(symbol, bytes) else json.dumps(symbol).encode()
    with pytest.raises(SymbolError, match=message) as raised:
        parse_graph(content, "net-symbol.json")
    assert str(raised.value).startswith("net-symbol.json: ")


def test_the_written_symbol_names_every_variable_as_an_argument() -> None:
    graph = network("mlp").graph
    written = json.loads(symbol_json(Graph(graph.nodes, graph.heads)))
    assert [written["nodes"][index]["op"] for index in written["arg_nodes"]] == ["null"] * len(written["arg_nodes"])
    assert np.unique(written["arg_nodes"]).size == sum(node.is_variable for node in graph.nodes)
