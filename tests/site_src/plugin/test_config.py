from __future__ import annotations

from pathlib import Path

import pytest

from site_src.plugin.config import Options, read_options


def test_options_have_defaults_and_paths() -> None:
    options, mistakes = read_options({"models": ["a", "b"], "macros": True})
    assert mistakes == []
    assert options == Options(models=[Path("a"), Path("b")], macros=True)
    assert options.metrics is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"modells": []}, "unknown key 'modells'; did you mean 'models'?"),
        ({"models": "folder"}, "models: input should be a valid list, found 'folder'"),
        ({"csp": "perhaps"}, "csp: input should be a valid boolean, unable to interpret input, found 'perhaps'"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_wrong(given: dict[str, object], message: str) -> None:
    _, mistakes = read_options(given)
    assert mistakes == [(next(iter(given)), message)]


def test_all_wrong_options_are_reported() -> None:
    _, mistakes = read_options({"modells": [], "csp": 7})
    assert sorted(name for name, _ in mistakes) == ["csp", "modells"]
