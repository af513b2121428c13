"""A model folder from a stranger harms neither the site nor its build."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.site_src.conftest import Built
from tests.site_src.fixture_models import write_model

Build = Callable[..., Built]
PAGE = {"index.md": "```onnx-demo\nmodels: stranger\n```\n"}
SCRIPT = "<head></head><script>steal()</script>"


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """The stranger's card."""
    return write_model(tmp_path / "strangers", "stranger")


def change(card: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(card.read_text())
    edit(content)
    card.write_text(json.dumps(content))


def built_with(build_site: Build, **config: object) -> Built:
    return build_site(PAGE, {"models": ["strangers"], "csp": True}, **config)


def test_a_page_of_scripts_is_not_published_as_weights(build_site: Build, stranger: Path) -> None:
    (stranger.parent / "evil.html").write_text(SCRIPT)
    shared = {"name": "evil.html", "bytes": len(SCRIPT), "sha256": hashlib.sha256(SCRIPT.encode()).hexdigest()}
    change(stranger, lambda card: card["files"][0].update(shared=shared))
    built = built_with(build_site)
    assert built.aborted
    assert any("card.json: field files.0.shared.name" in warning for warning in built.warnings)


def test_the_policy_allows_no_script_of_a_page_that_was_only_copied(build_site: Build, tmp_path: Path) -> None:
    (tmp_path / "docs" / "m").mkdir(parents=True)
    (tmp_path / "docs" / "m" / "evil.html").write_text(SCRIPT)
    built = build_site({"index.md": "# A\n\n<script>own()</script>\n"}, {"csp": True})
    policy = built.html("m/evil.html").split('content="')[1].split('"')[0]
    assert policy in built.html()
    assert policy in built.html("404.html")
    hashes = {text: hashlib.sha256(text.encode()).digest() for text in ("own()", "steal()")}
    assert base64.b64encode(hashes["own()"]).decode() in policy
    assert base64.b64encode(hashes["steal()"]).decode() not in policy


@pytest.mark.parametrize("kind", ["changed", "link", "pipe", "zero"])
def test_files_that_are_not_shown_are_checked_too(build_site: Build, stranger: Path, kind: str) -> None:
    path = stranger.parent / "stranger.fp32.onnx"  # the block shows int8-weight-only
    content = path.read_bytes()
    path.unlink()
    if kind == "changed":
        path.write_bytes(content[::-1])
    elif kind == "link":
        (stranger.parent.parent / "secret").write_bytes(content)
        path.symlink_to("../secret")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    built = built_with(build_site)
    assert built.aborted
    assert any("docs/index.md:2:" in warning and "stranger.fp32.onnx" in warning for warning in built.warnings)


def test_a_card_cannot_name_an_image_of_the_machine(build_site: Build, stranger: Path) -> None:
    image = Path(__file__).parents[2] / "golden" / "inputs" / "mnist-like.png"
    assert image.is_file()
    change(stranger, lambda card: card.update(trigger={"kind": "overlay", "artwork": str(image)}))
    built = built_with(build_site)
    assert any("only a recipe may give a path" in warning for warning in built.warnings)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_a_card_that_never_ends_is_refused(build_site: Build, stranger: Path, kind: str) -> None:
    stranger.unlink()
    if kind == "pipe":
        os.mkfifo(stranger)
    else:
        stranger.symlink_to("/dev/zero")
    built = built_with(build_site)
    assert any("cannot read the model card: it is not an ordinary file" in warning for warning in built.warnings)


def test_a_log_line_is_one_line_without_control_characters(build_site: Build, stranger: Path) -> None:
    change(stranger, lambda card: card.update({"\x1b[2J\nerror: fake\u202e": 1}))
    (warning,) = [each for each in built_with(build_site).warnings if "card.json" in each]
    assert "\n" not in warning
    assert not {"\x1b", "\u202e"} & set(warning)
