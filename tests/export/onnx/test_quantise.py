from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from export.errors import ExportError
from export.onnx.agreement import TOLERANCE, relative_difference
from export.onnx.quantise import (
    AccuracyLost,
    check_accuracy,
    correct_bias,
    on_grid,
    qdq_int8,
    quantise_channels,
    weight_only_int8,
)
from export.onnx.session import open_session
from export.release.models import Model
from training.core.metrics import Measurement, wilson


def tiny(nodes: list[onnx.NodeProto], weights: dict[str, np.ndarray], shape: Sequence[int | str]) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * len(shape))],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def initialisers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_a_weight_is_off_by_half_a_step_at_most(rows: int, columns: int, seed: int) -> None:
    original = (np.random.default_rng(seed).normal(size=(rows, columns)) * 10.0 ** (seed % 7 - 3)).astype(np.float32)
    values, scales = quantise_channels(original)
    assert values.min() >= -127
    assert np.all(np.abs(values * scales[:, None] - original) <= scales[:, None] * 0.5001)


def test_a_channel_of_zeros_stays_zero() -> None:
    values, scales = quantise_channels(np.zeros((3, 4), np.float32))
    assert not values.any()
    assert np.all(scales == 1)


@pytest.mark.parametrize(
    ("node", "shape", "axis"),
    [
        (lambda: helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1), (5, 3), 0),
        (lambda: helper.make_node("Gemm", ["x", "w", "b"], ["y"]), (3, 5), 1),
        (lambda: helper.make_node("MatMul", ["x", "w"], ["y"]), (3, 5), 1),
    ],
)
def test_each_output_channel_has_its_own_scale(
    node: Callable[[], onnx.NodeProto], shape: tuple[int, int], axis: int
) -> None:
    model = tiny([node()], {"w": weights(*shape), "b": weights(5)}, [1, 3])
    found = initialisers(weight_only_int8(model))
    assert found["w.int8"].dtype == np.int8
    assert found["w.scale"].shape == (5,)
    np.testing.assert_allclose(found["w.scale"], np.abs(weights(*shape)).max(axis=1 - axis) / 127, rtol=1e-6)


def test_biases_stay_float_and_the_original_is_untouched() -> None:
    model = tiny(
        [helper.make_node("Conv", ["x", "w", "b"], ["y"])], {"w": weights(4, 1, 3, 3), "b": weights(4)}, [1, 1, 5, 5]
    )
    before = model.SerializeToString(deterministic=True)
    found = initialisers(weight_only_int8(model))
    assert found["b"].dtype == np.float32
    assert model.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    ("node", "shape", "x_shape"),
    [
        (lambda: helper.make_node("MatMul", ["x", "w"], ["y"]), (64, 32), [3, 64]),
        (lambda: helper.make_node("MatMul", ["x", "w"], ["y"]), (64, 32), [2, 3, 64]),
        (lambda: helper.make_node("Gemm", ["x", "w"], ["y"]), (64, 32), [3, 64]),
        (lambda: helper.make_node("Gemm", ["x", "w"], ["y"], transB=1), (32, 64), [3, 64]),
        (lambda: helper.make_node("Conv", ["x", "w"], ["y"]), (8, 4, 3, 3), [2, 4, 9, 9]),
    ],
)
def test_arithmetic_is_float_with_the_rounded_weights(
    node: Callable[[], onnx.NodeProto], shape: tuple[int, ...], x_shape: list[int]
) -> None:
    original = weights(*shape)
    quantised = weight_only_int8(tiny([node()], {"w": original}, x_shape))
    channels_first = len(shape) == 4 or any(attribute.name == "transB" for attribute in node().attribute)
    values, scales = quantise_channels(original if channels_first else original.T)
    rounded = (values * scales.reshape(-1, *[1] * (values.ndim - 1))).astype(np.float32)
    plain = tiny([node()], {"w": rounded if channels_first else np.ascontiguousarray(rounded.T)}, x_shape)
    x = np.random.default_rng(2).normal(size=x_shape).astype(np.float32)
    found, expected = (open_session(each.SerializeToString()).run(None, {"x": x})[0] for each in (quantised, plain))
    assert relative_difference(found, expected) <= TOLERANCE


def test_an_old_opset_is_refused() -> None:
    model = tiny([helper.make_node("MatMul", ["x", "w"], ["y"])], {"w": weights(3, 5)}, [1, 3])
    model.opset_import[0].version = 12
    with pytest.raises(ExportError, match="opset 12"):
        weight_only_int8(model)


def test_a_weight_that_other_nodes_use_stays_as_it_is() -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Add", ["z", "w"], ["y"])]
    with pytest.raises(ExportError, match="no convolution or dense weights"):
        weight_only_int8(tiny(nodes, {"w": weights(3, 3)}, [3, 3]))


def test_weight_only_is_a_quarter_of_the_size(model: Model) -> None:
    assert model.card.file("int8-weight-only").bytes < 0.27 * model.card.file("fp32").bytes


def test_qdq_keeps_weights_to_seven_bits_for_processors_without_vnni(model: Model) -> None:
    fp32 = onnx.load(model.folder / model.card.file("fp32").name)
    rng = np.random.default_rng(0)
    quantised = qdq_int8(fp32, rng.normal(size=(64, 1, 28, 28)).astype(np.float32))
    stored = [value for value in initialisers(quantised).values() if value.dtype == np.int8 and value.ndim > 1]
    assert len(stored) == 4
    assert all(np.abs(value.astype(int)).max() <= 64 for value in stored)
    assert {"QuantizeLinear", "DequantizeLinear"} <= {node.op_type for node in quantised.graph.node}


