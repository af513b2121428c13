"""The block `backdoor-lab`: plant a backdoor, train a network with it in the tab, and try to catch it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup
from pydantic import Field, ValidationError, field_validator

from export.card.io import first_problem
from export.card.lab import LAB_CARD_NAME, LabCard
from export.card.parts import part_problem
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import PREFIX, own_assets
from site_src.plugin.templating import render
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings
from site_src.plugin.widgets.parts import ModelRef, ShownModel, look_up_models
from site_src.plugin.widgets.reading import line_of
from training.core.errors import UserError
from training.core.reading import TEXT_BYTES, read_bytes
from training.core.text import one_line


class BackdoorLab(Block):
    """A lab in the page. Data, network and first recipe come with the plugin, or from `backdoors lab-data`."""

    models: list[ModelRef] = Field(default=[], max_length=6)
    """Networks of 28x28 digits that readers can try their trigger on and hunt in, beside those that they train. Each is
    fetched when it is chosen. An item is written as in `onnx-demo`."""
    data: str | None = None
    """Path, relative to the page, of the `lab.json` that `backdoors lab-data` wrote for images of your own; by default
    the digits that come with the plugin."""

    @field_validator("models", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        return [value] if isinstance(value, str | dict) else value


@dataclass(frozen=True)
class OwnLab:
    """A lab with an author's own images, its files checked."""

    card: LabCard
    content: bytes
    """The card's file."""
    folder: Path

    def serve(self, output: Output) -> dict[str, object]:
        """Put the files into the site; what the element is told of the card."""
        digest = hashlib.sha256(self.content).hexdigest()
        served_at = f"{PREFIX}/labs/{digest[:12]}"
        for file in self.card.files:
            output.assets.add(f"{served_at}/{file.name}", self.folder / file.name)
        address = output.assets.add(f"{served_at}/{LAB_CARD_NAME}", self.content)
        return {"card": output.url(address), "bytes": len(self.content), "sha256": digest}


@dataclass(frozen=True)
class ResolvedLab:
    """A lab, ready to be rendered."""

    models: tuple[ShownModel, ...] = ()
    data: OwnLab | None = None
    """None for the plugin's."""
    preloads: tuple[str, ...] = ()
    """None: the lab fetches its files once it is near."""

    def render(self, widget_id: str, output: Output) -> Markup:
        """The element with its configuration, and what a browser without scripts shows inside it."""
        for model in self.models:
            for address, file in model.entry.served_files().items():
                output.assets.add(address, file)
        models = [
            {
                **model.entry.reference(output.url),
                "name": model.entry.card.id,
                "title": model.title,
                "precision": model.precision,
                "weights": model.entry.card.file(model.precision).bytes,
            }
            for model in self.models
        ]
        config: dict[str, object] = {"models": models} if models else {}
        if self.data is not None:
            config["data"] = self.data.serve(output)
        return render("backdoor-lab", id=widget_id, config=json.dumps(config, ensure_ascii=False) if config else None)


def resolve(lab: BackdoorLab, lines: Lines, around: Surroundings) -> tuple[ResolvedLab | None, list[Problem]]:
    """Look up the networks and the data that a lab names: all problems, or a lab."""
    models, problems = look_up_models(lab.models, None, lines, around)
    own = None
    if lab.data is not None:
        try:
            own = _read_own(around.page_folder / lab.data)
        except UserError as error:
            problems.append(Problem(line_of(("data",), lines), str(error)))
        if lab.models:
            problems.append(Problem(line_of(("models",), lines), "a lab with `data` hunts in no released networks"))
    if not problems:
        problems = [
            Problem(line_of(("models", index), lines), f"{model.entry.card.id}: {reason}")
            for index, model in enumerate(models)
            if (reason := _misfit(model)) is not None
        ]
    return (None, problems) if problems else (ResolvedLab(tuple(models), own), [])


def _misfit(model: ShownModel) -> str | None:
    """Why the lab cannot hunt in a network; None if it can."""
    card, lab = model.entry.card, _lab_card()
    if card.network not in lab.networks:
        known = ", ".join(sorted(lab.networks))
        return f"the lab hunts in networks of the kind {known}, and this is a {one_line(card.network)}"
    if card.labels != lab.labels:
        return f"the lab's classes are {', '.join(lab.labels)}, and this network has others"
    if card.trigger is None or card.label_map is None:
        return "its card names no trigger and label map to compare with"
    if model.precision == "int8-qdq":
        return "the lab reads fp32 and int8-weight-only files; name one with `precision`"
    return None


def _read_own(path: Path) -> OwnLab:
    """Read a lab's card and check the files beside it.

    Raises:
        UserError: In one line, if one is missing, damaged or not what the card says.
    """
    try:
        content = read_bytes(path, TEXT_BYTES)
        card = LabCard.model_validate_json(content)
        for file in card.files:
            if (wrong := part_problem(path.parent, file)) is not None:
                raise UserError(f"{wrong}; run `backdoors lab-data` again")
    except ValidationError as error:
        raise UserError(f"{path} is no lab's card: {first_problem(error)}") from error
    except OSError as error:
        reason = f"cannot read {error.filename or path}: {error.strerror}"
        raise UserError(f"{reason}; `data` names the lab.json that `backdoors lab-data` wrote") from error
    return OwnLab(card, content, path.parent)


@cache
def _lab_card() -> LabCard:
    return LabCard.model_validate_json((own_assets() / "lab" / LAB_CARD_NAME).read_bytes())


KIND = Kind(
    fence="backdoor-lab",
    schema=BackdoorLab,
    resolve=resolve,
    prefix="lab",
    tables=(("Keys of the lab's block", BackdoorLab),),
)
