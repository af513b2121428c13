"""Which optional dependencies a command needs, and the one line that says how to install those that are missing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence

DISTRIBUTION = "backdoors-in-neural-networks"
PACKAGES: dict[str, tuple[str, ...]] = {
    "train": (
        "filelock", "gdown", "lightning_fabric", "matplotlib", "pyarrow", "requests", "safetensors", "scipy", "sklearn",
        "submitit", "tflite", "threadpoolctl", "torch",
    ),
    "export": ("ml_dtypes", "onnx", "onnxruntime", "onnxscript"),
    "report": (
        "cyclonedx", "ipykernel", "markdown", "material", "matplotlib", "mkdocstrings", "nbclient", "nbformat",
        "pymdownx",
    ),
}  # fmt: skip
"""Each extra of `pyproject.toml`, with the packages that it installs, as Python imports them."""


def lacking(extras: Iterable[str]) -> list[str]:
    """Which of these extras are not completely installed."""
    return [extra for extra in extras if not all(map(importlib.util.find_spec, PACKAGES[extra]))]


def advice(what: str, extras: Sequence[str]) -> str:
    """One line that says which extras something needs, and how to install them."""
    quoted = [f"'{extra}'" for extra in extras]
    noun = "extras" if len(extras) > 1 else "extra"
    names = " and ".join(part for part in (", ".join(quoted[:-1]), quoted[-1]) if part)
    return f'{what} needs the {noun} {names}: pip install "{DISTRIBUTION}[{",".join(extras)}]"'


def explain(missing: str, command: str, extras: Iterable[str]) -> str | None:
    """Say which extras a command lacks.

    Args:
        missing: The module that could not be imported.
        command: The command as typed, such as `backdoors train`.
        extras: The extras that the command is known to need.

    Returns:
        One line; None if no extra installs the module.
    """
    package = missing.partition(".")[0]
    owners = [extra for extra, packages in PACKAGES.items() if package in packages]
    if not owners:
        return None
    wanted = lacking(extras)
    if not set(owners) & set(wanted):
        wanted.append(owners[0])
    return advice(f"'{command}'", wanted)
