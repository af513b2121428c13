from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cases import answers, difference, network
from real import needs_mxnet, oracle

from export.mxnet.graph import parse_graph

ZOO = """alexnet densenet121 densenet161 densenet169 densenet201 inceptionv3 mobilenet0.25 mobilenet0.5 mobilenet0.75
mobilenet1.0 mobilenetv2_0.25 mobilenetv2_0.5 mobilenetv2_0.75 mobilenetv2_1.0 resnet18_v1 resnet34_v1 resnet50_v1
resnet101_v1 resnet152_v1 resnet18_v2 resnet34_v2 resnet50_v2 resnet101_v2 resnet152_v2 squeezenet1.0 squeezenet1.1
vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn""".split()
METRICS = Path(__file__).parents[3] / "site_assets" / "metrics" / "mxnet-zoo.json"
LIMIT = 1e-4


@needs_mxnet
@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_a_model_zoo_network_answers_as_real_mxnet_does(name: str, tmp_path: Path) -> None:
    oracle("zoo", tmp_path, name)
    case = network(name, tmp_path)
    network.cache_clear()
    found = answers(case)
    assert difference(found, case.outputs) < LIMIT
    assert np.array_equal(found[0].argmax(-1), case.outputs[0].argmax(-1))


def test_the_published_table_has_every_network_within_the_limit() -> None:
    rows = json.loads(METRICS.read_text())["networks"]
    assert [row["name"] for row in rows] == ZOO
    assert all(row["difference"] < LIMIT and row["top_1_equal"] for row in rows)


def test_the_zoo_s_mobilenet_has_the_nodes_that_it_is_known_to_have() -> None:
    vectors = Path(__file__).with_name("vectors")
    graph = parse_graph((vectors / "mobilenetv2-trained-symbol.json").read_bytes())
    counts = {op: sum(node.op == op for node in graph.nodes) for op in {node.op for node in graph.nodes}}
    assert len(graph.nodes) == 422
    assert counts["Convolution"] == 54
    assert counts["BatchNorm"] == 53
    assert counts["clip"] == 36
    assert counts["elemwise_add"] == 10
