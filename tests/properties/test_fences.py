"""Wherever a block stands and whatever it says, it becomes a widget, is reported with its line, or is shown as code."""

from __future__ import annotations

from hypothesis import event, given
from hypothesis import strategies as st
from markdown import markdown

from site_src.plugin.page import PageBuilder
from site_src.plugin.scan import find_fences
from site_src.plugin.widgets.registry import KINDS
from tests.properties.strategies import many

BODIES = [
    "", "- a", "---\n---", "models: [tiny-clean]", "models: [tiny-clean, tiny-badnet]\ntop: 3", "models: [none]",
    "models: tiny-clean\nsamples: digits", "models: tiny-clean\nmodels: tiny-clean", "models: tiny-clean\ntitle: <b>",
    "models: tiny-clean\nid: a b", "models: tiny-clean\ntop: .inf", "models: tiny-clean\ntop: 99999999999999999999",
    "models: tiny-clean\nsamples: [{src: /dev/zero.png, alt: x}]", "models: ../../../etc/passwd.json",
    "models: &m [*m]", "a: &a [x]\nb: [*a, *a]", "models: [[[[", "\t- x: {", "? [a]\n: b", "models: 2026-13-45",
    "models: !!python/object:os.system x", "models: \x00",
]  # fmt: skip
PREFIXES = ["", "", "", " ", "  ", "    ", "> ", ">", ">> ", "- ", "1. ", "    - ", "[^1]: ", "!!! note\n    "]
OPENINGS = [
    "```onnx-demo", "``` onnx-demo", "~~~onnx-demo", "````onnx-demo", "``` {.onnx-demo}", "```onnx-dmeo",
    "```{onnx-demo}", "```onnx-demo title=x", "``` { #a .onnx-demo }", "```python", "```",
]  # fmt: skip
TEXT = [
    "", "", "A paragraph.", "- item", "> quote", "# Heading", "| a | b |\n| - | - |", "<div>", "</div>", "{{ x }}",
    "`code`", "[^1]", "***", "<!--", "-->", "<pre>", "</pre>", "<script>", "</script>",
]  # fmt: skip


@st.composite
def pages(draw: st.DrawFn) -> str:
    """Text with blocks in odd places."""
    pieces = []
    for _ in range(draw(st.integers(1, 4))):
        pieces += draw(st.lists(st.sampled_from(TEXT) | st.text(max_size=10), max_size=3))
        prefix, opening = draw(st.sampled_from(PREFIXES)), draw(st.sampled_from(OPENINGS))
        body = draw(st.sampled_from(BODIES) | st.text(max_size=30))
        closing = draw(
            st.sampled_from([opening.strip(" abcdefghijklmnopqrstuvwxyz-_{}.=")[:4] or "```"] * 4 + ["", "~~~"])
        )
        further = prefix if draw(st.booleans()) else " " * len(prefix)
        pieces.append(prefix + f"\n{further}".join([opening, *body.split("\n"), closing]))
    return "\n".join(pieces)


@many
@given(text=pages())
def test_no_block_is_silently_something_else(page: PageBuilder, text: str) -> None:
    builder = PageBuilder("docs/page.md", page.around, page.output, page.get_runtime)
    late = builder.late(builder.markdown(text, 0))
    html = builder.html(markdown(late, extensions=["footnotes", "fenced_code", "admonition", "tables"]))
    event("reported" if builder.problems else "a widget" if "<onnx-demo" in html else "text or code")
    for problem in builder.problems:
        assert problem.line >= 1
    assert "onnxwidgets0" not in html
    if any(fence.info in KINDS for fence in find_fences(text)) and not builder.problems:
        assert "onnx-demo" in html
