"""The command `defend`, for runs and for released models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from training.cli.defend import command

if TYPE_CHECKING:
    from training.defences.base import Subject


def open_run_or_model(name: str, runs_dir: Path, data_dir: Path | None, device: str) -> Subject:
    """The subject of a finished run or, if there is none of that name, of a model's ONNX file.

    Raises:
        UserError: If there is neither; says what was wrong with the run.
    """
    from export.errors import ExportError
    from export.release.models import open_model
    from export.release.subject import of_model
    from training.core.errors import UserError
    from training.runs.store import find_named
    from training.studies.subject import of_run

    path = Path(name)
    is_model = path.suffix in {".onnx", ".json"} or (path / "card.json").is_file()
    if is_model:
        return of_model(open_model(name), data_dir=data_dir)
    try:
        run = find_named(name, runs_dir)
    except UserError as no_run:
        try:
            model = open_model(name)
        except ExportError:
            raise no_run from None
        return of_model(model, data_dir=data_dir)
    return of_run(run, data_dir=data_dir, device=device)


defend_command = command(open_run_or_model)
