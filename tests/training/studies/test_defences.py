from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from rich.console import Console

from tests.training.defences.subjects import CONFIDENCE, ConfidenceSettings, confidence, subject
from training.core.errors import RunError, UserError
from training.core.files import write_text
from training.defences.base import Defence, DefenceError, Need, Samples, Subject
from training.defences.verdict import SampleScores
from training.studies import defences as study
from training.studies.schema import Defences
from training.triggers.pixels import Patch

QUIET = Console(file=io.StringIO())


class Counted:
    """A defence that counts how often it is asked, and fails while `fails` is set."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.fails = False

    def __call__(self, given: Subject, how: ConfidenceSettings) -> SampleScores:
        self.asked.append((given.name, given.seed))
        if self.fails:
            raise DefenceError("two lines\nof trouble")
        return confidence(given, how)

    @property
    def defence(self) -> Defence[ConfidenceSettings]:
        return dataclasses.replace(CONFIDENCE, name="counted", examine=self)


def run(
    defences: list[Defence[Any]],
    before: Defences | None = None,
    *,
    seeds: tuple[int, ...] = (0,),
    keep: Callable[[Defences], None] = lambda _found: None,
) -> Defences:
    control = subject(name="clean", sha256="1" * 64, backdoored=False)
    return study.run([subject(), control], defences, seeds, console=QUIET, before=before, keep=keep)


def test_every_cell_is_measured_on_the_network_and_on_its_control() -> None:
    found = run([CONFIDENCE], seeds=(1, 2))
    assert [(cell.network[0], cell.seed) for cell in found.cells] == [("0", 1), ("1", 1), ("0", 2), ("1", 2)]
    first = found.cells[0]
    assert found.beside(first) == found.cells[1]
    assert found.beside(found.cells[1]) is None
    assert [each.control for each in found.networks] == ["1" * 64, None]
    assert isinstance(first.verdict, SampleScores)
    assert first.verdict.auroc is not None
    assert first.verdict.auroc.value == 1


def test_what_was_measured_is_not_measured_again_unless_settings_or_seeds_differ() -> None:
    counted = Counted()
    found = run([counted.defence])
    assert run([counted.defence], found) == found
    assert counted.asked == [("made", 0), ("clean", 0)]
    more = run([counted.defence.with_settings({"scale": 2}), counted.defence], found, seeds=(0, 1))
    assert len(counted.asked) == 8
    assert more.cells[:2] == found.cells


def test_a_control_is_measured_with_the_trigger_of_the_network_that_it_stands_beside() -> None:
    own = Patch(top=3, left=3, height=1, width=1)
    control = subject(name="clean", sha256="1" * 64, backdoored=False, trigger=own)
    found = study.run([subject(), control], [CONFIDENCE], [0], console=QUIET)
    assert found.cells[1].attack == found.cells[0].attack == subject().attack != control.attack
    verdict = found.cells[1].verdict
    assert isinstance(verdict, SampleScores)
    assert verdict.auroc is not None
    assert verdict.auroc.value == 1  # the made-up control answers to the trigger as well, and to its own not at all


@pytest.mark.parametrize(("samples", "asked"), [("inputs", 2), ("training-images", 1)])
def test_a_verdict_is_measured_again_for_another_trigger_only_if_that_matters(
    samples: Literal["inputs", "training-images"], asked: int
) -> None:
    times = []

    def scored(given: Subject, how: ConfidenceSettings) -> SampleScores:
        times.append(given.attack)
        return confidence(given, how).model_copy(update={"samples": samples})

    defence = dataclasses.replace(CONFIDENCE, examine=scored)
    found = Defences()
    for top in (0, 2):
        given = subject(trigger=Patch(top=top, left=0, height=2, width=2))
        found = study.with_measured(found, given, defence, console=QUIET, keep=lambda _found: None)
    assert len(times) == asked
    assert len({cell.attack for cell in found.cells}) == 2


def test_a_cell_says_how_much_memory_it_took() -> None:
    def hungry(given: Subject, how: ConfidenceSettings) -> SampleScores:
        np.ones(200 << 17)  # 200 MiB
        return confidence(given, how)

    cells = run([dataclasses.replace(CONFIDENCE, examine=hungry), CONFIDENCE], seeds=(0,)).cells
    if cells[0].peak_bytes is None:
        pytest.skip("this system does not say")
    hungry_one, modest = cells[0].peak_bytes, run([CONFIDENCE]).cells[0].peak_bytes
    assert modest is not None
    assert 150 << 20 < hungry_one - modest < 250 << 20


def test_results_are_kept_after_each_cell() -> None:
    kept: list[Defences] = []
    run([CONFIDENCE, dataclasses.replace(CONFIDENCE, name="other")], keep=kept.append)
    assert [len(each.cells) for each in kept] == [1, 2, 3, 4]
    assert Defences.model_validate_json(kept[-1].model_dump_json()) == kept[-1]


def test_a_defence_that_fails_says_so_in_one_line_and_the_others_continue() -> None:
    counted = Counted()
    counted.fails = True
    found = run([counted.defence, CONFIDENCE])
    assert [cell.status for cell in found.cells] == ["failed", "measured"] * 2
    assert found.cells[0].reason == "two lines of trouble"
    counted.fails = False
    again = run([counted.defence, CONFIDENCE], found)
    assert {cell.status for cell in again.cells} == {"measured"}
    assert len(again.cells) == 4


def test_a_defence_that_cannot_apply_is_not_asked() -> None:
    counted = Counted()
    found = run([dataclasses.replace(counted.defence, needs=frozenset({Need.NETWORK}))])
    assert counted.asked == []
    assert found.cells[0].status == "not-applicable"
    assert found.cells[0].reason == "needs the PyTorch network: made comes without"


def test_images_that_cannot_be_loaded_stop_everything() -> None:
    def missing() -> Samples:
        raise UserError("no such data")

    with pytest.raises(UserError, match="no such data"):
        study.run([subject(load_test=missing)], [CONFIDENCE], [0], console=QUIET)


def test_who_writes_the_same_results_second_waits_and_finds_what_the_first_measured(tmp_path: Path) -> None:
    path, said = tmp_path / "defences" / "found.json", io.StringIO()
    console = Console(file=said)

    def second() -> Defences | None:
        with study.results(path, console) as before:
            return before

    with ThreadPoolExecutor() as pool:
        with study.results(path, console) as before:
            assert before is None
            waiting = pool.submit(second)
            while not said.getvalue():
                assert not waiting.done()
            write_text(path, Defences().model_dump_json())
        assert waiting.result() == Defences()
    assert "waiting for another command" in said.getvalue()
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_takes_no_file_is_refused_before_anything_is_measured(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="this is a folder"), study.results(tmp_path, Console()):
        raise AssertionError


def test_a_network_is_not_its_own_control() -> None:
    with pytest.raises(RunError, match="cannot be its own control"):
        study.run([subject(), subject()], [CONFIDENCE], [0], console=QUIET)
