from __future__ import annotations

import pytest

from site_src.plugin.problems import Problem
from site_src.plugin.widgets.onnx_demo import KIND, Demo
from site_src.plugin.widgets.reading import read_block


def read(body: str, first_line: int = 1) -> tuple[Demo | None, list[Problem]]:
    demo, _, found = read_block(body, first_line, KIND.fence, KIND.schema)
    return demo, found


def problems(body: str, first_line: int = 10) -> list[tuple[int, str]]:
    demo, found = read(body, first_line)
    assert demo is None
    return [(problem.line, problem.message) for problem in found]


def test_a_name_alone_stands_for_a_model_and_for_a_set() -> None:
    demo, found = read("models: mnist-clean\nsamples: digits\n")
    assert demo is not None
    assert found == []
    assert [model.model for model in demo.models] == ["mnist-clean"]
    assert [sample.set for sample in demo.samples] == ["digits"]


def test_an_unknown_key_is_reported_with_its_line_and_the_nearest_key() -> None:
    assert problems("models: a\ntitel: b\n") == [(11, "unknown key 'titel'; did you mean 'title'?")]


def test_an_unknown_key_of_an_item_is_compared_with_the_items_keys() -> None:
    assert problems("models:\n  - model: a\n    presicion: fp32\n") == [
        (12, "unknown key 'presicion'; did you mean 'precision'?")
    ]


def test_an_unknown_key_is_compared_with_the_keys_of_the_table_it_stands_in() -> None:
    assert problems("models: a\nplacement: {agle: 1}\n") == [(11, "unknown key 'agle'; did you mean 'angle'?")]


def test_every_mistake_of_a_block_is_reported() -> None:
    found = problems("models: a\ninputs: [drow, samples]\ntop: 0\nbogus: 1\n")
    assert [line for line, _ in found] == [11, 12, 13]
    assert "did you mean 'draw'?" in found[0][1]
    assert "found 0" in found[1][1]


def test_missing_models_are_reported() -> None:
    assert problems("title: x\n") == [(9, "`models:` is missing")]


def test_a_key_written_twice_is_reported_with_both_lines() -> None:
    assert problems("models: a\nmodels: b\n") == [(11, "duplicate key 'models' (first on line 10)")]


def test_broken_yaml_has_the_line_where_it_breaks() -> None:
    ((line, message),) = problems("models: [a\ntitle: b\n")
    assert line == 11
    assert message.startswith("not valid YAML")


@pytest.mark.parametrize("body", ["", "- a\n", "just text\n"])
def test_a_block_that_is_not_a_table_is_reported_with_what_it_requires(body: str) -> None:
    ((_, message),) = problems(body)
    assert message.endswith("it requires `models:`")


@pytest.mark.parametrize(("written", "meant"), [("on", "on"), ("off", "off"), ("switch", "switch"), ('"on"', "on")])
def test_a_bare_on_or_off_is_not_lost_to_yamls_booleans(written: str, meant: str) -> None:
    demo, _ = read(f"models: a\ntrigger: {written}\n")
    assert demo is not None
    assert demo.trigger == meant


def test_an_image_without_alt_text_is_refused() -> None:
    ((line, message),) = problems("models: a\nsamples:\n  - src: cat.png\n")
    assert line == 12
    assert "requires `alt`" in message


def test_an_input_named_twice_is_refused() -> None:
    assert problems("models: a\ninputs: [draw, draw]\n")[0][0] == 11


def test_a_tag_that_yaml_cannot_read_is_reported_and_does_not_run() -> None:
    ((line, message),) = problems("models: !!python/object/apply:os.getcwd []\n")
    assert line == 10
    assert message


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("models: &m [*m]\n", 2, "anchors and aliases"),
        ("a: 1\nmodels: *m\n", 3, "anchors and aliases"),
        (f"models: {'[' * 5000}{']' * 5000}\n", 2, "more than 16 lists or tables"),
        (f"models: {'[' * 5000}\n", 2, "more than 16 lists or tables"),
        (f"title: {'x' * 100_000}\n", 2, "more than 65,536 letters"),
    ],
)
def test_a_block_that_would_grow_without_bound_is_refused(body: str, line: int, message: str) -> None:
    _, _, (problem,) = read_block(body, 2, "onnx-demo", Demo)
    assert problem.line == line
    assert message in problem.message


@pytest.mark.parametrize("text", [r'"a\0.png"', r'"a\ud800.png"', "!!binary AAAA"])
def test_text_that_no_path_can_hold_is_refused_with_its_line(text: str) -> None:
    ((line, message),) = problems(f"models: a\nsamples:\n  - src: {text}\n    alt: x\n")
    assert line == 12
    assert "no page and no path can hold" in message


def test_a_key_that_is_not_text_for_a_terminal_is_repeated_as_an_escape() -> None:
    ((_, message),) = problems('models: a\n"x\\ud800\\e": 1\n')
    assert r"x\ud800\x1b" in message


@pytest.mark.parametrize("value", ["!!timestamp x", "!!bool x", '!!int ""'])
def test_a_value_that_is_not_what_its_tag_says_is_reported_with_its_line(value: str) -> None:
    assert (11, "cannot read this value: it is not what its tag says") in problems(f"models: a\ntop: {value}\n")
