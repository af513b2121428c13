from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.site_src.conftest import Built
from tests.site_src.fixture_models import write_model

Build = Callable[..., Built]

BLOCK = "```onnx-demo\nmodels: [tiny-clean]\n```\n"


def addresses(html: str) -> list[str]:
    """Everything that a page's widgets load."""
    found = re.findall(r'(?:src|href)="([^"]*onnx-widgets[^"]*)"', html)
    for config in re.findall(r'config="([^"]*)"', html):
        parsed = json.loads(unescape(config))
        found += [model["card"] for model in parsed["models"]] + [sample["src"] for sample in parsed["samples"]]
    return found


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs", "material"])
@pytest.mark.parametrize("directories", [True, False])
def test_a_widget_works_in_other_sites(build_site: Build, theme: str, directories: bool) -> None:
    built = build_site({"index.md": BLOCK, "deep/page.md": BLOCK}, theme=theme, use_directory_urls=directories)
    assert built.warnings == []
    for page in ("index.html", "deep/page/index.html" if directories else "deep/page.html"):
        found = addresses(built.html(page))
        assert len(found) >= 3
        for address in found:
            assert not re.match(r"[a-z]+:|/", address), f"{address} is not relative"
            assert urljoin(f"https://x/{page}", address).removeprefix("https://x/") in built.files()


def test_an_author_can_show_a_model_of_their_own_beside_the_page(build_site: Build, tmp_path: Path) -> None:
    write_model(tmp_path / "docs" / "mine", "my-model")
    page = "```onnx-demo\nmodels: mine/my-model/my-model.fp32.onnx\ninputs: draw\n```\n"
    built = build_site({"index.md": page}, {"models": []})
    assert built.warnings == []
    assert any(name.endswith("/my-model.fp32.onnx") and "onnx-widgets" in name for name in built.files())


def test_a_card_that_leaves_out_defaults_is_served_with_them(build_site: Build, tmp_path: Path) -> None:
    path = write_model(tmp_path / "own", "short")
    short = json.loads(path.read_text())
    del short["schema_version"], short["output"]["activation"], short["input"]["steps"][0]["max_pixels"]
    path.write_text(json.dumps(short))
    built = build_site({"index.md": "```onnx-demo\nmodels: short\n```\n"}, {"models": ["own"]})
    (served,) = [name for name in built.files() if name.endswith("card.json")]
    card = json.loads(built.html(served))
    assert card["output"]["activation"] == "softmax"
    assert card["input"]["steps"][0] == {"op": "decode", "max_pixels": 50_000_000}


def test_pages_without_widgets_load_nothing(build_site: Build) -> None:
    built = build_site({"index.md": "# No widget", "with.md": BLOCK})
    assert addresses(built.html("index.html")) == []
    assert addresses(built.html("with/index.html"))


def test_a_site_without_widgets_holds_no_runtime(build_site: Build) -> None:
    built = build_site({"index.md": "# No widget"})
    assert not any("onnx-widgets" in name for name in built.files())


def test_a_strict_build_fails_with_page_and_line_of_every_mistake(build_site: Build) -> None:
    front = "---\ntitle: A\n---\n\n# A\n\n"
    page = f"{front}```onnx-demo\nmodels: tiny-clen\n```\n\n```onnx-demo\nmodles: a\nmodels: tiny-clean\n```\n"
    built = build_site({"index.md": page})
    assert built.aborted
    assert built.warnings == [
        "onnx-widgets: docs/index.md:8: unknown model 'tiny-clen'; did you mean 'tiny-clean'?",
        "onnx-widgets: docs/index.md:12: unknown key 'modles'; did you mean 'models'?",
    ]


def test_a_quiet_strict_build_fails_too(build_site: Build, tmp_path: Path) -> None:
    built = build_site({"index.md": "```onnx-demo\nmodels: tiny-clen\n```\n"})
    assert built.aborted
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 1
    assert "docs/index.md:2: unknown model" in found.stderr


def test_a_build_that_is_not_strict_shows_the_mistake_in_the_page(build_site: Build) -> None:
    built = build_site({"index.md": "```onnx-demo\nmodels: tiny-clen\n```\n"}, strict=False)
    assert not built.aborted
    assert 'role="alert"' in built.html()
    assert "docs/index.md:2" in built.html()


def test_a_missing_runtime_fails_a_strict_build(build_site: Build) -> None:
    built = build_site({"index.md": BLOCK}, {"runtime_dir": "nowhere"})
    assert built.aborted
    assert "npm ci" in built.warnings[0]


def test_a_broken_card_fails_a_strict_build(build_site: Build, tmp_path: Path) -> None:
    (tmp_path / "models" / "bad").mkdir(parents=True)
    (tmp_path / "models" / "bad" / "card.json").write_text("{}")
    built = build_site({"index.md": "# A"}, {"models": ["models"]})
    assert built.aborted
    assert "card.json" in built.warnings[0]


