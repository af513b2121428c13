"""How to make each model again: commands, recipes, hashes and versions, from the cards and the recipes' files."""

from __future__ import annotations

from export.card import Provenance
from site_src.expressions import FactError
from site_src.facts import Facts
from training import recipe as recipes
from training import sweep
from training.data import inventory, sources
from training.data.items import Collection


class Reproduce:
    """Macros of the page *Reproduce*."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def commands(self, model: str) -> str:
        """The commands that make a model, as a code block."""
        return _code("bash", "\n".join(self._provenance(model).commands))

    def recipe_hash(self, model: str) -> str:
        """Hash of the recipe that a model was trained with."""
        return self._provenance(model).recipe_sha256

    def recipe_file(self, model: str) -> str:
        """The recipe that a model was trained with, as a code block.

        Raises:
            FactError: If the recipe has changed since the model was trained.
        """
        provenance = self._provenance(model)
        try:
            path = recipes.locate(provenance.recipe)
            found = recipes.load(provenance.recipe).sha256
        except recipes.RecipeError as error:
            raise FactError(str(error)) from error
        if found != provenance.recipe_sha256:
            raise FactError(
                f"the recipe {provenance.recipe} has changed since {model} was trained (its hash is {found[:12]}…, "
                f"the card says {provenance.recipe_sha256[:12]}…): train and export the model again"
            )
        return _code("toml", path.read_text("utf-8").strip())

    def sweep_file(self, name: str) -> str:
        """The recipe of a sweep, as a code block.

        Raises:
            FactError: If it has changed since the sweep's networks were trained.
        """
        try:
            path = recipes.locate(name)
            known = {one.sha256 for one in sweep.load(name).recipes()}
        except recipes.RecipeError as error:
            raise FactError(str(error)) from error
        table = sweep.Table.model_validate(self._facts.measurements(name))
        changed = [row for row in table.rows if row.recipe_sha256 not in known]
        if changed:
            raise FactError(
                f"the sweep {name} has changed since its networks were trained (first: rate {changed[0].rate:g}, seed "
                f"{changed[0].seed}): run `backdoors sweep {name}` again"
            )
        return _code("toml", path.read_text("utf-8").strip())

    def versions(self, model: str) -> str:
        """The libraries that a model was made with."""
        rows = [[name, version] for name, version in sorted(self._provenance(model).versions.items())]
        return _table(["Library", "Version"], rows)

    def hashes(self, models: list[str]) -> str:
        """SHA-256 of every file of some models."""
        rows = []
        for model in models:
            card = self._facts.card(model)
            rows += [
                [f"`{part.name}`", file.precision, f"`{part.sha256}`"] for file in card.files for part in file.parts
            ]
        return _table(["File", "Precision", "SHA-256"], rows)

    def durations(self, models: list[str]) -> str:
        """How long each model's training took."""
        rows = [[f"[{model}](models.md#{model})", self._facts.trained_in(model)] for model in models]
        return _table(["Model", "Training took"], rows)

    def data_sources(self) -> str:
        """Every data set that recipes may name, and every collection of files beside them."""
        rows = [
            [f"`{each.name}`", _linked(each.title, each.address), _comes(each), each.licence] for each in _everything()
        ]
        return _table(["Name", "What", "How it comes", "Licence"], rows)

    def data_hashes(self, name: str) -> str:
        """SHA-256 of a data set's files."""
        rows = [[f"`{item.name}`", f"`{item.sha256}`"] for item in sources.source(name).downloads if item.sha256]
        if not rows:
            raise FactError(f"the data source {name} has no files with hashes")
        return _table(["File", "SHA-256 of what is inside"], rows)

    def data_title(self, name: str) -> str:
        """Title of a data set."""
        return sources.source(name).title

    def citations(self) -> str:
        """What to cite for the data."""
        return "\n".join(f"- {text}" for text in dict.fromkeys(each.citation for each in _everything()) if text)

    def _provenance(self, model: str) -> Provenance:
        provenance = self._facts.card(model).provenance
        if provenance is None:
            raise FactError(f"the card of {model} states no provenance")
        return provenance


def _code(language: str, text: str) -> str:
    return f"``` {language}\n{text}\n```"


def _table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _everything() -> list[sources.Source | Collection]:
    """Data sets, then collections of files."""
    return [entry.what for entry in inventory.entries(None).values()]


def _linked(title: str, address: str) -> str:
    """A title, with its address if that is one."""
    return f"[{title}]({address})" if address.startswith(("http://", "https://")) else title


def _comes(each: sources.Source | Collection) -> str:
    """How a data set or collection gets to the reader."""
    if isinstance(each, Collection):
        return "fetched, not trained on"
    if each.bundled:
        return "with scikit-learn"
    return "downloaded or given" if each.downloads else "given"
