from __future__ import annotations

from pathlib import Path

import pytest

from training.data.base import DataError, cache_dir
from training.data.registry import SOURCES, load


def test_every_source_says_where_it_comes_from_and_under_which_licence() -> None:
    for name, source in SOURCES.items():
        assert source.name == name
        assert source.licence
        if source.bundled or source.downloads:
            assert source.address.startswith(("https://", "http://"))
            assert source.citation
        assert all(len(item.sha256 or "") == 64 for item in source.downloads)


def test_files_that_no_recipe_trains_on_are_named_as_such() -> None:
    with pytest.raises(DataError, match="is a collection of files, not a data set: `backdoors data fetch"):
        load("imagenet-mobilenet-v2", "train")


def test_an_unknown_source_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="no data set 'mnits'; did you mean 'mnist'"):
        load("mnits", "train")


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
