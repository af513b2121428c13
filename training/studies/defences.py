"""Defences on networks, cell by cell: each is kept when it is measured, and never measured again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from training.core.errors import RunError
from training.core.progress import progress_bar
from training.defences.base import Defence, Subject
from training.studies.schema import Cell, Defences, Examined, read_defences


@contextlib.contextmanager
def results(path: Path, console: Console, *, force: bool = False) -> Iterator[Defences | None]:
    """Hold a results file, so that two commands that write it do so one after the other; yields what is in it.

    Args:
        path: The file; there need not be one yet.
        console: For the remark that another command is being waited for.
        force: Whether to leave out what is in it.

    Raises:
        RunError: If it cannot be written, before hours of measuring, or is not such a file.
    """
    if path.is_dir():
        raise RunError(f"{path}: this is a folder; give the path of a JSON file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=path.parent):
        pass  # the lock would wait forever for a folder that takes no files, such as /proc
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print(f"waiting for another command that writes {path}", soft_wrap=True)
        lock.acquire()
    try:
        yield read_defences(path) if path.is_file() and not force else None
    finally:
        lock.release()


def run(  # noqa: PLR0913 - what is measured, and what happens around it
    subjects: Sequence[Subject],
    defences: Sequence[Defence[Any]],
    seeds: Sequence[int],
    *,
    console: Console,
    before: Defences | None = None,
    keep: Callable[[Defences], None] = lambda _found: None,
) -> Defences:
    """Measure every defence on every subject with every seed.

    A defence that needs what the subject lacks, or that fails on it, gives a cell with the reason, and the others
    continue. Cells that failed are tried again the next time, those that were measured are not.

    Args:
        subjects: A network and, if there is one, its clean control.
        defences: The defences, each with its settings.
        seeds: Seeds of what the defences draw at random.
        console: For progress.
        before: What was measured before.
        keep: Called with all results after each cell.

    Raises:
        UserError: If the test images cannot be loaded, or the control is the network itself.
    """
    if len(subjects) > 1 and subjects[0].sha256 == subjects[1].sha256:
        raise RunError(f"{subjects[0].name} cannot be its own control; name a clean network made in the same way")
    found = before or Defences()
    control = subjects[1].sha256 if len(subjects) > 1 else None
    for place, subject in enumerate(subjects):
        known = found.network(subject.sha256)
        beside = control if place == 0 else None
        found = found.with_network(_examined(subject, beside or (known.control if known else None)))
    measured = {each.key for each in found.cells if each.status == "measured"}
    for seed in seeds:
        for subject in subjects:
            subject.seed = seed
            for defence in defences:
                if _cell(subject, defence, status="failed", reason="not measured").key in measured:
                    continue
                cell = _measured(subject, defence, console)
                console.print(f"{subject.name}: {cell.defence}, seed {seed}: {cell.status}, {cell.seconds:.1f} s")
                found = found.with_cell(cell)
                keep(found)
    return found


def _measured(subject: Subject, defence: Defence[Any], console: Console) -> Cell:
    missing = subject.missing(defence.needs)
    if missing:
        return _cell(subject, defence, status="not-applicable", reason=missing)
    _ = subject.test  # data that cannot be loaded stop everything: no cell could be measured
    words = f"{subject.name}: {defence.title}, seed {subject.seed}"
    started = time.perf_counter()
    with progress_bar(console, words, 1) as advance:
        subject.progress = lambda done, total: advance(0, f"{words}, {done} of {total}")
        try:
            verdict = defence(subject)
        except ValueError as error:  # a user's mistake, or numbers that make no sense
            reason, seconds = " ".join(str(error).split()), time.perf_counter() - started
            return _cell(subject, defence, status="failed", reason=reason, seconds=seconds)
    return _cell(subject, defence, status="measured", verdict=verdict, seconds=time.perf_counter() - started)


def _cell(subject: Subject, defence: Defence[Any], *, seconds: float = 0.0, **more: Any) -> Cell:  # noqa: ANN401 - fields
    return Cell(
        network=subject.sha256, defence=defence.name, title=defence.title,
        settings=defence.settings.model_dump(mode="json"), seed=subject.seed, seconds=seconds, **more,
    )  # fmt: skip


def _examined(subject: Subject, control: str | None) -> Examined:
    return Examined(
        name=subject.name, sha256=subject.sha256, backdoored=subject.backdoored, recipe_sha256=subject.recipe_sha256,
        data=subject.data, control=control,
    )  # fmt: skip
