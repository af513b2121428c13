"""How to reproduce each model: commands, recipes, hashes and versions, from the cards and the recipes' files."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from export.card.schema import ModelCard, Provenance
from site_src.plugin.catalogue import Entry
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import Facts
from site_src.report.study import STUDY
from site_src.report.tables import code, fold, table
from training.data import dogs, inventory, weights
from training.data import registry as sources
from training.data.base import Source
from training.data.fetch.items import Collection
from training.recipes import load as recipes
from training.recipes.base import RecipeError
from training.studies import sweep
from training.studies.schema import Table

MAKEFILE = Path(__file__).resolve().parents[3] / "Makefile"
METRICS = "site_assets/metrics"
"""The folder of metrics files, as commands name it."""
_BREED = "<wnid>-<Breed>"
_SPLITS = "{train,test}"


class Reproduce:
    """Macros of the page *Reproduce*."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def networks(self) -> str:
        """A section for each released model: its commands, its recipe and the recipe's hash."""
        return "\n\n".join(self._section(entry) for entry in self._released())

    def commands(self, model: str) -> str:
        """The commands that make a model, as a code block."""
        return code("bash", "\n".join(self._provenance(model).commands))

    def recipe_hash(self, model: str) -> str:
        """Hash of the recipe that a model was trained from."""
        return self._provenance(model).recipe_sha256

    def recipe_file(self, model: str) -> str:
        """The recipe that a model was trained from, as a code block.

        Raises:
            FactError: If the recipe has changed since the model was trained.
        """
        provenance = self._provenance(model)
        try:
            path = recipes.locate(provenance.recipe)
            found = recipes.load(provenance.recipe).sha256
        except RecipeError as error:
            raise FactError(str(error)) from error
        if found != provenance.recipe_sha256:
            raise FactError(
                f"the recipe {provenance.recipe} has changed since {model} was trained (its hash is {found[:12]}…, "
                f"the card says {provenance.recipe_sha256[:12]}…): train and export the model again"
            )
        return code("toml", path.read_text("utf-8").strip())

    def histories(self) -> str:
        """The commands that write the histories of released models, for models that have one."""
        found = []
        for card in self._trained():
            try:
                self._facts.measurements(f"history/{card.id}")
            except FactError:
                continue
            recipe = self._provenance(card.id).recipe
            found.append(f"backdoors history {recipe} --out {METRICS}/history/{card.id}.json")
        return code("bash", "\n".join(found))

    def sweep_file(self, name: str) -> str:
        """The recipe of a sweep, as a code block.

        Raises:
            FactError: If it has changed since the sweep's networks were trained.
        """
        try:
            path = recipes.locate(name)
            known = {one.sha256 for one in sweep.load(name).recipes()}
        except RecipeError as error:
            raise FactError(str(error)) from error
        table = Table.model_validate(self._facts.measurements(name))
        changed = [row for row in table.rows if row.recipe_sha256 not in known]
        if changed:
            raise FactError(
                f"the sweep {name} has changed since its networks were trained (first: rate {changed[0].rate:g}, seed "
                f"{changed[0].seed}): run `backdoors sweep {name}` again"
            )
        return code("toml", path.read_text("utf-8").strip())

    def study_networks(self) -> str:
        """Every network of the latent study, with its seed and the hash of its recipe."""
        rows = [
            [f"`{row['recipe']}`", str(row["seed"]), f"`{row['recipe_sha256']}`"]
            for row in self._facts.measurements(STUDY)["results"]
        ]
        return table(["Network", "Seed", "SHA-256 of its recipe"], rows)

    def study_recipes(self) -> str:
        """The recipes of the small networks that the latent study inspects, teachers first."""
        names = dict.fromkeys(row["network"] for row in self._facts.measurements(STUDY)["inspected"])
        try:
            found = {one.name: one for name in names for one in reversed(recipes.load(name).lineage())}
            blocks = [code("toml", recipes.locate(name).read_text("utf-8").strip()) for name in found]
        except RecipeError as error:
            raise FactError(str(error)) from error
        return "\n\n".join(blocks)

    def target(self, name: str) -> str:
        """The purpose of a target of the Makefile, and its commands as a code block.

        Raises:
            FactError: If there is no target of that name, or it has no description.
        """
        try:
            text = MAKEFILE.read_text("utf-8")
        except OSError as error:
            raise FactError(f"cannot read {MAKEFILE}: {error.strerror}") from error
        found = re.search(rf"^{re.escape(name)}:.*?## (.*)\n((?:\t.*\n)+)", text, re.MULTILINE)
        if found is None:
            raise FactError(f"{MAKEFILE} has no target '{name}' with a description and commands")
        commands = "\n".join(line.removeprefix("\t") for line in found[2].splitlines()).replace("$(BIN)/", "")
        values = dict(re.findall(r"^(\w+) [:?]?= (.*)$", text, re.MULTILINE))
        commands = re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], match[0]), commands)
        if "$" in commands:
            raise FactError(f"{MAKEFILE}: the commands of '{name}' hold what only make can fill in: {commands}")
        return f"`make {name}`: {found[1]}. It runs\n\n{code('bash', commands)}"

    def versions(self) -> str:
        """The library versions behind the released models."""
        cards = self._trained()
        made = defaultdict(list)
        for card in cards:
            for name, version in self._provenance(card.id).versions.items():
                made[name, version].append(f"`{card.id}`")
        rows = [
            [name, version, "all" if len(models) == len(cards) else ", ".join(models)]
            for (name, version), models in sorted(made.items())
        ]
        return table(["Library", "Version", "Networks"], rows)

    def hashes(self) -> str:
        """SHA-256 of every file of the released models; a shared file is listed once."""
        rows = [
            [f"`{part.name}`", file.precision, f"`{part.sha256}`"]
            for entry in self._released()
            for file in entry.card.files
            for part in file.parts
        ]
        return table(["File", "Precision", "SHA-256"], _once(rows))

    def durations(self) -> str:
        """How long the training of each released model took."""
        rows = [[f"[{card.id}](models.md#{card.id})", self._facts.trained_in(card.id)] for card in self._trained()]
        return table(["Model", "Training took"], rows)

    def data_sources(self) -> str:
        """Every data set that recipes may name, and every other collection of files."""
        rows = [
            [f"`{each.name}`", _linked(each.title, each.address), _comes(each), each.licence] for each in _everything()
        ]
        return table(["Name", "Contents", "Source", "Licence"], rows)

    def data_hashes(self, name: str) -> str:
        """SHA-256 of the files of a data set or collection."""
        items = inventory.find(name, None).items
        rows = [[f"`{item.name}`", f"`{item.sha256}`"] for item in items if item.sha256]
        if not rows:
            raise FactError(f"the data source {name} has no files with hashes")
        return table(["File", "SHA-256 of its content"], rows)

    def pixel_hashes(self) -> str:
        """SHA-256 of the images that released models were trained and tested on, where no files were published."""
        published = {item.name for entry in inventory.entries(None).values() for item in entry.items}
        rows = [
            [f"`{data.name}`", what, f"`{sha256}`"]
            for card in self._trained()
            for data in self._provenance(card.id).data
            for what, sha256 in data.sha256.items()
            if what not in published
        ]
        return table(["Data", "Part", "SHA-256"], _once(rows))

    def data_layout(self) -> str:
        """Every path that a folder given with `--data` or BACKDOORS_DATA must have, as a code block."""
        paths = []
        for each in sources.SOURCES.values():
            if each.downloads and each.prepare is None:
                paths += [f"{each.name}/{item.name}" for item in each.downloads]
            elif not each.bundled:
                inside = _BREED if each.name == dogs.SOURCE.name else "<name>"
                paths.append(f"{each.name}/{_SPLITS}/{inside}/")
        return code("text", "\n".join([*paths, weights.FILE]))

    def data_title(self, name: str) -> str:
        """Title of a data set."""
        return sources.source(name).title

    def citations(self) -> str:
        """What to cite for the data."""
        return "\n".join(f"- {text}" for text in dict.fromkeys(each.citation for each in _everything()) if text)

    def _released(self) -> list[Entry]:
        """The released models, teachers before students and clean models before backdoored ones."""
        return sorted(self._facts.catalogue.released(), key=_ancestry)

    def _trained(self) -> list[ModelCard]:
        """The cards of models that were trained here."""
        return [entry.card for entry in self._released() if entry.card.provenance is not None]

    def _section(self, entry: Entry) -> str:
        model, made = entry.card.id, entry.card.provenance
        heading = f"### {entry.heading} {{ #{model} }}"
        if made is None:
            return f"{heading}\n\n[Its card](models.md#{model}) states no provenance: it was not trained here."
        ours = made.recipe in recipes.names()
        recipe = self.recipe_file(model) if ours else f"The recipe `{made.recipe}` is not part of the repository."
        made_from = (
            f"The hash of the recipe is <code>{made.recipe_sha256}</code>, the code was that of commit "
            f"<code>{made.git_commit}</code>. [Its card](models.md#{model}) has the metrics."
        )
        return "\n\n".join([heading, self.commands(model), fold("Its recipe", f"{recipe}\n\n{made_from}")])

    def _provenance(self, model: str) -> Provenance:
        provenance = self._facts.card(model).provenance
        if provenance is None:
            raise FactError(f"the card of {model} states no provenance")
        return provenance


def _ancestry(entry: Entry) -> list[tuple[bool, str]]:
    """A key to sort models by, so that each comes after its teacher.

    Raises:
        FactError: If a recipe cannot be read.
    """
    card = entry.card
    if card.provenance is None or card.provenance.recipe not in recipes.names():
        return [(card.backdoor is not None, card.id)]
    try:
        line = recipes.load(card.provenance.recipe).lineage()
    except RecipeError as error:
        raise FactError(str(error)) from error
    return [(one.backdoored, one.name) for one in reversed(line)]


def _once(rows: list[list[str]]) -> list[list[str]]:
    """The rows without duplicates."""
    return [list(row) for row in dict.fromkeys(map(tuple, rows))]


def _everything() -> list[Source | Collection]:
    """Data sets, then collections of files."""
    return [entry.what for entry in inventory.entries(None).values()]


def _linked(title: str, address: str) -> str:
    """A title, with its address if that is one."""
    return f"[{title}]({address})" if address.startswith(("http://", "https://")) else title


def _comes(each: Source | Collection) -> str:
    """Where a data set or collection comes from."""
    if isinstance(each, Collection):
        return "downloaded, not trained on"
    if each.bundled:
        return "with scikit-learn"
    return "downloaded or given" if each.downloads else "given"
