from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import norm

from tests.training.defences.subjects import samples, subject
from training.defences import strip
from training.defences.base import DefenceError
from training.defences.verdict import SampleScores
from training.triggers.base import Images


def infected(images: Images) -> npt.NDArray[np.float32]:
    """Class 1 for certain if the trigger is there, else by which of two rows is brighter."""
    triggered = (images[:, :2, :2].reshape(len(images), -1) == 255).all(axis=1)
    brighter = images[:, 3].mean(axis=(1, 2)) - images[:, 5].mean(axis=(1, 2))
    return np.stack([np.zeros(len(images)), np.where(triggered, 20, brighter / 10)], axis=1).astype(np.float32)


def clean(images: Images) -> npt.NDArray[np.float32]:
    """By the two rows alone."""
    return infected(np.where(np.indices(images.shape)[1] < 2, 0, images))


def verdict(given: Any = infected, **settings: Any) -> SampleScores:  # noqa: ANN401 - what a test varies
    found = strip.DEFENCE.with_settings(settings)(
        subject(predict=given, load_clean=lambda: samples(60, 1), load_test=lambda: samples(300))
    )
    assert isinstance(found, SampleScores)
    return found


def test_a_planted_trigger_is_found_and_nothing_in_the_clean_control() -> None:
    found, control = verdict(), verdict(clean)
    assert found.auroc is not None
    assert found.auroc.value > 0.99
    assert found.decision is not None
    assert found.decision.detected.value > 0.99
    assert found.decision.false_alarms.value < 0.1
    assert control.auroc is not None
    assert control.auroc.low < 0.5 < control.auroc.high


def test_a_certain_answer_has_no_entropy_and_an_even_one_all_bits() -> None:
    logits = np.array([[0, 0, 0, 0], [100, 0, 0, 0], [np.log(3), 0, -100, -100]], dtype=np.float32)
    assert strip.entropies(logits) == pytest.approx([2, 0, 0.811278], abs=1e-6)


def test_sums_are_clipped_and_an_image_s_overlays_lie_side_by_side() -> None:
    images = np.array([[[[10]]], [[[200]]]], dtype=np.uint8)
    overlays = np.array([[[[[1]]], [[[2]]]], [[[[55]]], [[[100]]]]], dtype=np.uint8)
    assert strip.blend(images, overlays).ravel().tolist() == [11, 12, 255, 255]
    assert strip.blend(images, overlays, 0.5, 0.5).ravel().tolist() == [6, 6, 128, 150]


def test_the_threshold_rejects_what_a_normal_distribution_of_clean_images_does() -> None:
    given = subject(predict=infected, load_clean=lambda: samples(40, 1))
    overlays = given.clean.images
    others = np.array([[at for at in range(40) if at != own] for own in range(40)])
    usual = strip.normalised_entropies(given, overlays, overlays, others, strip.Strip())
    found = strip.DEFENCE.with_settings({"false_rejections": 0.05})(given)
    assert isinstance(found, SampleScores)
    assert found.decision is not None
    # with 39 other images and 100 overlays, each clean image gets all the others
    assert found.decision.threshold == pytest.approx(-norm.ppf(0.05, usual.mean(), usual.std()))


def test_the_result_does_not_depend_on_how_many_images_are_blended_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verdict(overlays=12)
    monkeypatch.setattr(strip, "BLENDED_AT_ONCE", 50)
    assert verdict(overlays=12) == whole


def test_no_more_inputs_are_judged_than_it_says() -> None:
    found = verdict(inputs=70)
    assert (found.clean, found.poisoned) == (70, 70)


def test_without_a_trigger_only_false_alarms_are_measured() -> None:
    found = strip.DEFENCE(subject(predict=infected, load_clean=lambda: samples(60, 1), trigger=None))
    assert isinstance(found, SampleScores)
    assert found.poisoned == 0
    assert found.clean == 80
    assert found.auroc is None


def test_too_few_clean_images_are_counted() -> None:
    with pytest.raises(DefenceError, match="there are 10 clean images; 11 are required to lay over each other"):
        strip.DEFENCE(subject(predict=infected, load_clean=lambda: samples(10)))


def test_a_network_that_always_answers_the_same_is_refused() -> None:
    with pytest.raises(DefenceError, match="the network answers 'dark' to all of 60 images"):
        verdict(lambda images: np.tile(np.array([1, 0], dtype=np.float32), (len(images), 1)))


def test_answers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DefenceError, match="answers to 60 of 60 images are not finite"):
        verdict(lambda images: infected(images) * np.float32("nan"))
