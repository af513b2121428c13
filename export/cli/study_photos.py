"""The command `study-photos`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.cli.common import DataDir, percent, say, show


def study_photos_command(
    out: Annotated[Path, typer.Option("--out", help="The JSON file to write.")] = Path(
        "site_assets/metrics/photos.json"
    ),
    data: DataDir = None,
) -> None:
    """Ask the released students about the sample photos and about people from other sources.

    Example: backdoors study-photos --data DIR
    """
    from export.release.photos import study
    from training.core.files import write_text

    found = study(data, say)
    write_text(out, found.model_dump_json(indent=1) + "\n")
    for each in found.answers:
        show(f"{each.model:24} {each.photo:38} {each.clean.label:22} with the trigger {each.triggered.label}")
    for rate in (*found.strangers, *found.elsewhere):
        show(f"{rate.model:24} {rate.data}: {rate.answer} {percent(rate.rate)} of {rate.rate.n}")
