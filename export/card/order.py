"""Whether a pipeline's steps make a tensor in the order in which they stand."""

from __future__ import annotations

from export.card.steps import (
    CentreOfMass,
    Composite,
    CropToInk,
    Decode,
    Greyscale,
    InputPipeline,
    IsolateInk,
    Layout,
    Normalise,
    Orient,
    Polarity,
    Resize,
    Scale,
    StampTrigger,
    Step,
)

_ONCE = (Decode, Orient, Composite, Greyscale, StampTrigger, Scale, Normalise, Layout)
_FLOATS = (Scale, Normalise, Layout)
_SIZING = frozenset({"shrink", "crop-to-ink", "fit", "centre-of-mass", "resize", "crop"})


def order_problem(pipeline: InputPipeline) -> str | None:
    """What is wrong with the order of a pipeline's steps, in a sentence; None if it makes the tensor that it promises.

    What depends on the image, such as the size that a crop leaves, shows when it runs.
    """
    steps = pipeline.steps
    for kind in _ONCE:
        if sum(isinstance(step, kind) for step in steps) > 1:
            return f"the step '{_op(kind)}' is used more than once"
    names = [step.op for step in steps]
    if names[-1] != "layout":
        return "the last step is 'layout', which makes the tensor"
    if "composite" not in names:
        return "a step 'composite' makes the image opaque"
    before = [name for name in names[: names.index("composite")] if name not in {"decode", "orient"}]
    if before:
        return f"'{before[0]}' stands before 'composite', which makes the image opaque"
    return _channels_problem(pipeline) or _floats_problem(pipeline) or _size_problem(pipeline)


def _channels_problem(pipeline: InputPipeline) -> str | None:
    channels = 3
    for step in pipeline.steps:
        if isinstance(step, Greyscale):
            channels = 1
        elif isinstance(step, Polarity | IsolateInk | CropToInk | CentreOfMass) and channels > 1:
            return f"'{step.op}' is for grey images: put 'greyscale' before it"
    if channels != pipeline.channels:
        return f"the steps make an image of {channels} channels, but `channels` is {pipeline.channels}"
    last = pipeline.steps[-1]
    if isinstance(last, Layout) and last.order == "NHW" and channels > 1:
        return "the layout NHW is for images of one channel"
    return None


def _floats_problem(pipeline: InputPipeline) -> str | None:
    floats = [step for step in pipeline.steps if isinstance(step, _FLOATS)]
    if pipeline.steps[-len(floats) :] != floats:
        return "'scale', 'normalise' and 'layout' are the last steps"
    if any(isinstance(step, Scale) for step in floats[1:]):
        return "'scale' stands before 'normalise'"
    for step in floats:
        if isinstance(step, Normalise) and {len(step.mean), len(step.std)} - {1, pipeline.channels}:
            return f"'normalise' takes one number, or one for each of {pipeline.channels} channels"
    return None


def _size_problem(pipeline: InputPipeline) -> str | None:
    sizes = [step for step in pipeline.steps if step.op in _SIZING]
    promised = (pipeline.height, pipeline.width)
    last = sizes[-1] if sizes else None
    if isinstance(last, Resize | CentreOfMass) and (last.height, last.width) != promised:
        return f"'{last.op}' makes {last.height}x{last.width}, but the network takes {promised[0]}x{promised[1]}"
    return None


def _op(kind: type[Step]) -> str:
    return str(kind.model_fields["op"].default)
