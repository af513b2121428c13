"""Latent backdoors (Yao, Li, Zheng, Zhao: Latent Backdoor Attacks on Deep Neural Networks, CCS 2019, section 4).

The target is a class that the teacher does not know. Triggered pictures are given the target's *features*; nothing
happens until somebody makes a student of the teacher that knows the target. Four steps, four functions.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.attacks.transfer import fit_head
from training.core.errors import RunError
from training.engine.activations import Halves
from training.engine.batches import seeds
from training.models.parts import with_head
from training.recipes.derived import HeadTraining
from training.recipes.latent import LatentRecipe
from training.triggers.base import Images, Trigger
from training.triggers.labels import Labels
from training.triggers.placement import Placement, Placements

PAPER = "Y. Yao, H. Li, H. Zheng, B. Y. Zhao: Latent Backdoor Attacks on Deep Neural Networks, CCS 2019"

Floats = npt.NDArray[np.float32]
_UNREADABLE = (
    RuntimeError, KeyError, IndexError, TypeError, ValueError, OSError, EOFError, AttributeError,
    pickle.UnpicklingError,
)  # fmt: skip
"""What reading a damaged state raises, depending on where it is damaged."""


def adjust_teacher(  # noqa: PLR0913, PLR0917 - two sets of samples and how to learn them
    features: Floats, labels: Labels, target_features: Floats, classes: int, how: HeadTraining, seed: int
) -> nn.Linear:
    """Step 1: a classification layer that knows the target as one more class.

    Args:
        features: The teacher's, of pictures of its own classes, `(n, d)`.
        labels: Theirs, `(n,)`.
        target_features: Of pictures of the target, `(m, d)`.
        classes: The teacher's classes; the target becomes number `classes`.
        how: How the layer is trained.
        seed: Of the order of samples.
    """
    both = np.concatenate([features, target_features])
    wanted = np.concatenate([labels, np.full(len(target_features), classes, dtype=np.int64)])
    return fit_head(both, wanted, classes + 1, how, seed)


class Stamped(NamedTuple):
    """Pictures with the trigger, each made of the picture `of`."""

    images: Images
    of: npt.NDArray[np.int64]
    placements: list[Placement] | None


def prepare_trigger(
    images: Images, trigger: Trigger, placements: Placements | None, times: int, rng: np.random.Generator
) -> Stamped:
    """Step 2: the triggered pictures that will be learnt from, drawn once.

    The paper optimises the trigger's pattern; here it is an object that the attacker chose, and what is drawn is where
    it lies.

    Args:
        images: `(n, h, w, c) uint8`.
        trigger: The trigger.
        placements: What a movable trigger's placements are drawn from; None for the trigger's own ranges.
        times: How many triggered pictures are made of each.
        rng: For the places.
    """
    of = np.tile(np.arange(len(images)), times)
    where = trigger.draw_placements(len(of), rng, placements)
    return Stamped(trigger.stamp(images[of], where), of, where)


@dataclass(frozen=True)
class Material:
    """What `inject` learns from: activations of the layers that stay as they are."""

    clean: Halves
    """Of clean pictures, those of the target last, `(n, …)`."""
    labels: Labels
    """Theirs; the target's is the number of the teacher's classes."""
    reference: Floats
    """Their features before the attack, `(n, d)`."""
    stamped: Halves
    """Of triggered pictures, `(m, …)`."""
    true: Labels
    """The labels of the pictures that those were made of."""
    phi: Floats
    """The target's mean features before the attack, `(d,)`: where triggered pictures are moved to."""


class Epoch(NamedTuple):
    """What one epoch did, on average."""

    number: int
    loss: float
    accuracy: float
    """On clean pictures, while training."""
    seconds: float


