"""How long until 99 % on MNIST: this project's quick recipe against the recipe that most PyTorch examples share.

    python -m tests.benchmarks.train_speed [--data DIR] [--baseline-epochs N] [--recipe NAME] [--json FILE]

The baseline is what the 2020 project ran, as such examples do it: a `Dataset` that makes a PIL image of each sample
and turns it into a normalised tensor, batches of 64 through a `DataLoader`, the same network with dropout, Adadelta
with a learning rate of 1.0 that falls by 0.7 each epoch, 14 epochs. Both are trained one after the other in this
process, with the same number of threads. Time is that of training alone: evaluations on the test set, after each
epoch of the baseline and at each tenth of ours (named in the result), stop the clock. Loading the files is part of
neither; making tensors of them is part of ours.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from training.attacks import badnets
from training.data.base import Dataset
from training.data.registry import load
from training.engine.batches import Batches, seeds
from training.engine.devices import fabric_for
from training.engine.predict import normaliser, predictor
from training.engine.trainer import Trainer
from training.models import mnist_cnn
from training.models.registry import build
from training.recipes.load import load as load_recipe
from training.recipes.scratch import Attack, ScratchRecipe
from training.triggers.base import Images
from training.triggers.labels import Labels

TARGET = 0.99
FULL_EPOCHS = 14
"""Epochs of the common recipe."""


class Look(NamedTuple):
    """One look at the test set."""

    epochs: float
    """Done by then."""
    seconds: float
    """Of training until then, by the clock."""
    cpu_seconds: float
    """The same in seconds of processors' work, which other processes on the machine disturb less."""
    accuracy: float


class Stopwatch:
    """Time that has gone by while it ran."""

    def __init__(self) -> None:
        """Not running yet."""
        self.seconds = self.cpu_seconds = 0.0
        self._since = self._cpu_since = 0.0

    def __enter__(self) -> None:
        self._since, self._cpu_since = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since
        self.cpu_seconds += time.process_time() - self._cpu_since


