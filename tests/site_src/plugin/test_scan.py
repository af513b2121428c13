from __future__ import annotations

from site_src.plugin.scan import find_expressions, find_fences, replace_spans


def names(markdown: str) -> list[str]:
    return [fence.info for fence in find_fences(markdown)]


def test_a_fence_inside_a_longer_fence_is_text() -> None:
    assert names("````md\n```onnx-demo\nmodels: a\n```\n````\n\n```onnx-demo\n```\n") == ["md", "onnx-demo"]


def test_a_fence_of_tildes_is_not_closed_by_backticks() -> None:
    (fence,) = find_fences("~~~onnx-demo\n```\n~~~\n")
    assert fence.body == "```\n"


def test_lines_are_counted_from_one() -> None:
    assert [fence.line for fence in find_fences("a\n\n```x\n```\n\n```y\n```")] == [3, 6]


def test_indentation_of_the_fence_is_taken_off_its_body() -> None:
    (fence,) = find_fences("- item\n\n    ```onnx-demo\n    models:\n      - a\n    ```\n")
    assert (fence.indent, fence.body) == ("    ", "models:\n  - a\n")


def test_an_unclosed_fence_reaches_to_the_end() -> None:
    (fence,) = find_fences("```onnx-demo\nmodels: a\n\ntext")
    assert not fence.closed
    assert fence.body.endswith("text")


def test_a_code_span_of_three_backticks_opens_no_fence() -> None:
    assert names("```inline``` text") == []


def test_windows_line_ends_do_not_hide_a_fence() -> None:
    assert names("```onnx-demo\r\nmodels: a\r\n```\r\n") == ["onnx-demo"]


def test_expressions_in_code_are_left_alone() -> None:
    text = "{{ one }} `{{ two }}` ``{{ a ` b }}``\n\n```\n{{ three }}\n```\n\n{{ four }}"
    assert [found.code for found in find_expressions(text, find_fences(text))] == ["one", "four"]


def test_a_lone_backtick_does_not_hide_the_next_paragraph() -> None:
    text = "a ` b\n\n{{ seen }}\n\nc ` d"
    assert [found.code for found in find_expressions(text, [])] == ["seen"]


def test_an_expression_may_span_lines_and_has_the_line_of_its_start() -> None:
    (found,) = find_expressions("a\nb {{ f(1,\n2) }}", [])
    assert (found.line, found.code) == (2, "f(1,\n2)")


def test_replacing_keeps_everything_else() -> None:
    text = "a {{ x }} b\n```y\n```\nc"
    fences = find_fences(text)
    spans = [(fences[0], "FENCE"), (find_expressions(text, fences)[0], "EXPRESSION")]
    assert replace_spans(text, spans) == "a EXPRESSION b\nFENCE\nc"


def test_a_fence_after_a_list_marker_closes_nothing() -> None:
    (found,) = find_fences("```text\n- ```\n```\n")
    assert (found.closed, found.body) == (True, "- ```\n")


def test_a_quote_that_ends_ends_its_block() -> None:
    quoted, after = find_fences("> ```onnx-demo\n> models: a\n\n```python\nx = 1\n```\n")
    assert (quoted.info, quoted.closed, quoted.body.strip()) == ("onnx-demo", False, "models: a")
    assert (after.info, after.closed, after.body) == ("python", True, "x = 1\n")
