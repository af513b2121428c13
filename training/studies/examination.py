"""One network of a study of defences as a job: trained, then examined by each defence, cell by cell."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from training.core.errors import RunError
from training.core.files import write_text
from training.engine.processes import Stop, Stopped
from training.recipes.base import AnyRecipe
from training.runs.store import WEIGHTS, Run, finished
from training.studies import defences as study
from training.studies.defence_columns import defence_of
from training.studies.defence_plan import DefencePlan
from training.studies.jobs import OneRun
from training.studies.schema import Defences, read_defences
from training.studies.subject import of_run


@dataclass(frozen=True, eq=False)
class Examination(OneRun):
    """A network of a study; calling it trains what is missing, and measures the cells that are missing."""

    defences: tuple[DefencePlan, ...] = ()
    attackers: tuple[AnyRecipe, ...] = ()
    """Whose triggers it is measured with: a backdoored network with its own, a control with those of all that it stands
    beside."""

    @property
    def cells(self) -> Path:
        """The file with the network's cells."""
        return self.locks / f"{self.recipe.run_name}.json"

    @property
    def mark(self) -> Path:
        """Says which request was carried out; written last."""
        return self.locks / f"{self.recipe.run_name}.done"

    @property
    def finished(self) -> bool:
        """Whether the network is trained, and every cell of this request was tried."""
        if not finished(self.folder) or not self.cells.is_file():
            return False
        try:
            return self.mark.read_text(encoding="utf-8") == self._request()
        except OSError:
            return False

    def forget(self, defences: Collection[str] = ()) -> None:
        """Forget the cells that failed and those of some defences, so that they are measured again."""
        known = self.found()
        kept = [cell for cell in known.cells if cell.status != "failed" and cell.defence not in defences]
        if len(kept) < len(known.cells):
            self.mark.unlink(missing_ok=True)
            self._keep(known.model_copy(update={"cells": kept}))

    def found(self) -> Defences:
        """What was measured so far.

        Raises:
            RunError: If the file is damaged.
        """
        if not self.cells.is_file():
            return Defences()
        try:
            return read_defences(self.cells)
        except RunError as error:
            raise RunError(f"{self.cells}: damaged; delete it, and the network is examined again") from error

    def train(self, console: Console) -> None:
        """Train and examine, saying on the console how it goes.

        Raises:
            Stopped: On a signal; what was measured is saved.
            UserError: If the network cannot be trained, or its test images cannot be loaded.
        """
        super().train(console)
        run = Run.open(self.folder)
        subject = of_run(run, data_dir=self.data_dir, device=self.device)
        subject.seed = self.recipe.seed
        found = self.found().with_network(study.examined(subject, None))
        found = found.model_copy(update={"cells": found.cells_of(subject.sha256)})  # those of other weights are void
        with Stop() as stop:
            for attacker in self.attackers:
                beside = subject.measured_with(attacker.trigger, attacker.label_map_for(subject.classes))
                for plan in self.defences:
                    if stop.received:
                        raise Stopped(stop.received, f"{len(found.cells)} cells measured")
                    found = study.with_measured(found, beside, defence_of(plan), console=console, keep=self._keep)
        self._keep(found)
        write_text(self.mark, self._request())

    def _keep(self, found: Defences) -> None:
        write_text(self.cells, found.model_dump_json() + "\n")

    def _request(self) -> str:
        """What decides which cells there are, as a SHA-256."""
        weights = self.folder / WEIGHTS
        if not weights.is_file():
            raise RunError(f"{weights}: missing")
        asked = [
            [each.sha256 for each in self.attackers],
            [defence_of(plan).settings.model_dump(mode="json") | {"name": plan.name} for plan in self.defences],
            weights.stat().st_mtime_ns,
        ]
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
