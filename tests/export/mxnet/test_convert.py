from __future__ import annotations

import numpy as np
import onnx
import pytest

from export.mxnet.arrays import Array
from export.mxnet.check import check, check_sizes
from export.mxnet.checkpoint import Parameters
from export.mxnet.convert import DEFAULT_SIZE, OPSETS, convert
from export.mxnet.errors import MxnetError, ParametersError, ShapeError, SymbolError, UnknownOperatorError
from export.mxnet.graph import Entry, Graph, Node
from export.mxnet.operators import OPERATORS
from export.onnx.agreement import TOLERANCE
from tests.export.mxnet.cases import NETWORKS, Case, answers, difference, network, operators

ONE_OPERATOR = 1e-5
"""Stricter than `TOLERANCE`: the rounding of one operator is below 1e-6, and a forgotten attribute may show little."""


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_answers_as_mxnet_did(name: str) -> None:
    case = network(name)
    found = answers(case)
    assert difference(found, case.outputs) <= TOLERANCE
    assert np.array_equal(found[0].argmax(-1), case.outputs[0].argmax(-1))


@pytest.mark.parametrize("name", operators())
def test_an_operator_answers_as_mxnet_did(name: str) -> None:
    case = operators()[name]
    assert difference(answers(case), case.outputs) < ONE_OPERATOR


@pytest.mark.parametrize("opset", OPSETS)
def test_every_opset_gives_a_valid_model_with_the_same_answers(opset: int) -> None:
    for name, case in operators().items():
        model = convert(case.graph, case.parameters, case.shapes, opset).model
        onnx.checker.check_model(model, full_check=True)
        assert model.opset_import[0].version == opset
        assert difference(answers(case, opset), case.outputs) < ONE_OPERATOR, name


def test_the_vectors_cover_every_operator_of_the_registry() -> None:
    cases = [*operators().values(), *map(network, NETWORKS)]
    emitters = {OPERATORS[node.op].emit for case in cases for node in case.graph.operators}
    missing = [name for name, known in OPERATORS.items() if known.emit not in emitters]
    assert missing == []


def test_an_outdated_name_converts_like_the_current_one() -> None:
    renamed = {
        "Convolution": "Convolution_v1",
        "BatchNorm": "CuDNNBatchNorm",
        "Pooling": "Pooling_v1",
        "SoftmaxOutput": "Softmax",
        "Flatten": "flatten",
    }
    case = network("defaults")
    nodes = tuple(Node(renamed.get(n.op, n.op), n.name, n.inputs, n.attributes) for n in case.graph.nodes)
    old = Case(Graph(nodes, case.graph.heads), case.parameters, case.inputs, case.outputs)
    assert difference(answers(old), case.outputs) <= TOLERANCE


def test_the_trained_vectors_have_running_statistics_other_than_zero_and_one() -> None:
    auxiliary = network("mobilenetv2-trained").parameters.auxiliary
    means = np.concatenate([array for name, array in auxiliary.items() if name.endswith("mean")])
    variances = np.concatenate([array for name, array in auxiliary.items() if name.endswith("var")])
    assert np.mean(np.abs(means) > 1e-4) > 0.9
    assert np.mean(np.abs(variances - 1) > 1e-3) > 0.9


def test_a_fixed_gamma_is_one_whatever_the_file_holds() -> None:
    case = network("defaults")
    arguments = dict(case.parameters.arguments)
    arguments["bn_gamma"] = arguments["bn_gamma"] * 7
    changed = Case(case.graph, Parameters(arguments, case.parameters.auxiliary), case.inputs, case.outputs)
    assert difference(answers(changed), case.outputs) <= TOLERANCE


def test_the_batch_is_free_and_its_images_do_not_mix() -> None:
    case = network("mobilenetv2-trained")
    model = convert(case.graph, case.parameters, {"data": (1, 3, 32, 32)}).model
    (together,) = check(model.SerializeToString(), {"data": (4, 3, 32, 32)}).answers
    assert together.shape == (4, 4)


def test_the_label_of_the_loss_is_no_input() -> None:
    case = network("mlp")
    model = convert(case.graph, case.parameters, case.shapes).model
    assert [value.name for value in model.graph.input] == ["data"]


def test_an_input_without_a_shape_gets_the_channels_of_the_first_convolution() -> None:
    case = network("mobilenetv2-trained")
    assert convert(case.graph, case.parameters).inputs == {"data": (1, 3, DEFAULT_SIZE, DEFAULT_SIZE)}