def test_a_number_that_is_not_there_fails_a_strict_build(build_site: Build) -> None:
    page = "a\n\nIt is right on {{ value('tiny-clean', 'clean_acuracy') }}.\n"
    built = build_site({"index.md": page}, {"macros": True})
    assert built.aborted
    assert built.warnings == [
        "onnx-widgets: docs/index.md:3: unknown metric 'clean_acuracy'; did you mean 'clean_accuracy'?"
    ]


def test_who_reads_a_title_before_it_is_rendered_finds_our_expressions_evaluated(
    build_site: Build, tmp_path: Path
) -> None:
    (tmp_path / "hook.py").write_text(
        "def on_page_markdown(markdown, page, **_):\n    return markdown + '\\n\\nIts title is: ' + page.title\n"
    )
    page = "# About {{ card('tiny-clean').id }}\n"
    built = build_site({"index.md": page}, {"macros": True}, hooks=["hook.py"])
    assert built.warnings == []
    assert "Its title is: About tiny-clean" in built.html()


def test_other_peoples_braces_are_left_alone(build_site: Build) -> None:
    built = build_site({"index.md": "{{ not ours }}"})
    assert built.warnings == []
    assert "{{ not ours }}" in built.html()


def test_the_policy_is_one_for_all_pages_the_404_page_too(build_site: Build) -> None:
    built = build_site({"index.md": "# A", "b.md": BLOCK}, {"csp": True}, theme="material")
    found = {re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', built.html(name))[0]
             for name in ("index.html", "b/index.html", "404.html")}  # fmt: skip
    assert len(found) == 1
    assert "sha256-" in found.pop()


def test_modules_and_cards_have_hashes_in_every_page_and_the_policy_allows_their_map(build_site: Build) -> None:
    built = build_site({"index.md": "# A", "b.md": BLOCK}, {"csp": True}, theme="material")
    for name in ("index.html", "b/index.html", "404.html"):
        (found,) = re.findall(r'<script type="importmap">(.*?)</script>', built.html(name))
        digest = base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in built.html(name)
    (config,) = re.findall(r'<onnx-demo [^>]*config="([^"]*)"', built.html("b/index.html"))
    for model in json.loads(unescape(config))["models"]:
        card = (built.folder / "b" / model["card"]).read_bytes()
        assert (model["bytes"], model["sha256"]) == (len(card), hashlib.sha256(card).hexdigest())


def test_without_the_option_there_is_no_policy(build_site: Build) -> None:
    assert "Content-Security-Policy" not in build_site({"index.md": BLOCK}).html()


def test_the_plugin_can_be_turned_off(build_site: Build) -> None:
    built = build_site({"index.md": BLOCK}, {"enabled": False, "csp": True})
    assert "<onnx-demo" not in built.html()
    assert "Content-Security-Policy" not in built.html()


def test_a_wrong_option_is_reported(build_site: Build) -> None:
    built = build_site({"index.md": "# A"}, {"modells": []})
    assert built.aborted
    assert any("modells" in warning for warning in built.warnings)


def test_an_extension_that_does_not_exist_is_reported(build_site: Build) -> None:
    assert build_site({"index.md": "# A"}, {"extension": "no.such.module"}).aborted


EXTENSION = """
from site_src.plugin.widgets.base import MissingSamples


def sample_sets(facts):
    return {"photos": MissingSamples("Run a command.")}
"""


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module whose samples are not on this machine."""
    name = f"extension_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(EXTENSION)
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_a_build_without_the_samples_says_so_in_the_widget(build_site: Build, extension: str) -> None:
    built = build_site({"index.md": BLOCK[:-4] + "samples: photos\n```\n"}, {"extension": extension})
    assert built.warnings == []
    assert "Run a command." in built.html()


def test_a_build_that_requires_the_samples_stops_in_one_line(build_site: Build, extension: str) -> None:
    built = build_site({"index.md": "# A"}, {"extension": extension, "require_samples": True})
    assert built.aborted
    assert built.warnings == ["onnx-widgets: option `require_samples`: Run a command."]


def test_a_second_build_sees_what_changed(build_site: Build, tmp_path: Path) -> None:
    pages = {"index.md": "```onnx-demo\nmodels: changing\n```\n"}
    write_model(tmp_path / "own", "changing", title="Before")
    assert "Before" in build_site(pages, {"models": ["own"]}).html()
    write_model(tmp_path / "own", "changing", title="After")
    built = build_site(pages, {"models": ["own"]})
    assert "After" in built.html()
    assert "Before" not in built.html()


def test_hints_stand_after_the_policy_and_before_the_themes_style_sheets(build_site: Build) -> None:
    html = build_site({"index.md": BLOCK}, {"csp": True}, theme="material").html()
    policy, hint = html.index("Content-Security-Policy"), html.index('rel="modulepreload"')
    assert policy < hint < html.index('rel="stylesheet"')
