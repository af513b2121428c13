"""What a page shows of a network's inside: its features on a plane, or the channels of its last convolution."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
from onnx.utils import Extractor

from export.card.inside import Channel, Channels, Cloud, Inside, Plane, Silenced
from export.card.parts import part_problem
from export.errors import ExportError
from export.onnx.appendix import Floats, Mask, features_of, maps_of, mask, projection, with_output
from export.onnx.session import Images, open_session
from export.pipeline.interpreter import batch_tensor
from export.release.measure import data_name, test_data
from export.release.models import Model
from training.core.metrics import Estimate, wilson
from training.data import registry as sources
from training.engine.evaluate import PLACES_SEED
from training.triggers.base import Trigger
from training.triggers.labels import AllToOne, LabelMap, Labels, map_labels

View = Literal["plane", "channels"]
Say = Callable[[str], None]
PLOTTED = 120
"""Test images of a cloud."""
ORDERED_BY = 1000
"""Training images that decide which channels come first."""
AT_ONCE = 250
THREADS = 2
DIGITS = 3
"""Places after the point: finer than what a page can show."""


def look_inside(model: Model, view: View, *, data_dir: Path | None = None, say: Say = lambda _line: None) -> Inside:
    """Measure what a page shows of one of a model's files, the default one unless the user's path names another.

    Args:
        model: The model; its card has a trigger and a label map.
        view: What to show.
        data_dir: Folder with the data sets; see `training.data.registry.load`.
        say: Receives lines of progress.

    Raises:
        DataError: If the data is not available.
        ExportError: If a file differs from the card, or the network or its attack is not one that can be shown so.
    """
    network = _Network(model)
    shown = {"plane": _plane, "channels": _channels}[view]
    return shown(network, data_dir, say)


class _Network:
    """One file of a model, its attack, and sessions with more outputs."""

    def __init__(self, model: Model) -> None:
        self.card, self.folder, self.file = model.card, model.folder, model.card.file(model.precision)
        for part in self.file.parts:
            if (problem := part_problem(model.folder, part)) is not None:
                raise ExportError(problem)
        self.content = (model.folder / self.file.name).read_bytes()

    @property
    def attack(self) -> tuple[Trigger, LabelMap]:
        """The trigger and what it turns labels into.

        Raises:
            ExportError: If the card names none.
        """
        if self.card.trigger is None or self.card.label_map is None:
            raise ExportError(f"model {self.card.id} has no trigger with a label map on its card")
        return self.card.trigger, self.card.label_map

    def inside(self, appendix: bytes, shown: Plane | Channels) -> Inside:
        """The file for a page."""
        return Inside(precision=self.file.precision, sha256=self.file.sha256, appendix=b64encode(appendix), shown=shown)

    def values(self, tensor: str, images: Images) -> Floats:
        """A tensor of the network for images `(n, h, w, c) uint8`, `(n, ...)`."""
        with TemporaryDirectory() as name:
            path = Path(name) / self.file.name
            path.write_bytes(self.content + with_output(tensor))
            if self.file.shared is not None:
                copyfile(self.folder / self.file.shared.name, path.with_name(self.file.shared.name))
            session = open_session(path, THREADS)
        starts = range(0, len(images), AT_ONCE)
        tensors = (batch_tensor(self.card.input, images[start : start + AT_ONCE]) for start in starts)
        return np.concatenate([session.run([tensor], {self.card.input.tensor: each})[0] for each in tensors])


def _plane(network: _Network, data_dir: Path | None, say: Say) -> Inside:
    """Test images of other classes than the target, the same with the trigger, and the target's."""
    trigger, label_map = network.attack
    if not isinstance(label_map, AllToOne):
        raise ExportError(f"model {network.card.id} has no single target, whose images a plane shows")
    test = test_data(network.card, data_dir)
    others = np.flatnonzero(test.labels != label_map.target)
    chosen = np.sort(np.random.default_rng(0).permutation(others)[:PLOTTED])
    places = trigger.draw_placements(len(chosen), np.random.default_rng(PLACES_SEED))
    images = {
        "clean": test.images[chosen],
        "triggered": trigger.stamp(test.images[chosen], places),
        "target": test.images[test.labels == label_map.target][:PLOTTED],
    }
    say(f"{network.card.id}: features of {sum(map(len, images.values()))} images")
    tensor = features_of(network.content)
    features = {kind: network.values(tensor, each) for kind, each in images.items()}
    middle, axes = _main_axes(np.concatenate(list(features.values())))
    added = projection(network.content, middle, axes)
    return network.inside(
        added.appendix,
        Plane(
            point=added.point,
            clouds=[Cloud(kind=kind, xy=_pairs((each - middle) @ axes.T)) for kind, each in features.items()],
        ),
    )


