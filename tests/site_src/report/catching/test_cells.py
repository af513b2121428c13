from __future__ import annotations

import pytest

from site_src.plugin.expressions import FactError
from site_src.plugin.formats import THIN
from site_src.report.catching.cells import NO_POISON, Shown, shown
from site_src.report.catching.results import Found
from site_src.report.catching.words import Word
from tests.site_src.report.catching.small_study import Small, indices, repaired, samples


def cell(attack: str, defence: str, small: Small | None = None) -> Shown:
    found = Found("small", (small or Small()).results(), {})
    attacks = {each.name: each for each in found.results.attacks}
    defences = {each.name: each for each in found.results.defences}
    return shown(found, attacks[attack], defences[defence])


def test_samples_show_what_is_found_at_one_per_cent_and_the_range_of_the_seeds() -> None:
    found = cell("patch", "strip")
    assert (found.word, found.number, found.spread) == (Word.CAUGHT, f"96{THIN}%", f"95 to 97{THIN}%")
    assert found.second.startswith("AUROC 0.9")
    assert found.id == "strip-patch"


def test_networks_show_how_many_are_called_backdoored_beside_the_controls() -> None:
    found = cell("patch", "neural-cleanse")
    assert (found.number, found.second) == ("2 of 2", "clean 0 of 2")


def test_a_repair_shows_success_and_accuracy_before_and_after() -> None:
    found = cell("latent", "fine-tuning")
    assert found.number == f"99.5 → 1.5{THIN}%"
    assert found.spread == f"1.0 to 2.0{THIN}%"
    assert found.second == f"accuracy 99.0 → 99.0{THIN}%"


def test_a_cell_without_a_number_says_why_and_has_no_rank() -> None:
    found = cell("latent", "activation-clustering")
    assert (found.word, found.number, found.reason) == (Word.CANNOT, "", "the student's data is clean")
    assert found.rank < 0
    small = Small()
    small.said["latent", "activation-clustering"] = [samples(0, poisoned=0, training=True)] * 2
    assert cell("latent", "activation-clustering", small).reason == NO_POISON


def test_cells_rank_by_their_word_and_then_by_their_number() -> None:
    ranked = [
        cell("patch", "strip"), cell("patch", "activation-clustering"), cell("latent", "strip"),
        cell("latent", "activation-clustering"),
    ]  # fmt: skip
    assert [each.word for each in ranked] == [Word.CAUGHT, Word.PARTLY, Word.SLIPS, Word.CANNOT]
    assert [each.rank for each in ranked] == sorted((each.rank for each in ranked), reverse=True)
    better = Small()
    better.said["latent", "strip"] = [samples(20), samples(22)]
    assert cell("latent", "strip", better).rank > cell("latent", "strip").rank


def test_a_cell_that_the_study_does_not_have_is_refused() -> None:
    found = Found("small", Small().results(), {})
    with pytest.raises(FactError, match=r"small\.json has no cell of strip against warped"):
        found.cell("warped", "strip")


def test_a_detector_ranks_by_what_it_recognises_and_a_repair_by_what_it_leaves() -> None:
    small = Small()
    small.said["patch", "neural-cleanse"] = [indices(3.0), indices(1.0)]
    small.said["latent", "neural-cleanse"] = [indices(3.0), indices(3.0, label="1")]
    half, both = (cell(attack, "neural-cleanse", small) for attack in ("patch", "latent"))
    assert half.word is both.word is Word.PARTLY
    assert both.rank > half.rank
    small.said["patch", "fine-tuning"] = [repaired(18), repaired(18)]
    small.said["latent", "fine-tuning"] = [repaired(2), repaired(2)]
    worse, better = (cell(attack, "fine-tuning", small) for attack in ("patch", "latent"))
    assert worse.word is better.word is Word.CAUGHT
    assert better.rank > worse.rank


def test_a_detector_that_is_alarmed_by_everything_ranks_no_higher_than_a_silent_one() -> None:
    small = Small()
    small.clean["neural-cleanse"] = indices(3.0, backdoored=False)
    alarmed, silent = (cell(attack, "neural-cleanse", small) for attack in ("patch", "latent"))
    assert alarmed.word is silent.word is Word.SLIPS
    assert alarmed.rank == silent.rank
