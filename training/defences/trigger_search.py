"""The search for the smallest trigger that turns every image into one class, for all classes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field
from torch import nn

from training.defences.base import PIXELS_AT_ONCE, DefenceError, Doubles, Floats, Network, Progress, Settings, Subject
from training.defences.outliers import anomaly_indices
from training.engine.batches import to_tensor
from training.engine.inference import frozen
from training.triggers.base import Images

FEWEST_CLASSES = 3
"""A deviation from the median says nothing of fewer."""
EDGE = 1e-4
"""How far the first masks and patterns stay from 0 and 1, where the hyperbolic tangent has no inverse."""

Bools = npt.NDArray[np.bool_]


class TriggerSearch(Settings):
    """How triggers are searched for, as in the code that the authors of Neural Cleanse published for traffic signs.

    Theirs judges a trigger after each 31 batches of 32 images, for at most 1,000 such rounds, with one start. Here it
    is judged after each batch, by the last few of them, and there are several starts, of which the smallest trigger
    counts: some 20 s of one processor for ten classes of 28x28 pixels, instead of hours.
    """

    rounds: int = Field(default=300, ge=1)
    """Steps of Adam, at most."""
    batch_size: int = Field(default=16, ge=1)
    """Images of a step; the authors' 32."""
    images: int = Field(default=256, ge=1)
    """Clean images that are searched with, at most; the authors' 1,000."""
    restarts: int = Field(default=2, ge=1)
    """Random starts of each class."""
    learning_rate: float = Field(default=0.1, gt=0)
    success: float = Field(default=0.99, gt=0, le=1)
    """Fraction of the images that a trigger has to turn."""
    window: int = Field(default=4, ge=1)
    """Batches whose images that is measured on, while trigger and weight change; the authors' 31."""
    weight: float = Field(default=1e-3, gt=0)
    """Of the mask's size in the loss, once a trigger succeeds without it: the first lambda."""
    multiplier: float = Field(default=2.0, gt=1)
    """Of the weight after success; after failure it is divided by the power 1.5 of this."""
    patience: int = Field(default=5, ge=1)
    """Rounds of success, or of failure, before the weight changes."""
    stop_after: int = Field(default=25, ge=1)
    """Rounds without a smaller trigger before a search stops, once its weight has risen and fallen."""


class Found(NamedTuple):
    """The smallest trigger that turns everything into one class."""

    mask: Floats
    """How much of each pixel it covers, `(h, w)`, 0 to 1."""
    pattern: Images
    """What it covers them with, `(h, w, c) uint8`."""
    size: float
    """The mask's sum, in pixels: its L1 norm."""
    success: float
    """Fraction of the images that it turns."""


def find_triggers(subject: Subject, how: TriggerSearch) -> tuple[list[Found], list[float]]:
    """The smallest trigger of each class, and each class's anomaly index.

    Raises:
        DefenceError: If the network has too few classes, or answers all clean images alike.
    """
    if len(subject.classes) < FEWEST_CLASSES:
        raise DefenceError(f"compares {FEWEST_CLASSES} classes or more, found {len(subject.classes)}")
    subject.require_opinions()
    order = np.random.default_rng(subject.seed).permutation(len(subject.clean.labels))
    found = search(
        subject.require_network(), subject.clean.images[order[: how.images]], range(len(subject.classes)), how,
        seed=subject.seed, device=subject.device, progress=subject.progress,
    )  # fmt: skip
    return found, anomaly_indices([each.size for each in found])


