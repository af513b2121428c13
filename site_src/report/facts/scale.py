"""What was measured of cost by pictures, processes and runs, as numbers and tables for the page At scale."""

from __future__ import annotations

import statistics
from typing import Any

from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.plugin.formats import THIN, count, duration, percent

SCALE = "scale"
METRICS = {"clean_accuracy": "Clean accuracy", "attack_success_rate": "Attack success rate"}

Rows = list[dict[str, Any]]


class Scale:
    """Macros that read `scale.json`, which `make scale` writes."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def scale_machine(self) -> str:
        """The machine that all of it was measured on."""
        return f"{self._file()['processors']} processors, PyTorch {self._file()['torch']}"

    def scale_processors(self) -> str:
        """How many processors that machine has."""
        return str(self._file()["processors"])

    def scale_load(self, part: str) -> str:
        """How many processes wanted a processor while a part was measured, its own among them."""
        loads = sorted({round(self._part(part)[name]) for name in ("load_before", "load_after")})
        return " to ".join(str(load) for load in loads)

    def scale_pictures_table(self) -> str:
        """Seconds of one epoch by the number of pictures."""
        lines = _head("Pictures an epoch", "Processor seconds", "Milliseconds a picture")
        for row in self._rows("data"):
            work = row["cpu_seconds"]
            lines.append(_line(count(row["pictures"]), f"{work:.1f}", f"{1000 * work / row['pictures']:.2f}"))
        return "\n".join(lines)

    def scale_picture_milliseconds(self) -> str:
        """What a picture costs, of the largest set."""
        row = self._rows("data")[-1]
        return f"{1000 * row['cpu_seconds'] / row['pictures']:.2f}{THIN}ms"

    def scale_processes_table(self) -> str:
        """One epoch of all of MNIST by processes and threads."""
        lines = _head(
            "Processes", "Threads of each", "Pictures a second", "Processor seconds, start and test included",
            *METRICS.values(),
        )  # fmt: skip
        for row in self._rows("processes"):
            measured = (percent(row[name]["value"], row[name]["n"]) for name in METRICS)
            speed = count(row["pictures_per_second"])
            lines.append(_line(str(row["processes"]), str(row["threads"]), speed, count(row["cpu_seconds"]), *measured))
        return "\n".join(lines)

    def scale_epoch_pictures(self) -> str:
        """Training pictures of the table of processes."""
        return count(self._rows("processes")[0]["pictures"])

    def scale_epoch_poison(self) -> str:
        """Share of them that was poisoned."""
        return f"{100 * self._part('processes')['poison_rate']:g}{THIN}%"

    def scale_speed_up(self, processes: int, threads: int) -> str:
        """How many times as many pictures a second as one process with one thread."""
        speeds = {(row["processes"], row["threads"]): row["pictures_per_second"] for row in self._rows("processes")}
        if (processes, threads) not in speeds:
            raise FactError(f"{SCALE}.json has no {processes} processes of {threads} threads")
        return f"{speeds[processes, threads] / speeds[1, 1]:.2f}"

    def scale_noise_table(self) -> str:
        """What one process and two found with the same seeds: mean and standard deviation over the seeds."""
        rows = self._rows("noise")
        lines = _head("Processes", "Seeds", *METRICS.values())
        for processes in sorted({row["processes"] for row in rows}):
            mine = [row for row in rows if row["processes"] == processes]
            cells = [_spread([row[name]["value"] for row in mine]) for name in METRICS]
            lines.append(_line(str(processes), str(len(mine)), *cells))
        return "\n".join(lines)

    def scale_noise(self, metric: str, kind: str) -> str:
        """Percentage points that a measure moves from one process to two (means), or by seed (standard deviation)."""
        rows = self._rows("noise")
        if metric not in METRICS or kind not in {"processes", "seeds"}:
            raise FactError(f"{SCALE}.json says nothing of {metric} by {kind}")
        alone, together = (
            [row[metric]["value"] for row in rows if row["processes"] == processes] for processes in (1, 2)
        )
        found = (
            abs(statistics.mean(alone) - statistics.mean(together)) if kind == "processes" else statistics.stdev(alone)
        )
        return f"{100 * found:.1f}"

    def scale_runs_table(self) -> str:
        """A sweep's time by workers and runs."""
        lines = _head("Workers", "Runs", "Time", "Processor seconds", "Processor seconds a run")
        for row in self._rows("runs"):
            work = row["cpu_seconds"]
            cells = (duration(row["wall_seconds"]), f"{work:.0f}", f"{work / row['runs']:.1f}")
            lines.append(_line(str(row["workers"]), str(row["runs"]), *cells))
        return "\n".join(lines)

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


def _head(*titles: str) -> list[str]:
    return [f"| {' | '.join(titles)} |", f"|{' ---: |' * len(titles)}"]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(values: list[float]) -> str:
    return f"{percent(statistics.mean(values), 500)} ± {100 * statistics.stdev(values):.1f}"
