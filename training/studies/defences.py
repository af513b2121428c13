"""Defences on networks, cell by cell: each is kept when it is measured, and never measured again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.console import Console

from training.core.errors import RunError
from training.core.files import require_writable_file
from training.core.progress import progress_bar
from training.defences.base import Defence, Subject
from training.engine import memory
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
    require_writable_file(path)  # the lock would wait forever for a folder that takes no files, such as /proc
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print(f"waiting for another command that writes {path}", soft_wrap=True)
        lock.acquire()
    try:
        yield read_defences(path) if path.is_file() and not force else None
    finally:
        with contextlib.suppress(OSError):  # another system may not delete an open file
            Path(lock.lock_file).unlink()  # whoever waits notices, and locks a new one
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
    beside = [each if place == 0 else _beside(each, subjects[0]) for place, each in enumerate(subjects)]
    for place, subject in enumerate(beside):
        known = found.network(subject.sha256)
        its_control = control if place == 0 else None
        found = found.with_network(examined(subject, its_control or (known.control if known else None)))
    for seed in seeds:
        for subject in beside:
            subject.seed = seed
            for defence in defences:
                found = with_measured(found, subject, defence, console=console, keep=keep)
    return found


def _beside(control: Subject, attacked: Subject) -> Subject:
    """A control with the trigger of the network that it stands beside, or with its own if their classes differ."""
    if control.classes != attacked.classes or attacked.trigger is None:
        return control
    return control.measured_with(attacked.trigger, attacked.label_map)


def with_measured(
    found: Defences, subject: Subject, defence: Defence[Any], *, console: Console, keep: Callable[[Defences], None]
) -> Defences:
    """What was found, with the cell of a defence on a subject; as it is if that was measured already.

    A verdict that does not depend on the trigger is taken over from a cell of the same network with another trigger.

    Args:
        found: What was measured before.
        subject: The network; its seed is that of what the defence draws at random.
        defence: The defence with its settings.
        console: For progress.
        keep: Called with all results if there is a new one.

    Raises:
        UserError: If the test images cannot be loaded.
    """
    wanted = _cell(subject, defence, status="failed", reason="not measured")
    same = [
        each
        for each in found.cells
        if each.status == "measured" and each.with_attack(None).key == wanted.with_attack(None).key
    ]
    if any(each.key == wanted.key for each in same):
        return found
    other = next((each for each in same if each.verdict and not each.verdict.uses_trigger), None)
    cell = other.with_attack(subject.attack) if other else _measured(subject, defence, console)
    console.print(f"{subject.name}: {cell.defence}, seed {cell.seed}: {cell.status}, {cell.seconds:.1f} s")
    found = found.with_cell(cell)
    keep(found)
    return found


def _measured(subject: Subject, defence: Defence[Any], console: Console) -> Cell:
    missing = subject.missing(defence.needs)
    if missing:
        return _cell(subject, defence, status="not-applicable", reason=missing)
    _ = subject.test  # data that cannot be loaded stop everything: no cell could be measured
    words = f"{subject.name}: {defence.title}, seed {subject.seed}"
    memory.keep_memory()
    memory.reset_peak()
    started = time.process_time()
    with progress_bar(console, words, 1) as advance:
        subject.progress = lambda done, total: advance(0, f"{words}, {done} of {total}")
        try:
            verdict = defence(subject)
        except ValueError as error:  # a user's mistake, or numbers that make no sense
            reason, seconds = " ".join(str(error).split()), time.process_time() - started
            return _cell(subject, defence, status="failed", reason=reason, seconds=seconds)
    seconds = time.process_time() - started
    return _cell(subject, defence, status="measured", verdict=verdict, seconds=seconds, peak_bytes=memory.peak())


def _cell(subject: Subject, defence: Defence[Any], *, seconds: float = 0.0, **more: Any) -> Cell:  # noqa: ANN401 - fields
    return Cell(
        network=subject.sha256, defence=defence.name, title=defence.title,
        settings=defence.settings.model_dump(mode="json"), seed=subject.seed, attack=subject.attack, seconds=seconds,
        **more,
    )  # fmt: skip


def examined(subject: Subject, control: str | None) -> Examined:
    """A subject as results files have it."""
    return Examined(
        name=subject.name, sha256=subject.sha256, backdoored=subject.backdoored, recipe_sha256=subject.recipe_sha256,
        data=subject.data, control=control,
    )  # fmt: skip