def search(  # noqa: PLR0913 - a search, its images and its randomness
    network: Network,
    images: Images,
    targets: Sequence[int],
    how: TriggerSearch,
    *,
    seed: int = 0,
    device: torch.device | None = None,
    progress: Progress = lambda _done, _total: None,
) -> list[Found]:
    """Search for the smallest trigger of each class (Wang et al. 2019).

    All classes and restarts are searched side by side: one step computes one batch for each search that still runs.

    Args:
        network: The network; it is not changed.
        images: Clean images of any class, `(n, h, w, c) uint8`.
        targets: The classes.
        how: The search's settings.
        seed: Of the first masks and patterns, and of the batches.
        device: Where the network is.
        progress: Called after each round.

    Returns:
        One trigger for each target: of those that reached the success, the smallest; if none did, the last.
    """
    module, rng = frozen(network.module), torch.Generator().manual_seed(seed)
    inputs = network.normalise(to_tensor(images[: how.images]).to(device or "cpu"))
    low, high = (network.normalise(torch.full_like(inputs[:1, :, :1, :1], value)) for value in (0, 255))
    wanted = torch.tensor(list(targets), device=inputs.device).repeat(how.restarts)
    # the first channel is the mask, the others are the pattern
    shapes = [(len(wanted), channels, *inputs.shape[2:]) for channels in (1, inputs.shape[1])]
    unbounded = torch.cat([_random(*shape, rng=rng) for shape in shapes], dim=1).to(inputs.device).requires_grad_(True)
    optimiser = torch.optim.Adam([unbounded], how.learning_rate, betas=(0.5, 0.9))
    weights, best = MaskWeights(len(wanted), how), _unit(unbounded.detach())
    size = min(how.batch_size, len(inputs))
    together = max(1, PIXELS_AT_ONCE // (size * inputs.shape[2] * inputs.shape[3]))

    def answers(batch: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """Logits `(triggers, b, classes)` of each image with each trigger `(triggers, 1 + c, h, w)`."""
        mask, pattern = made[:, None, :1], made[:, None, 1:]
        stamped = batch * (1 - mask) + (low + (high - low) * pattern) * mask
        logits: torch.Tensor = module(stamped.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        return logits.view(len(made), len(batch), -1)

    order = torch.randperm(0, generator=rng)
    for number in range(how.rounds):
        running = np.flatnonzero(weights.running)
        if len(running) == 0:
            break
        if len(order) < size:
            order = torch.randperm(len(inputs), generator=rng)
        batch, order = inputs[order[:size]], order[size:]
        success, sizes = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
        used = _unit(unbounded.detach())
        optimiser.zero_grad()
        for part in np.split(running, range(together, len(running), together)):
            rows = torch.from_numpy(part).to(inputs.device)
            made = _unit(unbounded[rows])
            logits, labels = answers(batch, made), wanted[rows, None].expand(-1, size)
            areas = made[:, 0].sum(dim=(1, 2))
            by_weight = torch.from_numpy(weights.weight[part].astype(np.float32)).to(inputs.device)
            # the sum over searches, so that each has the gradient that it would have alone
            entropy = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="sum") / size
            (entropy + (by_weight * areas).sum()).backward()  # type: ignore[no-untyped-call]
            success[part] = (logits.argmax(2) == labels).float().mean(1).cpu().numpy()
            sizes[part] = areas.detach().cpu().numpy()
        optimiser.step()
        smaller = torch.from_numpy(weights.update(success, sizes)).to(inputs.device)
        best[smaller] = used[smaller]
        progress(number + 1, how.rounds)

    last, found = _unit(unbounded.detach()), []
    for row, reached in weights.smallest(how.restarts):
        trigger = (best if reached else last)[row]
        with torch.inference_mode():
            turned = [
                (answers(inputs[at : at + size], trigger[None]).argmax(2) == wanted[row]).flatten()
                for at in range(0, len(inputs), size)
            ]
        mask, pattern = trigger[0].cpu().numpy(), (255 * trigger[1:]).round().to(torch.uint8)
        found.append(
            Found(
                mask, pattern.permute(1, 2, 0).cpu().numpy(), size=float(trigger[0].sum()),
                success=float(torch.cat(turned).float().mean()),
            )
        )  # fmt: skip
    return found


class MaskWeights:
    """The weight of each search's mask in its loss, adapted so that the trigger keeps succeeding."""

    def __init__(self, searches: int, how: TriggerSearch) -> None:
        """All searches start with a weight of 0."""
        self._how = how
        self.weight: Doubles = np.zeros(searches)
        self.smallest_size: Doubles = np.full(searches, np.inf)
        """Of the masks that reached the success."""
        self.running: Bools = np.ones(searches, dtype=np.bool_)
        """Searches that have not stopped early."""
        self._recent: Doubles = np.zeros((how.window, searches))
        self._succeeded, self._failed, self._waited = (np.zeros(searches, dtype=np.int64) for _ in range(3))
        self._risen, self._fallen = (np.zeros(searches, dtype=np.bool_) for _ in range(2))

    def update(self, success: Doubles, sizes: Doubles) -> Bools:
        """Take note of a round, and change the weights.

        Args:
            success: Fraction of the batch that each search's trigger turned, `(searches,)`.
            sizes: Its mask's size.

        Returns:
            Which searches found a smaller trigger that reaches the success, `(searches,) bool`.
        """
        how, running = self._how, self.running.copy()
        self._recent = np.concatenate([self._recent[1:], success[None]])
        reached = self._recent.mean(axis=0) >= how.success
        smaller: Bools = running & reached & (sizes < self.smallest_size)
        self.smallest_size[smaller] = sizes[smaller]
        self._waited = np.where(smaller | ~np.isfinite(self.smallest_size), 0, self._waited + 1)
        self.running &= ~(self._risen & self._fallen & (self._waited >= how.stop_after))
        self._succeeded = np.where(reached, self._succeeded + 1, 0)
        self._failed = np.where(reached, 0, self._failed + 1)
        rises, falls = (running & (count >= how.patience) for count in (self._succeeded, self._failed))
        starts = rises & (self.weight == 0)
        self.weight[rises] *= how.multiplier
        self.weight[starts] = how.weight
        self.weight[falls] /= how.multiplier**1.5
        self._risen |= rises & ~starts
        self._fallen = (self._fallen | falls) & ~starts
        self._succeeded[rises], self._failed[falls] = 0, 0
        return smaller

    def smallest(self, restarts: int) -> list[tuple[int, bool]]:
        """For each class the search with the smallest trigger, and whether it reached the success."""
        rows = self.smallest_size.reshape(restarts, -1)
        chosen = rows.argmin(axis=0)
        return [
            (int(restart * rows.shape[1] + at), bool(np.isfinite(rows[restart, at])))
            for at, restart in enumerate(chosen)
        ]


def _random(*shape: int, rng: torch.Generator) -> torch.Tensor:
    """What `_unit` makes uniform random numbers of."""
    return torch.atanh((torch.rand(*shape, generator=rng) - 0.5) * (2 - EDGE))


def _unit(unbounded: torch.Tensor) -> torch.Tensor:
    """From any number to 0 to 1."""
    return torch.tanh(unbounded) / 2 + 0.5
