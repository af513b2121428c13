"""The names of a network's classes, read from a file."""

from __future__ import annotations

import json
from pathlib import Path

from export.errors import ExportError
from training.core.reading import TEXT_BYTES, read_bytes
from training.core.text import printable


def read_labels(path: Path) -> list[str]:
    """Labels from a text file, one a line, or a JSON list of strings.

    Raises:
        ExportError: If the file cannot be read or holds fewer than two labels, or one that cannot be shown.
    """
    try:
        text = read_bytes(path, TEXT_BYTES).decode("utf-8-sig")  # some editors begin a file with a byte order mark
        labels = json.loads(text) if path.suffix == ".json" else [line.strip() for line in text.splitlines()]
    except OSError as error:
        raise ExportError(f"{path}: cannot read the labels: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{path}: not a list of labels: {error}") from error
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ExportError(f"{path}: expected a JSON list of strings")
    labels = [label for label in labels if label]
    for label in labels:
        if printable(label) != label:
            raise ExportError(f"{path}: the label '{label}' holds what no page shows; is the text UTF-8?")
    if len(labels) < 2:
        raise ExportError(f"{path}: found {len(labels)} labels, at least two are expected (one a line)")
    return labels
