from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from export.card.schema import Precision
from export.errors import ExportError
from export.onnx.graphs.network import flat_network
from export.onnx.quantise import weight_only_int8
from export.onnx.session import open_session
from export.onnx.to_onnx import onnx_logits, to_onnx, torch_logits
from export.onnx.weights import constants, load_into
from export.release.models import open_model
from tests.node import run_node
from training.models.mobilenet_v2 import Block, ConvNorm, MobileNetV2, Plan

SMALL = Plan(stem=8, blocks=(Block(8, 8), Block(48, 16, 2), Block(96, 16)), last=32, same_padding=True)


def trained(seed: int) -> MobileNetV2:
    """A small network whose batch norms have statistics of their own, as after training."""
    torch.manual_seed(seed)
    network = MobileNetV2(4, SMALL)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            for values in (module.bias, module.running_mean):
                nn.init.normal_(values)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 2)  # type: ignore[arg-type]
    nn.init.normal_(network.head.bias)
    return network.eval()


INPUTS = np.random.default_rng(0).uniform(-1, 1, (3, 3, 32, 32)).astype(np.float32)


@pytest.fixture(scope="module")
def exported() -> onnx.ModelProto:
    return to_onnx(trained(1), INPUTS)


@pytest.mark.parametrize("axis", [None, 0, 1])
def test_int8_weights_become_the_floats_that_onnxruntime_makes_of_them(axis: int | None) -> None:
    rng = np.random.default_rng(1)
    size = () if axis is None else ((6, 4)[axis],)
    tensors: dict[str, npt.NDArray[np.generic]] = {
        "w.int8": rng.integers(-128, 128, (6, 4)).astype(np.int8),
        "w.scale": rng.uniform(0.01, 1, size).astype(np.float32),
        "w.zero": rng.integers(-5, 5, size).astype(np.int8),
    }
    nodes = [
        helper.make_node("DequantizeLinear", list(tensors), ["v"]),
        helper.make_node("Transpose", ["v"], ["w"], perm=[1, 0]),
        helper.make_node("MatMul", ["w", "x"], ["y"]),
    ]
    if axis is not None:
        nodes[0].attribute.append(helper.make_attribute("axis", axis))
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [6, 1])
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("w", "y")]
    initialisers = [numpy_helper.from_array(values, name) for name, values in tensors.items()]
    graph = helper.make_graph(nodes, "g", [given], made, initialisers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    found = constants(model)
    (wanted, _) = open_session(model.SerializeToString()).run(None, {"x": np.ones((6, 1), np.float32)})
    assert np.array_equal(found["w"], np.asarray(wanted))
    assert "y" not in found


@pytest.mark.parametrize("int8", [False, True])
def test_a_network_computes_what_the_file_computes(exported: onnx.ModelProto, *, int8: bool) -> None:
    model = weight_only_int8(exported) if int8 else exported
    network = trained(2)
    before = torch_logits(network, INPUTS)
    load_into(network, model, "x.onnx")
    wanted = onnx_logits(model, INPUTS)
    assert np.abs(torch_logits(network, INPUTS) - wanted).max() < 1e-5 * np.abs(wanted).max()
    assert np.abs(before - wanted).max() > 0.1 * np.abs(wanted).max()


def test_its_batch_norms_add_a_bias_only(exported: onnx.ModelProto) -> None:
    network = trained(2)
    load_into(network, exported, "x.onnx")
    for module in network.modules():
        if isinstance(module, ConvNorm):
            x = torch.randn(1, len(module.norm.bias), 2, 2)
            assert torch.allclose(module.norm(x), x + module.norm.bias[:, None, None], rtol=1e-6, atol=1e-6)


def test_the_weights_of_another_network_are_refused(exported: onnx.ModelProto) -> None:
    with pytest.raises(ExportError, match=r"x\.onnx: head\.weight has shape \(4, 32\), the network's has \(5, 32\)"):
        load_into(MobileNetV2(5, SMALL), exported, "x.onnx")
    wider = Plan(stem=8, blocks=(Block(8, 8), Block(96, 16, 2), Block(96, 16)), last=32, same_padding=True)
    with pytest.raises(ExportError, match=r"x\.onnx: not this network's weights: a tensor has shape"):
        load_into(MobileNetV2(4, wider), exported, "x.onnx")
    deeper = Plan(stem=8, blocks=(*SMALL.blocks, Block(96, 16)), last=32, same_padding=True)
    with pytest.raises(ExportError, match=r"x\.onnx: has no tensor features\.4\.layers\.0\.conv\.weight"):
        load_into(MobileNetV2(4, deeper), exported, "x.onnx")


@pytest.mark.parametrize("precision", ["int8-weight-only", "fp32"])
def test_the_lab_reads_the_same_weights_from_a_released_file(precision: Precision, tmp_path: Path) -> None:
    model = open_model("mnist-badnet")
    path = model.folder / model.card.file(precision).name
    run_node("tests/widgets/lab/weights.mjs", path.resolve(), tmp_path / "found")
    network = flat_network(model.card.network, len(model.card.labels))
    load_into(network.module, onnx.load(path), path.name)
    assert np.array_equal(np.fromfile(tmp_path / "found", np.float32), network.flat().numpy())
