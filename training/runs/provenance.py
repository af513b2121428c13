"""Where a run's result comes from: checksums of its data, versions of the libraries."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata

from training.data import registry as sources
from training.data.base import Dataset
from training.engine.activations import fingerprint

LIBRARIES = ("torch", "lightning-fabric", "numpy", "pillow", "scikit-learn", "safetensors")
"""Libraries whose versions are recorded."""


def data_hashes(name: str, splits: Mapping[str, Dataset]) -> dict[str, str]:
    """SHA-256 of what was trained and tested on: of published files, or of the pixels of a user's own images.

    Args:
        name: The recipe's data.
        splits: Its images, by the name of the split.
    """
    published = {file: sha256 for part in sources.parts(name) for file, sha256 in part.source.sha256.items()}
    if published or any(part.source.bundled for part in sources.parts(name)):
        return published
    return {f"{split} pixels": fingerprint(found.images) for split, found in splits.items()}


def versions() -> dict[str, str]:
    """Python's version and those of the libraries that affect the result."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}
