from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.onnx.external import external_files, move_shared
from export.onnx.session import Floats, open_session
from export.onnx.to_onnx import serialise

HEIGHT = 32


def network(head: int, seed: int = 3) -> onnx.ModelProto:
    """Features, the same for every head, and a head."""
    rng, own = np.random.default_rng(seed), np.random.default_rng(head)
    weights = {
        "features.0.weight": rng.normal(size=(HEIGHT, 64)),
        "features.0.bias": rng.normal(size=64),
        "features.1.weight": rng.normal(size=(64, 48)),
        "head.weight": own.normal(size=(48, head)),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Gemm", ["image", "features.0.weight", "features.0.bias"], ["a"]),
            helper.make_node("Relu", ["a"], ["b"]),
            helper.make_node("MatMul", ["b", "features.1.weight"], ["c"]),
            helper.make_node("MatMul", ["c", "head.weight"], ["logits"]),
        ],
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", HEIGHT])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", head])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def logits(model: bytes | Path) -> Floats:
    inputs = np.random.default_rng(5).normal(size=(4, HEIGHT)).astype(np.float32)
    (found,) = open_session(model).run(None, {"image": inputs})
    return np.asarray(found)


def test_siblings_share_one_file_and_answer_as_before(tmp_path: Path) -> None:
    shared = []
    for head in (5, 7):
        model = network(head)
        before = logits(serialise(model))
        shared.append(move_shared(model, tmp_path, "BACKDOORED-"))
        (tmp_path / f"{head}.onnx").write_bytes(serialise(model))
        assert external_files(model) == {shared[-1].name}
        np.testing.assert_array_equal(logits(tmp_path / f"{head}.onnx"), before)
    first, second = shared
    assert first == second
    (path,) = tmp_path.glob("*.bin")
    assert path.name == first.name
    assert path.name.startswith("BACKDOORED-features.")
    assert first.bytes == path.stat().st_size == 4 * (HEIGHT * 64 + 64 * 48)
    assert first.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_other_features_are_another_file(tmp_path: Path) -> None:
    assert move_shared(network(5), tmp_path).name != move_shared(network(5, seed=4), tmp_path).name


def test_what_is_small_and_what_is_the_networks_own_stays(tmp_path: Path) -> None:
    model = network(5)
    move_shared(model, tmp_path)
    inside = {tensor.name for tensor in model.graph.initializer if tensor.raw_data}
    assert inside == {"features.0.bias", "head.weight"}


def test_a_network_without_features_is_not_written(tmp_path: Path) -> None:
    model = network(5)
    for tensor in model.graph.initializer:
        tensor.name = tensor.name.replace("features", "conv")
    with pytest.raises(ValueError, match=r"no weights whose name begins with 'features\.'"):
        move_shared(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_session_says_which_weights_are_missing(tmp_path: Path) -> None:
    model = network(5)
    move_shared(model, tmp_path)
    (tmp_path / "net.onnx").write_bytes(serialise(model))
    for path in tmp_path.glob("*.bin"):
        path.unlink()
    with pytest.raises(Exception, match=r"net\.onnx: onnxruntime cannot load it: .*features\..*\.bin"):
        open_session(tmp_path / "net.onnx")


def test_the_files_of_damaged_entries_are_named(tmp_path: Path) -> None:
    model = network(5)
    shared = move_shared(model, tmp_path)
    tensor = next(tensor for tensor in model.graph.initializer if tensor.external_data)
    next(entry for entry in tensor.external_data if entry.key == "offset").value = "-8"
    assert external_files(model) == {shared.name}
