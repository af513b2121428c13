"""How long an inference takes in a browser and natively, as a table."""

from __future__ import annotations

from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, size

TIMES = "inference-times"


class Times:
    """Macros that read `inference-times.json`, which `make inference-times` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def inference_table(self, models: list[str]) -> str:
        """Of each model's default file: milliseconds here and natively, and what a first answer fetches.

        Raises:
            FactError: If a model was not measured, or its file has changed since.
        """
        head = ["Network", "Browser", "Natively", "Fetched for it", "Fetched until the first answer"]
        lines = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
        for model in models:
            file = self._facts.file(model)
            found = [row for row in self._rows() if (row["model"], row["precision"]) == (model, file.precision)]
            if not found or found[0]["bytes"] != file.total_bytes:
                raise FactError(f"{TIMES}.json does not tell of {model} as it is now: run `make inference-times`")
            (row,) = found
            cells = [
                f"[`{model}`](models.md#{model})", f"{row['browser']:.1f}{THIN}ms", f"{row['native']:.1f}{THIN}ms",
                size(row["bytes"]), size(row["bytesToFirstAnswer"]),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def inference_runs(self) -> str:
        """How many inferences a median is of."""
        return str(self._file()["runs"])

    def inference_machine(self) -> str:
        """The browser and the processor."""
        return f"Chromium {self._file()['browser'].split('.')[0]} on {self._file()['cpu'].strip()}"

    def _file(self) -> dict[str, Any]:
        found: dict[str, Any] = self._facts.measurements(TIMES)
        return found

    def _rows(self) -> list[dict[str, Any]]:
        return list(self._file()["rows"])