def test_an_input_without_a_shape_gets_the_features_of_the_first_dense_layer() -> None:
    case = network("mlp")
    assert convert(case.graph, case.parameters).inputs == {"data": (1, 20)}


def test_only_the_parameters_in_use_become_constants() -> None:
    case = network("mobilenetv2-trained")
    model = convert(case.graph, case.parameters, case.shapes).model
    used = {name for node in model.graph.node for name in node.input}
    assert {tensor.name for tensor in model.graph.initializer} <= used


def without(arrays: dict[str, Array], name: str) -> dict[str, Array]:
    return {key: array for key, array in arrays.items() if key != name}


def test_a_parameter_missing_in_the_file_is_refused_by_name() -> None:
    case = network("mlp")
    arguments = without(dict(case.parameters.arguments), "fc2_weight")
    arguments["fc2_weigth"] = case.parameters.arguments["fc2_weight"]
    with pytest.raises(ParametersError, match=r"missing, the first 'fc2_weight' \(the file has 'fc2_weigth'\)"):
        convert(case.graph, Parameters(arguments, {}), case.shapes)


def test_an_array_that_the_symbol_does_not_know_is_refused_by_name() -> None:
    case = network("mlp")
    arguments = {**case.parameters.arguments, "stray": np.zeros(3, np.float32)}
    with pytest.raises(ParametersError, match="1 arrays are unknown to the symbol, the first 'stray'"):
        convert(case.graph, Parameters(arguments, {}), case.shapes)


def test_gluon_s_own_parameter_files_are_pointed_out() -> None:
    case = network("mlp")
    arguments = {f"0.{name}": array for name, array in case.parameters.arguments.items()}
    with pytest.raises(ParametersError, match=r"save_parameters; its export\(\) writes both"):
        convert(case.graph, Parameters(arguments, {}), case.shapes)


def chain(op: str, attributes: dict[str, str]) -> Case:
    """A network of one operator on one input."""
    nodes = (Node("null", "data"), Node(op, "it", (Entry(0),), attributes))
    return Case(Graph(nodes, (Entry(1),)), Parameters({}, {}), {"data": np.ones((2, 3, 6, 6), np.float32)}, [])


def test_unknown_operators_are_refused_by_name_with_the_node() -> None:
    nodes = (
        Node("null", "data"),
        Node("ROIPooling", "roi", (Entry(0),)),
        Node("RNN", "lstm0", (Entry(1),)),
    )
    with pytest.raises(UnknownOperatorError, match=r"ROIPooling \(node 'roi'\), RNN \(node 'lstm0'\)"):
        convert(Graph(nodes, (Entry(2),)), Parameters({}, {}))


@pytest.mark.parametrize(
    ("op", "attributes", "message"),
    [
        ("Reshape", {"shape": "(0, -2)"}, "codes -2, -3 and -4"),
        ("Reshape", {"shape": "(-3, 0)"}, "codes -2, -3 and -4"),
        ("Reshape", {"shape": "(0, -1)", "reverse": "True"}, "reverse"),
        ("Pooling", {"kernel": "(2, 2)", "layout": "NHWC"}, "layout NHWC"),
        ("Dropout", {"mode": "always"}, "mode 'always'"),
        ("UpSampling", {"scale": "2", "sample_type": "bilinear"}, "'bilinear'"),
        ("slice", {"begin": "(0,)", "end": "(1,)"}, "of the batch"),
    ],
)
def test_a_use_that_has_no_conversion_is_refused_with_the_node(
    op: str, attributes: dict[str, str], message: str
) -> None:
    case = chain(op, attributes)
    with pytest.raises(UnknownOperatorError, match=message) as raised:
        convert(case.graph, case.parameters, case.shapes)
    assert raised.value.node == "it"


