from __future__ import annotations

import numpy as np
import pytest

from training.core.metrics import wilson
from training.defences.scoring import score
from training.defences.verdict import AnyVerdict, ClassIndex, ClassIndices, SampleScores
from training.studies.defence_results import StudiedNetwork, TableCell
from training.studies.defence_table import HIGHEST, Pair, detection, spread, table_cell
from training.studies.schema import Cell


def network(name: str, seed: int, attack: str | None = "patch") -> StudiedNetwork:
    return StudiedNetwork(
        sha256=name, recipe="made", recipe_sha256=name, seed=seed, attack=attack, control=None, making="made",
        trigger="its", data="made test", samples=10, poisoned=1, clean_accuracy=wilson(9, 10), attack_success_rate=None,
    )  # fmt: skip


def cell(name: str, verdict: AnyVerdict | None = None, seconds: float = 1.0, **more: object) -> Cell:
    status = "failed" if verdict is None else "measured"
    given = {"status": status, "reason": None if verdict else "it broke", "peak_bytes": int(1000 * seconds)} | more
    return Cell.model_validate(
        {"network": name, "defence": "made", "title": "Made", "settings": {}, "seed": 0, "attack": "its",
         "seconds": seconds, "verdict": verdict} | given
    )  # fmt: skip


def indices(*values: float, targets: tuple[str, ...] = ()) -> ClassIndices:
    classes = [ClassIndex(label=str(label), index=value) for label, value in enumerate(values)]
    return ClassIndices(index="anomaly index", threshold=2.0, images=10, classes=classes, targets=list(targets))


def scores(shift: float) -> SampleScores:
    rng = np.random.default_rng(0)
    drawn = np.concatenate([rng.normal(0, 1, 100), rng.normal(shift, 1, 100)])
    return score(drawn, np.arange(200) >= 100, samples="inputs")


def pairs(count: int) -> list[Pair]:
    return [(network(f"b{seed}", seed), network(f"c{seed}", seed, None)) for seed in range(count)]


def found(cells: list[Cell], count: int = 3) -> TableCell:
    by_name = {each.network: each for each in cells}
    return table_cell("patch", "made", pairs(count), lambda one, _measured_with: by_name.get(one.sha256))


def test_a_spread_has_the_median_the_range_and_the_outermost_bounds() -> None:
    estimates = [wilson(50, 100), wilson(90, 100), wilson(70, 80)]
    made = spread(estimates)
    assert made.values == [0.5, 0.9, 0.875]
    assert (made.median, made.low, made.high, made.n) == (0.875, 0.5, 0.9, 80)
    assert made.interval == (estimates[0].low, estimates[1].high)


def test_a_spread_of_numbers_that_are_no_proportions_has_no_interval() -> None:
    made = spread([3.0, 1.0])
    assert (made.median, made.interval, made.n) == (2.0, None, None)


def test_scores_are_put_together_over_seeds_beside_their_controls() -> None:
    shifts = [0.0, 1.0, 2.0]
    verdicts = [scores(shift) for shift in shifts]
    made = found(
        [cell(f"b{seed}", verdict, 1.0 + seed) for seed, verdict in enumerate(verdicts)]
        + [cell(f"c{seed}", scores(0.0)) for seed in range(3)]
    )
    assert (made.status, made.seeds, made.seconds, made.peak_bytes) == ("measured", [0, 1, 2], 2.0, 3000)
    auroc = next(each for each in made.measures if each.name == "AUROC")
    assert auroc.backdoored is not None
    assert auroc.control is not None
    assert auroc.backdoored.values == [verdict.auroc.value for verdict in verdicts if verdict.auroc]
    assert auroc.backdoored.median > 0.7 > auroc.control.median
    assert (made.detected, made.false_alarms) == (None, None)


def test_networks_that_are_called_backdoored_are_counted_and_so_are_right_targets() -> None:
    made = found(
        [
            cell("b0", indices(0, 3, 1, targets=("1",))), cell("b1", indices(2.5, 0, 0, targets=("1",))),
            cell("b2", indices(0, 1.5, 0, targets=("1",))), cell("c0", indices(0, 0, 5)), cell("c1", indices(0, 0, 1)),
            cell("c2", indices(1, 1, 1)),
        ]
    )  # fmt: skip
    assert (made.detected, made.named, made.false_alarms) == (wilson(2, 3), wilson(2, 3), wilson(1, 3))
    (highest,) = made.measures
    assert highest.name == HIGHEST
    assert highest.backdoored is not None
    assert highest.backdoored.values == [3, 2.5, 1.5]


def test_what_failed_on_one_seed_leaves_the_others_and_its_reason() -> None:
    made = found([cell("b0", indices(3)), cell("b1"), cell("b2", indices(1))])
    assert (made.status, made.seeds, made.reason) == ("measured", [0, 2], "it broke")


def test_what_cannot_apply_or_was_not_measured_says_so() -> None:
    made = found([cell(f"b{seed}", status="not-applicable", reason="no training data") for seed in range(3)])
    assert (made.status, made.reason, made.measures, made.seconds) == ("not-applicable", "no training data", [], None)
    assert found([]).status == "missing"


def test_networks_are_told_apart_by_their_highest_index() -> None:
    backdoored = [cell(f"b{number}", indices(0, 2.2 + number)) for number in range(20)]
    clean = [cell(f"c{number}", indices(number / 10, 0)) for number in range(20)]
    made = detection("made", None, backdoored, clean)
    assert made is not None
    verdict = made.verdict
    assert (verdict.samples, verdict.clean, verdict.poisoned) == ("networks", 20, 20)
    assert verdict.auroc is not None
    assert verdict.auroc.value == 1
    assert verdict.auroc.low == pytest.approx(wilson(20, 20).low)
    assert verdict.decision is not None
    assert (verdict.decision.threshold, verdict.decision.false_alarms) == (2.0, wilson(0, 20))
    blind = detection("made", None, clean, clean)
    assert blind is not None
    assert blind.verdict.auroc is not None
    assert blind.verdict.auroc.value == 0.5


def test_nothing_is_said_of_networks_without_indices_or_without_clean_ones() -> None:
    assert detection("made", None, [cell("b", scores(1))], [cell("c", scores(1))]) is None
    assert detection("made", None, [cell("b", indices(1))], []) is None
