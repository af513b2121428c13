"""Weights of finished runs, as PyTorch networks."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from training.core.errors import RunError
from training.core.files import write_bytes
from training.core.metrics import Predict
from training.engine import predict
from training.models import parts, registry
from training.recipes.base import AnyRecipe
from training.runs.store import METRICS, WEIGHTS, Run, retrain


def network(run: Run) -> nn.Module:
    """A run's network in evaluation mode, mapping normalised `(n, c, h, w) float32` to logits.

    Raises:
        RunError: If its weights are missing, damaged or another network's.
    """
    return read(run.path, run.recipe, len(run.metrics.training.classes))


def predictor(run: Run) -> Predict:
    """A run's network as a function from pixels to logits."""
    return predict.predictor(network(run), predict.normaliser(run.recipe))


def write(folder: Path, recipe: AnyRecipe, trained: nn.Module) -> None:
    """Write a run's weights."""
    tensors = {name: value.cpu().contiguous() for name, value in trained.state_dict().items()}
    # one entry only: safetensors writes several in an order that changes from one process to the next
    write_bytes(folder / WEIGHTS, save(tensors, {"recipe": f"{recipe.name} {recipe.sha256}"}))


def read(folder: Path, recipe: AnyRecipe, classes: int) -> nn.Module:
    """The network of a recipe with the weights in a run's folder, in evaluation mode.

    Raises:
        RunError: As `network`.
    """
    path, advice = folder / WEIGHTS, retrain(recipe)
    built = registry.build(recipe.network, classes)
    try:
        weights = load_file(path)
    except FileNotFoundError as error:
        raise RunError(f"{path}: the run's weights are missing: {advice}") from error
    except (SafetensorError, OSError) as error:
        raise RunError(
            f"{path}: expected a complete safetensors file, found a damaged one ({error}): {advice}"
        ) from error
    difference = _difference(built, weights)
    if difference:
        raise RunError(f"{path}: {difference}: {advice}")
    built.load_state_dict(weights)
    return built.eval()


def _difference(built: nn.Module, weights: dict[str, torch.Tensor]) -> str | None:
    """How weights differ from what a network expects, in words; None if they fit."""
    expected = built.state_dict()
    odd = sorted(expected.keys() ^ weights.keys())
    if odd:
        return (
            f"holds {len(weights)} tensors, expected the network's {len(expected)}; the first that differs is {odd[0]}"
        )
    head = parts.head(built).weight
    for name, tensor in expected.items():
        found = tuple(weights[name].shape)
        if found == tuple(tensor.shape):
            continue
        if tensor.data_ptr() == head.data_ptr() and found[1:] == tuple(tensor.shape[1:]):
            return f"holds a network of {found[0]} classes, expected the {len(tensor)} of {METRICS}"
        return f"holds {name} of shape {found}, expected {tuple(tensor.shape)}"
    return None
