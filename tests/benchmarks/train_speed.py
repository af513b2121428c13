"""How long until 99 % on MNIST: this project's quick recipe against the recipe that most PyTorch examples share.

    python tests/benchmarks/train_speed.py [--data DIR] [--baseline-epochs N] [--recipe NAME] [--json FILE]

The baseline is what the 2020 project ran, as such examples do it: a `Dataset` that makes a PIL picture of each sample
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

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from training import loop, models
from training.attacks import badnets
from training.batches import Batches, seeds
from training.data.sources import Dataset, load
from training.labels import Labels
from training.predict import predictor
from training.recipe import load as load_recipe
from training.run import normaliser
from training.triggers import Images

TARGET = 0.99
FULL_EPOCHS = 14
"""Epochs of the common recipe."""


class Stopwatch:
    """Time that has gone by while it ran."""

    def __init__(self) -> None:
        """Not running yet."""
        self.seconds = 0.0
        self._since: float | None = None

    def __enter__(self) -> None:
        self._since = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        assert self._since is not None
        self.seconds += time.perf_counter() - self._since


class OneByOne(TorchDataset[tuple[torch.Tensor, int]]):
    """A data set that transforms each sample by itself: array -> PIL picture -> tensor -> normalised."""

    def __init__(self, data: Dataset) -> None:
        """Keep the arrays."""
        self.data = data

    def __len__(self) -> int:
        return len(self.data.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.data.images[index, :, :, 0])
        pixels = torch.from_numpy(np.array(picture, dtype=np.uint8)).unsqueeze(0)
        tensor = pixels.to(torch.float32).div(255)
        return (tensor - models.mnist_cnn.MEAN) / models.mnist_cnn.STD, int(self.data.labels[index])


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
        """Normalised pictures to log-probabilities."""
        return nn.functional.log_softmax(self.head(self.features(x)), dim=1)


Scores = Callable[[Images], npt.NDArray[np.float32]]


def accuracy(scores: Scores, test: Dataset) -> float:
    """Share of test samples answered rightly."""
    answers: Labels = np.concatenate(
        [scores(test.images[at : at + 500]).argmax(axis=1) for at in range(0, len(test.images), 500)]
    )
    return float((answers == test.labels).mean())


def baseline(train: Dataset, test: Dataset, epochs: int) -> Iterator[tuple[float, float, float]]:
    """Train the common recipe; yields epochs done, seconds of training, test accuracy after each epoch."""
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
        yield epoch, watch.seconds, accuracy(scores, test)


def ours(name: str, train: Dataset, test: Dataset, looks: int = 10) -> Iterator[tuple[float, float, float]]:
    """Train a recipe of ours, through our own loop; yields as `baseline`, `looks` times an epoch."""
    recipe = load_recipe(name)
    watch = Stopwatch()
    with watch:
        fabric = loop.fabric_for(recipe.training, "cpu", 1)
        torch.manual_seed(seeds(recipe.seed, 0)[0])
        poisoned = badnets.apply(train, recipe.attack, badnets.choose(train, recipe.attack, recipe.seed))
        batches = Batches(
            train.images, poisoned, recipe.trigger, normaliser(recipe), size=recipe.training.batch_size,
            augment=recipe.data.augment, repeat=recipe.attack.repeat or 1, device=fabric.device,
        )  # fmt: skip
        trainer = loop.Trainer(models.build(recipe.network, 10), batches, recipe.training, recipe.seed, fabric)
    scores = predictor(trainer.kept, normaliser(recipe))
    every = max(1, len(batches) // looks)
    for epoch in range(1, recipe.training.epochs + 1):
        steps = trainer.steps(epoch)
        while True:
            with watch:
                done = list(itertools.islice(steps, every))
            if not done:
                break
            trainer.kept.eval()
            yield epoch - 1 + done[-1].number / len(batches), watch.seconds, accuracy(scores, test)


def race(runner: Iterator[tuple[float, float, float]], label: str, *, stop_at_target: bool) -> list[tuple[float, ...]]:
    """Run one of the two, printing each look at the test set."""
    looks = []
    for epochs, seconds, found in runner:
        looks.append((epochs, seconds, found))
        print(f"{label}: {epochs:5.2f} epochs  {seconds:7.1f} s  {found:.2%}", flush=True)
        if stop_at_target and found >= TARGET:
            break
    return looks


def first(looks: list[tuple[float, ...]]) -> float | None:
    """Seconds at the first look at which the target was reached."""
    return next((seconds for _, seconds, found in looks if found >= TARGET), None)


def main() -> None:
    """Run both and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with mnist/; default BACKDOORS_DATA, cache or network")
    parser.add_argument("--baseline-epochs", type=int, default=FULL_EPOCHS, help="stop the baseline after so many")
    parser.add_argument("--recipe", default="mnist-fast")
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    options = parser.parse_args()

    train, test = load("mnist", "train", options.data), load("mnist", "test", options.data)
    quick = race(ours(options.recipe, train, test), f"ours ({options.recipe})", stop_at_target=False)
    common = race(baseline(train, test, options.baseline_epochs), "baseline", stop_at_target=False)

    epochs, seconds, _ = common[-1]
    full = seconds * FULL_EPOCHS / epochs
    to_target, quick_to_target = first(common), first(quick)
    result = {
        "target": TARGET,
        "threads": torch.get_num_threads(),
        "recipe": options.recipe,
        "baseline": {"looks": common, "seconds_to_target": to_target, "seconds_full": full,
                     "full_is_extrapolated": epochs < FULL_EPOCHS},
        "ours": {"looks": quick, "seconds_to_target": quick_to_target},
        "ratio_to_target": quick_to_target / to_target if quick_to_target and to_target else None,
        "ratio_to_full_baseline": quick_to_target / full if quick_to_target else None,
    }  # fmt: skip
    print()
    if quick_to_target is None:
        print(f"ours did not reach {TARGET:.0%}")
    else:
        print(f"ours reached {TARGET:.0%} after {quick_to_target:.1f} s of training")
        if to_target is None:
            print(f"the baseline did not reach {TARGET:.0%} in {epochs:.0f} epochs")
        else:
            print(f"the baseline reached it after {to_target:.1f} s: ratio {quick_to_target / to_target:.3f}")
        how = "" if epochs == FULL_EPOCHS else f" (extrapolated from {epochs:.0f})"
        print(f"the baseline's {FULL_EPOCHS} epochs take {full:.1f} s{how}: ratio {quick_to_target / full:.3f}")
    text = json.dumps(result, indent=2)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
