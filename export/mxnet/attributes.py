"""A node's attributes as values: MXNet writes every one as text, and leaves out those that have their default."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection

from export.mxnet.errors import SymbolError
from export.mxnet.graph import Node

LARGEST = 1 << 31
"""Integers beyond this are no size, stride or axis of a network."""
_REQUIRED = object()
_LONG_INTEGER = re.compile(r"(?<=\d)L\b")


class Attributes:
    """Typed access to a node's attributes. Each method raises `SymbolError` for text it cannot read."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def has(self, name: str) -> bool:
        """Whether the attribute is there and not `None`."""
        return self._node.attributes.get(name, "None") != "None"

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; required without a default."""
        if (text := self._text(name, default is None)) is None:
            assert default is not None  # noqa: S101 - `_text` raises for a missing required attribute
            return default
        return self._whole(name, text, _literal(text))

    def real(self, name: str, default: float | None = None) -> float:
        """A finite number; required without a default."""
        if (text := self._text(name, default is None)) is None:
            assert default is not None  # noqa: S101 - as above
            return default
        try:
            value = float(text)
        except ValueError as error:
            raise self._wrong(name, text, "a number") from error
        if not math.isfinite(value):
            raise self._wrong(name, text, "a finite number")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        if (text := self._text(name, required=False)) is None:
            return default
        values = {"true": True, "1": True, "false": False, "0": False}
        if text.lower() not in values:
            raise self._wrong(name, text, "True or False")
        return values[text.lower()]

    def choice(self, name: str, choices: Collection[str], default: str | None = None) -> str:
        """One of some words; required without a default."""
        text = self._text(name, default is None)
        value = default if text is None else text
        if value is None or value not in choices:
            raise self._wrong(name, str(value), f"one of {', '.join(choices)}")
        return value

    def sizes(self, name: str, length: int | None = None, default: int | None = None) -> tuple[int, ...]:
        """Non-negative whole numbers, as of a kernel.

        Args:
            name: The attribute.
            length: How many there must be.
            default: What each of `length` is when the attribute is absent or empty; required without a default.
        """
        values = self.integers(name, required=default is None)
        if not values and default is not None:
            return (default,) * (length or 0)
        if length is not None and len(values) != length:
            raise self._wrong(name, str(values), f"{length} numbers")
        if any(value < 0 for value in values):
            raise self._wrong(name, str(values), "no negative number")
        return values

    def integers(self, name: str, *, required: bool = False) -> tuple[int, ...]:
        """Whole numbers of any sign, one alone counting as a tuple; empty when absent."""
        values = self.optional_integers(name, required=required)
        if any(value is None for value in values):
            raise self._wrong(name, str(values), "whole numbers")
        return tuple(value for value in values if value is not None)

    def optional_integers(self, name: str, *, required: bool = False) -> tuple[int | None, ...]:
        """As `integers`, with `None` allowed among them."""
        if (text := self._text(name, required)) is None:
            return ()
        value = _literal(text)
        items = value if isinstance(value, tuple | list) else (value,)
        return tuple(None if item is None else self._whole(name, text, item) for item in items)

    def _text(self, name: str, required: bool) -> str | None:
        if self.has(name):
            return self._node.attributes[name].strip()
        if required:
            raise SymbolError(f"{self._node.op} lacks its attribute '{name}'", node=self._node.name)
        return None

    def _whole(self, name: str, text: str, value: object) -> int:
        if type(value) is not int or abs(value) > LARGEST:
            raise self._wrong(name, text, "a whole number")
        return value

    def _wrong(self, name: str, found: str, expected: str) -> SymbolError:
        shown = found if len(found) <= 60 else f"{found[:57]}..."
        return SymbolError(
            f"attribute '{name}' of {self._node.op} is '{shown}'; {expected} is expected", node=self._node.name
        )


def _literal(text: str) -> object:
    """A Python literal, with the `L` that Python 2 put behind long integers; None where it is none."""
    if len(text) > 1000:
        return object()
    try:
        value: object = ast.literal_eval(_LONG_INTEGER.sub("", text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return object()
    return value
