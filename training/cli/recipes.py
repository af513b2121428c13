"""The command `recipes`."""

from __future__ import annotations

from training.cli.common import show


def recipes_command() -> None:
    """List the recipes that come with the package, with what each one trains.

    Example: backdoors recipes
    """
    from training.recipes.load import locate, names, read_toml

    for name in names():
        show(f"{name:28} {read_toml(locate(name)).get('title', '')}")
