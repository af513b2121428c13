"""The block `onnx-demo`: one or several networks that answer to one image, and the ways to give it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Literal

from markupsafe import Markup
from pydantic import Field, field_validator

from export.card.schema import Precision
from export.card.steps import InputPipeline
from site_src.plugin.catalogue import CatalogueError
from site_src.plugin.problems import Problem
from site_src.plugin.templating import render
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, SampleImage, Surroundings
from site_src.plugin.widgets.inside import ShownInside, figures
from site_src.plugin.widgets.inside import look_up as look_up_insides
from site_src.plugin.widgets.parts import Caption, ModelRef, Sample, ShownModel, look_up_models, look_up_samples
from site_src.plugin.widgets.reading import line_of
from site_src.plugin.widgets.stored import StoredAnswer, ask
from training.triggers.placement import Placement

_ONE_LINE_UP_TO = 18
"""Letters of a label; a longer one may take two lines, and the widget's style sheet keeps room for them."""

Input = Literal["draw", "samples", "upload", "camera"]


class Demo(Block):
    """A widget: one or several networks, the ways to feed them, and what to show."""

    models: Annotated[list[ModelRef], Field(min_length=1, max_length=4)]
    """The networks that answer, one to four; each gets the same image."""
    title: Caption | None = None
    """Heading of the widget; by default the models' titles."""
    inputs: list[Input] = Field(default=["draw", "samples", "upload", "camera"], min_length=1)
    """Ways to give an image: a drawing pad, samples to click, a file (picker, drop, paste), the camera. The drawing
    pad works only with networks of one channel."""
    samples: list[Sample] = Field(default=[])
    """Images to click."""
    trigger: Literal["switch", "on", "off"] | None = None
    """`switch`: the reader stamps the card's trigger; `on`: it is always stamped; `off`: never. By default `switch`
    when a model has a trigger."""
    placement: Placement | None = None
    """Where an overlay lies at first (`x`, `y`, `size` as fractions of the image, `angle` in degrees), where the
    reader moves it; the card's own placement by default."""
    top: Annotated[int | None, Field(ge=1, le=20)] = None
    """How many classes to show; the card's own number by default."""
    precision: Precision | None = None
    """Which of each card's files to run; the card's default by default."""
    compare: bool | None = None
    """Whether several models stand side by side; `true` by default when there are several."""

    inside: bool = False
    """Whether to show the networks' insides: features on a plane, or the channels of the last convolution, as
    `backdoors inside` measured them beside the card."""

    @field_validator("trigger", mode="before")
    @classmethod
    def _yaml_boolean(cls, value: object) -> object:
        # YAML 1.1 reads a bare `on` and `off` as booleans
        return {True: "on", False: "off"}[value] if isinstance(value, bool) else value

    @field_validator("models", "samples", "inputs", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        return [value] if isinstance(value, str | dict) else value

    @field_validator("inputs")
    @classmethod
    def _each_once(cls, inputs: list[Input]) -> list[Input]:
        if len(set(inputs)) != len(inputs):
            raise ValueError("an input is named twice")
        return inputs


@dataclass(frozen=True)
class ResolvedDemo:
    """A demo with everything it names looked up and every default filled in."""

    title: str
    models: tuple[ShownModel, ...]
    inputs: tuple[str, ...]
    samples: tuple[SampleImage, ...]
    missing: str | None
    """A sentence on samples that are not on this machine."""
    trigger: str
    top: int
    compare: bool
    input: InputPipeline
    """What the networks take."""
    placement: Placement | None
    """Where an overlay lies at first, when not where the card says."""
    stored: tuple[StoredAnswer, ...] = ()
    """What the networks say of the first sample."""
    insides: tuple[ShownInside, ...] = ()
    """What is shown of the networks' insides, one a model, or none."""

    @property
    def preloads(self) -> list[str]:
        """The cards."""
        return list(dict.fromkeys(f"{model.entry.served_at}/card.json" for model in self.models))

    def render(self, widget_id: str, output: Output) -> Markup:
        """The element with its configuration, and what a browser without scripts shows inside it."""
        for model in self.models:
            for address, file in model.entry.served_files().items():
                output.assets.add(address, file)
        samples = [
            {"src": output.add_image(image.name, image.content), "alt": image.alt}
            | {key: value for key, value in (("label", image.label), ("note", image.note)) if value is not None}
            | ({"credit": asdict(image.credit)} if image.credit is not None else {})
            for image in self.samples
        ]
        labels = self._labels()
        config: dict[str, object] = {
            "id": widget_id,
            "title": self.title,
            "models": [
                {
                    **model.entry.reference(output.url),
                    "title": model.title,
                    "precision": model.precision,
                }
                for model in self.models
            ],
            "inputs": list(self.inputs),
            "samples": samples,
            "trigger": self.trigger,
            "top": self.top,
            "compare": self.compare,
            "input": self.input.model_dump(mode="json", exclude_none=True),
            "labels": labels,
        }
        if self.insides:
            config["inside"] = [inside.config(output) for inside in self.insides]
        if self.missing is not None:
            config["missing"] = self.missing
        if self.placement is not None:
            config["placement"] = self.placement.model_dump()
        seen: dict[str, str] = {}
        if self.stored:
            seen = self._seen(output)
            config["stored"] = {"answers": [stored.numbers for stored in self.stored], "seen": seen}
        return render(
            "onnx-demo",
            id=widget_id,
            demo=self,
            config=json.dumps(config, ensure_ascii=False),
            samples=samples,
            long=labels["longest"] > _ONE_LINE_UP_TO,
            seen=seen,
            inside=figures(self.insides, widget_id) if self.insides else None,
            url=output.url,
        )

    def _labels(self) -> dict[str, int]:
        """How many classes the networks know and the letters of the longest name: the room that answers will need."""
        labels = [model.entry.labels for model in self.models]
        return {"count": max(map(len, labels)), "longest": max(len(label) for names in labels for label in names)}

    def _seen(self, output: Output) -> dict[str, str]:
        """Addresses of the pixels that the network whose trigger is shown was given."""
        owner = next((stored for stored in self.stored if stored.model.entry.card.backdoor), self.stored[0])
        given = {"plain": owner.plain, "stamped": owner.stamped}
        return {
            name: output.add_image(f"{name}.png", answered.seen)
            for name, answered in given.items()
            if answered is not None
        }


def resolve(demo: Demo, lines: Lines, around: Surroundings) -> tuple[ResolvedDemo | None, list[Problem]]:
    """Look up everything that a demo names.

    Args:
        demo: The checked block.
        lines: Where each part of the block stands.
        around: Models, samples and folder of the page.

    Returns:
        The demo, or None and all problems found.
    """
    models, problems = look_up_models(demo.models, demo.precision, lines, around)
    samples = look_up_samples(demo.samples, lines, around)
    problems += samples.problems
    if "samples" in demo.model_fields_set and "samples" not in demo.inputs:
        message = f"samples are given, but `inputs` ({', '.join(demo.inputs)}) does not name samples"
        problems.append(Problem(line_of(("samples",), lines), message))
    problems += _misfits(demo, models, lines)
    insides: list[ShownInside] = []
    if demo.inside:
        try:
            insides = look_up_insides(models)
        except CatalogueError as error:
            problems.append(Problem(line_of(("inside",), lines), str(error)))
    drawn = _drawable(models)
    inputs = tuple(name for name in demo.inputs if (name != "samples" or samples.images) and (name != "draw" or drawn))
    if not problems and not inputs:
        reason = samples.missing or "`samples` names none"
        problems.append(Problem(line_of(("inputs",), lines), f"the only input is samples: {reason}"))
    if problems:
        return None, problems
    resolved = ResolvedDemo(
        title=demo.title or " and ".join(model.title for model in models),
        models=tuple(models),
        inputs=inputs,
        samples=samples.images,
        missing=samples.missing,
        trigger=demo.trigger or ("switch" if any(model.entry.card.trigger for model in models) else "off"),
        top=demo.top or max(model.entry.card.output.top for model in models),
        compare=len(models) > 1 if demo.compare is None else demo.compare,
        input=models[0].entry.card.input,
        placement=demo.placement,
        insides=tuple(insides),
    )
    if around.answer is not None and resolved.samples and "samples" in inputs:
        first, triggered = resolved.samples[0].content, resolved.trigger != "off"
        stored = ask(models, first, around.answer, triggered=triggered, placement=demo.placement)
        resolved = replace(resolved, stored=tuple(stored))
    return resolved, []


def _misfits(demo: Demo, models: Sequence[ShownModel], lines: Lines) -> list[Problem]:
    """What the block asks of models that cannot do it."""
    if not models:
        return []
    triggers = [model.entry.card.trigger for model in models]
    problems = []
    if demo.trigger in {"switch", "on"} and not any(triggers):
        ids = ", ".join(model.entry.card.id for model in models)
        problems.append(Problem(line_of(("trigger",), lines), f"no card has a trigger to stamp ({ids})"))
    if demo.placement is not None and not any(trigger.movable for trigger in triggers if trigger):
        problems.append(Problem(line_of(("placement",), lines), "no card's trigger can be placed"))
    if "inputs" in demo.model_fields_set and "draw" in demo.inputs and not _drawable(models):
        message = (
            "`draw` works only with networks whose pipeline looks for ink, and one of these takes photos: leave it out"
        )
        problems.append(Problem(line_of(("inputs",), lines), message))
    return problems


def _drawable(models: Sequence[ShownModel]) -> bool:
    return all(model.entry.card.input.finds_ink for model in models)


KIND = Kind(
    fence="onnx-demo",
    schema=Demo,
    resolve=resolve,
    prefix="demo",
    tables=(("Keys of the block", Demo), ("An item of `models`", ModelRef), ("An item of `samples`", Sample)),
)