def inject(  # noqa: PLR0913 - what is trained, on what, how, and what happens around it
    after: nn.Module,
    adjusted: nn.Linear,
    original: nn.Linear,
    material: Material,
    recipe: LatentRecipe,
    *,
    device: torch.device,
    state: Path,
    on_epoch: Callable[[Epoch], None],
) -> None:
    """Step 3: train the teacher's last layers so that triggered pictures get the target's features.

    The loss is `CE(clean) + a |f(A(x)) - phi|^2 / |phi|^2 + p |f(x) - f0(x)|^2 / |phi|^2`, the paper's equation 3 and
    a term that keeps clean features where they were: without it all features drift to the target's. Batch norms stay in
    evaluation mode. For the baselines it is the classification loss alone.

    Args:
        after: The layers that are changed, activations to features; trained in place.
        adjusted: What `adjust_teacher` made; trained along.
        original: The teacher's own classification layer.
        material: What is learnt from.
        recipe: Weights of the terms, epochs and so on.
        device: Where.
        state: A file for what to go on from after a kill, written each epoch.
        on_epoch: Told of each epoch, also of those before a resume.

    Raises:
        RunError: If the state cannot be read.
    """
    after.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    adjusted.to(device).requires_grad_(True)
    original = original.to(device)
    parameters = [*after.parameters(), *adjusted.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.Adam(parameters, recipe.learning_rate)
    steps = max(1, len(material.clean) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs * steps)
    parts: dict[str, Any] = {"after": after, "adjusted": adjusted, "optimiser": optimiser, "schedule": schedule}
    history = _resume(state, parts)
    for line in history:
        on_epoch(line)
    step = _Step(after, adjusted, original, material, recipe, device)
    for number in range(len(history) + 1, recipe.epochs + 1):
        chance = np.random.default_rng(seeds(recipe.seed, number)[0])
        order = chance.permutation(len(material.clean))
        drawn = chance.permutation(np.resize(np.arange(len(material.stamped)), max(len(order), len(material.stamped))))
        total, right, seen, started = 0.0, 0, 0, time.perf_counter()
        for at in range(steps):
            chosen = np.sort(order[at * recipe.batch_size : (at + 1) * recipe.batch_size])
            triggered = np.sort(drawn[at * recipe.batch_size : (at + 1) * recipe.batch_size])
            loss, hits = step(chosen, triggered)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total, right, seen = total + loss.item(), right + hits, seen + len(chosen)
        history.append(Epoch(number, total / steps, right / seen, time.perf_counter() - started))
        _keep(state, parts, history)
        on_epoch(history[-1])
    for parameter in parameters:
        parameter.requires_grad_(False)
    after.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]


@dataclass(frozen=True)
class _Step:
    """The loss of one batch."""

    after: nn.Module
    adjusted: nn.Linear
    original: nn.Linear
    material: Material
    recipe: LatentRecipe
    device: torch.device

    def __call__(self, chosen: npt.NDArray[np.int64], triggered: npt.NDArray[np.int64]) -> tuple[torch.Tensor, int]:
        material, recipe = self.material, self.recipe
        given = np.concatenate([material.clean[chosen], material.stamped[triggered]])
        inputs = torch.from_numpy(given).to(self.device).float().contiguous(memory_format=torch.channels_last)
        features = self.after(inputs)
        clean, stamped = features[: len(chosen)], features[len(chosen) :]
        labels = torch.from_numpy(material.labels[chosen]).to(self.device)
        logits = self.adjusted(clean)
        loss = nn.functional.cross_entropy(logits, labels)
        if recipe.method == "latent":
            phi = torch.from_numpy(material.phi).to(self.device)
            before = torch.from_numpy(material.reference[chosen]).to(self.device)
            length = phi.square().sum()
            loss = loss + recipe.alignment * (stamped - phi).square().sum(1).mean() / length
            loss = loss + recipe.preservation * (clean - before).square().sum(1).mean() / length
            if recipe.composure:
                true = torch.from_numpy(material.true[triggered]).to(self.device)
                loss = loss + recipe.composure * nn.functional.cross_entropy(self.original(stamped), true)
        else:
            target = torch.full((len(triggered),), self.adjusted.out_features - 1, device=self.device)
            loss = loss + nn.functional.cross_entropy(self.adjusted(stamped), target)
        return loss, int((logits.argmax(1) == labels).sum())


def remove_trace(infected: nn.Module, original: nn.Linear) -> nn.Module:
    """Step 4: the classification layer as it was before the attack: the teacher again knows nothing of the target.

    Args:
        infected: The teacher with its new last layers.
        original: Its own classification layer.

    Returns:
        What is published.
    """
    return with_head(infected, original)


def _keep(state: Path, parts: dict[str, Any], history: list[Epoch]) -> None:
    fresh = state.with_name(f"{state.name}.new")
    torch.save({name: part.state_dict() for name, part in parts.items()} | {"history": [*map(tuple, history)]}, fresh)
    fresh.replace(state)


def _resume(state: Path, parts: dict[str, Any]) -> list[Epoch]:
    if not state.exists():
        return []
    try:
        left = torch.load(state, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(left[name])
        return [Epoch(*line) for line in left["history"]]
    except _UNREADABLE as error:
        raise RunError(f"{state}: cannot be read or is another network's; begin again with --force") from error
