from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from markdown import markdown
from markupsafe import Markup

from site_src.plugin.catalogue import Catalogue
from site_src.plugin.formats import size
from site_src.plugin.page import PageBuilder
from site_src.plugin.problems import Problem
from site_src.plugin.reference import block_reference
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings
from site_src.plugin.widgets.registry import KINDS
from tests.site_src.fixture_models import share_weights, write_model

BLOCK = "```onnx-demo\nmodels: [tiny-clean, tiny-badnet]\nsamples: digits\n```\n"


def built(page: PageBuilder, text: str) -> str:
    return page.html(markdown(page.markdown(text, 0), extensions=["admonition", "tables"]))


def config(html: str) -> dict[str, object]:
    found = re.search(r'config="([^"]*)"', html)
    assert found
    parsed: dict[str, object] = json.loads(unescape(found[1]))
    return parsed


def test_a_block_becomes_an_element_with_addresses_relative_to_the_page(page: PageBuilder) -> None:
    given = config(built(page, BLOCK))
    assert page.problems == []
    assert given["inputs"] == ["draw", "samples", "upload", "camera"]
    cards = [model["card"] for model in given["models"]]  # type: ignore[attr-defined]
    assert all(
        re.fullmatch(r"\.\./assets/onnx-widgets/models/tiny-\w+-[0-9a-f]{12}/card\.json", card) for card in cards
    )
    assert {card.removeprefix("../") for card in cards} <= set(page.output.assets.files)


def test_the_element_is_not_wrapped_in_a_paragraph(page: PageBuilder) -> None:
    assert "<p><onnx-demo" not in built(page, BLOCK).replace("\n", "")


def test_the_module_is_loaded_once_a_page(page: PageBuilder) -> None:
    html = built(page, f"{BLOCK}\ntext\n\n{BLOCK}")
    assert html.count("<onnx-demo") == 2
    assert html.count('<script type="module"') == html.count('rel="stylesheet"') == 1


def test_a_block_works_inside_a_list_and_an_admonition(page: PageBuilder) -> None:
    indented = "".join(f"    {line}\n" for line in BLOCK.splitlines())
    html = built(page, f"- item\n\n{indented}\n- more\n\n!!! note\n{indented}\n")
    assert html.count("<onnx-demo") == 2
    assert html.index("<li>") < html.index("<onnx-demo") < html.index("</li>")


def test_a_block_shown_as_an_example_stays_text(page: PageBuilder) -> None:
    assert "<onnx-demo" not in built(page, f"````\n{BLOCK}````\n")


SMALL = "```onnx-demo\nmodels: tiny-clean\n```\n"


@pytest.mark.parametrize(
    "text",
    [
        f"A paragraph.\n{SMALL}",
        f"A paragraph.\n{SMALL}goes on.\n",
        "- item\n  ```onnx-demo\n  models: tiny-clean\n  ```\n",
        "Said[^1].\n\n[^1]: A note.\n    ```onnx-demo\n    models: tiny-clean\n    ```\n",
        "> Quoted.\n> ```onnx-demo\n> models: tiny-clean\n> ```\n",
        ">```onnx-demo\n>models: tiny-clean\n>```\n",
        "``` {.onnx-demo}\nmodels: tiny-clean\n```\n",
        "~~~ { .onnx-demo }\nmodels: tiny-clean\n~~~\n",
    ],
)
def test_a_block_never_lies_in_a_paragraph_which_the_browser_would_end(page: PageBuilder, text: str) -> None:
    html = page.html(markdown(page.markdown(text, 0), extensions=["footnotes", "fenced_code"]))
    assert page.problems == []
    assert html.count("<onnx-demo") == 1
    before = html[: html.index("<onnx-demo")]
    assert before.count("<p>") == before.count("</p>")


def test_a_block_shown_as_indented_code_stays_text(page: PageBuilder) -> None:
    indented = "".join(f"    {line}\n" for line in BLOCK.splitlines())
    html = built(page, f"So one writes it:\n\n{indented}\nand so it looks:\n\n{SMALL}")
    assert html.count("<onnx-demo") == html.count('<script type="module"') == 1
    assert "<pre><code>```onnx-demo\nmodels: [tiny-clean, tiny-badnet]\nsamples: digits\n```" in html
    built(page, "    ```onnx-demo\n    models: [no-such-model]\n    ```\n")
    assert page.problems == []


@pytest.mark.parametrize("tag", ["pre", "textarea", "script", "style"])
def test_a_block_in_an_element_of_plain_text_stays_text(page: PageBuilder, tag: str) -> None:
    html = built(page, f"<{tag}>\n{SMALL}</{tag}>\n\n{SMALL}")
    assert html.count("<onnx-demo") == 1
    assert "```onnx-demo\nmodels: tiny-clean\n```" in html[: html.index("<onnx-demo")]