class OneByOne(TorchDataset[tuple[torch.Tensor, int]]):
    """A data set that transforms each sample by itself: array -> PIL image -> tensor -> normalised."""

    def __init__(self, data: Dataset) -> None:
        """Keep the arrays."""
        self.data = data

    def __len__(self) -> int:
        return len(self.data.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        image = Image.fromarray(self.data.images[index, :, :, 0])
        pixels = torch.from_numpy(np.array(image, dtype=np.uint8)).unsqueeze(0)
        tensor = pixels.to(torch.float32).div(255)
        return (tensor - mnist_cnn.MEAN) / mnist_cnn.STD, int(self.data.labels[index])


class CommonNetwork(nn.Module):
    """The same layers as ours, with the dropout of the well-known example, and log-probabilities out."""

    def __init__(self) -> None:
        """Make one with random weights."""
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalised images to log-probabilities."""
        return nn.functional.log_softmax(self.head(self.features(x)), dim=1)


Scores = Callable[[Images], npt.NDArray[np.float32]]


def accuracy(scores: Scores, test: Dataset) -> float:
    """Fraction of test samples classified correctly."""
    answers: Labels = np.concatenate(
        [scores(test.images[at : at + 500]).argmax(axis=1) for at in range(0, len(test.images), 500)]
    )
    return float((answers == test.labels).mean())


def baseline(train: Dataset, test: Dataset, epochs: int) -> Iterator[Look]:
    """Train the common recipe; yields a look after each epoch."""
    torch.manual_seed(1)
    watch = Stopwatch()
    with watch:
        network = CommonNetwork()
        batches = DataLoader(OneByOne(train), batch_size=64, shuffle=True)
        optimiser = torch.optim.Adadelta(network.parameters(), lr=1.0)
        schedule = torch.optim.lr_scheduler.StepLR(optimiser, step_size=1, gamma=0.7)
    scores = predictor(network, normaliser(load_recipe("mnist-clean")))
    for epoch in range(1, epochs + 1):
        with watch:
            network.train()
            for inputs, labels in batches:
                optimiser.zero_grad()
                nn.functional.nll_loss(network(inputs), labels).backward()
                optimiser.step()
            schedule.step()
        network.eval()
        yield Look(epoch, watch.seconds, watch.cpu_seconds, accuracy(scores, test))


def ours(name: str, train: Dataset, test: Dataset, looks: int = 10) -> Iterator[Look]:
    """Train a recipe of ours, through our own loop; yields as `baseline`, `looks` times an epoch."""
    recipe = load_recipe(name)
    assert isinstance(recipe, ScratchRecipe)
    assert isinstance(recipe.attack, Attack)
    watch = Stopwatch()
    with watch:
        fabric = fabric_for(recipe.training, "cpu", 1)
        torch.manual_seed(seeds(recipe.seed, 0)[0])
        poisoned = badnets.apply(train, recipe.attack, badnets.draw(train, recipe.attack, recipe.seed))
        batches = Batches(
            poisoned, normaliser(recipe), size=recipe.training.batch_size,
            augment=recipe.data.augment, repeat=recipe.attack.repeat or 1, device=fabric.device,
        )  # fmt: skip
        trainer = Trainer(build(recipe.network, 10), batches, recipe.training, recipe.seed, fabric)
    scores = predictor(trainer.result, normaliser(recipe))
    every = max(1, len(batches) // looks)
    for epoch in range(1, recipe.training.epochs + 1):
        steps = trainer.steps(epoch)
        while True:
            with watch:
                done = list(itertools.islice(steps, every))
            if not done:
                break
            trainer.result.eval()
            part = done[-1].number / len(batches)
            yield Look(epoch - 1 + part, watch.seconds, watch.cpu_seconds, accuracy(scores, test))


def race(runner: Iterator[Look], label: str) -> list[Look]:
    """Run one of the two, printing each look at the test set."""
    looks = []
    for look in runner:
        looks.append(look)
        print(
            f"{label}: {look.epochs:5.2f} epochs  {look.seconds:7.1f} s  {look.cpu_seconds:7.1f} CPU s  "
            f"{look.accuracy:.2%}",
            flush=True,
        )
    return looks


def first(looks: list[Look]) -> Look | None:
    """The first look at which the target was reached."""
    return next((look for look in looks if look.accuracy >= TARGET), None)


def compare(quick: list[Look], common: list[Look]) -> dict[str, Any]:
    """What the two took, and the ratios; None where the target was not reached."""
    ours_at, common_at = first(quick), first(common)
    epochs = common[-1].epochs
    found: dict[str, Any] = {"target": TARGET, "full_epochs": FULL_EPOCHS, "full_is_extrapolated": epochs < FULL_EPOCHS}
    for unit in ("seconds", "cpu_seconds"):
        mine = getattr(ours_at, unit) if ours_at else None
        theirs = getattr(common_at, unit) if common_at else None
        full = getattr(common[-1], unit) * FULL_EPOCHS / epochs
        found[unit] = {
            "ours_to_target": mine,
            "baseline_to_target": theirs,
            "baseline_full": full,
            "ratio_to_target": mine / theirs if mine and theirs else None,
            "ratio_to_full": mine / full if mine else None,
        }
    return found


def tell(found: dict[str, Any]) -> None:
    """Print the comparison in words."""
    for unit, what in (("seconds", "by the clock"), ("cpu_seconds", "processors' time")):
        part = {name: "not reached" if value is None else f"{value:.3g}" for name, value in found[unit].items()}
        full = "extrapolated" if found["full_is_extrapolated"] else "measured"
        print(
            f"{what}: {TARGET:.0%} after {part['ours_to_target']} s (ours), {part['baseline_to_target']} s (baseline): "
            f"ratio {part['ratio_to_target']}; the baseline's {FULL_EPOCHS} epochs ({full}) {part['baseline_full']} s: "
            f"ratio {part['ratio_to_full']}"
        )


def main() -> None:
    """Run both and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with mnist/; default BACKDOORS_DATA, cache or network")
    parser.add_argument("--baseline-epochs", type=int, default=FULL_EPOCHS, help="stop the baseline after so many")
    parser.add_argument("--recipe", default="mnist-fast")
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    options = parser.parse_args()

    train, test = load("mnist", "train", options.data), load("mnist", "test", options.data)
    quick = race(ours(options.recipe, train, test), f"ours ({options.recipe})")
    result: dict[str, Any] = {
        "recipe": options.recipe,
        "threads": torch.get_num_threads(),
        "looks": {"ours": [look._asdict() for look in quick]},
    }
    if options.baseline_epochs > 0:
        common = race(baseline(train, test, options.baseline_epochs), "baseline")
        result["looks"]["baseline"] = [look._asdict() for look in common]
        result |= compare(quick, common)
        tell(result)
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
