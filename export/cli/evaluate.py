"""The command `evaluate`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

from export.cli.common import ModelName, PrecisionOption, Timeout, open_named
from training.cli.common import AsJson, DataDir, estimates, interval, percent, say

if TYPE_CHECKING:
    from export.card.schema import Precision
    from export.release.models import Model
    from training.core.metrics import Measurement


def evaluate_command(
    model: ModelName,
    data: DataDir = None,
    as_json: AsJson = False,
    precision: PrecisionOption = None,
    timeout: Timeout = 60,
) -> None:
    """Measure each of a model's files on the test images of the data set that its card names.

    Example: backdoors evaluate digits-badnet
    """
    from export.onnx.sandbox import Limits, Sandbox
    from export.release.measure import measure, test_data
    from training.core.console import stdout_console, table

    found = open_named(model)
    wanted = precision or found.precision
    files = [found.card.file(wanted)] if wanted else found.card.files
    test = test_data(found.card, data)
    measured: dict[Precision, Measurement] = {}
    with Sandbox(Limits(timeout)) as sandbox:
        for file in files:
            say(f"measuring {found.card.id} {file.precision} on {len(test.images):,} images")
            measured[file.precision] = measure(found, file.precision, test, sandbox=sandbox)
    if as_json:
        typer.echo(json.dumps(_as_json(found, measured), indent=2))
        return
    title = f"{found.card.id} on {next(iter(measured.values())).data}"
    columns = ("precision", "bytes", "metric", "value", "95 % interval", "n")
    stdout_console().print(table(*columns, title=title, rows=_rows(found, measured)))


def _as_json(model: Model, measured: dict[Precision, Measurement]) -> dict[str, Any]:
    files = {file.precision: file for file in model.card.files}
    return {
        "model": model.card.id,
        "backdoored": model.card.backdoor is not None,
        "precisions": {
            precision: {
                "file": files[precision].name,
                "bytes": files[precision].total_bytes,
                **found.model_dump(mode="json"),
            }
            for precision, found in measured.items()
        },
    }


def _rows(model: Model, measured: dict[Precision, Measurement]) -> list[list[str]]:
    sizes = {file.precision: file.total_bytes for file in model.card.files}
    rows = []
    for precision, found in measured.items():
        head = [precision, f"{sizes[precision]:,}"]
        for name, estimate in estimates(found):
            rows.append([*head, name, percent(estimate), interval(estimate), f"{estimate.n:,}"])
            head = ["", ""]
    return rows