def test_a_block_in_a_comment_is_left_alone(page: PageBuilder) -> None:
    html = built(page, "Text.\n\n<!--\n\n```onnx-demo\nmodels: [no-such-model]\n```\n\n-->\n\nMore.\n")
    assert "<onnx-demo" not in html
    assert "no-such-model" in html
    assert page.problems == []


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n```onnx-dmeo\nmodels: a\n```\n", 2, "no kind of block 'onnx-dmeo'; did you mean 'onnx-demo'?"),
        ("\n```ONNX_Demo\nmodels: a\n```\n", 2, "no kind of block 'ONNX_Demo'"),
        ("- ```onnx-demo\n  models: tiny-clean\n  ```\n", 1, "begins on a line of its own, below the marker"),
        ("\ufeff```onnx-demo\nmodels: tiny-clean\n```\n", 1, "and after nothing but spaces"),
        ("text\n\u00a0\u200b```onnx-demo\nmodels: tiny-clean\n```\n", 2, "and after nothing but spaces"),
        ("[^1]: ```onnx-demo\n    models: tiny-clean\n    ```\n", 1, "begins on a line of its own, below the marker"),
        ("```onnx-demo top=3\nmodels: tiny-clean\n```\n", 1, "'top=3' stands beside onnx-demo"),
        ("``` {.onnx-demo #a}\nmodels: tiny-clean\n```\n", 1, "'#a' stands beside onnx-demo"),
        ("``` { #a .onnx-demo }\nmodels: tiny-clean\n```\n", 1, "'#a' stands beside onnx-demo"),
        ("> ```onnx-demo\n> models: tiny-clean\n\ntext\n", 1, "is not closed"),
    ],
)
def test_what_would_silently_stay_code_is_reported(page: PageBuilder, text: str, line: int, message: str) -> None:
    built(page, text)
    (problem,) = page.problems
    assert problem.line == line
    assert message in problem.message


@pytest.mark.parametrize("name", ["onnx", "python", "mermaid", "demo", ""])
def test_other_fences_are_none_of_ours(page: PageBuilder, name: str) -> None:
    built(page, f"```{name}\ncode\n```\n")
    assert page.problems == []


def test_without_scripts_a_reader_finds_the_models(page: PageBuilder) -> None:
    html = built(page, BLOCK)
    assert "<noscript>" in html
    assert "BACKDOORED-tiny-badnet.int8-weight-only.onnx" in html


def test_without_scripts_a_reader_finds_the_weights_that_a_model_shares(page: PageBuilder, tmp_path: Path) -> None:
    card = share_weights(write_model(tmp_path / "models", "shared"))
    page.around = Surroundings(Catalogue([tmp_path / "models"]), tmp_path, {})
    html = built(page, "```onnx-demo\nmodels: shared\n```\n")
    assert page.problems == []
    file = card.file()
    assert len(file.parts) == 2
    for part in file.parts:
        assert re.search(rf'<a href="[^"]*/{re.escape(part.name)}" download>', html)
        assert f"({size(part.bytes)})" in html
        assert any(address.endswith(f"/{part.name}") for address in page.output.assets.files)
    assert size(file.total_bytes) in html


def test_what_an_author_writes_is_escaped(page: PageBuilder) -> None:
    html = built(page, "```onnx-demo\nmodels: tiny-clean\ntitle: '<script>alert(1)</script>\"'\n```\n")
    assert "<script>alert" not in html
    assert config(html)["title"] == '<script>alert(1)</script>"'


def test_what_an_author_writes_is_one_line_that_reorders_and_hides_nothing(page: PageBuilder) -> None:
    html = built(page, '```onnx-demo\nmodels: tiny-clean\ntitle: "a\\n\\u202eb\\x07"\n```\n')
    assert config(html)["title"] == r"a \u202eb\x07"
    too_long = f"```onnx-demo\nmodels: {{model: tiny-clean, title: {'x' * 501}}}\n```\n"
    assert "at most 500 characters" in built(page, too_long)


def test_problems_of_several_blocks_are_all_reported_with_their_lines(page: PageBuilder) -> None:
    text = "# Title\n\n```onnx-demo\nmodel: a\n```\n\n```onnx-demo\nmodels: tiny-clean\ntop: many\n```\n"
    html = built(page, text)
    assert [problem.line for problem in page.problems] == [3, 4, 9]
    assert "docs/page.md:9" in html
    assert html.count('role="alert"') == 2


def test_lines_before_the_markdown_are_added(page: PageBuilder) -> None:
    page.html(page.markdown("```onnx-demo\nmodels: no\n```\n", 4))
    assert page.problems[0].line == 6


def test_two_widgets_cannot_share_an_id(page: PageBuilder) -> None:
    built(page, "```onnx-demo\nmodels: tiny-clean\nid: a\n```\n\n```onnx-demo\nmodels: tiny-clean\nid: a\n```\n")
    assert "another widget of this page has the id 'a'" in page.problems[0].message


def test_an_unclosed_block_is_reported(page: PageBuilder) -> None:
    built(page, "```onnx-demo\nmodels: tiny-clean\n")
    assert "not closed" in page.problems[0].message


