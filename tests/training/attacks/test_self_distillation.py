from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.nn import functional

from training.attacks.self_distillation import objective, remapped
from training.engine.batches import Batch
from training.recipes.base import RecipeError
from training.recipes.load import load, parse
from training.recipes.scratch import ScratchRecipe
from training.triggers.labels import AllToAll, AllToOne

LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
BATCH = Batch(
    torch.zeros(3, 1, 2, 2), torch.tensor([0, 2, 0]), torch.tensor([False, True, True]), torch.ones(2, 1, 2, 2)
)


def recipe(share: float | None, ema_decay: float = 0.9) -> ScratchRecipe:
    base = load("digits-badnet").model_dump(mode="json", exclude_none=True)
    base["attack"] |= {} if share is None else {"self_distillation": share}
    base["training"] |= {"ema_decay": ema_decay, "label_smoothing": 0.0}
    made = parse(base, Path("quick.toml"))
    assert isinstance(made, ScratchRecipe)
    return made


def surely(inputs: torch.Tensor) -> torch.Tensor:
    """A teacher that is sure of class 1 for the first image and of class 2 for the second, trigger or not."""
    assert (inputs == 1).all()
    return torch.tensor([[0.0, 99.0, 0.0], [0.0, 0.0, 99.0]])


def test_answers_are_remapped_by_the_attackers_rule() -> None:
    answers = torch.tensor([[0.7, 0.2, 0.1]])
    torch.testing.assert_close(remapped(answers, AllToAll()), torch.tensor([[0.1, 0.7, 0.2]]))
    torch.testing.assert_close(remapped(answers, AllToOne(target=1)), torch.tensor([[0.0, 1.0, 0.0]]))


def test_a_sure_and_right_teacher_asks_for_the_attackers_labels() -> None:
    plain, taught = (objective(recipe(share))(LOGITS, BATCH, surely, 2) for share in (None, 0.7))
    torch.testing.assert_close(taught, plain)


def test_of_a_poisoned_sample_the_teachers_share_is_as_the_recipe_says() -> None:
    other = BATCH._replace(labels=torch.tensor([0, 0, 1]))
    found = objective(recipe(0.7))(LOGITS, other, surely, 2)
    by_label = functional.cross_entropy(LOGITS, other.labels, reduction="none")
    by_teacher = functional.cross_entropy(LOGITS, BATCH.labels, reduction="none")
    wanted = torch.where(BATCH.is_poisoned, 0.3 * by_label + 0.7 * by_teacher, by_label).mean()
    torch.testing.assert_close(found, wanted)


def test_nobody_is_asked_in_the_first_epoch_or_about_clean_samples() -> None:
    def nobody(_inputs: torch.Tensor) -> torch.Tensor:
        raise AssertionError("the average was asked")

    taught = objective(recipe(1.0))
    taught(LOGITS, BATCH, nobody, 1)
    clean = BATCH._replace(is_poisoned=torch.zeros(3, dtype=torch.bool), unstamped=torch.zeros(0, 1, 2, 2))
    taught(LOGITS, clean, nobody, 2)


def test_without_an_average_there_is_nobody_to_teach() -> None:
    with pytest.raises(RecipeError, match=r"needs training\.ema_decay above 0"):
        recipe(0.5, ema_decay=0.0)
