"""Appendices to released networks, and in Node what they add: the same numbers as in Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import load_from_string

import export
from export.card.inside import INSIDE_NAME, Channels, Plane, read_inside
from export.errors import ExportError
from export.onnx.appendix import Floats, features_of, maps_of, mask, projection, with_output
from export.onnx.session import open_session, probabilities
from export.release.models import RELEASED, Model, open_model
from tests.node import run_node

ROOT = Path(export.__file__).resolve().parent.parent
PARITY = Path(__file__).with_name("appendix_parity.mjs")
RELATIVE = 1e-5


def released(name: str) -> Model:
    return open_model(str(ROOT / RELEASED / name))


def content(model: Model) -> bytes:
    return (model.folder / model.card.file().name).read_bytes()


def images(count: int, *shape: int) -> Floats:
    return np.random.default_rng(1).standard_normal((count, *shape)).astype(np.float32)


@pytest.fixture(scope="module")
def digits() -> bytes:
    return content(released("mnist-badnet"))


def test_an_appendix_makes_a_tensor_an_output_and_changes_no_answer(digits: bytes) -> None:
    given = {"image": images(2, 1, 28, 28)}
    name = maps_of(digits)
    maps, logits = open_session(digits + with_output(name)).run([name, "logits"], given)
    assert maps.shape == (2, 64, 12, 12)
    np.testing.assert_array_equal(logits, open_session(digits).run(["logits"], given)[0])


def test_features_are_projected(digits: bytes) -> None:
    rng = np.random.default_rng(2)
    middle, axes = rng.standard_normal(128).astype(np.float32), rng.standard_normal((2, 128)).astype(np.float32)
    added, name, given = projection(digits, middle, axes), features_of(digits), {"image": images(3, 1, 28, 28)}
    (point,) = open_session(digits + added.appendix).run([added.point], given)
    (features,) = open_session(digits + with_output(name)).run([name], given)
    expected = (features.astype(np.float64) - middle) @ axes.T
    np.testing.assert_allclose(point, expected, rtol=0, atol=RELATIVE * np.abs(expected).max())


def test_with_every_channel_kept_the_answer_is_the_networks_own_to_the_bit(digits: bytes) -> None:
    added = mask(digits, (64, 12, 12), 10)
    session = open_session(digits + added.appendix)
    given = {"image": images(2, 1, 28, 28)}
    kept, own = session.run([added.logits, "logits"], given | {added.keep: np.ones((1, 64, 1, 1), np.float32)})
    np.testing.assert_array_equal(kept, own)
    np.testing.assert_array_equal(own, open_session(digits).run(["logits"], given)[0])


def test_with_no_channel_kept_all_images_get_one_answer(digits: bytes) -> None:
    added = mask(digits, (64, 12, 12), 10)
    given = {"image": images(2, 1, 28, 28), added.keep: np.zeros((1, 64, 1, 1), np.float32)}
    (first, second), own = open_session(digits + added.appendix).run([added.logits, "logits"], given)
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(own[0], own[1])


def test_a_network_that_ends_otherwise_is_refused(digits: bytes) -> None:
    network = load_from_string(digits)
    del network.graph.node[-1]
    with pytest.raises(ExportError, match="does not end in a linear layer"):
        features_of(network.SerializeToString())


def test_a_network_without_maps_is_refused() -> None:
    with pytest.raises(ExportError, match="flattens maps 0 times"):
        maps_of(content(released("dogs-student-clean")))


def test_node_and_python_see_the_same_inside(tmp_path: Path) -> None:
    cases = [case(name, tmp_path) for name in ("mnist-badnet", "dogs-student-latent")]
    (tmp_path / "cases.json").write_text(json.dumps([each["given"] for each in cases]))
    answers = json.loads(run_node(PARITY, tmp_path / "cases.json"))
    for each, found in zip(cases, answers, strict=True):
        assert found["same"], "the logits with and without the appendix differ"
        for name, expected in each["expected"].items():
            np.testing.assert_allclose(found[name], expected.ravel(), rtol=0, atol=RELATIVE * np.abs(expected).max())


def case(name: str, folder: Path) -> dict[str, Any]:
    """A model with its appendix and an image, for Node, and what Python's onnxruntime makes of them."""
    model = released(name)
    inside, card = read_inside(model.folder / INSIDE_NAME), model.card
    shown, file = inside.shown, card.file()
    image = images(1, card.input.channels, card.input.height, card.input.width)
    (folder / f"{name}.image").write_bytes(image.tobytes())
    (folder / f"{name}.appendix").write_bytes(inside.appendix)
    given: dict[str, Any] = {"image": image}
    names: dict[str, str]
    match shown:
        case Plane():
            names = {"values": shown.point}
        case Channels():
            silenced = [channel.index for channel in shown.channels[:30]]
            keep = np.ones((1, len(shown.channels), 1, 1), np.float32)
            keep[:, silenced] = 0
            given[shown.keep] = keep
            names = {"values": shown.maps, "silenced": shown.logits}
    whole = folder / file.name
    whole.write_bytes(content(model) + inside.appendix)
    if file.shared is not None:
        (folder / file.shared.name).write_bytes((model.folder / file.shared.name).read_bytes())
    session = open_session(whole)
    found = dict(zip(names, session.run(list(names.values()), given), strict=True))
    if "silenced" in found:
        found["silenced"] = probabilities(found["silenced"])
    described = {
        "folder": str(model.folder),
        "precision": file.precision,
        "image": str(folder / f"{name}.image"),
        "appendix": str(folder / f"{name}.appendix"),
        "silenced": silenced if isinstance(shown, Channels) else [],
        "inside": shown.model_dump(exclude={"clouds", "silenced", "alone"})
        | ({"order": [channel.index for channel in shown.channels]} if isinstance(shown, Channels) else {}),
    }
    return {"given": described, "expected": found}
