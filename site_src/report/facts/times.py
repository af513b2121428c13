"""How long an inference takes in a browser and natively, as a table."""

from __future__ import annotations

from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, size
from site_src.report.tables import table

TIMES = "inference-times"


class Times:
    """Macros that read `inference-times.json`, which `make inference-times` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def inference_table(self, models: list[str]) -> str:
        """For each model's default file: milliseconds in the browser and natively, and what a first answer downloads.

        Raises:
            FactError: If a model was not measured, or its file has changed since then.
        """
        rows = []
        for model in models:
            file = self._facts.file(model)
            found = [row for row in self._rows() if (row["model"], row["precision"]) == (model, file.precision)]
            if not found or found[0]["bytes"] != file.total_bytes:
                raise FactError(f"{TIMES}.json does not describe {model} as it is now: run `make inference-times`")
            (row,) = found
            rows.append([
                f"[`{model}`](models.md#{model})", f"{row['browser']:.1f}{THIN}ms", f"{row['native']:.1f}{THIN}ms",
                size(row["bytes"]), size(row["bytesToFirstAnswer"]),
            ])  # fmt: skip
        return table(["Network", "Browser", "Native", "Its own download", "Download until the first answer"], rows)

    def inference_runs(self) -> str:
        """How many inferences each median is taken over."""
        return str(self._file()["runs"])

    def inference_machine(self) -> str:
        """The browser and the processor."""
        return f"Chromium {self._file()['browser'].split('.')[0]} on {self._file()['cpu'].strip()}"

    def _file(self) -> dict[str, Any]:
        found: dict[str, Any] = self._facts.measurements(TIMES)
        return found

    def _rows(self) -> list[dict[str, Any]]:
        return list(self._file()["rows"])
