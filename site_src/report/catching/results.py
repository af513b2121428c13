"""The results of a study of defences, looked up by attack and defence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from pydantic import ValidationError

from site_src.plugin.expressions import FactError
from training.core.errors import UserError
from training.defences.verdict import AnyVerdict, ClassIndices, Repaired
from training.recipes.load import load
from training.studies.defence_plan import DefenceStudy, read_plan
from training.studies.defence_results import (
    DefenceResults,
    Detection,
    Spread,
    StudiedAttack,
    StudiedDefence,
    StudiedNetwork,
    TableCell,
)
from training.studies.schema import Cell
from training.triggers.base import Trigger

AUROC = "AUROC"
AT_1 = "detected at 1 % false alarms"
FALSE_ALARMS = "false alarms at its own threshold"
AT_5 = "detected at 5 % false alarms"
CLEAN_BEFORE, CLEAN_AFTER = "clean accuracy before", "clean accuracy after"
ASR_BEFORE, ASR_AFTER = "attack success rate before", "attack success rate after"
"""Names of measures, as verdicts give them."""
TRAINING_DATA = "the training data"
"""What a defence that searches it says that it needs."""


class Family(StrEnum):
    """What a defence examines."""

    INPUTS = "inputs"
    TRAINING = "training-data"
    NETWORK = "network"
    REPAIR = "repair"

    @property
    def heading(self) -> str:
        """For people."""
        return self.value.replace("-", " ").capitalize()


class Beside(NamedTuple):
    """A defence on a backdoored network, and on its clean control."""

    network: StudiedNetwork
    cell: Cell
    control: Cell | None


@dataclass(frozen=True)
class Found:
    """The results of one study."""

    name: str
    """Of its file."""
    results: DefenceResults
    triggers: Mapping[str, Trigger]
    """Each attack's true trigger."""
    prefix: str = ""
    """Of the ids on the page, where it shows several studies."""
    recipes: Mapping[str, str] = field(default_factory=dict)
    """The attack whose recipe has a hash, as its file stands: without the study's settings, which make other hashes."""

    @cached_property
    def families(self) -> dict[Family, list[StudiedDefence]]:
        """The defences by what they examine.

        One that could be used on no network is left out, unless it searches training data: its cells say why not.
        """
        found: dict[Family, list[StudiedDefence]] = {family: [] for family in Family}
        for defence in self.results.defences:
            verdicts = [cell.verdict for cell in self.results.cells if cell.defence == defence.name and cell.verdict]
            if verdicts:
                found[_family(verdicts[0])].append(defence)
            elif TRAINING_DATA in defence.needs:
                found[Family.TRAINING].append(defence)
        return {family: defences for family, defences in found.items() if defences}

    def family(self, defence: str) -> Family:
        """What a defence of `families` examines."""
        return next(family for family, known in self.families.items() if defence in {each.name for each in known})

    def cell(self, attack: str, defence: str) -> TableCell:
        """What was found of a defence against an attack.

        Raises:
            FactError: If the study has no such cell.
        """
        for each in self.results.table:
            if (each.attack, each.defence) == (attack, defence):
                return each
        raise FactError(f"{self.name}.json has no cell of {defence} against {attack}")

    def networks(self, attack: str | None) -> list[StudiedNetwork]:
        """The networks that carry an attack; the clean ones for None."""
        return [each for each in self.results.networks if each.attack == attack]

    def beside(self, attack: str, defence: str) -> list[Beside]:
        """A defence on each network of an attack, in the order of their seeds."""
        own = {(cell.network, cell.attack): cell for cell in self.results.cells if cell.defence == defence}
        found = []
        for network in self.networks(attack):
            cell = own.get((network.sha256, network.trigger))
            if cell is not None:
                found.append(Beside(network, cell, own.get((network.control or "", network.trigger))))
        return found

    def detection(self, defence: str, attack: str | None) -> Detection | None:
        """How a defence tells an attack's networks, or all backdoored ones, from clean ones."""
        wanted = (defence, attack)
        return next((each for each in self.results.detection if (each.defence, each.attack) == wanted), None)


def measure(cell: TableCell, name: str) -> Spread | None:
    """A measure of the backdoored networks; None if the cell has none of that name."""
    return next((each.backdoored for each in cell.measures if each.name == name), None)


def read(name: str, content: object, *, current: bool, prefix: str = "") -> Found:
    """The results in a file.

    Args:
        name: Of the file.
        content: What JSON it holds.
        prefix: Of the ids on the page.
        current: Whether it must have been measured completely, and with the study, recipes and settings of today.

    Raises:
        FactError: If it cannot be read as such results, or is not current.
    """
    try:
        results = DefenceResults.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise FactError(
            f"{name}.json cannot be read as results of backdoors study-defences: {place}: {first['msg']}"
        ) from error
    try:
        study = read_plan(results.study)
    except UserError as error:
        if current:
            raise FactError(f"{name}.json: {error}") from error
        return Found(name, results, {}, prefix)
    if current:
        require_current(name, results, study)
    triggers = {each.attack: each.recipe.trigger for each in study.networks()}
    recipes = {load(each.recipe).sha256: each.name for each in study.attacks if not (each.settings or each.by_seed)}
    return Found(name, results, triggers, prefix, recipes)


def require_current(name: str, results: DefenceResults, study: DefenceStudy) -> None:
    """Refuse results that are incomplete, or that today's study and recipes would not give.

    Raises:
        FactError: In one line: what differs.
    """
    again = f"run `backdoors study-defences {study.name}` again"
    measured = {(each.attack, each.seed): each.recipe_sha256 for each in results.networks if each.attack}
    clean = {each.recipe_sha256 for each in results.networks if each.attack is None}
    for trained in study.networks():
        words = f"{trained.attack}, seed {trained.recipe.seed}"
        found = measured.get((trained.attack, trained.recipe.seed))
        if found is None:
            raise FactError(f"{name}.json is incomplete: it has no network of the attack {words}: {again}")
        if found != trained.recipe.sha256:
            raise FactError(
                f"the recipe {trained.recipe.name} has changed since {name}.json was measured ({words}: its hash is "
                f"{trained.recipe.sha256[:12]}…, the file says {found[:12]}…): {again}"
            )
        if trained.control.sha256 not in clean:
            raise FactError(f"{name}.json has no clean control, made as today, of the attack {words}: {again}")
    known = {each.name: each.settings for each in results.defences}
    for plan in study.defences:
        measured_with = known.get(plan.name)
        if measured_with is None or any(measured_with.get(name) != value for name, value in plan.settings.items()):
            raise FactError(f"{name}.json was not measured with today's settings of {plan.name}: {again}")
    missing = [f"{each.defence} against {each.attack}" for each in results.table if each.status == "missing"]
    if missing:
        raise FactError(f"{name}.json is incomplete: {missing[0]} was not measured: {again}")


def attacks_by_name(results: DefenceResults) -> dict[str, StudiedAttack]:
    """The attacks of a study, by their names."""
    return {each.name: each for each in results.attacks}


def same(values: Sequence[float]) -> bool:
    """Whether all values are one."""
    return len(set(values)) == 1


def _family(verdict: AnyVerdict) -> Family:
    if isinstance(verdict, ClassIndices):
        return Family.NETWORK
    if isinstance(verdict, Repaired):
        return Family.REPAIR
    return Family.TRAINING if verdict.samples == "training-images" else Family.INPUTS
