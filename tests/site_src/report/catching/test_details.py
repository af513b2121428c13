from __future__ import annotations

import re

import numpy as np

from site_src.plugin.formats import samples
from site_src.report.catching.cells import shown
from site_src.report.catching.details import details, recovered
from site_src.report.catching.results import Found
from site_src.report.trigger_images import ground
from tests.site_src.report.catching.small_study import PLAN, Small, indices, png
from training.defences.verdict import ClassIndices, LabelNumbers, RecoveredTrigger, Repaired, SampleScores

TRIGGERS = {each.attack: each.recipe.trigger for each in PLAN.networks()}


def folded(attack: str, defence: str, images: dict[str, bytes] | None = None, small: Small | None = None) -> str:
    found = Found("small", (small or Small()).results(), TRIGGERS)
    attacks = {each.name: each for each in found.results.attacks}
    defences = {each.name: each for each in found.results.defences}
    kept = {} if images is None else images

    def add_image(name: str, content: bytes) -> str:
        kept[name] = content
        return f"images/{name}"

    return details(found, shown(found, attacks[attack], defences[defence]), add_image)


def test_scores_open_to_a_curve_a_histogram_and_all_numbers() -> None:
    html = folded("patch", "strip")
    assert '<div id="strip-patch"' in html
    assert html.count("<chart-cursor") == 2
    assert "One line for each of 2 networks" in html
    row = re.search(r"Detected at 1 % false alarms</th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)</td>", html)
    assert row is not None
    assert f"{samples(100)}, 95" in row[1]
    assert row[2].startswith("1")


def test_ids_are_those_of_the_cell_and_used_once() -> None:
    page = folded("patch", "strip") + folded("latent", "strip") + folded("patch", "activation-clustering")
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_indices_open_to_the_recovered_trigger_beside_the_true_one() -> None:
    images: dict[str, bytes] = {}
    html = folded("patch", "neural-cleanse", images)
    assert list(images) == [
        f"neural-cleanse-patch-{each}-{kind}.png" for each in ("true", 0) for kind in ("mask", "on")
    ]
    assert html.index("The true trigger") < html.index("Found for class 7 (the attacker’s)")  # noqa: RUF001
    assert "AUROC" in html
    assert re.findall(r"<td><b>([\d.]+)</b></td>", html) == ["3.00", "4.00"]


def test_a_trigger_on_a_photo_is_shown_large() -> None:
    verdict = indices(3.0)
    assert isinstance(verdict, ClassIndices)
    assert 'class="bd-pixels" src' in folded("patch", "neural-cleanse")
    packed = png(np.full((224, 224), 255, np.uint8))
    photo = RecoveredTrigger(mask=packed, pattern=packed)
    rows = [row.model_copy(update={"trigger": photo if row.trigger else None}) for row in verdict.classes]
    small = Small()
    small.said["latent", "neural-cleanse"] = [verdict.model_copy(update={"classes": rows})] * 2
    html = folded("latent", "neural-cleanse", small=small)
    assert 'class="bd-pixels" src' not in html
    assert 'width="168" height="168"' in html


def test_a_recovered_trigger_covers_what_its_mask_says() -> None:
    mask = np.zeros((28, 28), np.uint8)
    mask[0, 0], mask[0, 1] = 255, 51
    pattern = np.full((28, 28), 200, np.uint8)
    shown_mask, stamped = recovered(RecoveredTrigger(mask=png(mask), pattern=png(pattern)))
    plain = ground((28, 28, 1))
    assert shown_mask.shape == (28, 28, 1)
    assert stamped[0, 0, 0] == 200
    assert stamped[0, 1, 0] == round(0.8 * plain[0, 1, 0] + 0.2 * 200)
    assert (stamped[1:] == plain[1:]).all()


def test_a_repair_opens_to_what_it_decided() -> None:
    html = folded("patch", "fine-tuning")
    assert "<dt>Pruned fraction</dt><dd>0.25</dd>" in html
    assert "<chart-cursor" not in html


