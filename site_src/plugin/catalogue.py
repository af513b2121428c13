"""The models that a site can show: found in folders, looked up by id or by path, checked against their cards."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from export.card.io import card_text, read_card
from export.card.parts import part_problem
from export.card.schema import CardError, ModelCard, Precision
from export.card.signature import SIGNATURE_NAME
from site_src.plugin.notary import Notary, Proof
from site_src.plugin.problems import did_you_mean
from training.core.errors import UserError
from training.core.text import printable


class CatalogueError(UserError):
    """A model that is missing or differs from its card."""


@dataclass(frozen=True)
class Entry:
    """A model card and its place."""

    card: ModelCard
    path: Path
    """The card.json."""
    sha256: str
    """Hash of the card with every default filled in; the card holds the files' hashes, so this covers the files too."""
    proof: Proof | None = None
    """Its signature, on a site that asks for one."""

    @property
    def served_at(self) -> str:
        """Folder of the model in the built site; its name changes when the card does."""
        return f"assets/onnx-widgets/models/{self.card.id}-{self.sha256[:12]}"

    @property
    def title(self) -> str:
        """The model's title, safe to show."""
        return printable(self.card.title)

    @cached_property
    def labels(self) -> list[str]:
        """The names of the classes, safe to show, as `parseCard` in `core/card.mjs` has them."""
        return [printable(label) for label in self.card.labels]

    @property
    def heading(self) -> str:
        """The model's title, marked if the model is backdoored."""
        clear = self.card.backdoor is None or "backdoor" in self.title.lower()
        return self.title if clear else f"{self.title} (backdoored)"

    @property
    def served_card(self) -> bytes:
        """The card with every default filled in."""
        return card_text(self.card).encode()

    def reference(self, url: Callable[[str], str]) -> dict[str, object]:
        """How a page names the card to a widget, which checks it.

        Args:
            url: From an address in the built site to one that the page can use.
        """
        content = self.served_card
        reference: dict[str, object] = {
            "card": url(f"{self.served_at}/card.json"),
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        if self.proof is not None:
            signature = self.proof.signature
            reference["signed"] = {"key": self.proof.key, "signature": signature.signature if signature else None}
        return reference

    def served_files(self) -> dict[str, Path | bytes]:
        """Address in the built site -> content: the card, its signature, and all its ONNX files.

        Raises:
            CatalogueError: If one of them is not the file that the card describes; then none is served.
        """
        self.check()
        files: dict[str, Path | bytes] = {f"{self.served_at}/card.json": self.served_card}
        if self.proof is not None and self.proof.signature is not None:
            signature = self.proof.signature.model_dump_json(indent=2) + "\n"
            files[f"{self.served_at}/{SIGNATURE_NAME}"] = signature.encode()
        names = [part.name for file in self.card.files for part in file.parts]
        return files | {f"{self.served_at}/{name}": self.path.parent / name for name in names}

    def check(self) -> None:
        """Check the card's signature, and every file against the card, those not shown too: a site serves them all.

        Raises:
            CatalogueError: If a file is missing or differs from the card, or the signature is not the expected one.
        """
        if self.proof is not None and self.proof.problem is not None:
            raise CatalogueError(f"{self.path}: {self.proof.problem}")
        if self._problem is not None:
            raise CatalogueError(f"{self._problem}: not the file that its card describes; export the model again")

    @cached_property
    def _problem(self) -> str | None:
        parts = (part for file in self.card.files for part in file.parts)
        return next((problem for part in parts if (problem := part_problem(self.path.parent, part))), None)


class Catalogue:
    """All models in some folders, each in a subfolder with a card.json."""

    def __init__(self, folders: Iterable[Path], notary: Notary | None = None) -> None:
        self.folders = list(folders)
        self.notary = notary
        self.entries: dict[str, Entry] = {}
        """Id -> model; if two folders hold the same id, the earlier one wins."""
        self.broken: list[str] = []
        """One message for each card that could not be read."""
        for folder in self.folders:
            for path in sorted(folder.glob("*/card.json")):
                try:
                    entry = self._read(path)
                except CatalogueError as error:
                    self.broken.append(str(error))
                else:
                    self.entries.setdefault(entry.card.id, entry)

    def in_folder(self, folder: Path) -> list[Entry]:
        """The models of one folder, including those that an earlier folder hides."""
        return [self._read(path) for path in sorted(folder.glob("*/card.json"))]

    def released(self) -> list[Entry]:
        """The models outside the last folder, which holds the reader's own."""
        return [entry for entry in self.entries.values() if not entry.path.is_relative_to(self.folders[-1])]

    def get(self, model_id: str) -> Entry:
        """The model of that id.

        Raises:
            CatalogueError: If there is none; the message suggests the nearest id.
        """
        if model_id not in self.entries:
            where = ", ".join(str(folder) for folder in self.folders) or "no folder (set the option `models`)"
            hint = did_you_mean(model_id, self.entries) or f"; no model found in {where}"
            raise CatalogueError(f"unknown model '{model_id}'{hint}")
        return self.entries[model_id]

    def _read(self, path: Path) -> Entry:
        entry = read_entry(path)
        if self.notary is None:
            return entry
        return replace(entry, proof=self.notary.proof(entry.served_card, path.parent))

    def resolve(self, reference: str, page_folder: Path) -> tuple[Entry, Precision | None]:
        """The model that an id, a card's path or an ONNX file's path stands for.

        Args:
            reference: What the author wrote.
            page_folder: Folder that paths are relative to.

        Returns:
            The model, and the precision that an ONNX file's path implies.

        Raises:
            CatalogueError: If there is no such model.
        """
        if not reference.endswith((".json", ".onnx")):
            return self.get(reference), None
        path = page_folder / reference
        try:
            there = path.is_file()
        except OSError:  # a name that is too long
            there = False
        if not there:
            raise CatalogueError(f"there is no file {reference} beside the page (looked at {path})")
        if path.suffix == ".json":
            return self._read(path), None
        entry = self._read(path.parent / "card.json")
        for file in entry.card.files:
            if file.name == path.name:
                return entry, file.precision
        names = ", ".join(file.name for file in entry.card.files)
        raise CatalogueError(f"{entry.path} does not describe {path.name}; it describes {names}")


def read_entry(path: Path) -> Entry:
    """Read a card.

    Raises:
        CatalogueError: If it is missing or breaks the schema.
    """
    try:
        card = read_card(path)
    except CardError as error:
        raise CatalogueError(str(error)) from error
    return Entry(card, path, hashlib.sha256(card.model_dump_json().encode()).hexdigest())
