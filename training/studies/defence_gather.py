"""What the networks of a study of defences have found so far, put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from training.defences.base import Need
from training.recipes.scratch import ScratchRecipe
from training.runs.store import Facts, Run
from training.studies import defence_table
from training.studies.defence_columns import defence_of
from training.studies.defence_plan import AttackPlan, DefencePlan, DefenceStudy, Trained
from training.studies.defence_results import DefenceResults, Detection, StudiedAttack, StudiedDefence, StudiedNetwork
from training.studies.defence_table import Pair
from training.studies.examination import Examination
from training.studies.schema import Cell
from training.triggers.labels import attack_sha256

Jobs = Mapping[str, Examination]
"""A study's jobs, by the names of their runs."""


def gather(study: DefenceStudy, networks: Sequence[Trained], jobs: Jobs) -> DefenceResults:
    """The results of a study, as far as they were measured.

    Args:
        study: The study.
        networks: Its networks.
        jobs: Their jobs; what was not examined yet is left out.
    """
    examined: dict[str, StudiedNetwork] = {}
    cells: list[Cell] = []
    pairs: dict[str, list[Pair]] = {attack.name: [] for attack in study.attacks}
    for trained in networks:
        both = [jobs[recipe.run_name] for recipe in (trained.control, trained.recipe)]
        if not all(job.cells.is_file() for job in both):
            continue
        clean, backdoored = (_network(job, trained.attack if job is both[1] else None) for job in both)
        backdoored = backdoored.model_copy(update={"control": clean.sha256})
        pairs[trained.attack].append((backdoored, clean))
        for job, network in zip(both, (clean, backdoored), strict=True):
            if network.sha256 not in examined:
                examined[network.sha256] = network
                cells += _cells(study, job)
    return DefenceResults(
        study=study.name, title=study.title, description=study.description, seeds=study.seeds,
        settings=study.settings,
        attacks=[_attack(attack, networks) for attack in study.attacks],
        defences=[_defence(plan) for plan in study.defences],
        networks=list(examined.values()), cells=cells,
        table=[
            defence_table.table_cell(attack.name, plan.name, pairs[attack.name], _finder(cells, plan.name))
            for attack in study.attacks for plan in study.defences
        ],
        detection=[
            each for plan in study.defences for each in _detection(plan.name, list(examined.values()), pairs, cells)
        ],
    )  # fmt: skip


def _cells(study: DefenceStudy, job: Examination) -> list[Cell]:
    """The cells of a network that this study asks for."""
    wanted = [(plan.name, defence_of(plan).settings.model_dump(mode="json")) for plan in study.defences]
    return [cell for cell in job.found().cells if (cell.defence, cell.settings) in wanted]


def _network(job: Examination, attack: str | None) -> StudiedNetwork:
    run, known = Run.open(job.folder), job.found().networks[-1]
    origin, measured = run.metrics.training, run.metrics.measurement
    facts = origin if isinstance(origin, Facts) else None
    return StudiedNetwork(
        sha256=known.sha256, recipe=run.recipe.name, recipe_sha256=run.recipe.sha256, seed=run.recipe.seed,
        attack=attack, control=None, making=run.recipe.with_seed(0).sha256,
        trigger=attack_sha256(run.recipe.trigger, run.recipe.label_map_for(origin.classes)), data=known.data,
        samples=facts.samples if facts else None, poisoned=facts.poisoned if facts else None,
        clean_accuracy=measured.clean_accuracy, attack_success_rate=measured.attack_success_rate,
    )  # fmt: skip


def _attack(attack: AttackPlan, networks: Sequence[Trained]) -> StudiedAttack:
    """An attack, as its first network carries it."""
    recipe = next(each.recipe for each in networks if each.attack == attack.name)
    own = recipe.attack if isinstance(recipe, ScratchRecipe) else None
    return StudiedAttack(
        name=attack.name, title=attack.title, recipe=attack.recipe, trigger=recipe.trigger.describe(),
        trigger_kind=recipe.trigger.kind, label_map=own.label_map.kind if own else "all-to-one",
        clean_label=bool(own and own.clean_label),
    )  # fmt: skip


def _defence(plan: DefencePlan) -> StudiedDefence:
    found = defence_of(plan)
    return StudiedDefence(
        name=found.name,
        title=found.title,
        paper=found.paper,
        settings=found.settings.model_dump(mode="json"),
        needs=[need for need in Need if need in found.needs],
    )


def _finder(cells: Sequence[Cell], defence: str) -> defence_table.Find:
    place = {(cell.network, cell.attack): cell for cell in cells if cell.defence == defence}
    return lambda network, measured_with: place.get((network.sha256, measured_with.trigger))


def _detection(
    defence: str, networks: Sequence[StudiedNetwork], pairs: Mapping[str, Sequence[Pair]], cells: Sequence[Cell]
) -> Iterator[Detection]:
    """Over all networks, and for each attack over its networks and all clean ones that were made as its controls."""
    by_network = {cell.network: cell for cell in cells if cell.defence == defence}

    def chosen(wanted: Iterable[StudiedNetwork]) -> list[Cell]:
        return [by_network[each.sha256] for each in wanted if each.sha256 in by_network]

    clean = [each for each in networks if each.attack is None]
    backdoored = [each for each in networks if each.attack is not None]
    found = [defence_table.detection(defence, None, chosen(backdoored), chosen(clean))]
    for attack, own in pairs.items():
        made_alike = {control.making for _, control in own}
        beside = [each for each in clean if each.making in made_alike]
        found.append(defence_table.detection(defence, attack, chosen(each for each, _ in own), chosen(beside)))
    yield from (each for each in found if each is not None)