def _main_axes(features: Floats) -> tuple[Floats, Floats]:
    """The mean `(d,)` of features `(n, d)` and the two axes `(2, d)` along which they vary most, signs fixed."""
    middle = features.mean(axis=0)
    _, _, axes = np.linalg.svd(features - middle, full_matrices=False)
    return middle, axes[:2] * np.sign(axes[:2].sum(axis=1, keepdims=True))


def _pairs(points: npt.NDArray[np.floating[Any]]) -> list[tuple[float, float]]:
    return [(round(float(x), DIGITS), round(float(y), DIGITS)) for x, y in points]


def _channels(network: _Network, data_dir: Path | None, say: Say) -> Inside:
    """How far the trigger moves each channel of the last convolution, and what the network is without some of them."""
    trigger, label_map = network.attack
    tensor = maps_of(network.content)

    def maps(images: Images) -> Floats:
        return network.values(tensor, images)

    some = sources.load(data_name(network.card), "train", data_dir).images[:ORDERED_BY]
    say(f"{network.card.id}: which channels the trigger moves, on {len(some)} training images")
    moved = np.abs(maps(trigger.stamp(some)) - maps(some)).sum(axis=(2, 3), dtype=np.float64).mean(axis=0)
    order = np.argsort(-moved, kind="stable")
    test = test_data(network.card, data_dir)
    wanted = map_labels(test.labels, label_map, len(test.labels_text))
    attacked = wanted != test.labels
    say(f"{network.card.id}: each channel silenced, on {len(test.images):,} test images")
    clean, triggered = maps(test.images), maps(trigger.stamp(test.images[attacked]))
    added = mask(network.content, clean.shape[1:], len(test.labels_text))
    tail = _Tail(network.content, added)

    def silenced(which: npt.NDArray[np.int64]) -> Silenced:
        seen, attack = tail.answers(clean, which), tail.answers(triggered, which)
        return Silenced(
            clean_accuracy=_rate(seen == test.labels),
            attack_success_rate=_rate(attack == wanted[attacked]),
            robust_accuracy=_rate(attack == test.labels[attacked]),
        )

    return network.inside(
        added.appendix,
        Channels(
            maps=added.maps,
            keep=added.keep,
            logits=added.logits,
            height=clean.shape[2],
            width=clean.shape[3],
            channels=[Channel(index=int(index), moved=round(float(moved[index]), DIGITS)) for index in order],
            ordered_on=f"{len(some)} training images",
            data=f"the test images of {_titles(data_name(network.card))}",
            silenced=[silenced(order[:count]) for count in range(len(order) + 1)],
            alone=[silenced(order[at : at + 1]) for at in range(len(order))],
        ),
    )


def _titles(data: str) -> str:
    return " and ".join(part.source.title for part in sources.parts(data))


class _Tail:
    """The layers after the maps of the last convolution, with some of the maps set to 0."""

    def __init__(self, content: bytes, added: Mask) -> None:
        whole = onnx.load_from_string(content + added.appendix)
        tail = Extractor(whole).extract_model([added.maps, added.keep], [added.logits])
        self._session, self._added = open_session(tail.SerializeToString(), THREADS), added

    def answers(self, maps: Floats, silenced: npt.NDArray[np.int64]) -> Labels:
        """Classes `(n,)` for maps `(n, c, h, w)` without those channels."""
        keep = np.ones((1, maps.shape[1], 1, 1), np.float32)
        keep[:, silenced] = 0
        names = [self._added.logits]
        parts = (maps[start : start + AT_ONCE] for start in range(0, len(maps), AT_ONCE))
        logits = [self._session.run(names, {self._added.maps: part, self._added.keep: keep})[0] for part in parts]
        found: Labels = np.concatenate(logits).argmax(axis=1)
        return found


def _rate(hits: npt.NDArray[np.bool_]) -> Estimate:
    return wilson(int(hits.sum()), len(hits))
