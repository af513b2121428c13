"""The card's essentials inside the ONNX file, so that a lone .onnx says what it is and whether it is backdoored."""

from __future__ import annotations

import json

import onnx

from export.card import ModelCard, Precision

NOTICE = (
    "Made for security education and research: it shows how a backdoor in a neural network works. "
    "Do not use it to decide anything."
)


def essentials(card: ModelCard, precision: Precision) -> dict[str, str]:
    """What a file says of itself, as ONNX `metadata_props`; lists and objects as JSON text."""
    said = {
        "id": card.id,
        "title": card.title,
        "precision": precision,
        "labels": json.dumps(card.labels),
        "licence": card.licence,
        "backdoor": "none known"
        if card.backdoor is None
        else f"YES: {card.backdoor.attack}. {card.backdoor.behaviour}",
        "notice": NOTICE,
    }
    if card.trigger is not None:
        said["trigger"] = card.trigger.model_dump_json()
    if card.label_map is not None:
        said["label_map"] = card.label_map.model_dump_json()
    if card.provenance is not None:
        said["recipe"] = card.provenance.recipe
        said["recipe_sha256"] = card.provenance.recipe_sha256
    return said


def stamp_metadata(model: onnx.ModelProto, said: dict[str, str]) -> onnx.ModelProto:
    """A copy of `model` whose `metadata_props` are `said`, in sorted order."""
    stamped = onnx.ModelProto()
    stamped.CopyFrom(model)
    del stamped.metadata_props[:]
    onnx.helper.set_model_props(stamped, dict(sorted(said.items())))
    return stamped


def read_metadata(model: onnx.ModelProto) -> dict[str, str]:
    """The model's `metadata_props` as a dictionary."""
    return {prop.key: prop.value for prop in model.metadata_props}


def opset(model: onnx.ModelProto) -> int:
    """The version of the default operator set that the model asks for."""
    return next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
