"""Golden values of the report's lab: what PyTorch makes of its recipe, for onnxruntime to be checked."""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from export.onnx.graphs.network import FlatNetwork, flat_network
from export.onnx.graphs.training_step import corrections
from export.onnx.graphs.trigger_step import BETAS, EPSILON, RATE, step_of
from training.attacks import badnets
from training.core.portable import ORDERS, Portable
from training.data.splits import Splits
from training.engine.devices import fabric_for
from training.engine.trainer import Trainer
from training.recipes.load import load as load_recipe
from training.recipes.scratch import ScratchRecipe
from training.runs.scratch import make_trainer

RECIPE = "digits-lab"
EVALUATED, SEARCHED = 64, 16
"""Images that the graphs of evaluation and search take at once."""
STEPS, SEARCH_STEPS = 50, 20
EVERY = 53
"""Every so many parameters one is kept; 53 divides none of their shapes."""
SEARCH_STREAM = 2
TARGET, WEIGHT = 7, 0.001


def lab_recipe(name: str = RECIPE) -> ScratchRecipe:
    """The recipe that the lab begins with, or another of those that come with the package."""
    recipe = load_recipe(name)
    assert isinstance(recipe, ScratchRecipe)  # noqa: S101 - it comes with the package
    return recipe


def golden(recipe: ScratchRecipe, splits: Splits) -> dict[str, Any]:
    """What PyTorch makes of the recipe: hashes of what must be equal to the bit, and values after some steps."""
    drawn = badnets.draw_portably(splits.training, recipe.attack, recipe.seed)
    poisoned = badnets.apply(splits.training, recipe.attack, drawn)
    trainer = trainer_of(recipe, splits)
    initial = parameters(trainer)
    losses = [step.loss for step in islice(all_steps(trainer), STEPS)]
    trained = parameters(trainer)
    network = flat_network(recipe.network.name, len(splits.training.classes))
    owned = splits.by_name["validation"].images
    found = search(network, trained, owned[:SEARCHED, ..., 0], recipe.seed)
    with torch.inference_mode():
        images = torch.from_numpy(splits.test.images[:EVALUATED, ..., 0])
        logits, _ = network.features(network.split(torch.from_numpy(trained)), images.float()[:, None])
    return {
        "steps": STEPS,
        "drawn": drawn.indices,
        "initial_sha256": sha256(initial),
        "order_sha256": sha256(Portable(recipe.seed, ORDERS + 1).permutation(len(poisoned.labels)).astype(np.int32)),
        "images_sha256": sha256(poisoned.images),
        "labels_sha256": sha256(poisoned.labels.astype(np.uint8)),
        "test_sha256": sha256(splits.test.images),
        "losses": losses,
        "largest": float(np.abs(trained).max()),
        "every": EVERY,
        "parameters": trained[::EVERY].tolist(),
        "logits": logits.numpy().round(6).tolist(),
        "search": {"steps": SEARCH_STEPS, "target": TARGET, "weight": WEIGHT, "sizes": found},
    }


def trainer_of(recipe: ScratchRecipe, splits: Splits) -> Trainer:
    """The toolkit's trainer of a recipe, before its first step."""
    drawn = badnets.draw_portably(splits.training, recipe.attack, recipe.seed)
    return make_trainer(recipe, splits.training, drawn, fabric_for(recipe.training, "cpu", 1))


def all_steps(trainer: Trainer) -> Any:  # noqa: ANN401 - an iterator of what the trainer yields
    """The steps of all epochs."""
    for epoch in range(1, trainer.training.epochs + 1):
        yield from trainer.steps(epoch)


def parameters(trainer: Trainer) -> npt.NDArray[np.float32]:
    """The network's parameters as one vector."""
    return torch.cat([each.detach().reshape(-1) for each in trainer.network.parameters()]).numpy().copy()


def search(
    network: FlatNetwork, flat: npt.NDArray[np.float32], images: npt.NDArray[np.uint8], seed: int
) -> list[float]:
    """The mask's size before each step of a search that starts with the portable generator."""
    step = step_of(network)
    given = torch.from_numpy(flat), torch.from_numpy(images)
    first_guess = np.arctanh((Portable(seed, SEARCH_STREAM).uniform(2 * 28 * 28) - 0.5) * (2 - 1e-4))
    unbounded = torch.from_numpy(first_guess.astype(np.float32).reshape(2, 28, 28))
    first = second = torch.zeros_like(unbounded)
    sizes = []
    for number in range(1, SEARCH_STEPS + 1):
        adams = (*corrections(number, RATE, BETAS), EPSILON)
        unbounded, first, second, _, size, _ = step(
            *given, unbounded, first, second, *map(torch.tensor, adams), torch.tensor(TARGET), torch.tensor(WEIGHT)
        )
        sizes.append(float(size))
    return sizes


def sha256(values: npt.NDArray[Any]) -> str:
    """Of an array's bytes, little-endian, row by row."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
