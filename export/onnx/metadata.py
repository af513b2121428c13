"""The card's essentials inside the ONNX file, so that a lone .onnx says what it is and whether it is backdoored."""

from __future__ import annotations

import json
from dataclasses import dataclass

import onnx

from export.card.schema import Backdoor, ModelCard, Precision
from export.errors import ExportError
from training.triggers.base import Trigger
from training.triggers.labels import AllToAll, AllToOne

NOTICE = (
    "Made for security education and research: it shows how a backdoor in a neural network works. "
    "Do not use it to decide anything."
)


MOST_OPSET, MOST_IR = 26, 13
"""The newest operators and form of file that onnxruntime-web reads; Python's onnxruntime may be ahead of it."""


@dataclass(frozen=True)
class Identity:
    """What identifies a model, without how images are prepared for it."""

    id: str
    title: str
    labels: list[str]
    licence: str
    trigger: Trigger | None = None
    label_map: AllToAll | AllToOne | None = None
    backdoor: Backdoor | None = None
    recipe: str | None = None
    recipe_sha256: str | None = None


def identity(card: ModelCard) -> Identity:
    """The identity that a card gives its model."""
    made = card.provenance
    return Identity(
        id=card.id,
        title=card.title,
        labels=card.labels,
        licence=card.licence,
        trigger=card.trigger,
        label_map=card.label_map,
        backdoor=card.backdoor,
        recipe=None if made is None else made.recipe,
        recipe_sha256=None if made is None else made.recipe_sha256,
    )


def essentials(model: Identity, precision: Precision) -> dict[str, str]:
    """A file's ONNX `metadata_props`; lists and objects as JSON text."""
    said = {
        "id": model.id,
        "title": model.title,
        "precision": precision,
        "labels": json.dumps(model.labels),
        "licence": model.licence,
        "backdoor": "none planted" if model.backdoor is None else f"YES: {model.backdoor.behaviour}",
        "notice": NOTICE,
    }
    if model.backdoor is not None:
        said["attack"] = model.backdoor.attack
    if model.trigger is not None:
        said["trigger"] = model.trigger.model_dump_json()
    if model.label_map is not None:
        said["label_map"] = model.label_map.model_dump_json()
    if model.recipe is not None and model.recipe_sha256 is not None:
        said["recipe"] = model.recipe
        said["recipe_sha256"] = model.recipe_sha256
    return said


def stamp_metadata(model: onnx.ModelProto, said: dict[str, str]) -> onnx.ModelProto:
    """A copy of `model` whose `metadata_props` are `said`, in sorted order."""
    stamped = onnx.ModelProto()
    stamped.CopyFrom(model)
    del stamped.metadata_props[:]
    for key, value in sorted(said.items()):
        stamped.metadata_props.add(key=key, value=value)
    return stamped


def read_metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's `metadata_props` as a dictionary."""
    return {prop.key: prop.value for prop in model.metadata_props}


def opset(model: onnx.ModelProto) -> int:
    """The version of the default operator set that the model requires.

    Raises:
        ExportError: If it names none.
    """
    versions = [int(entry.version) for entry in model.opset_import if entry.domain in {"", "ai.onnx"}]
    if not versions or versions[0] < 1:
        raise ExportError("the model names no version of ONNX's operators (opset)")
    return versions[0]


def browser_problem(model: onnx.ModelProto) -> str | None:
    """Why no browser can open a model that onnxruntime may open here, in a sentence; None if nothing is known."""
    if opset(model) > MOST_OPSET:
        return (
            f"its operators are of ONNX's opset {opset(model)}, and browsers read up to {MOST_OPSET}: "
            "export the model again with an older opset, such as opset_version=18"
        )
    if model.ir_version > MOST_IR:
        return (
            f"it is written in ONNX's IR version {model.ir_version}, and browsers read up to {MOST_IR}: "
            f"set ir_version to {MOST_IR} and save the model again"
        )
    return None
