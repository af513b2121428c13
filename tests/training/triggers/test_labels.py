from __future__ import annotations

import numpy as np
import pytest

from training.triggers.labels import AllToAll, AllToOne, map_labels


def test_all_to_all_gives_the_next_class_and_the_last_becomes_the_first() -> None:
    assert map_labels(np.arange(10), AllToAll(), 10).tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]


def test_all_to_one_gives_the_target_to_every_sample() -> None:
    assert map_labels(np.arange(10), AllToOne(target=7), 10).tolist() == [7] * 10


def test_a_target_that_is_no_class_is_refused() -> None:
    with pytest.raises(ValueError, match="class 10, but the task has classes 0 to 9"):
        map_labels(np.arange(10), AllToOne(target=10), 10)
