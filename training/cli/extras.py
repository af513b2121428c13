"""Which optional dependencies a command needs, and the one line that says how to install those that are missing."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

DISTRIBUTION = "backdoors-in-neural-networks"
PACKAGES: dict[str, tuple[str, ...]] = {
    "train": (
        "filelock", "gdown", "lightning_fabric", "matplotlib", "pyarrow", "requests", "safetensors", "scipy", "sklearn",
        "submitit", "tflite", "torch",
    ),
    "export": ("ml_dtypes", "onnx", "onnxruntime", "onnxscript"),
    "report": ("material", "matplotlib", "mkdocstrings", "nbclient", "nbformat", "pymdownx"),
}  # fmt: skip
"""Each extra of `pyproject.toml`, with the packages that it installs, as Python imports them."""


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
    lacking = [extra for extra in extras if not all(map(importlib.util.find_spec, PACKAGES[extra]))]
    if not set(owners) & set(lacking):
        lacking.append(owners[0])
    noun, names = ("extra", "extras")[len(lacking) > 1], " and ".join(f"'{extra}'" for extra in lacking)
    return f"'{command}' needs the {noun} {names}: pip install \"{DISTRIBUTION}[{','.join(lacking)}]\""
