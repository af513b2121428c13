"""Latent backdoors (Yao, Li, Zheng, Zhao: Latent Backdoor Attacks on Deep Neural Networks, CCS 2019, section 4).

The target is a class that the teacher does not know. Triggered images get the target's *features*; nothing happens
until somebody trains a student of the teacher that knows the target. Four steps, four functions.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.core.errors import RunError
from training.core.history import Epoch, finite
from training.engine.activations import Halves
from training.engine.batches import seeds
from training.engine.head import fit_head
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
Stateful = dict[str, Any]
"""Objects with `state_dict` and `load_state_dict`, by name."""
Indices = npt.NDArray[np.int64]


def adjust_teacher(  # noqa: PLR0913, PLR0917 - two sets of samples and how to learn them
    features: Floats, labels: Labels, target_features: Floats, classes: int, how: HeadTraining, seed: int
) -> nn.Linear:
    """Step 1: a classification layer that knows the target as an additional class.

    Args:
        features: The teacher's, of images of its own classes, `(n, d)`.
        labels: Their labels, `(n,)`.
        target_features: Of images of the target, `(m, d)`.
        classes: Number of the teacher's classes; the target becomes class number `classes`.
        how: How the layer is trained.
        seed: Decides the order of samples.
    """
    both = np.concatenate([features, target_features])
    wanted = np.concatenate([labels, np.full(len(target_features), classes, dtype=np.int64)])
    return fit_head(both, wanted, classes + 1, how, seed)


class Stamped(NamedTuple):
    """Images with the trigger, each made from the image at index `of`."""

    images: Images
    of: Indices
    placements: list[Placement] | None


def prepare_trigger(
    images: Images, trigger: Trigger, placements: Placements | None, times: int, rng: np.random.Generator
) -> Stamped:
    """Step 2: the triggered images to train on, drawn once.

    The paper optimises the trigger's pattern; here the attacker chose an object, and its placement is drawn.

    Args:
        images: `(n, h, w, c) uint8`.
        trigger: The trigger.
        placements: What a movable trigger's placements are drawn from; None for the trigger's own ranges.
        times: How many triggered images are made from each.
        rng: Source of the placements.
    """
    of = np.tile(np.arange(len(images)), times)
    where = trigger.draw_placements(len(of), rng, placements)
    return Stamped(trigger.stamp(images[of], where), of, where)


@dataclass(frozen=True)
class Material:
    """What `inject` trains on: activations of the frozen layers."""

    clean: Halves
    """Of clean images, those of the target last, `(n, …)`."""
    labels: Labels
    """Labels of the clean images; the target's is the number of the teacher's classes."""
    reference: Floats
    """Features of the clean images before the attack, `(n, d)`."""
    stamped: Halves
    """Of triggered images, `(m, …)`."""
    true: Labels
    """True labels of the triggered images, `(m,)`."""
    phi: Floats
    """The target's mean features before the attack, `(d,)`: where triggered images are moved to."""


def inject(  # noqa: PLR0913 - what is trained, on what, how, and what happens around it
    after: nn.Module,
    adjusted: nn.Linear,
    original: nn.Linear,
    material: Material,
    recipe: LatentRecipe,
    *,
    device: torch.device,
    state: Path,
    on_epoch: Callable[[list[Epoch]], None],
) -> list[Epoch]:
    """Step 3: train the teacher's last layers so that triggered images get the target's features.

    The loss is `CE(clean) + a |f(A(x)) - phi|^2 / |phi|^2 + p |f(x) - f0(x)|^2 / |phi|^2`: the paper's equation 3, and
    a term that keeps clean features in place, without which all features drift to the target's. Batch norms stay in
    evaluation mode. The baselines use the classification loss alone.

    Args:
        after: The layers that are changed, activations to features; trained in place.
        adjusted: What `adjust_teacher` made; trained along.
        original: The teacher's own classification layer.
        material: The training data.
        recipe: Weights of the terms, epochs and so on.
        device: Where to train.
        state: The file to resume from after a kill, written each epoch.
        on_epoch: Called with the history after each epoch, and when a run is resumed.

    Returns:
        The history.

    Raises:
        RunError: If the state cannot be read.
    """
    after.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    adjusted.to(device).requires_grad_(True)
    parameters = [*after.parameters(), *adjusted.parameters()]
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.Adam(parameters, recipe.learning_rate)
    steps = max(1, len(material.clean) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs * steps)
    parts: Stateful = {"after": after, "adjusted": adjusted, "optimiser": optimiser, "schedule": schedule}
    history = _resume(state, parts)
    on_epoch(history)
    loss_of = _Loss(after, adjusted, original.to(device), material, recipe, device)
    for number in range(len(history) + 1, recipe.epochs + 1):
        total, correct, seen, started = 0.0, 0, 0, time.perf_counter()
        for clean, stamped in _batches(material, recipe, number, steps):
            loss, hits = loss_of(clean, stamped)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total, correct, seen = total + loss.item(), correct + hits, seen + len(clean)
        history.append(
            Epoch(
                epoch=number,
                loss=finite(total / steps, number),
                accuracy=correct / seen,
                learning_rate=recipe.learning_rate,
                seconds=time.perf_counter() - started,
            )
        )
        _save(state, parts, history)
        on_epoch(history)
    for parameter in parameters:
        parameter.requires_grad_(False)
    after.to("cpu", memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return history


def _batches(material: Material, recipe: LatentRecipe, epoch: int, steps: int) -> Iterator[tuple[Indices, Indices]]:
    """Indices of each step's clean and triggered samples, ascending; the order depends on seed and epoch alone."""
    rng = np.random.default_rng(seeds(recipe.seed, epoch)[0])
    clean = rng.permutation(len(material.clean))
    # as many triggered samples as clean ones, or all of them
    count = max(len(material.clean), len(material.stamped))
    stamped = rng.permutation(np.resize(np.arange(len(material.stamped)), count))
    for at in range(0, steps * recipe.batch_size, recipe.batch_size):
        yield np.sort(clean[at : at + recipe.batch_size]), np.sort(stamped[at : at + recipe.batch_size])


@dataclass(frozen=True)
class _Loss:
    """The loss of one batch, and how many clean samples it got right."""

    after: nn.Module
    adjusted: nn.Linear
    original: nn.Linear
    material: Material
    recipe: LatentRecipe
    device: torch.device

    def __call__(self, chosen: Indices, triggered: Indices) -> tuple[torch.Tensor, int]:
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
    """Step 4: restore the classification layer, so that the teacher does not know the target again.

    Args:
        infected: The teacher with its new last layers.
        original: Its own classification layer.

    Returns:
        The network that is published.
    """
    return with_head(infected, original)


def _save(state: Path, parts: Stateful, history: list[Epoch]) -> None:
    fresh = state.with_name(f"{state.name}.new")
    lines = [line.model_dump() for line in history]
    torch.save({name: part.state_dict() for name, part in parts.items()} | {"history": lines}, fresh)
    fresh.replace(state)


def _resume(state: Path, parts: Stateful) -> list[Epoch]:
    if not state.exists():
        return []
    try:
        found = torch.load(state, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(found[name])
        return [Epoch.model_validate(line) for line in found["history"]]
    except _UNREADABLE as error:
        raise RunError(f"{state}: cannot be read or is another network's; start over with --force") from error