@pytest.mark.parametrize(
    ("op", "attributes", "message"),
    [
        ("Pooling", {}, "lacks its attribute 'kernel'"),
        ("Pooling", {"kernel": "(3)x"}, r"attribute 'kernel' of Pooling is '\(3\)x'"),
        ("Pooling", {"kernel": "(2, 2, 2)"}, "2 numbers"),
        ("Pooling", {"kernel": "(9, 9)"}, "does not fit a size of 6"),
        ("Pooling", {"kernel": "(2, 2)", "stride": "(0, 1)"}, "not possible"),
        ("Pooling", {"kernel": "(2, 2)", "pooling_convention": "same"}, "for one spatial dimension"),
        ("Crop", {"h_w": "(4, 7)"}, r"4x7 at \(0, 0\) does not lie in"),
        ("_contrib_AdaptiveAvgPooling2D", {"output_size": "(0,)"}, "one or two sizes"),
        ("_contrib_BilinearResize2D", {"mode": "like"}, "takes a second input"),
        ("Pooling", {"kernel": "(2, 2)", "global_pool": "maybe"}, "True or False"),
        ("clip", {"a_min": "0"}, "lacks its attribute 'a_max'"),
        ("clip", {"a_min": "nan", "a_max": "1"}, "finite"),
        ("Activation", {"act_type": "swish"}, "one of relu"),
        ("transpose", {"axes": "(0, 1, 2, 4)"}, "not those of a tensor of 4"),
        ("Reshape", {"shape": "(0, 7)"}, "cannot become"),
        ("expand_dims", {"axis": "9"}, "'axis' is 9"),
        ("Pad", {"mode": "constant", "pad_width": "(0, 0, 0, 0, 0, 0, 0, 2000000000)"}, "elements are expected"),
    ],
)
def test_attributes_that_make_no_sense_are_refused_with_the_node(
    op: str, attributes: dict[str, str], message: str
) -> None:
    case = chain(op, attributes)
    with pytest.raises(SymbolError, match=message) as raised:
        convert(case.graph, case.parameters, case.shapes)
    assert raised.value.node == "it"


def test_weights_of_another_shape_than_the_node_says_are_refused() -> None:
    case = network("mlp")
    arguments = {**case.parameters.arguments, "fc1_weight": np.zeros((16, 21), np.float32)}
    with pytest.raises(ShapeError, match=r"node 'fc1'.*'fc1_weight' has the shape \(16, 21\); \(16, 20\) is expected"):
        convert(case.graph, Parameters(arguments, {}), case.shapes)


def test_a_network_for_one_batch_size_is_refused() -> None:
    case = chain("Reshape", {"shape": "(4, 54)"})
    converted = convert(case.graph, case.parameters, case.shapes)
    with pytest.raises(MxnetError, match="does not run at the batch sizes 2 and 3"):
        check(converted.model.SerializeToString(), converted.inputs)


def test_a_network_that_mixes_its_batch_is_refused() -> None:
    case = chain("mean", {"axis": "0", "keepdims": "True"})
    nodes = (*case.graph.nodes, Node("broadcast_sub", "centred", (Entry(0), Entry(1))))
    converted = convert(Graph(nodes, (Entry(2),)), case.parameters, case.shapes)
    with pytest.raises(MxnetError, match="mixes its batch"):
        check(converted.model.SerializeToString(), converted.inputs)


def test_weights_that_are_no_numbers_are_refused_by_name() -> None:
    case = network("mlp")
    arguments = {**case.parameters.arguments, "fc2_bias": np.full(3, np.nan, np.float32)}
    with pytest.raises(ParametersError, match="'fc2_bias' holds values that are not finite"):
        convert(case.graph, Parameters(arguments, {}), case.shapes)


def unary(*operators: tuple[str, dict[str, str]]) -> Case:
    """A network of operators in a row on one input."""
    nodes = [Node("null", "data")]
    for index, (op, attributes) in enumerate(operators):
        nodes.append(Node(op, f"it{index}", (Entry(index),), attributes))
    return Case(
        Graph(tuple(nodes), (Entry(len(operators)),)), Parameters({}, {}), {"data": np.ones((2, 6), np.float32)}, []
    )


@pytest.mark.parametrize(
    ("operators", "values"),
    [
        ([("sqrt", {})], (0, 1)),
        ([("_minus_scalar", {"scalar": "1"}), ("log", {})], (1, 2)),
        ([("_rminus_scalar", {"scalar": "0"}), ("sqrt", {}), ("sum", {"axis": "1"})], (-2, -1)),
        ([("_minus_scalar", {"scalar": "100"}), ("sqrt", {})], (0, 255)),
    ],
)
def test_test_images_lie_where_a_network_has_finite_answers(
    operators: list[tuple[str, dict[str, str]]], values: tuple[float, float]
) -> None:
    case = unary(*operators)
    checked = check(convert(case.graph, case.parameters, case.shapes).model.SerializeToString(), {"data": (2, 6)})
    assert checked.values == values
    assert checked.finite


