from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from export.mxnet.graph import parse_graph
from export.onnx.agreement import TOLERANCE
from tests.export.mxnet.cases import answers, difference, network
from tests.export.mxnet.real import needs_mxnet, oracle

ZOO = [
    "alexnet",
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    "inceptionv3",
    *(f"{family}{width}" for family in ("mobilenet", "mobilenetv2_") for width in ("0.25", "0.5", "0.75", "1.0")),
    *(f"resnet{depth}_v{version}" for version in (1, 2) for depth in (18, 34, 50, 101, 152)),
    "squeezenet1.0",
    "squeezenet1.1",
    *(f"vgg{depth}{suffix}" for depth in (11, 13, 16, 19) for suffix in ("", "_bn")),
]
SMALL = [
    "alexnet",
    "densenet121",
    "inceptionv3",
    "mobilenet0.25",
    "mobilenetv2_0.25",
    "mobilenetv2_0.5",
    "resnet18_v1",
    "resnet18_v2",
    "resnet50_v1",
    "resnet50_v2",
    "squeezenet1.1",
    "vgg11_bn",
]
"""Every family and kind of block; `make mxnet-zoo` asks for all networks, at the size of ImageNet."""
METRICS = Path(__file__).parents[3] / "site_assets" / "metrics" / "mxnet-zoo.json"


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A folder with the networks, made by one process: MXNet takes longer to start than to make one."""
    with TemporaryDirectory() as folder:  # pytest would keep its own for days: 0.6 GB
        oracle("zoo", folder, *SMALL)
        yield Path(folder)


@needs_mxnet
@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_a_model_zoo_network_answers_as_real_mxnet_does(name: str, made: Path) -> None:
    case = network(name, made)
    network.cache_clear()
    found = answers(case)
    assert difference(found, case.outputs) <= TOLERANCE
    assert np.array_equal(found[0].argmax(-1), case.outputs[0].argmax(-1))


def test_the_published_table_has_every_network_within_the_limit() -> None:
    rows = json.loads(METRICS.read_text())["networks"]
    assert [row["name"] for row in rows] == ZOO
    assert all(row["difference"] <= TOLERANCE and row["top_1_equal"] for row in rows)


def test_the_zoo_s_mobilenet_has_the_nodes_that_it_is_known_to_have() -> None:
    vectors = Path(__file__).with_name("vectors")
    graph = parse_graph((vectors / "mobilenetv2-trained-symbol.json").read_bytes())
    counts = {op: sum(node.op == op for node in graph.nodes) for op in {node.op for node in graph.nodes}}
    assert len(graph.nodes) == 422
    assert counts["Convolution"] == 54
    assert counts["BatchNorm"] == 53
    assert counts["clip"] == 36
    assert counts["elemwise_add"] == 10