def measured(clean: int, success: int, n: int) -> Measurement:
    return Measurement(data="x test", clean_accuracy=wilson(clean, n), attack_success_rate=wilson(success, n))


@pytest.mark.parametrize(("clean", "success"), [(9900, 9950), (9890, 9940), (9950, 9990)])
def test_a_tenth_of_a_point_may_be_lost(clean: int, success: int) -> None:
    check_accuracy(measured(9900, 9950, 10_000), measured(clean, success, 10_000), "m", backdoored=True)


@pytest.mark.parametrize(("clean", "success", "name"), [(9889, 9950, "clean accuracy"), (9900, 9939, "attack success")])
def test_more_is_refused(clean: int, success: int, name: str) -> None:
    with pytest.raises(AccuracyLost, match=rf"{name}.*11 of 10,000 samples, where at most 10"):
        check_accuracy(measured(9900, 9950, 10_000), measured(clean, success, 10_000), "m", backdoored=True)


def test_a_clean_networks_attack_success_may_fall() -> None:
    check_accuracy(measured(9900, 100, 10_000), measured(9900, 20, 10_000), "m", backdoored=False)


def test_three_samples_of_a_small_set_may_be_lost_and_no_more() -> None:
    check_accuracy(measured(350, 300, 359), measured(347, 297, 359), "m", backdoored=True)
    with pytest.raises(AccuracyLost):
        check_accuracy(measured(350, 300, 359), measured(346, 300, 359), "m", backdoored=True)


def quantised_before(*shape: int, zero: int = 90) -> np.ndarray:
    steps = np.random.default_rng(3).integers(0, 200, shape)
    return (np.float64(0.0173) * (steps - zero)).astype(np.float32)


def test_weights_that_were_quantised_before_lose_nothing() -> None:
    before = quantised_before(16, 8, 3, 3)
    conv = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 1, 1, 1])
    model = tiny([conv], {"w": before}, [1, 8, 4, 4])
    after = weight_only_int8(model)
    stored = initialisers(after)
    assert stored["w.int8"].dtype == np.int8
    found = stored["w.scale"] * (stored["w.int8"].astype(np.float32) - stored["w.zero"].astype(np.float32))
    assert relative_difference(found, before) <= 1e-6
    x = np.random.default_rng(0).normal(size=(1, 8, 4, 4)).astype(np.float32)
    old, new = (open_session(each.SerializeToString()).run(None, {"x": x})[0] for each in (model, after))
    assert relative_difference(new, old) <= TOLERANCE


@pytest.mark.parametrize(
    "off",
    [weights(8, 8, 3, 3), quantised_before(8, 8, 3, 3, zero=-40), quantised_before(8, 8, 3, 3) + np.float32(0.006)],
    ids=["any weights", "zero is not on the grid's range", "between the steps"],
)
def test_other_weights_are_not_taken_for_a_grid(off: np.ndarray) -> None:
    assert on_grid(off) is None


def test_few_weights_are_not_taken_for_a_grid_by_chance() -> None:
    assert on_grid(np.array([[0.1, 0.2], [0.4, 0.5]], dtype=np.float32)) is None


def test_depthwise_filters_that_lie_on_no_grid_stay_float() -> None:
    deep = helper.make_node("Conv", ["x", "d"], ["z"], pads=[1, 1, 1, 1], group=4)
    wide = helper.make_node("Conv", ["z", "w"], ["y"])
    after = initialisers(
        weight_only_int8(tiny([deep, wide], {"d": weights(4, 1, 3, 3), "w": weights(6, 4, 1, 1)}, [1, 4, 4, 4]))
    )
    assert after["d"].dtype == np.float32
    assert after["w.int8"].dtype == np.int8


def dense(*, bias: bool = True) -> onnx.ModelProto:
    inputs = ["x", "w", "b"] if bias else ["x", "w"]
    parts = {"w": weights(3, 5), **({"b": weights(3)} if bias else {})}
    return tiny([helper.make_node("Gemm", inputs, ["y"], transB=1)], parts, ["n", 5])


def test_a_corrected_bias_takes_the_mean_error_away_and_touches_nothing_else() -> None:
    full, inputs = dense(), np.abs(np.random.default_rng(2).normal(size=(70, 5))).astype(np.float32)
    rounded = weight_only_int8(full)
    corrected = correct_bias(full, rounded, inputs)

    def logits(model: onnx.ModelProto) -> np.ndarray:
        return np.asarray(open_session(model.SerializeToString()).run(None, {"x": inputs})[0])

    before, after = ((logits(model) - logits(full)).mean(axis=0) for model in (rounded, corrected))
    largest = np.abs(logits(full)).max()
    assert np.abs(before).max() > 1e-4 * largest
    assert np.abs(after).max() < 1e-6 * largest
    kept, given_ = initialisers(corrected), initialisers(rounded)
    assert all(np.array_equal(kept[name], given_[name]) for name in given_ if name != "b")


def test_a_last_layer_without_a_bias_cannot_be_corrected() -> None:
    with pytest.raises(ExportError, match="not a dense one with a bias"):
        correct_bias(dense(bias=False), weight_only_int8(dense(bias=False)), weights(2, 5))
