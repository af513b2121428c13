"""The block `backdoor-lab`: plant a backdoor, train a network with it in the tab, and try to catch it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache

from markupsafe import Markup
from pydantic import Field, field_validator

from export.card.lab import LAB_CARD_NAME, LabCard
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import own_assets
from site_src.plugin.templating import templates
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings
from site_src.plugin.widgets.parts import ModelRef, ShownModel, look_up_models
from site_src.plugin.widgets.reading import line_of
from training.core.text import one_line


class BackdoorLab(Block):
    """A lab in the page. Data, network and first recipe come with the plugin."""

    models: list[ModelRef] = Field(default=[], max_length=6)
    """Networks of 28x28 digits that readers can try their trigger on and hunt in, beside those that they train. Each is
    fetched when it is chosen."""

    @field_validator("models", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        return [value] if isinstance(value, str | dict) else value


@dataclass(frozen=True)
class ResolvedLab:
    """A lab, ready to be rendered."""

    models: tuple[ShownModel, ...] = ()
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
        config = json.dumps({"models": models}, ensure_ascii=False) if models else None
        html = templates().get_template("backdoor-lab.html.jinja").render(id=widget_id, config=config)
        return Markup(html.strip())  # noqa: S704 - the template escapes what it is given


def resolve(lab: BackdoorLab, lines: Lines, around: Surroundings) -> tuple[ResolvedLab | None, list[Problem]]:
    """Look up the networks that a lab names: all problems, or a lab."""
    models, problems = look_up_models(lab.models, None, lines, around)
    if not problems:
        problems = [
            Problem(line_of(("models", index), lines), f"{model.entry.card.id}: {reason}")
            for index, model in enumerate(models)
            if (reason := _misfit(model)) is not None
        ]
    return (None, problems) if problems else (ResolvedLab(tuple(models)), [])


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


@cache
def _lab_card() -> LabCard:
    return LabCard.model_validate_json((own_assets() / "lab" / LAB_CARD_NAME).read_bytes())


KIND = Kind(
    fence="backdoor-lab",
    schema=BackdoorLab,
    resolve=resolve,
    prefix="lab",
    tables=(("Keys of the block", BackdoorLab), ("An item of `models`", ModelRef)),
)
