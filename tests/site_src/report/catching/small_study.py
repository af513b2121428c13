"""A small study of defences: two attacks and four defences, one of each family, put together as a real study is."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from training.core.metrics import Measurement, wilson
from training.defences.scoring import score
from training.defences.verdict import (
    AnyVerdict,
    ClassIndex,
    ClassIndices,
    RecoveredTrigger,
    Repaired,
)
from training.studies import defence_table
from training.studies.defence_columns import defence_of
from training.studies.defence_plan import DefenceStudy
from training.studies.defence_results import DefenceResults, StudiedAttack, StudiedDefence, StudiedNetwork
from training.studies.schema import Cell
from training.triggers.labels import attack_sha256

PLAN = DefenceStudy.model_validate(
    {
        "name": "small", "title": "Small study", "seeds": [1, 2], "settings": {"data.validation": 0.25},
        "attacks": [
            {"name": "patch", "title": "Patch", "recipe": "digits-badnet-single"},
            {"name": "latent", "title": "Latent", "recipe": "latent-digits-student-latent",
             "control": "latent-digits-student-clean"},
        ],
        "defences": [
            {"name": "strip", "settings": {"overlays": 12}}, {"name": "activation-clustering"},
            {"name": "neural-cleanse"}, {"name": "fine-tuning"},
        ],
    }
)  # fmt: skip
TITLES = {"strip": "STRIP", "activation-clustering": "Activation clustering", "neural-cleanse": "Neural Cleanse",
          "fine-tuning": "Gentle fine-tuning"}  # fmt: skip
CLASSES = [str(digit) for digit in range(10)]
TARGET = "7"


def samples(hits: int, *, poisoned: int = 100, training: bool = False) -> AnyVerdict:
    """A verdict that finds so many of the poisoned samples above all 200 clean ones; the others score as clean ones."""
    clean = np.linspace(0, 1, 200)
    scores = np.concatenate([clean, np.full(hits, 2.0), np.linspace(0, 0.9, poisoned - hits)])
    truth = np.arange(len(scores)) >= len(clean)
    return score(scores, truth, samples="training-images" if training else "inputs", threshold=1.5)


def indices(highest: float, label: str = TARGET, *, backdoored: bool = True) -> AnyVerdict:
    """A verdict with one high index, and a recovered trigger for that class."""
    mask = np.zeros((28, 28), np.uint8)
    mask[25:27, 25:27] = 255
    trigger = RecoveredTrigger(mask=png(mask), pattern=png(mask))
    rows = [
        ClassIndex(label=each, index=highest if each == label else 0.5, trigger=trigger if each == label else None)
        for each in CLASSES
    ]
    return ClassIndices(
        index="anomaly index", threshold=2, images=64, classes=rows, targets=[TARGET] if backdoored else []
    )


def repaired(left: int, clean: int = 198) -> AnyVerdict:
    """A verdict on a repair that leaves so many of 200 successes and of 200 right answers, 199 and 198 before."""
    before, after = (
        Measurement(data="digits test", clean_accuracy=wilson(right, 200), attack_success_rate=wilson(hits, 200))
        for right, hits in ((198, 199), (clean, left))
    )
    return Repaired(images=80, before=before, after=after, details={"pruned_fraction": 0.25})


def png(pixels: np.ndarray[Any, Any]) -> str:
    """A grey image as PNG in base64."""
    packed = io.BytesIO()
    Image.fromarray(pixels).save(packed, "PNG")
    return base64.b64encode(packed.getvalue()).decode()


Verdicts = Sequence[AnyVerdict | str]
"""One a seed; a text is the reason why a defence cannot be used."""


@dataclass
class Small:
    """What each defence says of each attack's networks, seed by seed, and of the clean controls."""

    said: dict[tuple[str, str], Verdicts] = field(
        default_factory=lambda: {
            ("patch", "strip"): [samples(95), samples(97)],
            ("patch", "activation-clustering"): [samples(60, training=True), samples(99, training=True)],
            ("patch", "neural-cleanse"): [indices(3.0), indices(4.0)],
            ("patch", "fine-tuning"): [repaired(190), repaired(150)],
            ("latent", "strip"): [samples(5), samples(8)],
            ("latent", "activation-clustering"): ["the student's data is clean"] * 2,
            ("latent", "neural-cleanse"): [indices(1.0), indices(1.5)],
            ("latent", "fine-tuning"): [repaired(4), repaired(2)],
        }
    )
    clean: dict[str, AnyVerdict | str] = field(
        default_factory=lambda: {
            "strip": samples(1), "activation-clustering": samples(0, poisoned=0, training=True),
            "neural-cleanse": indices(1.2, backdoored=False), "fine-tuning": repaired(0),
        }
    )  # fmt: skip

    def results(self) -> DefenceResults:
        """As `backdoors study-defences` writes it."""
        networks, cells = [], []
        pairs: dict[str, list[defence_table.Pair]] = {"patch": [], "latent": []}
        for trained in PLAN.networks():
            seed = trained.recipe.seed
            beside = (trained.attack, seed)
            clean = _network(trained.control, None, f"clean {beside}", trained.recipe)
            own = _network(trained.recipe, trained.attack, f"own {beside}", trained.recipe)
            own = own.model_copy(update={"control": clean.sha256})
            pairs[trained.attack].append((own, clean))
            networks += [clean, own]
            for plan in PLAN.defences:
                verdict = self.said[trained.attack, plan.name][PLAN.seeds.index(seed)]
                cells += [_cell(own, own, plan.name, verdict), _cell(clean, own, plan.name, self.clean[plan.name])]
        found = {(cell.network, cell.defence): cell for cell in cells}
        return DefenceResults(
            study=PLAN.name, title=PLAN.title, description="", seeds=PLAN.seeds, settings=PLAN.settings,
            attacks=[
                StudiedAttack(name=each.name, title=each.title, recipe=each.recipe, trigger="a square",
                              trigger_kind="patch", label_map="all-to-one")
                for each in PLAN.attacks
            ],
            defences=[
                StudiedDefence(name=each.name, title=TITLES[each.name], paper="A paper, 2019",
                               settings=defence_of(each).settings.model_dump(mode="json"))
                for each in PLAN.defences
            ],
            networks=networks, cells=cells,
            table=[
                defence_table.table_cell(
                    attack, plan.name, pairs[attack],
                    lambda network, _, name=plan.name: found.get((network.sha256, name)),  # type: ignore[misc]
                )
                for attack in pairs for plan in PLAN.defences
            ],
            detection=[
                each
                for attack in (None, *pairs)
                if (each := defence_table.detection(
                    "neural-cleanse", attack,
                    [found[network.sha256, "neural-cleanse"] for network in networks
                     if network.attack and attack in {None, network.attack}],
                    [found[network.sha256, "neural-cleanse"] for network in networks if not network.attack],
                ))
            ],
        )  # fmt: skip


def _network(recipe: Any, attack: str | None, sha256: str, attacker: Any) -> StudiedNetwork:  # noqa: ANN401 - any recipe
    attacked = attack_sha256(attacker.trigger, attacker.label_map_for(CLASSES)) or ""
    return StudiedNetwork(
        sha256=sha256, recipe=recipe.name, recipe_sha256=recipe.sha256, seed=recipe.seed, attack=attack, control=None,
        making=recipe.with_seed(0).sha256, trigger=attacked,
        data="digits test", samples=1000, poisoned=100 if attack else 0, clean_accuracy=wilson(198, 200),
        attack_success_rate=wilson(190 + recipe.seed, 200) if attack else None,
    )  # fmt: skip


def _cell(network: StudiedNetwork, attacker: StudiedNetwork, defence: str, verdict: AnyVerdict | str) -> Cell:
    told: dict[str, Any] = {"status": "measured", "verdict": verdict}
    if isinstance(verdict, str):
        told = {"status": "not-applicable", "reason": verdict}
    return Cell(
        network=network.sha256, defence=defence, title=TITLES[defence], settings={}, seed=network.seed, seconds=2.5,
        attack=attacker.trigger, peak_bytes=10**9, **told,
    )  # fmt: skip
