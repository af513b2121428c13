"""What a study of defences measures: attacks, their clean controls, seeds, and defences, from a TOML file.

Needs no PyTorch; `training.studies.defence_columns` finds the defences.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator

from training.recipes.base import AnyRecipe, Part, RecipeError
from training.recipes.load import beside, explain, is_study, load, locate, read_toml
from training.recipes.scratch import Attack, ScratchRecipe
from training.studies.schema import Settings
from training.studies.sweep import with_settings


def _each_once(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is listed twice; its networks would count twice")
    return seeds


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_each_once)]
R = TypeVar("R", bound=AnyRecipe)
TWIN = "clean-twin"
"""Name of the recipe of a control that no file describes."""


class AttackPlan(Part):
    """One attack: a row of the table."""

    name: Name
    title: str
    """For people, as a page has it."""
    recipe: str
    """Name or path of the backdoored network's recipe."""
    control: str | None = None
    """Name or path of the clean control's recipe. None for the recipe itself without its attack, which only a
    recipe that trains from scratch can do without."""
    settings: Settings = Field(default={})
    """Fields of the recipe, over the study's settings."""
    seeds: Seeds | None = None
    """None for the study's."""
    by_seed: dict[str, list[Any]] = Field(default={})
    """Fields of the recipe that have a value of their own for each seed, in the seeds' order."""
    same_teacher: bool = False
    """Whether all seeds have the recipe's own teacher; by default a teacher has its student's seed."""

    def seeded(self, recipe: R, seed: int) -> R:
        """A recipe of this attack with one of its seeds."""
        return recipe.model_copy(update={"seed": seed}) if self.same_teacher else recipe.with_seed(seed)


class DefencePlan(Part):
    """One defence: a column of the table."""

    name: str
    settings: dict[str, Any] = Field(default={})
    """Those that differ from the paper's."""
    seeds: Seeds | None = None
    """Of the networks that it examines; None for all."""


class Trained(NamedTuple):
    """A backdoored network of the study and its clean control."""

    attack: str
    """Name of the attack."""
    recipe: AnyRecipe
    control: AnyRecipe


class DefenceStudy(Part):
    """A study: every defence on every attack's networks and on their clean controls."""

    name: Name
    title: str
    description: str = ""
    seeds: Seeds
    """Of the networks; a defence draws with the seed of the network that it examines."""
    settings: Settings = Field(default={})
    """Fields of all recipes that train from scratch, by their dotted names."""
    attacks: Annotated[list[AttackPlan], Field(min_length=1)]
    defences: Annotated[list[DefencePlan], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> DefenceStudy:
        for what, names in (("attacks", [each.name for each in self.attacks]), ("defences", self._columns())):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what}: {twice[0]} is listed twice")
        for attack in self.attacks:
            seeds = len(attack.seeds or self.seeds)
            for field, values in attack.by_seed.items():
                if len(values) != seeds:
                    raise ValueError(
                        f"attacks: {attack.name}: by_seed: {field} has {len(values)} values, {seeds} seeds"
                    )
        known = {seed for attack in self.attacks for seed in attack.seeds or self.seeds}
        for defence in self.defences:
            unknown = sorted(set(defence.seeds or []) - known)
            if unknown:
                raise ValueError(f"defences: {defence.name}: seeds: no network has the seed {unknown[0]}")
        return self

    def _columns(self) -> list[str]:
        return [each.name for each in self.defences]

    def defences_of(self, seed: int) -> tuple[DefencePlan, ...]:
        """The defences that examine networks of a seed."""
        return tuple(each for each in self.defences if each.seeds is None or seed in each.seeds)

    def networks(self) -> list[Trained]:
        """Every backdoored network with its control, by seed first, so that a study that was stopped has whole tables.

        Raises:
            RecipeError: If a recipe is missing or wrong, carries no backdoor, or its control does or does not exist.
        """
        found = [each for attack in self.attacks for each in self._of(attack)]
        return [trained for _, trained in sorted(found, key=lambda each: each[0])]

    def _of(self, attack: AttackPlan) -> Iterator[tuple[int, Trained]]:
        base, control = load(attack.recipe), load(attack.control) if attack.control else None
        seeds = attack.seeds or self.seeds
        for place, seed in enumerate(seeds):
            own = {field: values[place] for field, values in attack.by_seed.items()}
            recipe = attack.seeded(with_settings(base, self._shared(base) | attack.settings | own), seed)
            if not recipe.backdoored:
                raise RecipeError(f"{self.name}: attack {attack.name}: {recipe.name} carries no backdoor")
            if control is not None:
                clean = attack.seeded(with_settings(control, self._shared(control)), seed)
            elif isinstance(recipe, ScratchRecipe):
                clean = clean_twin(recipe)
            else:
                raise RecipeError(f"{self.name}: attack {attack.name}: control: required for a recipe with a teacher")
            if clean.backdoored:
                raise RecipeError(f"{self.name}: attack {attack.name}: control: {clean.name} carries a backdoor")
            yield place, Trained(attack.name, recipe, clean)

    def _shared(self, recipe: AnyRecipe) -> Settings:
        return self.settings if isinstance(recipe, ScratchRecipe) else {}


def clean_twin(recipe: ScratchRecipe) -> ScratchRecipe:
    """A recipe without its attack: the same data, network, training and seed. Attacks made alike share their twin."""
    return recipe.model_copy(
        update={
            "name": TWIN, "title": f"Clean twin on {recipe.data.name}",
            "description": "A backdoored network's recipe without its attack.", "attack": Attack(),
        }
    )  # fmt: skip


def read_plan(name_or_path: str | Path) -> DefenceStudy:
    """Read a study of defences by its name or its file.

    Raises:
        RecipeError: In one line: the file, and what is wrong with it.
    """
    path = locate(name_or_path)
    table = read_toml(path)
    if not is_study(table):
        kind = "a sweep; run it with: backdoors sweep" if "sweep" in table else "a recipe; see: backdoors defend"
        raise RecipeError(f"{path}: not a study of defences but {kind} {name_or_path}")
    try:
        plan = DefenceStudy.model_validate(table)
    except ValidationError as error:
        raise RecipeError(f"{path}: {explain(error, DefenceStudy)}") from error
    return plan.model_copy(update={"attacks": [_found_from(path, attack) for attack in plan.attacks]})


def _found_from(path: Path, attack: AttackPlan) -> AttackPlan:
    """The same attack, with the paths of recipes that lie beside the study's file."""
    control = None if attack.control is None else beside(path, attack.control)
    return attack.model_copy(update={"recipe": beside(path, attack.recipe), "control": control})
