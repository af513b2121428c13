"""Bills as text: the same parts give the same bytes."""

from __future__ import annotations

import json
import uuid

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6

_NAMESPACE = uuid.UUID("5f6ac7a4-2c26-4c5b-9f43-0a2f3a1d8f53")


def new_bill(what: str) -> Bom:
    """An empty bill of a part of this project."""
    bill = Bom()
    bill.metadata.component = Component(type=ComponentType.APPLICATION, name=f"backdoors-{what}", bom_ref=what)
    return bill


def bill_text(bill: Bom) -> str:
    """A bill as JSON (CycloneDX 1.6), numbered by its content and without the time when it was written."""
    made = json.loads(JsonV1Dot6(bill).output_as_string())
    del made["metadata"]["timestamp"], made["serialNumber"]
    made["serialNumber"] = f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(made, sort_keys=True))}"
    return json.dumps(made, indent=1, sort_keys=True) + "\n"
