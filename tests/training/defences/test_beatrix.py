from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.defences.subjects import Pixels, subject
from training.defences import beatrix
from training.defences.base import DefenceError, Network, Samples, Subject
from training.defences.verdict import SampleScores
from training.engine.batches import Normaliser
from training.triggers.base import Images
from training.triggers.labels import AllToOne
from training.triggers.pixels import Patch


def images(n: int, seed: int) -> Samples:
    """Twelve features that vary a little; the first tells the class, the last, where the trigger lies, is dark."""
    made = np.random.default_rng(seed).integers(95, 106, (n, 1, 12, 1))
    labels = np.arange(n) % 2
    made[:, 0, 0, 0] = np.where(labels == 1, 180, 60)
    return Samples(made.astype(np.uint8), labels)


def made(*, backdoored: bool = True, own: int = 40, seed: int = 0) -> Subject:
    network = Pixels(12).eval()

    def predict(given: Images) -> np.ndarray:
        triggered = given[:, 0, 11, 0] == 255
        answers = np.where(triggered & backdoored, 1, given[:, 0, 0, 0] > 120)
        return np.eye(2, dtype=np.float32)[answers.astype(int)]

    return subject(
        predict=predict, network=Network(network, Normaliser((0.0,), (1.0,))), seed=seed, backdoored=backdoored,
        load_test=lambda: images(200, 1), load_clean=lambda: images(own, 2),
        trigger=Patch(top=0, left=11, height=1, width=1), label_map=AllToOne(target=1),
    )  # fmt: skip


def verdict(given: Subject, **settings: int) -> SampleScores:
    found = beatrix.DEFENCE.with_settings(settings)(given)
    assert isinstance(found, SampleScores)
    return found


def test_an_input_whose_features_do_not_go_with_its_answer_is_found() -> None:
    found = verdict(made())
    assert found.auroc is not None
    assert found.auroc.value > 0.99
    assert found.decision is not None
    assert found.decision.detected.value == 1
    assert found.decision.false_alarms.value < 0.15


def test_no_more_inputs_are_judged_than_asked_for() -> None:
    few = verdict(made(), inputs=30)
    assert (few.clean, few.poisoned) == (30, 30)


def test_without_a_trigger_its_threshold_rejects_about_what_it_says() -> None:
    control = dataclasses.replace(made(own=200), trigger=None)
    found = verdict(control)
    assert found.decision is not None
    assert found.decision.false_alarms.value < 0.15


def test_an_input_is_judged_by_the_clean_images_of_the_class_that_it_is_answered_with() -> None:
    class Blind(Pixels):
        """Sees all but the trigger: only the first feature, which tells the class, does not go with the answer."""

        def embed(self, x: torch.Tensor) -> torch.Tensor:
            return super().embed(x)[:, :11]

    found = verdict(dataclasses.replace(made(), network=Network(Blind(12).eval(), Normaliser((0.0,), (1.0,)))))
    assert found.auroc is not None
    assert found.auroc.value > 0.99


@pytest.mark.parametrize("rejected", [0.05, 0.25])
def test_the_threshold_rejects_what_it_says_of_clean_images_held_out(
    rejected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beatrix, "held_out_deviations", lambda features, *_: np.arange(len(features)) / 20)
    found = beatrix.DEFENCE.with_settings({"false_rejections": rejected})(made(own=40))
    assert isinstance(found, SampleScores)
    assert found.decision is not None
    assert found.decision.threshold == pytest.approx(np.quantile(np.repeat(np.arange(20) / 20, 2), 1 - rejected))


def test_the_gram_matrix_is_that_of_every_order() -> None:
    features = np.array([[2.0, 3.0, 0.0]], dtype=np.float32)
    assert beatrix.gram(features).tolist() == [[4, 6, 0, 9, 0, 0]]
    for order in (2, 5):
        of_order = beatrix.gram(features**order) ** (1 / order)
        np.testing.assert_allclose(of_order, beatrix.gram(features), rtol=1e-6)


def test_deviations_are_relative_to_the_bounds() -> None:
    features = np.sqrt(np.array([[8.0], [9.0], [10.0], [12.0]], dtype=np.float32))
    usual = beatrix.bounds(features, width=2)  # of 8, 9, 10, 12: median 9.5, absolute deviations 1.5, 0.5, 0.5, 2.5
    assert (usual.low[0], usual.high[0]) == pytest.approx((7.5, 11.5))
    found = beatrix.deviations(np.sqrt(np.array([[10.0], [23.0], [3.0]], dtype=np.float32)), usual)
    assert found == pytest.approx([0, 1, 4.5 / 7.5], rel=1e-5)


def test_a_clean_image_is_judged_without_itself() -> None:
    features = np.array([[1.0], [5.0], [9.0]], dtype=np.float32)
    how = beatrix.Beatrix(width=0.5)
    found = beatrix.held_out_deviations(features, how, np.random.default_rng(0))
    # for 81, the others are 1 and 25: median 13, deviation 12, bounds 7 and 19; for 1 they are 39 and 67
    assert found[[0, 2]] == pytest.approx([38 / 39, 62 / 19], rel=1e-4)


def test_the_result_does_not_depend_on_how_many_are_computed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verdict(made())
    monkeypatch.setattr(beatrix, "ENTRIES_AT_ONCE", 200)
    assert verdict(made()) == whole


def test_a_class_with_too_few_clean_images_is_named() -> None:
    with pytest.raises(DefenceError, match="class 'dark' has 2 clean images; at least 3 are required"):
        verdict(made(own=4))


def test_features_that_are_not_finite_are_counted() -> None:
    class Broken(Pixels):
        def embed(self, x: torch.Tensor) -> torch.Tensor:
            return torch.log(super().embed(x) - 1)

    broken = dataclasses.replace(made(), network=Network(Broken(12), Normaliser((0.0,), (1.0,))))
    with pytest.raises(DefenceError, match="features of 40 of 40 images are not finite"):
        verdict(broken)
