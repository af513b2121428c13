from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from export.mxnet.arrays import Array
from export.mxnet.checkpoint import Parameters, read_checkpoint, write_checkpoint
from export.mxnet.convert import convert
from export.mxnet.errors import MxnetError
from export.mxnet.graph import Graph, Node
from export.mxnet.mobilenet import from_mxnet, to_mxnet
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.session import open_session
from export.onnx.to_onnx import to_onnx
from tests.export.mxnet.cases import network
from tests.export.mxnet.real import ask, needs_mxnet
from training.models.mobilenet_v2 import Block, MobileNetV2, Plan

SMALL = Plan(stem=4, blocks=(Block(4, 6), Block(36, 6, 2), Block(36, 6), Block(36, 8, 2)), last=20)
VARIANTS = {
    "ours": SMALL,
    "tensorflow": Plan(SMALL.stem, SMALL.blocks, SMALL.last, same_padding=True, eps=1e-3),
    "gluon": Plan(SMALL.stem, SMALL.blocks, SMALL.last, expand_first=True),
}


torch.set_num_threads(1)


def made(plan: Plan | None, classes: int = 5, size: int = 32) -> MobileNetV2:
    """A network whose running statistics are those of a few batches."""
    torch.manual_seed(0)
    module = MobileNetV2(classes, plan)
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(8, 3, size, size))
        module.head.weight.normal_(0, 0.2)
        module.head.bias.normal_()
    return module.eval()


def images(size: int = 32, count: int = 3) -> Array:
    return np.random.default_rng(1).normal(size=(count, 3, size, size)).astype(np.float32)


def logits(module: MobileNetV2, data: Array) -> Array:
    with torch.inference_mode():
        return module(torch.from_numpy(data)).numpy()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_network_of_ours_is_the_same_as_a_checkpoint(variant: str) -> None:
    module, data = made(VARIANTS[variant]), images()
    graph, parameters = to_mxnet(module, 32)
    model = convert(graph, parameters, {"data": data.shape}).model
    (found,) = open_session(model.SerializeToString()).run(None, {"data": data})
    assert relative_difference(found, logits(module, data)) <= TOLERANCE


@pytest.mark.parametrize("variant", VARIANTS)
def test_there_and_back_gives_the_same_weights(variant: str, tmp_path: Path) -> None:
    module = made(VARIANTS[variant])
    back = from_mxnet(*read_checkpoint(*write_checkpoint(tmp_path / "net", *to_mxnet(module, 32))))
    assert back.plan.same_padding == module.plan.same_padding
    for name, tensor in module.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            assert torch.equal(back.state_dict()[name], tensor), name


@needs_mxnet
@pytest.mark.parametrize("variant", VARIANTS)
def test_real_mxnet_answers_to_our_checkpoint_as_pytorch_does(variant: str, tmp_path: Path) -> None:
    module, data = made(VARIANTS[variant]), images()
    write_checkpoint(tmp_path / "net", *to_mxnet(module, 32))
    (found,) = ask(tmp_path, "net", {"data": data})
    assert relative_difference(found, logits(module, data)) <= TOLERANCE


@needs_mxnet
def test_the_standard_network_goes_to_real_mxnet_at_its_full_size(tmp_path: Path) -> None:
    module, data = made(None, classes=120, size=64), images(224, 1)
    write_checkpoint(tmp_path / "net", *to_mxnet(module))
    (found,) = ask(tmp_path, "net", {"data": data})
    assert relative_difference(found, logits(module, data)) <= TOLERANCE


@pytest.mark.long
def test_gluon_s_trained_checkpoint_is_converted_and_is_exported_to_onnx() -> None:
    case = network("mobilenetv2-trained")
    module = from_mxnet(case.graph, case.parameters)
    data, expected = case.inputs["data"], case.outputs[0]
    assert relative_difference(logits(module, data), expected) <= TOLERANCE
    (found,) = open_session(to_onnx(module, data).SerializeToString()).run(None, {"image": data})
    assert relative_difference(found, expected) <= TOLERANCE


def test_a_checkpoint_that_became_ours_can_be_trained_on() -> None:
    case = network("mobilenetv2-trained")
    module = from_mxnet(case.graph, case.parameters)
    data, labels = torch.from_numpy(case.inputs["data"]), torch.tensor([3, 2, 1, 0])
    optimiser = torch.optim.Adam(module.parameters(), 1e-3)
    losses = []
    for _ in range(5):
        loss = torch.nn.functional.cross_entropy(module(data), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_the_standard_plan_is_the_paper_s() -> None:
    module = MobileNetV2(1000)
    assert sum(tensor.numel() for tensor in module.parameters()) == 3_504_872
    assert len(module.features) == 19
    assert module.embed(torch.zeros(1, 3, 64, 64)).shape == (1, 1280)


@pytest.mark.parametrize("name", ["mobilenet-v1", "resnet-v1", "lenet", "mlp"])
def test_another_network_is_refused(name: str) -> None:
    case = network(name)
    with pytest.raises(MxnetError):
        from_mxnet(case.graph, case.parameters)


def test_a_network_of_the_same_layers_that_computes_something_else_is_refused() -> None:
    case = network("mobilenetv2-trained")
    nodes = tuple(
        Node(n.op, n.name, n.inputs, {**n.attributes, "a_max": "0.1"}) if n.op == "clip" else n
        for n in case.graph.nodes
    )
    with pytest.raises(MxnetError, match="ours differs from it"):
        from_mxnet(Graph(nodes, case.graph.heads), case.parameters)


def test_a_damaged_shape_is_refused_with_its_node() -> None:
    case = network("mobilenetv2-trained")
    arguments = dict(case.parameters.arguments)
    name = next(name for name in arguments if name.endswith("batchnorm0_gamma"))
    arguments[name] = arguments[name][:-1]
    with pytest.raises(MxnetError, match="batchnorm0_fwd"):
        from_mxnet(case.graph, Parameters(arguments, case.parameters.auxiliary))
