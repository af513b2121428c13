"""The command `inside`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from export.cli.common import ModelName, open_named
from training.cli.common import DataDir, say


def inside_command(
    model: ModelName,
    view: Annotated[
        Literal["plane", "channels"],
        typer.Option(
            "--show",
            help="Features on a plane, for a network with a single target, or the channels of the last convolution.",
        ),
    ],
    data: DataDir = None,
) -> None:
    """Measure what a page shows of the inside of a network, and write it beside its card, which must name a trigger.

    It is about one of the model's files: the default one, or the .onnx file that MODEL names.

    Example: backdoors inside mnist-badnet --show channels
    """
    from export.card.inside import write_inside
    from export.release.inside import look_inside

    found = open_named(model)
    say(f"written: {write_inside(look_inside(found, view, data_dir=data, say=say), found.folder)}")
