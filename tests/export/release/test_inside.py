from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from export.card.inside import Channels, Plane
from export.errors import ExportError
from export.onnx.session import open_session
from export.pipeline.interpreter import batch_tensor
from export.release import inside
from export.release.inside import look_inside
from export.release.models import Model, open_model
from training.data import registry as sources
from training.triggers.labels import AllToOne


@pytest.fixture(scope="module")
def channels(released: Path) -> Channels:
    shown = look_inside(open_model(str(released)), "channels").shown
    assert isinstance(shown, Channels)
    return shown


def test_channels_come_in_the_order_in_which_the_trigger_moves_them(channels: Channels) -> None:
    moved = [channel.moved for channel in channels.channels]
    assert moved == sorted(moved, reverse=True)
    assert moved[0] > 0
    assert {channel.index for channel in channels.channels} == set(range(64))


def test_with_nothing_silenced_the_measurement_is_the_cards(channels: Channels, model: Model) -> None:
    measured = model.card.metrics[model.card.default_precision]
    first = channels.silenced[0]
    assert first.clean_accuracy == measured.clean_accuracy
    assert first.attack_success_rate == measured.attack_success_rate
    assert first.robust_accuracy == measured.robust_accuracy


def test_with_everything_silenced_the_trigger_has_no_effect(channels: Channels) -> None:
    last = channels.silenced[-1]
    assert last.clean_accuracy.value < 0.2
    assert len(channels.silenced) == len(channels.channels) + 1


def test_the_first_channel_alone_is_the_first_step(channels: Channels) -> None:
    assert channels.alone[0] == channels.silenced[1]


def test_points_lie_where_the_appendix_puts_them(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "PLOTTED", 10)
    single = Model(model.card.model_copy(update={"label_map": AllToOne(target=3)}), model.folder)
    found = look_inside(single, "plane")
    assert isinstance(found.shown, Plane)
    assert [(cloud.kind, len(cloud.xy)) for cloud in found.shown.clouds] == [
        ("clean", 10),
        ("triggered", 10),
        ("target", 10),
    ]
    test = sources.load("digits", "test", None)
    image = batch_tensor(model.card.input, test.images[test.labels == 3][:1])
    content = (model.folder / model.card.file().name).read_bytes() + found.appendix
    (point,) = open_session(content).run([found.shown.point], {model.card.input.tensor: image})
    np.testing.assert_allclose(point[0], found.shown.clouds[2].xy[0], atol=1e-3 * np.abs(point).max())


def test_a_plane_takes_a_single_target(model: Model) -> None:
    with pytest.raises(ExportError, match="has no single target"):
        look_inside(model, "plane")


def test_a_model_without_a_trigger_is_refused(model: Model) -> None:
    clean = Model(model.card.model_copy(update={"trigger": None, "label_map": None}), model.folder)
    with pytest.raises(ExportError, match="has no trigger with a label map"):
        look_inside(clean, "channels")
