"""What strangers write: sound inputs with a few of their parts replaced by something odd."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("PROPERTY_EXAMPLES", "20"))
"""Inputs of each kind: few in the tests, thousands by `make properties`."""
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="PROPERTY_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)


def in_one_line(error: Exception, path: Path | None = None) -> None:
    """Assert that an error is one line of bearable length, and names the file."""
    event("refused")
    assert "\n" not in str(error)
    assert len(str(error)) < LONGEST
    assert path is None or str(path) in str(error)


LONGEST = 5000
ODD: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from(
        [
            None, True, "", " ", "\x1b[2J\nerror: fake", "\u202egnp.exe", "\ufeff0", "../../etc/passwd", "/dev/zero",
            "x" * 5000, -1, 0, 1, 2, 30_000, 1 << 31, 1 << 63, 1 << 80, 10**300, 0.5, -0.0, 1e-300, 1e308, float("inf"),
            float("-inf"), float("nan"), [], {}, [[]], [None], {"kind": "patch"}, {"op": "layout"}, {"": ""},
        ]
    ),
    st.integers(-5, 5000),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(-300, 300), max_size=5),
)  # fmt: skip
"""A value where another was expected."""


@st.composite
def altered(draw: st.DrawFn, sound: dict[str, Any]) -> dict[str, Any]:
    """A table with one to three of its parts replaced, removed, repeated or added."""
    table = copy.deepcopy(sound)
    for _ in range(draw(st.integers(1, 3))):
        inside: Any = table
        while True:
            keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(inside[key], dict | list) and inside[key] and draw(st.integers(0, 2)):
                inside = inside[key]
                continue
            what = draw(st.sampled_from(["replace", "replace", "replace", "remove", "add", "repeat"]))
            if what == "remove":
                del inside[key]
            elif what == "add" and isinstance(inside, dict):
                inside[draw(st.text(max_size=8))] = copy.deepcopy(draw(ODD))
            elif what == "repeat" and isinstance(inside, list):
                inside.extend([copy.deepcopy(inside[key])] * draw(st.sampled_from([1, 5, 5000])))
            else:
                inside[key] = copy.deepcopy(draw(ODD))
            break
    return table


@st.composite
def damaged(draw: st.DrawFn, contents: list[bytes]) -> bytes:
    """The bytes of a sound file, some of them changed, and perhaps cut off."""
    content = bytearray(draw(st.sampled_from(contents)))
    for _ in range(draw(st.integers(0, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    if draw(st.booleans()):
        del content[draw(st.integers(0, len(content))) :]
    return bytes(content)
