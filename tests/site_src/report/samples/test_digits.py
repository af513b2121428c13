from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from export.pipeline.interpreter import run
from export.pipeline.presets import digits_pipeline
from site_src.report.samples import digits as samples
from training.data import mnist


@pytest.fixture(autouse=True)
def no_data_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BACKDOORS_DATA", raising=False)
    monkeypatch.setenv("BACKDOORS_CACHE", str(tmp_path / "cache"))
    samples.test_digits.cache_clear()


def test_without_data_every_class_has_an_embedded_digit() -> None:
    pictures = samples.digits()
    assert [picture.label for picture in pictures] == [str(label) for label in range(10)]
    for picture in pictures:
        assert Image.open(io.BytesIO(picture.content)).size == (28, 28)
        assert "Optical recognition" in picture.alt


@pytest.mark.parametrize("variable", ["BACKDOORS_DATA", "BACKDOORS_CACHE"])
def test_mnist_is_shown_when_all_its_test_files_are_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / "mnist").mkdir()
    for name in mnist.FILES["test"]:
        assert samples.source() == "digits"
        (tmp_path / "mnist" / name).touch()
    assert samples.source() == "mnist"


def test_drawn_pictures_are_the_same_in_every_build() -> None:
    assert [one.content for one in samples.drawn()] == [one.content for one in samples.drawn()]
    assert samples.packaging().content == samples.packaging().content


def test_every_sample_says_what_it_shows() -> None:
    for image in (*samples.digits(), *samples.drawn(), samples.packaging()):
        assert image.alt
        assert image.label


def test_the_pipeline_finds_the_digit_on_the_packaging() -> None:
    pixels = run(digits_pipeline(), samples.packaging().content).pixels
    assert pixels.shape == (28, 28, 1)
    inked = np.argwhere(pixels[:, :, 0] > 128)
    height, width = np.ptp(inked, axis=0) + 1
    assert 16 <= height <= 20
    assert width < height
