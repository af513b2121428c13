"""Running a sweep: its runs wherever they are trained, and what they found in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from training.core.errors import RunError
from training.core.files import write_text
from training.runs.store import Run
from training.studies import table
from training.studies.dispatch import Plan, carry_out
from training.studies.jobs import OneRun, Outcome
from training.studies.schema import Table, require_own
from training.studies.sweep import Sweep, describe


def run(  # noqa: PLR0913 - each a choice of the user's
    sweep: Sweep, *, runs_dir: Path, out: Path, data_dir: Path | None = None, plan: Plan | None = None, console: Console
) -> Table:
    """Train what is not trained yet; write the finished runs to `out` (JSON), all runs to a `.parquet` beside it.

    A sweep that was stopped resumes; its runs are ordinary runs, in folders of their own.

    Args:
        sweep: What to train.
        runs_dir: Folder of the runs; logs are in `sweeps/<name>` there.
        out: The JSON file.
        data_dir: See `training.data.registry.load`.
        plan: Where and how; in processes of this machine by default.
        console: For progress.

    Raises:
        RunError: If `out` cannot be written or is another file, or runs failed: after all others have ended, and their
            logs' last lines were printed.
        Stopped: If a signal said so.
    """
    plan, runs_dir = plan or Plan(), runs_dir.resolve()
    folder = runs_dir / "sweeps" / sweep.base.name
    recipes = sweep.recipes()
    before = require_own(out, Table, "sweep")
    if before is not None and before.sweep != sweep.base.name:
        raise RunError(f"{out}: holds the results of the sweep {before.sweep}; give another path, or remove it")
    table.require_own(out.with_suffix(".parquet"))
    runs = [
        OneRun(
            recipe=recipe, runs_dir=runs_dir, locks=folder, device=plan.device,
            data_dir=None if data_dir is None else data_dir.resolve(),
            threads=plan.threads_for(len(recipes)),
        )
        for recipe in recipes
    ]  # fmt: skip
    gathered = _Gathered(sweep, runs, out, console)
    waiting = [one for one in runs if not one.finished]
    if len(waiting) < len(runs):
        console.print(f"{len(runs) - len(waiting)} of {len(runs)} runs are finished already", highlight=False)
    for one in runs:
        if one not in waiting:
            gathered.keep(Outcome(one, finished=True))
    carry_out(waiting, plan, folder, gathered.add)
    return gathered.finish()


class _Gathered:
    """What is known of each run so far, and the files that say so."""

    def __init__(self, sweep: Sweep, runs: list[OneRun], out: Path, console: Console) -> None:
        self._sweep, self._out, self._console = sweep, out, console
        self._settings = dict(zip(runs, sweep.axes.settings(), strict=True))
        self._lines: dict[OneRun, dict[str, Any]] = {}
        self._finished: dict[OneRun, Run] = {}
        self._failed: list[Outcome] = []

    def keep(self, outcome: Outcome) -> None:
        """Remember how a run ended."""
        finished = None
        if outcome.finished:
            finished = Run.open(outcome.run.folder)
            self._finished[outcome.run] = finished
        else:
            self._failed.append(outcome)
        self._lines[outcome.run] = table.line(outcome, self._settings[outcome.run], finished)

    def add(self, outcome: Outcome) -> None:
        """Remember how a run ended, print it, and write the tables."""
        self.keep(outcome)
        words = [f"run {len(self._lines)}/{len(self._settings)}", describe(self._settings[outcome.run])]
        if outcome.finished:
            metrics = self._finished[outcome.run].metrics
            found = metrics.validation or metrics.measurement  # settings are chosen by the former
            on = "validation: " if metrics.validation else ""
            words.append(f"{on}clean accuracy {found.clean_accuracy.value:.2%}")
            if found.attack_success_rate:
                words.append(f"ASR {found.attack_success_rate.value:.2%}")
        else:
            words.append("FAILED")
        self._print("  ".join([*words, f"{outcome.seconds:.1f} s"]))
        if not outcome.finished:
            self._print(f"  the end of {outcome.log}:")
            for line in outcome.last_lines():
                self._print(f"    {line}")
        self._write()

    def finish(self) -> Table:
        """The table of finished runs."""
        found = self._write()
        if self._failed or found is None:
            raise RunError(
                f"{len(self._failed)} of {len(self._settings)} runs failed, their logs' ends are above; "
                f"run the same command again to try those again"
            )
        return found

    def _write(self) -> Table | None:
        order = [one for one in self._settings if one in self._lines]
        table.write(self._out.with_suffix(".parquet"), [self._lines[one] for one in order])
        if not self._finished:
            return None
        found = table.tabulate(self._sweep, [self._finished[one] for one in order if one in self._finished])
        write_text(self._out, found.model_dump_json(indent=2, exclude_none=True) + "\n")
        return found

    def _print(self, words: str) -> None:
        self._console.print(words, highlight=False, markup=False, soft_wrap=True)
