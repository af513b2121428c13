from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from export.card.signature import KEY_VARIABLE, SignatureError, folder_problem, new_key, public_key, sign, write_key
from site_src.plugin.notary import open_notary
from tests.site_src.conftest import Built
from tests.site_src.fixture_models import write_model

Build = Callable[..., Built]
PAGE = {"index.md": "# A\n\n```onnx-demo\nmodels: tiny-badnet\n```\n"}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a model of the site's own."""
    return write_model(tmp_path / "own", "tiny-badnet", backdoored=True).parent


def signed(html: str) -> dict[str, Any]:
    """What the page tells the widget of its first model's signature."""
    (config,) = re.findall(r'<onnx-demo [^>]*config="([^"]*)"', html)
    found: dict[str, Any] = json.loads(unescape(config))["models"][0]["signed"]
    return found


def test_a_page_names_the_expected_key_and_the_signature(build_site: Build, model: Path) -> None:
    key = new_key()
    sign(model, key)
    built = build_site(PAGE, {"models": ["own"], "public_key": public_key(key)})
    assert not built.warnings
    made = json.loads((model / "signature.json").read_text())
    assert signed(built.html()) == {"key": public_key(key), "signature": made["signature"]}
    (served,) = (path.parent for path in (built.folder / "assets").rglob("card.json") if "lab" not in path.parts)
    assert folder_problem(served, public_key(key)) is None


@pytest.mark.parametrize(
    ("kind", "words"), [("missing", "not signed"), ("another key", "another key"), ("changed", "not what the key")]
)
def test_a_build_refuses_what_the_key_did_not_sign(build_site: Build, model: Path, kind: str, words: str) -> None:
    key = new_key()
    if kind != "missing":
        sign(model, new_key() if kind == "another key" else key)
    if kind == "changed":
        card = model / "card.json"
        card.write_text(card.read_text().replace("stands in for", "is as good as"))
    built = build_site(PAGE, {"models": ["own"], "public_key": public_key(key)})
    assert built.aborted
    (warning,) = [each for each in built.warnings if "docs/index.md:4" in each]
    assert words in warning


def test_a_build_signs_with_a_key_of_its_own(build_site: Build, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    found = [signed(build_site(PAGE, {"models": ["own"], "sign": True}).html()) for _ in range(2)]
    assert found[0]["key"] != found[1]["key"]
    assert not (model / "signature.json").exists()


def test_a_build_signs_with_the_key_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private = write_key(tmp_path / "private.pem")
    monkeypatch.setenv(KEY_VARIABLE, (tmp_path / "private.pem").read_text())
    notary = open_notary(None, sign=True)
    assert notary is not None
    assert (notary.key, notary.origin) == (public_key(private), "kept")
    with pytest.raises(SignatureError, match="not the private half"):
        open_notary(public_key(new_key()), sign=True)


def test_where_a_key_comes_from_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    key = public_key(new_key())
    assert open_notary(None, sign=False) is None
    given, made = open_notary(key, sign=False), open_notary(None, sign=True)
    assert given is not None
    assert made is not None
    assert (given.key, given.origin, made.origin) == (key, "given", "build")


def test_an_option_that_is_no_key_is_named(build_site: Build) -> None:
    with pytest.raises(Exception, match="public_key"):
        assert not build_site(PAGE, {"public_key": "mine"}).warnings
