from __future__ import annotations

import importlib

import pytest

import site_src.report.facts
from training.cli import extras


def test_the_report_names_every_missing_extra_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.reload(site_src.report.facts)
    for extra in ("train", "export"):
        monkeypatch.setitem(extras.PACKAGES, extra, ("no_such_package",))
    with pytest.raises(ImportError) as caught:
        importlib.reload(site_src.report.facts)
    assert str(caught.value) == (
        "this report needs the extras 'train' and 'export': pip install \"backdoors-in-neural-networks[train,export]\""
    )
