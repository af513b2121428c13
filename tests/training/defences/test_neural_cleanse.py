from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.defences.networks import CLASSES, TARGET, Constant, Rows, samples, subject
from training.defences.base import DefenceError, Samples
from training.defences.neural_cleanse import DEFENCE, SHOWN, recovered
from training.defences.trigger_search import Found
from training.defences.verdict import ClassIndices


def examined(module: torch.nn.Module) -> ClassIndices:
    found = DEFENCE.with_settings({"rounds": 200})(subject(module))
    assert isinstance(found, ClassIndices)
    return found


def test_the_planted_target_is_the_only_suspect_and_its_trigger_is_shown() -> None:
    found = examined(Rows(shortcut=40))
    assert found.suspects == found.targets == [f"rows {TARGET}"]
    assert found.images == 60
    trigger = found.classes[TARGET].trigger
    assert trigger is not None
    mask, pattern = (
        np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in (trigger.mask, trigger.pattern)
    )
    assert mask.shape == pattern.shape == (12, 12)
    assert mask[9:11, 9:11].max() > 80
    assert sum(each.trigger is not None for each in found.classes) == min(CLASSES, SHOWN)


def test_no_class_of_the_same_network_without_the_shortcut_comes_near() -> None:
    clean, planted = (max(each.index for each in examined(Rows(shortcut)).classes) for shortcut in (0, 40))
    assert 3 * clean < planted


def test_colours_and_masks_are_kept_as_they_are_but_for_the_faint() -> None:
    mask = np.zeros((4, 5), dtype=np.float32)
    mask[1, 2], mask[3, 3], mask[0, 0] = 0.5, 1, 0.05
    pattern = np.random.default_rng(0).integers(1, 255, (4, 5, 3)).astype(np.uint8)
    kept = recovered(Found(mask, pattern, 1.5, 1.0))
    read = [np.asarray(Image.open(io.BytesIO(base64.b64decode(each)))) for each in (kept.mask, kept.pattern)]
    assert (read[0][1, 2], read[0][3, 3], read[0].astype(int).sum()) == (128, 255, 383)
    assert (read[1][mask > 0.1] == pattern[mask > 0.1]).all()
    assert (read[1][mask < 0.1] == 0).all()


def test_a_network_that_always_answers_the_same_is_refused() -> None:
    with pytest.raises(DefenceError, match="answers 'rows 1' to all 60 clean held-out images"):
        DEFENCE(subject(Constant(1)))


def test_answers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(DefenceError, match="answers to 60 of 60 images are not finite"):
        DEFENCE(subject(Constant(float("nan"))))


def test_two_classes_are_too_few_to_compare() -> None:
    clean = samples(10)
    few = Samples(clean.images, clean.labels % 2)
    with pytest.raises(DefenceError, match="3 classes or more, found 2"):
        DEFENCE(subject(Rows(), classes=["a", "b"], load_clean=lambda: few))
