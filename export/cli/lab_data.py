"""The command `lab-data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from training.cli.common import say


def lab_data_command(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Holds <class>/<image>, images of any size.")],
    out: Annotated[Path, typer.Option(help="Where the lab's files go; a page names lab.json in it.")],
    preset: Annotated[
        Literal["digits", "photos"],
        typer.Option(help="How images become 28x28 grey values: characters laid out as MNIST's, or the middle square."),
    ] = "photos",
) -> None:
    """Turn class folders of images into the files of a lab, for the block `backdoor-lab` of your own site.

    Example: backdoors lab-data leaves --out leaves-lab
    """
    from export.card.lab import LAB_CARD_NAME
    from export.release.lab_folder import write_own

    data = write_own(folder, out, preset).data
    say(f"{data.training} images to train on, {data.validation} for the owner, {data.test} to measure")
    say(f"written: {out / LAB_CARD_NAME}")
