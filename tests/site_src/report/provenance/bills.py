"""Reading a bill of materials."""

from __future__ import annotations

import json
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator


def parts(text: str) -> dict[str, dict[str, Any]]:
    """A bill's components by their reference; the bill follows the standard's schema."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return {each["bom-ref"]: each for each in json.loads(text)["components"]}


def links(text: str) -> dict[str, list[str]]:
    """What each component depends on."""
    return {each["ref"]: each.get("dependsOn", []) for each in json.loads(text)["dependencies"]}
