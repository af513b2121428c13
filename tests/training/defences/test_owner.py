from __future__ import annotations

import numpy as np
import pytest

from tests.training.defences.networks import CLASSES, Constant, Rows, samples, subject
from training.defences import owner
from training.defences.base import DefenceError, Samples


def test_a_third_of_each_class_judges_and_no_image_does_both() -> None:
    given = subject(Rows(), load_clean=lambda: samples(9))
    learnt, judged = owner.divide(given)
    assert np.bincount(judged.labels).tolist() == [3] * CLASSES
    assert np.bincount(learnt.labels).tolist() == [6] * CLASSES
    both = np.concatenate([learnt.images, judged.images])
    assert len(np.unique(both.reshape(54, -1), axis=0)) == 54


def test_a_class_with_one_image_cannot_be_divided() -> None:
    images, labels = samples(2)
    given = subject(Rows(), load_clean=lambda: Samples(images[:-1], labels[:-1]))
    with pytest.raises(DefenceError, match="class 'rows 5' has 1 clean held-out images"):
        owner.divide(given)


def test_the_accuracy_is_the_fraction_of_right_answers() -> None:
    assert owner.accuracy(subject(Rows()), Rows(), samples(5)) == 1
    assert owner.accuracy(subject(Rows()), Constant(1), samples(50)) == pytest.approx(1 / CLASSES)


def test_answers_that_are_not_finite_are_wrong() -> None:
    images, _ = samples(5)
    assert owner.accuracy(subject(Rows()), Constant(float("nan")), Samples(images, np.zeros(30, dtype=np.int64))) == 0


@pytest.mark.parametrize(("most_lost", "wanted"), [(0.0, 29 / 30), (0.01, 29 / 30), (0.1, 27 / 30)])
def test_a_repair_may_lose_one_image_however_few_judge_it(most_lost: float, wanted: float) -> None:
    given = subject(Rows())
    least = owner.least_accuracy(given, samples(5), most_lost)
    assert least == pytest.approx(wanted)
    assert wanted >= least
