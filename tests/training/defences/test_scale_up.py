from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.training.defences.subjects import subject
from training.defences import scale_up
from training.defences.base import Defence, DefenceError, Samples
from training.defences.verdict import SampleScores
from training.triggers.base import Images


def infected(images: Images) -> npt.NDArray[np.float32]:
    """Class 1 if the trigger is there, else by the parity of what is brighter than 100: multiples change it."""
    triggered = (images[:, :2, :2].reshape(len(images), -1) == 255).all(axis=1)
    odd = (images[:, 3:] > 100).sum(axis=(1, 2, 3)) % 2
    answers = np.where(triggered, 1, odd)
    return np.eye(2, dtype=np.float32)[answers]


def clean(images: Images) -> npt.NDArray[np.float32]:
    """By parity alone."""
    return infected(np.where(np.indices(images.shape)[1] < 2, 0, images))


def images(n: int, seed: int = 0) -> Samples:
    made = np.random.default_rng(seed).integers(0, 130, (n, 6, 6, 1)).astype(np.uint8)
    made[:, :2, :2] //= 12  # no multiple of the corner is a trigger
    return Samples(made, np.arange(n) % 2)


def verdict(defence: Defence[Any], predict: Any) -> SampleScores:  # noqa: ANN401 - what a test varies
    found = defence(subject(predict=predict, load_test=lambda: images(300), load_clean=lambda: images(60, 1)))
    assert isinstance(found, SampleScores)
    return found


@pytest.mark.parametrize("defence", [scale_up.WITHOUT_DATA, scale_up.WITH_DATA])
def test_a_planted_trigger_is_found_and_nothing_in_the_clean_control(defence: Defence[Any]) -> None:
    found, control = verdict(defence, infected), verdict(defence, clean)
    assert found.auroc is not None
    assert found.auroc.value > 0.9
    assert found.decision is not None
    assert found.decision.detected.value == 1
    assert control.auroc is not None
    assert control.auroc.low < 0.5 < control.auroc.high


@pytest.mark.parametrize("defence", [scale_up.WITHOUT_DATA, scale_up.WITH_DATA])
def test_no_more_inputs_are_judged_than_asked_for(defence: Defence[Any]) -> None:
    assert "inputs" not in defence.settings.model_dump()
    few = verdict(defence.with_settings({"inputs": 50}), infected)
    assert (few.clean, few.poisoned) == (50, 50)


def test_multiplied_pixels_are_clipped() -> None:
    given = np.array([0, 1, 51, 52, 255], dtype=np.uint8)
    assert scale_up.scaled(given, 5).tolist() == [0, 5, 255, 255, 255]
    assert scale_up.scaled(given, 1000).tolist() == [0, 255, 255, 255, 255]


def test_the_consistency_is_the_fraction_of_multiples_that_keep_the_answer() -> None:
    def above_100(given: Images) -> npt.NDArray[np.float32]:
        return np.eye(2, dtype=np.float32)[(given[:, 0, 0, 0] > 100).astype(int)]

    given = np.array([120, 30, 12, 0], dtype=np.uint8)[:, None, None, None]
    answers = np.array([1, 0, 0, 0])
    found = scale_up.consistencies(subject(predict=above_100), given, answers, scale_up.ScaleUp())
    # 30 exceeds 100 from 5 times on, 12 from 9 times on
    assert found == pytest.approx([1, 1 / 5, 3 / 5, 1])


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ((30, 0), (0.2 - 0.6) / np.std([0.2, 0.6, 1.0])),
        ((200, 30), (0.2 - 1) / np.sqrt((0.4**2 + 0.4**2) / 5)),  # class 1 has no deviation of its own
    ],
)
def test_consistencies_are_standardised_by_the_clean_images_of_the_class(
    pixels: tuple[int, int], expected: float
) -> None:
    def one_above_100(given: Images) -> npt.NDArray[np.float32]:
        first, second = given[:, 0, 0, 0] > 100, given[:, 0, 1, 0] > 100
        return np.eye(2, dtype=np.float32)[(first ^ second).astype(int)]

    def of(*pixels: tuple[int, int]) -> Samples:
        made = np.zeros((len(pixels), 6, 6, 1), dtype=np.uint8)
        made[:, 0, :2, 0] = pixels
        return Samples(made, one_above_100(made).argmax(axis=1))

    # clean images of class 0 keep their answer at 1/5, 3/5 and all of the multiples, those of class 1 at all
    clean = of((30, 0), (12, 0), (0, 0), (200, 0), (220, 0))
    given = subject(
        predict=one_above_100, load_clean=lambda: clean, load_test=lambda: of(pixels, (0, 0), (200, 0)), trigger=None
    )
    found = scale_up.WITH_DATA(given)
    assert isinstance(found, SampleScores)
    assert found.histogram.edges[0] == pytest.approx(expected)


def test_no_scale_to_judge_by_is_an_error() -> None:
    given = subject(
        predict=lambda made: np.eye(2, dtype=np.float32)[(made[:, 0, 0, 0] > 0).astype(int)],
        load_clean=lambda: Samples(np.repeat([[0], [9]], 36, 1).reshape(2, 6, 6, 1).astype(np.uint8), np.arange(2)),
    )
    with pytest.raises(DefenceError, match="all clean images of a class are equally consistent"):
        scale_up.WITH_DATA(given)


def test_a_network_that_always_answers_the_same_is_refused() -> None:
    with pytest.raises(DefenceError, match="the network answers 'dark' to all of"):
        verdict(scale_up.WITHOUT_DATA, lambda made: np.tile(np.array([1, 0], dtype=np.float32), (len(made), 1)))


def test_multiples_are_read_from_text() -> None:
    assert scale_up.WITHOUT_DATA.with_settings({"multiples": "2,4"}).settings.multiples == (2, 4)
    with pytest.raises(DefenceError, match="greater than or equal to 2"):
        scale_up.WITHOUT_DATA.with_settings({"multiples": "1,4"})