def test_expressions_are_left_alone_unless_asked_for(page: PageBuilder) -> None:
    assert "{{ anything }}" in built(page, "{{ anything }}")


def test_expressions_are_evaluated_and_every_mistake_is_reported(page: PageBuilder) -> None:
    page.macros = lambda _page: {"value": lambda number: number + 1, "name": "x"}
    html = built(page, "{{ value(1) }} {{ valeu(1) }}\n\n{{ name }} {{ value() }} {{ 1 + }} {{ name.none }}\n")
    assert "<p>2 " in html
    lines = [problem.line for problem in page.problems]
    assert lines == [1, 3, 3, 3]
    assert "did you mean 'value'?" in page.problems[0].message


def test_beside_another_evaluator_only_our_own_names_are_evaluated(page: PageBuilder) -> None:
    page.macros = lambda _page: {"value": 42}
    text = "{{ value }} {{ answer }} {{ values }} {{ (value) }}"
    page.only_evaluator = False
    assert page.markdown(text, 0) == "42 {{ answer }} {{ values }} {{ (value) }}"
    page.only_evaluator = True
    page.html(page.markdown(text, 0))
    assert len(page.problems) == 2


def test_a_field_of_a_card_is_text_and_not_markup(page: PageBuilder) -> None:
    @dataclass
    class Card:
        title: str = "<script>steal()</script>"

    page.macros = lambda _page: {"card": Card, "bold": lambda: "<b>own</b>"}
    html = built(page, "{{ card().title }} {{ bold() }}")
    assert html == "<p>&lt;script&gt;steal()&lt;/script&gt; <b>own</b></p>"


def test_html_of_a_macro_passes_markdown_untouched(page: PageBuilder) -> None:
    page.macros = lambda builder: {"figure": lambda: builder.place("<figure>a\n\n    b *c*</figure>")}
    assert built(page, "a\n\n{{ figure() }}\n\nb") == "<p>a</p>\n<figure>a\n\n    b *c*</figure>\n<p>b</p>"


def test_a_macro_can_make_a_widget(page: PageBuilder) -> None:
    page.macros = lambda builder: {"widget": builder.widget}
    assert "<onnx-demo" in built(page, "{{ widget('onnx-demo', models=['tiny-clean']) }}")
    built(page, "\n{{ widget('onnx-demo', models=['none'], modell=1) }}")
    assert page.problems[0].line == 2


def test_a_macro_cannot_make_a_widget_of_an_unknown_kind(page: PageBuilder) -> None:
    page.macros = lambda builder: {"widget": builder.widget}
    built(page, "{{ widget('onnx-dmo', models=['tiny-clean']) }}")
    assert page.problems[0].message == "unknown kind of widget 'onnx-dmo'; did you mean 'onnx-demo'?"


@dataclass(frozen=True)
class Greeting:
    name: str
    preloads: tuple[str, ...] = ()

    def render(self, widget_id: str, output: Output) -> Markup:
        return Markup('<p id="{}" data-image="{}">{}</p>').format(
            widget_id, output.url(output.assets.add_image("a.png", b"a")), self.name
        )


class GreetingBlock(Block):
    name: str


def greet(block: GreetingBlock, lines: Lines, around: Surroundings) -> tuple[Greeting | None, list[Problem]]:
    wrong = block.name not in around.sample_sets
    return (None, [Problem(lines[("name",)], "no such set")]) if wrong else (Greeting(block.name), [])


def test_a_kind_of_block_is_a_registry_entry_and_nothing_else(
    page: PageBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = Kind("greeting", GreetingBlock, greet, "hello", (("Keys", GreetingBlock),))
    monkeypatch.setitem(KINDS, kind.fence, kind)
    html = built(page, "```greeting\nname: digits\n```\n\n```onnx-demo\nmodels: tiny-clean\n```\n")
    assert page.problems == []
    assert re.search(r'<p id="hello-1" data-image="\.\./assets/onnx-widgets/samples/\w+/a\.png">digits</p>', html)
    assert '<onnx-demo id="demo-1"' in html
    assert html.count('<script type="module"') == 1
    assert "| `name` |" in block_reference("greeting")
    built(page, "```greeting\nnmae: digits\n```\n\n```greeting\nname: none\n```\n")
    assert [problem.line for problem in page.problems] == [1, 2, 6]


def hinted(page: PageBuilder, rel: str) -> list[str]:
    return re.findall(rf'<link rel="{rel}"[^>]* href="\.\./([^"]*)"', page.hints)


def test_the_head_hints_at_each_module_and_at_the_first_widgets_files_once(page: PageBuilder) -> None:
    block = "```onnx-demo\nmodels: tiny-{}\n```\n"
    built(page, block.format("clean") + block.format("badnet"))
    runtime = page.get_runtime()
    assert sorted(hinted(page, "modulepreload")) == sorted(runtime.entry + runtime.preloads("onnx-demo"))
    sheet, card = hinted(page, "preload")
    assert sheet == runtime.stylesheet
    assert "/tiny-clean-" in card