def test_the_most_suspicious_classes_come_first_and_no_more_than_are_shown() -> None:
    verdict = indices(3.0)
    assert isinstance(verdict, ClassIndices)
    trigger = next(row.trigger for row in verdict.classes if row.trigger)
    given = {"2": 1.0, "1": 2.5, "7": 3.0, "0": 2.8}
    rows = [row.model_copy(update={"trigger": trigger, "index": given.get(row.label, 0.1)}) for row in verdict.classes]
    small = Small()
    small.said["patch", "neural-cleanse"] = [verdict.model_copy(update={"classes": rows})] * 2
    assert re.findall(r"Found for class (\d)", folded("patch", "neural-cleanse", small=small)) == ["7", "0", "1"]


def test_what_repairs_decided_is_their_median() -> None:
    small = Small()
    verdict = small.said["patch", "fine-tuning"][0]
    assert isinstance(verdict, Repaired)
    small.said["patch", "fine-tuning"] = [
        verdict.model_copy(update={"details": {"pruned_fraction": each}}) for each in (0.25, 0.75)
    ]
    assert "<dt>Pruned fraction</dt><dd>0.5</dd>" in folded("patch", "fine-tuning", small=small)
    some = [
        verdict.model_copy(update={"details": details}) for details in ({"unlearnt": 0}, {"unlearnt": 2, "rate": 4})
    ]
    small.said["patch", "fine-tuning"] = some
    html = folded("patch", "fine-tuning", small=small)
    assert "<dt>Unlearnt</dt><dd>1</dd>" in html
    assert "<dt>Rate</dt><dd>4</dd>" in html


def test_what_was_seen_among_the_images_of_each_label_is_a_table() -> None:
    small = Small()
    verdict = small.said["patch", "activation-clustering"][0]
    assert isinstance(verdict, SampleScores)
    numbers = {"smaller cluster": 0.2, "silhouette": 0.154}
    seen = [LabelNumbers(label=label, numbers=numbers, suspicious=label == "7") for label in ("6", "7")]
    small.said["patch", "activation-clustering"] = [verdict.model_copy(update={"labels": seen})] * 2
    html = folded("patch", "activation-clustering", small=small)
    assert "Among the images of each label: smaller cluster / silhouette" in html
    assert re.findall(r"<td><b>([^<]+)</b></td>", html)[:1] == ["0.20 / 0.15"]
    assert "<td>0.20 / 0.15</td>" in html


def test_a_cell_without_a_verdict_says_why_alone() -> None:
    html = folded("latent", "activation-clustering")
    assert "<p>The student&#39;s data is clean</p>" in html
    assert "<table" not in html


def test_a_detector_without_recovered_triggers_shows_none() -> None:
    small = Small()
    bare = indices(3.0)
    plain = bare.model_copy(update={"classes": [row.model_copy(update={"trigger": None}) for row in bare.classes]})  # type: ignore[union-attr]
    small.said["patch", "neural-cleanse"] = [plain, plain]
    found = Found("small", small.results(), TRIGGERS)
    cell = shown(found, found.results.attacks[0], found.results.defences[2])
    assert "bd-triggers" not in details(found, cell, lambda name, _: name)


def test_of_many_classes_the_most_suspicious_and_the_attackers_are_shown() -> None:
    verdict = indices(-1.0)
    assert isinstance(verdict, ClassIndices)
    more = [verdict.classes[0].model_copy(update={"label": f"breed {at}", "index": at / 100}) for at in range(110)]
    small = Small()
    small.said["patch", "neural-cleanse"] = [verdict.model_copy(update={"classes": verdict.classes + more})] * 2
    html = folded("patch", "neural-cleanse", small=small)
    table = html[html.index("<caption>") :]
    rows = re.findall(r'<th scope="row">([^<]+)', table[: table.index("</table>")])
    assert rows == [f"breed {at}" for at in range(109, 89, -1)] + ["7 "]
    assert "Of 120 classes" in html


def test_one_network_beside_one_is_no_area_under_a_curve() -> None:
    small = Small()
    assert "Told apart from clean networks" in folded("patch", "neural-cleanse", small=small)
    for attack in ("patch", "latent"):
        small.said[attack, "neural-cleanse"] = [indices(3.0), "too little time"]
    assert "Told apart from clean networks" not in folded("patch", "neural-cleanse", small=small)
