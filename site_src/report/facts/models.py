"""The pages *Models* and *Your networks*: what the cards say, as tables and sections."""

from __future__ import annotations

from export.card.schema import ModelCard
from site_src.plugin.catalogue import Entry
from site_src.plugin.expressions import FactError
from site_src.plugin.facts import METRICS, Facts, interval
from site_src.plugin.formats import count, duration, percent, size
from site_src.plugin.page import PageBuilder
from site_src.report import defences
from site_src.report.catching import own
from site_src.report.catching.caught_by import caught_by
from site_src.report.catching.results import Found, read
from site_src.report.figures import pixels_png, render
from site_src.report.trigger_images import trigger_image

STUDIES = ("mnist-released", "digits-defences", "dogs-defences")
"""Studies of defences that may have examined released models, the first that did counts."""


class Models:
    """Macros of both pages; models in the last of the plugin's folders are the reader's own."""

    def __init__(self, page: PageBuilder, facts: Facts) -> None:
        self._page = page
        self._facts = facts
        self._studies: dict[str, Found] = {}
        self._catalogue = facts.catalogue
        self._lab = self._catalogue.folders[-1]

    def models_table(self) -> str:
        """All released models in a table, folded."""
        table = _render("models-table", entries=self._released())
        return self._page.place(f"<details><summary>All of them in one table</summary>\n{table}\n</details>")

    def model_sections(self) -> str:
        """A section for each released model, with everything its card says."""
        return "\n\n".join(self._section(entry, heading="##") for entry in self._released())

    def signed_by(self) -> str:
        """Whose key has signed the site's models, and how to check one; empty if they are not signed."""
        notary = self._catalogue.notary
        if notary is None:
            return ""
        whose = {
            "build": "The key was made when this site was built, and its private half was not kept. So the signatures "
            "prove that the files belong to this build, and nothing about who built it.",
            "kept": "The private half of the key is kept by the publisher of this site.",
            "given": "The private half of the key is kept by whoever signed the models.",
        }
        check = f"``` bash\nbackdoors verify FOLDER --key {notary.key}\n```"
        return f"{whose[notary.origin]} To check a model's folder, use the public half:\n\n{check}"

    def provenance_files(self) -> str:
        """Links to the bills of materials and the notices, which are written once the site is built."""
        texts = {
            "models.cdx.json": "the models with their data sets, hashes, licences and backdoors",
            "site.cdx.json": "every script of this site",
            "third-party-notices.txt": "third-party notices",
        }
        url = self._page.output.url
        links = (f'<a href="{url(f"provenance/{name}")}" download>{text}</a>' for name, text in texts.items())
        return ", ".join(map(self._page.place, links))

    def lab(self) -> str:
        """The reader's own models beside each other, or how to make them."""
        entries = _clean_first(self._catalogue.in_folder(self._lab))
        if not entries:
            return self._page.place(_render("lab-empty", folder="/".join(self._lab.parts[-2:])))
        demo = self._page.widget(
            "onnx-demo",
            models=[{"model": str(entry.path.resolve())} for entry in entries[:4]],
            samples=["digits", "drawn", "photos"],
            title="Your own networks",
            id="lab",
        )
        table = self._page.place(_render("models-table", entries=entries))
        sections = "\n\n".join(self._own_section(entry) for entry in entries)
        return f"{demo}\n\n## What was trained here\n\n{table}\n\n{sections}"

    def lab_defences(self) -> str:
        """The reader's own studies of defences; empty if there are none."""
        return "\n\n".join(own.sections(self._lab.parent, "##", self._page.place, self._page.output.add_image))

    def _released(self) -> list[Entry]:
        entries = self._catalogue.released()
        if not entries:
            where = ", ".join(str(folder) for folder in self._catalogue.folders)
            raise FactError(f"there is no released model in {where}: run `backdoors export --release`")
        return _clean_first(entries)

    def _own_section(self, entry: Entry) -> str:
        """A section of the lab: what the card says, and what `backdoors defend` measured."""
        measured = defences.section(self._lab.parent / "defences", entry.card, "####", self._page.place)
        section = self._section(entry, heading="###")
        return f"{section}\n\n{measured}" if measured else section

    def _section(self, entry: Entry, heading: str) -> str:
        for address, file in entry.served_files().items():
            self._page.output.assets.add(address, file)
        body = self._page.place(
            _render(
                "model",
                entry=entry,
                card=entry.card,
                url=self._page.output.url,
                image=self._image(entry),
                caught=self._caught_by(entry.card),
            )
        )
        return f"{heading} {entry.heading} {{ #{entry.card.id} }}\n\n{body}"

    def _caught_by(self, card: ModelCard) -> str | None:
        """What catches a model: by measurement where a study examined its recipe, else as its card says."""
        if card.backdoor is None:
            return None
        for name in STUDIES:
            if card.provenance and self._facts.has_measurements(name):
                measured = caught_by(self._study(name), card.provenance.recipe_sha256)
                if measured:
                    return measured
        return card.backdoor.caught_by

    def _study(self, name: str) -> Found:
        if name not in self._studies:
            self._studies[name] = read(name, self._facts.measurements(name), current=True)
        return self._studies[name]

    def _image(self, entry: Entry) -> str | None:
        """Address of a small image with the model's trigger."""
        pixels = trigger_image(entry.card)
        if pixels is None:
            return None
        return self._page.output.add_image(f"{entry.card.id}.png", pixels_png(pixels))


def _render(name: str, **given: object) -> str:
    helpers: dict[str, object] = {"percent": percent, "interval": interval, "count": count, "size": size}
    helpers |= {"duration": duration, "metrics": METRICS}
    return render(name, **helpers, **given)


def _clean_first(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.card.backdoor is not None, entry.card.id))
