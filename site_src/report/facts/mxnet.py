"""The page *MXNet to ONNX*: how the converter did in its benchmark and its fuzz run."""

from __future__ import annotations

from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, size

ZOO, FUZZ = "mxnet-zoo", "mxnet-fuzz"
WRONG = 1e-4
"""Relative difference above which a conversion counts as wrong."""


class Mxnet:
    """Macros that read the metrics files of the converter's benchmark and of its fuzz run."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def zoo_networks(self) -> str:
        """How many networks were converted."""
        return str(len(self._rows()))

    def zoo_worst(self) -> str:
        """The largest relative difference from MXNet over all our conversions."""
        return _scientific(max(row["difference"] for row in self._rows()))

    def zoo_version(self, library: str) -> str:
        """Version of a library that the zoo was measured with."""
        versions: dict[str, str] = self._facts.measurements(ZOO)["versions"]
        if library not in versions:
            raise FactError(f"{ZOO}.json has no version of {library}")
        return versions[library]

    def zoo_value(self, network: str, name: str) -> str:
        """A number of one network: `seconds`, `command_seconds`, `memory_ratio`, `params_bytes` or `difference`."""
        row = next((row for row in self._rows() if row["name"] == network), None)
        if row is None:
            raise FactError(f"{ZOO}.json has no network '{network}'")
        if name == "memory_ratio":
            return f"{row['memory'] / row['params_bytes']:.1f}"
        if name not in row:
            raise FactError(f"{ZOO}.json has no {name} of {network}")
        if name.endswith("seconds"):
            return f"{row[name]:.1f}{THIN}s"
        return size(row[name]) if name.endswith("bytes") else _scientific(row[name])

    def exporter_wrong(self) -> str:
        """How many networks MXNet's own exporter got wrong."""
        return str(len(self._wrong()))

    def exporter_failed(self) -> str:
        """How many networks MXNet's own exporter, or onnxruntime after it, refused; "none" instead of 0."""
        failed = sum("difference" not in row["theirs"] for row in self._rows())
        return str(failed) if failed else "none"

    def exporter_worst(self) -> str:
        """The largest relative difference of MXNet's own exporter."""
        return f"{max(self._wrong(), default=0.0):.2f}"

    def zoo_table(self) -> str:
        """Every network with its size, our conversion and MXNet's, as a Markdown table."""
        titles = ("Network", "Parameters", "MXNet nodes", "ONNX nodes", "Difference", "Seconds")
        theirs = ("Exporter of MXNet: difference", "Seconds")
        lines = [f"| {' | '.join((*titles, *theirs))} |", f"| --- |{' ---: |' * (len(titles) + len(theirs) - 1)}"]
        for row in self._rows():
            own = row["theirs"]
            cells = [
                row["name"],
                count(row["parameters"]),
                count(row["mxnet_nodes"]),
                count(row["nodes"]),
                _scientific(row["difference"]),
                f"{row['seconds']:.2f}",
                _their_difference(own),
                f"{own['seconds']:.2f}" if "seconds" in own else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def fuzz_count(self, *outcomes: str) -> str:
        """How many mutations ended in one of these outcomes; all mutations if none is named."""
        found = self._facts.measurements(FUZZ)
        if not outcomes:
            return count(found["mutations"])
        return count(sum(found["outcomes"].get(outcome, 0) for outcome in outcomes))

    def fuzz_errors(self) -> str:
        """How many mutations ended in an unexpected error."""
        return count(len(self._facts.measurements(FUZZ)["other_errors"]))

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._facts.measurements(ZOO)["networks"]
        return rows

    def _wrong(self) -> list[float]:
        found = (row["theirs"].get("difference", 0.0) for row in self._rows())
        return [difference for difference in found if difference > WRONG]


def _their_difference(theirs: dict[str, Any]) -> str:
    if "difference" not in theirs:
        return "fails"
    shown = _scientific(theirs["difference"])
    if theirs["difference"] <= WRONG:
        return shown
    return f"**{shown}**" if theirs["top_1_equal"] else f"**{shown}**, another answer"


def _scientific(value: float) -> str:
    """`3.1 · 10⁻⁷`; plain where it is no small number."""
    if value >= 0.01:
        return f"{value:.2g}"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}{THIN}·{THIN}10{raised}"
