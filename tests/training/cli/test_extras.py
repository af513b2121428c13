from __future__ import annotations

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from training.cli import extras
from training.cli.extras import DISTRIBUTION, PACKAGES, explain

PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_every_package_is_one_that_its_extra_installs_and_none_is_left_out() -> None:
    distributions = packages_distributions()
    installed = {
        extra: {canonicalize_name(name) for package in packages for name in distributions[package]}
        for extra, packages in PACKAGES.items()
    }
    declared = {
        extra: {canonicalize_name(Requirement(text).name) for text in requirements}
        for extra, requirements in PROJECT["optional-dependencies"].items()
        if extra != "all"
    }
    assert installed == declared


def test_all_is_all_of_them() -> None:
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(everything).name == DISTRIBUTION == PROJECT["name"]
    assert Requirement(everything).extras == set(PACKAGES)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with none of the optional packages."""
    for extra in PACKAGES:
        monkeypatch.setitem(extras.PACKAGES, extra, (f"absent_{extra}", "absent_in_both"))


@pytest.mark.usefixtures("bare")
def test_all_extras_that_a_command_lacks_are_named_at_once() -> None:
    assert explain("absent_train.sub", "backdoors export", ("export", "train")) == (
        "'backdoors export' needs the extras 'export' and 'train': "
        'pip install "backdoors-in-neural-networks[export,train]"'
    )


@pytest.mark.usefixtures("bare")
def test_an_extra_that_nobody_foresaw_is_found_by_its_package() -> None:
    assert explain("absent_report", "backdoors sweep", ()) == (
        "'backdoors sweep' needs the extra 'report': pip install \"backdoors-in-neural-networks[report]\""
    )


def test_extras_that_are_installed_are_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(extras.PACKAGES, "train", ("json",))
    monkeypatch.setitem(extras.PACKAGES, "export", ("absent",))
    said = explain("absent", "backdoors export", ("export", "train"))
    assert said is not None
    assert "[export]" in said


def test_a_package_of_no_extra_is_not_explained() -> None:
    assert explain("training.nothing", "backdoors train", ("train",)) is None
