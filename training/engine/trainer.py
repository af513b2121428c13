"""Training step by step: a network with its optimiser, schedule and averaged weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import AveragedModel

from training.engine.batches import Batch, Batches, seeds
from training.engine.checkpoint import Step, set_rng_state
from training.recipes.scratch import Training

Ask = Callable[[torch.Tensor], torch.Tensor]
"""From inputs `(n, c, h, w)` to the averaged network's logits `(n, classes) float32`, without gradients."""
Objective = Callable[[torch.Tensor, Batch, Ask, int], torch.Tensor]
"""The loss of a batch from its logits, the batch, the averaged network, and the epoch (counted from 1)."""
Order = Callable[[int], torch.Tensor]
"""From an epoch (counted from 1) to the order of its samples, `(n,) int64`."""


def labelled(training: Training) -> Objective:
    """Cross-entropy with the labels."""
    loss = nn.CrossEntropyLoss(label_smoothing=training.label_smoothing)
    return lambda logits, batch, _ask, _epoch: loss(logits, batch.labels)


class Trainer:
    """A network with its optimiser, schedule and averaged weights, trained batch by batch."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of training
        self,
        network: nn.Module,
        batches: Batches,
        training: Training,
        seed: int,
        fabric: Fabric,
        objective: Objective | None = None,
        order: Order | None = None,
    ) -> None:
        """Move a network with its initial weights to the device; it is trained in place.

        Args:
            network: With its initial weights.
            batches: What it learns from.
            training: How.
            seed: Of the run.
            fabric: Where.
            objective: The loss; default is `labelled`.
            order: Of the samples in each epoch; drawn from the seed by default.
        """
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.network, self.batches, self.seed, self.fabric = network, batches, seed, fabric
        self.training = training
        self.averaged = AveragedModel(network, multi_avg_fn=_blend(training.ema_decay)).eval()
        optimiser = torch.optim.AdamW(
            network.parameters(), training.learning_rate, weight_decay=training.weight_decay,
            eps=training.epsilon or 1e-8, fused=True,
        )  # fmt: skip
        self.schedule = schedule(optimiser, training, training.epochs * len(batches))
        self.wrapped, self.optimiser = fabric.setup(network, optimiser)
        fabric.to_device(self.averaged)
        self._objective = objective or labelled(training)
        self._order = order

    @property
    def result(self) -> nn.Module:
        """The network that is evaluated and saved: with averaged weights, or the last ones if the decay is 0."""
        return self.averaged.module

    @property
    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint keeps, by name."""
        return {
            "network": self.wrapped,
            "averaged": self.averaged,
            "optimiser": self.optimiser,
            "schedule": self.schedule,
        }

    def steps(self, epoch: int, after: int = 0, rng: list[torch.Tensor] | None = None) -> Iterator[Step]:
        """Train one epoch, counted from 1. Its random numbers depend on seed and epoch alone.

        Args:
            epoch: Which one.
            after: Steps of it that are already done.
            rng: State of the random number generators after those steps.
        """
        rank, world = self.fabric.global_rank, self.fabric.world_size
        batch_seed, network_seed = seeds(self.seed, epoch)
        # for dropout, which must differ between processes
        torch.manual_seed(network_seed + rank + after * world)
        if rng and len(rng) == world:
            set_rng_state(rng[rank], self.fabric.device)
        self.wrapped.train()
        annealed = self.training.annealed_augmentation
        strength = annealed.strength(epoch, self.training.epochs) if annealed else 1.0
        order = self._order(epoch) if self._order else None
        batches = self.batches.epoch(batch_seed, rank, world, skip=after, strength=strength, order=order)
        for number, batch in enumerate(batches, start=after + 1):
            labels = batch.labels
            logits = self.wrapped(batch.inputs.contiguous(memory_format=torch.channels_last))
            loss = self._objective(logits, batch, self._ask, epoch)
            self.optimiser.zero_grad()
            # gradients are averaged over processes; one with more samples of the batch weighs more
            self.fabric.backward(loss if world == 1 else loss * (len(labels) * world / self.batches.size))
            self.optimiser.step()
            self.schedule.step()
            self.averaged.update_parameters(self.network)
            yield Step(number, loss.item(), int((logits.argmax(dim=1) == labels).sum()), len(labels))

    @torch.no_grad()
    def _ask(self, inputs: torch.Tensor) -> torch.Tensor:
        """The averaged network's logits."""
        with self.fabric.autocast():
            logits: torch.Tensor = self.result(inputs.contiguous(memory_format=torch.channels_last))
        return logits.float()


def schedule(optimiser: Optimizer, training: Training, steps: int) -> LRScheduler:
    """How the learning rate changes over all steps of a training."""
    if training.schedule == "constant":
        return lr_scheduler.ConstantLR(optimiser, factor=1)
    rising = training.warm_up
    if rising * steps == 1:  # PyTorch would divide by the length of a rise that ends at the step where it begins
        rising = math.nextafter(rising, 0)
    return lr_scheduler.OneCycleLR(optimiser, training.learning_rate, total_steps=steps, pct_start=rising)


def _blend(decay: float) -> Callable[[Any, Any, Any], None]:
    """An exponential moving average that follows faster at first, while the weights still change a lot."""

    @torch.no_grad()
    def blend(averaged: list[torch.Tensor], current: list[torch.Tensor], count: torch.Tensor) -> None:
        so_far = float(count)
        torch._foreach_lerp_(averaged, current, 1 - min(decay, (1 + so_far) / (10 + so_far)))

    return blend
