"""A run's network as ONNX files: named, with metadata, compared with PyTorch."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnx

from export.card import schema as cards
from export.onnx.external import move_shared
from export.onnx.metadata import essentials, opset, stamp_metadata
from export.onnx.session import Floats
from export.onnx.to_onnx import max_abs_error, serialise
from export.release.run_card import card_of, identity_of
from training.core.files import write_bytes
from training.recipes.base import AnyRecipe
from training.runs import weights
from training.runs.store import Run

Models = dict[cards.Precision, onnx.ModelProto]


def write_models(run: Run, made: Models, sample: Floats, labels: list[str], folder: Path) -> cards.ModelCard:
    """Write a run's network at one or more precisions.

    Args:
        run: A finished run.
        made: Its network.
        sample: Inputs on which each file is compared with PyTorch, `(n, c, h, w) float32`.
        labels: Its classes, as people read them.
        folder: Where the files go.

    Returns:
        A card without metrics; it is not written.
    """
    recipe, network, identity = run.recipe, weights.network(run), identity_of(run, labels)
    prefix = cards.BACKDOORED_PREFIX if recipe.backdoored else ""
    files = []
    for precision, model in made.items():
        stamped = stamp_metadata(model, essentials(identity, precision))
        shared = move_shared(stamped, folder, prefix) if _has_siblings(recipe) else None
        content = serialise(stamped)
        name = f"{prefix}{recipe.name}.{precision}.onnx"
        write_bytes(folder / name, content)
        files.append(
            cards.ModelFile(
                name=name,
                precision=precision,
                bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                opset=opset(model),
                max_abs_error=max_abs_error(network, model, sample),
                shared=shared,
            )
        )
    return card_of(run, labels, files)


def _has_siblings(recipe: AnyRecipe) -> bool:
    """Whether other networks share its features: a teacher of photos and its students do."""
    return recipe.network.name == "mobilenet-v2"