def test_a_network_without_a_finite_answer_is_not_taken_for_compared() -> None:
    case = unary(("square", {}), ("_rminus_scalar", {"scalar": "-1"}), ("sqrt", {}))
    model = convert(case.graph, case.parameters, case.shapes).model
    assert not check(model.SerializeToString(), {"data": (2, 6)}).finite


def test_a_half_precision_checkpoint_is_computed_in_float32() -> None:
    case = network("mlp")
    arguments = {name: array.astype(np.float16) for name, array in case.parameters.arguments.items()}
    half = Case(case.graph, Parameters(arguments, {}), case.inputs, case.outputs)
    assert difference(answers(half), case.outputs) < 1e-2
    model = convert(half.graph, half.parameters, half.shapes).model
    assert {tensor.data_type for tensor in model.graph.initializer} == {onnx.TensorProto.FLOAT}


def test_an_opset_that_cannot_be_written_is_refused() -> None:
    case = network("mlp")
    with pytest.raises(MxnetError, match="opset 9 cannot be written"):
        convert(case.graph, case.parameters, case.shapes, 9)


def test_an_unknown_input_is_refused_by_name() -> None:
    case = network("mlp")
    with pytest.raises(ShapeError, match="no input 'image'; its inputs are data"):
        convert(case.graph, case.parameters, {"image": (1, 20)})


def free_sizes(case: Case) -> None:
    def static(shapes: dict[str, tuple[int, ...]]) -> bytes:
        return bytes(convert(case.graph, case.parameters, shapes).model.SerializeToString())

    model = convert(case.graph, case.parameters, case.shapes, any_size=True).model
    check_sizes(model.SerializeToString(), static, case.shapes)


@pytest.mark.parametrize("kind", ["max", "avg"])
@pytest.mark.parametrize("convention", ["valid", "full"])
def test_pooling_takes_images_of_any_size(kind: str, convention: str) -> None:
    attributes = {"kernel": "(3, 3)", "stride": "(2, 2)", "pad": "(1, 0)", "pool_type": kind}
    free_sizes(chain("Pooling", attributes | {"pooling_convention": convention}))


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("Reshape", {"shape": "(0, 3, -1)"}),
        ("slice_axis", {"axis": "2", "begin": "1", "end": "None"}),
        ("slice_axis", {"axis": "-1", "begin": "-4", "end": "-1"}),
        ("UpSampling", {"scale": "2", "sample_type": "nearest"}),
        ("Crop", {"h_w": "(3, 2)", "offset": "(1, 2)"}),
        ("_contrib_AdaptiveAvgPooling2D", {}),
        ("Flatten", {}),
        ("L2Normalization", {"mode": "channel"}),
    ],
)
def test_an_operator_takes_images_of_any_size(op: str, attributes: dict[str, str]) -> None:
    free_sizes(chain(op, attributes))


@pytest.mark.parametrize(
    ("op", "attributes"), [("Crop", {}), ("slice_like", {}), ("_contrib_BilinearResize2D", {"mode": "like"})]
)
def test_an_operator_follows_the_size_of_its_second_input(op: str, attributes: dict[str, str]) -> None:
    half = {"kernel": "(2, 2)", "stride": "(2, 2)"}
    nodes = (
        Node("null", "data"),
        Node("Pooling", "half", (Entry(0),), half),
        Node(op, "it", (Entry(0), Entry(1)), attributes),
    )
    free_sizes(Case(Graph(nodes, (Entry(2),)), Parameters({}, {}), {"data": np.ones((2, 3, 6, 6), np.float32)}, []))


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("Reshape", {"shape": "(0, 108)"}),
        ("_contrib_AdaptiveAvgPooling2D", {"output_size": "(2, 2)"}),
        ("_contrib_BilinearResize2D", {"mode": "to_even_up"}),
        ("Pooling", {"kernel": "(2, 2)", "stride": "(2, 2)", "pool_type": "sum", "pooling_convention": "full"}),
    ],
)
def test_what_is_made_for_one_size_is_not_left_free(op: str, attributes: dict[str, str]) -> None:
    with pytest.raises(MxnetError, match="the size of images cannot be left free"):
        free_sizes(chain(op, attributes))
