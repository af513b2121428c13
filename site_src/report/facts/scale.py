"""The page *At scale*: the measured cost by images, processes and runs, as numbers and tables."""

from __future__ import annotations

import statistics
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, duration, percent
from site_src.report.tables import table

SCALE = "scale"
NUMBERS = "---:"
METRICS = {"clean_accuracy": "Clean accuracy", "attack_success_rate": "Attack success rate"}

Rows = list[dict[str, Any]]


class Scale:
    """Macros that read `scale.json`, which `make scale` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def scale_machine(self) -> str:
        """The machine of all measurements."""
        return f"{self._file()['processors']} processors, PyTorch {self._file()['torch']}"

    def scale_processors(self) -> str:
        """How many processors that machine has."""
        return str(self._file()["processors"])

    def scale_load(self, part: str) -> str:
        """How many processes competed for a processor during a measurement, its own included."""
        loads = sorted({round(self._part(part)[name]) for name in ("load_before", "load_after")})
        return " to ".join(str(load) for load in loads)

    def scale_images_table(self) -> str:
        """Seconds of one epoch by the number of images."""
        rows = [
            [count(row["pictures"]), f"{row['cpu_seconds']:.1f}", f"{1000 * row['cpu_seconds'] / row['pictures']:.2f}"]
            for row in self._rows("data")
        ]
        return table(["Images per epoch", "Processor seconds", "Milliseconds per image"], rows, NUMBERS)

    def scale_image_milliseconds(self) -> str:
        """What an image costs, measured with the largest set."""
        row = self._rows("data")[-1]
        return f"{1000 * row['cpu_seconds'] / row['pictures']:.2f}{THIN}ms"

    def scale_processes_table(self) -> str:
        """One epoch of all of MNIST by processes and threads."""
        headings = [
            "Processes", "Threads of each", "Images per second", "Processor seconds, including start and test",
            *METRICS.values(),
        ]  # fmt: skip
        rows = []
        for row in self._rows("processes"):
            measured = (percent(row[name]["value"], row[name]["n"]) for name in METRICS)
            speed = count(row["pictures_per_second"])
            rows.append([str(row["processes"]), str(row["threads"]), speed, count(row["cpu_seconds"]), *measured])
        return table(headings, rows, NUMBERS)

    def scale_epoch_images(self) -> str:
        """Number of training images in the table of processes."""
        return count(self._rows("processes")[0]["pictures"])

    def scale_epoch_poison(self) -> str:
        """Fraction of them that was poisoned."""
        return f"{100 * self._part('processes')['poison_rate']:g}{THIN}%"

    def scale_speed_up(self, processes: int, threads: int) -> str:
        """How many times as many images per second as one process with one thread."""
        speeds = {(row["processes"], row["threads"]): row["pictures_per_second"] for row in self._rows("processes")}
        if (processes, threads) not in speeds:
            raise FactError(f"{SCALE}.json has no {processes} processes of {threads} threads")
        return f"{speeds[processes, threads] / speeds[1, 1]:.2f}"

    def scale_noise_table(self) -> str:
        """Metrics of one process and of two with the same seeds: mean and standard deviation over the seeds."""
        found = self._rows("noise")
        rows = []
        for processes in sorted({row["processes"] for row in found}):
            mine = [row for row in found if row["processes"] == processes]
            rows.append(
                [str(processes), str(len(mine)), *(_spread([row[name]["value"] for row in mine]) for name in METRICS)]
            )
        return table(["Processes", "Seeds", *METRICS.values()], rows, NUMBERS)

    def scale_noise(self, metric: str, kind: str) -> str:
        """Percentage points that a metric moves from one process to two (means), or by seed (standard deviation)."""
        rows = self._rows("noise")
        if metric not in METRICS or kind not in {"processes", "seeds"}:
            raise FactError(f"{SCALE}.json has no {metric} by {kind}")
        alone, together = (
            [row[metric]["value"] for row in rows if row["processes"] == processes] for processes in (1, 2)
        )
        found = (
            abs(statistics.mean(alone) - statistics.mean(together)) if kind == "processes" else statistics.stdev(alone)
        )
        return f"{100 * found:.1f}"

    def scale_runs_table(self) -> str:
        """A sweep's time by workers and runs."""
        rows = [
            [
                str(row["workers"]),
                str(row["runs"]),
                duration(row["wall_seconds"]),
                f"{row['cpu_seconds']:.0f}",
                f"{row['cpu_seconds'] / row['runs']:.1f}",
            ]
            for row in self._rows("runs")
        ]
        return table(["Workers", "Runs", "Time", "Processor seconds", "Processor seconds per run"], rows, NUMBERS)

    def _file(self) -> dict[str, Any]:
        found: dict[str, Any] = self._facts.measurements(SCALE)
        return found

    def _part(self, name: str) -> dict[str, Any]:
        if name not in self._file():
            raise FactError(f"{SCALE}.json has no part '{name}': run `make scale`")
        found: dict[str, Any] = self._file()[name]
        return found

    def _rows(self, part: str) -> Rows:
        found: Rows = self._part(part)["rows"]
        return found


def _spread(values: list[float]) -> str:
    return f"{percent(statistics.mean(values), 500)} ± {100 * statistics.stdev(values):.1f}"
