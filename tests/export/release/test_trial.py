from __future__ import annotations

import pytest
from onnx import helper

from export.release.trial import last_operator


def ending(*operators: str) -> str | None:
    """The operator that a graph of operators in a row ends in."""
    names = [f"t{index}" for index in range(len(operators) + 1)]
    nodes = [
        helper.make_node(op, [before], [after]) for op, before, after in zip(operators, names, names[1:], strict=False)
    ]
    return last_operator(helper.make_graph(nodes, "g", [], []), names[-1])


@pytest.mark.parametrize("after", ["Squeeze", "Unsqueeze", "Reshape", "Flatten", "Cast", "Identity", "Dropout"])
def test_an_operator_that_leaves_values_as_they_are_does_not_hide_a_softmax(after: str) -> None:
    assert ending("Conv", "Softmax", after, after) == "Softmax"


def test_an_operator_that_changes_values_does() -> None:
    assert ending("Softmax", "Log") == "Log"
