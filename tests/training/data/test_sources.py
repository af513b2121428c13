from __future__ import annotations

from pathlib import Path

import pytest

from training.data.sources import DataError, cache_dir, load, registry


def test_every_source_says_where_it_comes_from_and_under_which_licence() -> None:
    for name, source in registry().items():
        assert source.name == name
        assert source.address.startswith("https://")
        assert source.licence
        assert source.citation
        assert all(len(digest) == 64 for digest in source.sha256.values())


def test_an_unknown_source_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="no data source 'mnits'; did you mean 'mnist'"):
        load("mnits", "train")


def test_the_cache_can_be_put_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
