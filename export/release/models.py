"""Where models live, and how a user names one: its id, its folder, its card or one of its .onnx files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from export.card.io import CARD_NAME, read_card
from export.card.schema import CardError, ModelCard, Precision
from export.errors import ExportError
from training.core.text import did_you_mean

RELEASED = Path("site_assets/models")
OWN = Path("runs/models")


@dataclass(frozen=True)
class Model:
    """A card and the folder that its files lie in."""

    card: ModelCard
    folder: Path
    precision: Precision | None = None
    """The precision that the user's path selects; None if it names the whole model."""


def default_folders() -> list[Path]:
    """The folders that hold models: here, and in the project's own checkout; released ones first."""
    checkout = Path(__file__).resolve().parents[2]
    roots = [Path(), *([checkout] if checkout != Path.cwd() else [])]
    return [root / folder for root in roots for folder in (RELEASED, OWN)]


def discover(folders: Iterable[Path] | None = None, broken: Callable[[CardError], None] | None = None) -> list[Model]:
    """Every model in the folders, by id; of two with the same id the first folder's.

    Args:
        folders: Where to look; `default_folders` by default.
        broken: Called with what is wrong with a card, which is then left out; by default it is raised.

    Raises:
        CardError: If a card breaks the schema and `broken` is not given.
    """
    found: dict[str, Model] = {}
    for folder in default_folders() if folders is None else folders:
        for path in sorted(folder.glob(f"*/{CARD_NAME}")):
            try:
                card = read_card(path)
            except CardError as error:
                if broken is None:
                    raise
                broken(error)
                continue
            found.setdefault(card.id, Model(card, path.parent))
    return [found[key] for key in sorted(found)]


def open_model(name: str, folders: Iterable[Path] | None = None) -> Model:
    """The model that a user means by an id, a folder, a `card.json` or an `.onnx` beside its card.

    Raises:
        CardError: If its card is missing or breaks the schema.
        ExportError: If there is no such model, with the nearest names.
    """
    path = Path(name)
    if path.suffix == ".onnx":
        return _of_file(path)
    if path.suffix == ".json":
        return Model(read_card(path), path.parent)
    places = list(default_folders() if folders is None else folders)
    for folder in places:
        if "/" not in name and (folder / name / CARD_NAME).is_file():
            return Model(read_card(folder / name / CARD_NAME), folder / name)
    if (path / CARD_NAME).is_file():
        return Model(read_card(path / CARD_NAME), path)
    if path.is_file():
        return Model(read_card(path), path.parent)
    raise ExportError(_not_found(name, [entry.parent.name for place in places for entry in place.glob("*/card.json")]))


def _not_found(name: str, ids: list[str]) -> str:
    none = "none has been exported yet (backdoors train RECIPE, then backdoors export RECIPE)"
    there_are = f"there are {', '.join(sorted(set(ids)))}" if ids else none
    return f"no model '{name}': {did_you_mean(name, ids, there_are)}"


def _of_file(path: Path) -> Model:
    """The model of an .onnx file, through the card beside it."""
    if not path.is_file():
        raise ExportError(f"{path}: there is no such file")
    card_path = path.parent / CARD_NAME
    if not card_path.is_file():
        raise ExportError(
            f"{path}: no {CARD_NAME} beside it{_own_words(path)}; make one with: backdoors card new {path}"
        )
    card = read_card(card_path)
    for file in card.files:
        if file.name == path.name:
            return Model(card, path.parent, file.precision)
    raise ExportError(
        f"{path}: the {CARD_NAME} beside it names {', '.join(file.name for file in card.files)}, not this"
    )


def _own_words(path: Path) -> str:
    """What the metadata of a lone file say of it, for the message: above all whether it is backdoored."""
    import onnx  # noqa: PLC0415 - slow to import, and only this error needs it

    try:
        said = {entry.key: entry.value for entry in onnx.load(path, load_external_data=False).metadata_props}
    except Exception:  # noqa: BLE001 - protobuf raises classes of its own; an unreadable file says nothing
        return ""
    return f" (the file says: {said['title']}, backdoor: {said.get('backdoor', '?')})" if "title" in said else ""
