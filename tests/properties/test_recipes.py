"""Whatever a recipe's file says, it is read or refused in one line, and what is read is written and read alike."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomli_w
from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.properties.strategies import altered, in_one_line, many
from training.core.errors import UserError
from training.recipes import load as recipe
from training.recipes.load import RECIPES, to_toml
from training.studies import sweep

TEXTS = {path.stem: path.read_text() for path in sorted(RECIPES.glob("*.toml"))}
TABLES = {name: tomllib.loads(text) for name, text in TEXTS.items() if "attacks" not in tomllib.loads(text)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipes") / "mine.toml"


def read_or_refused(path: Path) -> None:
    is_sweep = b"sweep" in path.read_bytes()
    try:
        found = sweep.load(path).base if is_sweep else recipe.load(path)
    except UserError as error:
        in_one_line(error)
        return
    event("answered")
    path.write_text(to_toml(found))
    assert recipe.load(path).sha256 == found.sha256


@many
@given(data=st.data())
def test_a_recipe_is_read_or_refused_in_one_line(path: Path, data: st.DataObject) -> None:
    table = data.draw(altered(TABLES[data.draw(st.sampled_from(sorted(TABLES)))]))
    try:
        path.write_text(tomli_w.dumps(table), encoding="utf-8")
    except (TypeError, ValueError):  # no TOML can say it
        assume(False)
    read_or_refused(path)


@many
@given(
    text=st.sampled_from(sorted(TEXTS.values())),
    at=st.integers(0, 400),
    put=st.text(max_size=5),
    cut=st.integers(0, 90),
)
def test_a_damaged_recipe_is_read_or_refused_in_one_line(path: Path, text: str, at: int, put: str, cut: int) -> None:
    path.write_bytes((text[:at] + put + text[at + cut :]).encode("utf-8", "surrogatepass"))
    read_or_refused(path)
