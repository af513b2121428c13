"""Activations of frozen layers, computed once and cached on disk."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.core.files import write_bytes
from training.engine.batches import Normaliser, to_tensor
from training.engine.inference import frozen
from training.models.parts import split
from training.triggers.base import Images

Halves = npt.NDArray[np.float16]
Floats = npt.NDArray[np.float32]
Advance = Callable[[int], None]
"""Called with the number of images just done."""
CHUNK = 16
"""Images computed at once: more would not fit in the processor's cache."""
BLOCK = 400
"""Images in one file: the most that a kill can lose, and the unit in which data sets share work."""


def fingerprint(array: npt.NDArray[np.generic] | torch.Tensor) -> str:
    """SHA-256 of an array's bytes."""
    values = array.detach().cpu().numpy() if isinstance(array, torch.Tensor) else array
    return hashlib.sha256(np.ascontiguousarray(values).data).hexdigest()


def module_fingerprint(module: nn.Module) -> str:
    """SHA-256 of a module's weights and their names."""
    parts = [f"{name} {fingerprint(value)}" for name, value in sorted(module.state_dict().items())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Activations:
    """A folder of activations, each named by the hash of its weights and images.

    It may be deleted at any time. After a kill, finished files are reused.
    """

    folder: Path
    device: torch.device

    def get(
        self, module: nn.Module, images: Images, normalise: Normaliser, advance: Advance = lambda _done: None
    ) -> Halves:
        """The output of `module` for each image, in half precision.

        Args:
            module: Maps `(n, c, h, w) float32` to `(n, …) float32`.
            images: `(n, h, w, c) uint8`.
            normalise: From pixels to the module's input.
            advance: Called with progress.

        Returns:
            `(n, …) float16`.
        """
        weights, quick = module_fingerprint(module), frozen(module).to(self.device)
        blocks = []
        for start in range(0, len(images), BLOCK):
            block = images[start : start + BLOCK]
            path = self._path(f"{weights} {fingerprint(block)}")
            if not path.is_file():
                write_array(path, self._compute(quick, block, normalise, advance))
            else:
                advance(len(block))
            blocks.append(np.load(path))
        return np.concatenate(blocks)

    def _path(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.npy"

    @torch.inference_mode()
    def _compute(self, module: nn.Module, images: Images, normalise: Normaliser, advance: Advance) -> Halves:
        parts = []
        for start in range(0, len(images), CHUNK):
            inputs = normalise(to_tensor(images[start : start + CHUNK]).to(self.device))
            parts.append(module(inputs.contiguous(memory_format=torch.channels_last)).half().cpu().numpy())
            advance(len(inputs))
        return np.concatenate(parts)

    def features(
        self, network: nn.Module, cut: int, images: Images, normalise: Normaliser, advance: Advance = lambda _done: None
    ) -> Floats:
        """A network's features of images, `(n, d) float32`; the output of its first `cut` layers is cached as well.

        So networks that share those layers, such as a teacher before and after the attack, share most of the work.
        """
        before, after = split(network, cut)
        weights = f"{module_fingerprint(before)} {module_fingerprint(after)}"
        quick = frozen(after).to(self.device)
        blocks = []
        for start in range(0, len(images), BLOCK):
            block = images[start : start + BLOCK]
            path = self._path(f"{weights} {fingerprint(block)}")
            if not path.is_file():
                write_array(path, self._through(quick, self.get(before, block, normalise)))
            advance(len(block))
            blocks.append(np.load(path))
        return np.concatenate(blocks)

    @torch.inference_mode()
    def _through(self, module: nn.Module, activations: Halves) -> Floats:
        parts = []
        for start in range(0, len(activations), CHUNK):
            given = torch.from_numpy(activations[start : start + CHUNK]).to(self.device).float()
            parts.append(module(given.contiguous(memory_format=torch.channels_last)).float().cpu().numpy())
        return np.concatenate(parts)


def write_array(path: Path, values: npt.NDArray[np.generic]) -> None:
    """Write a NumPy file atomically."""
    packed = io.BytesIO()
    np.save(packed, values)
    write_bytes(path, packed.getvalue())
