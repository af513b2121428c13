"""Former names of recipe fields: recipes that use them can still be read, and hashes are computed over them.

Released cards and existing runs are named after hashes over the original names, so a field that is renamed needs only a
line here.
"""

from __future__ import annotations

from typing import Any

FORMER_FIELDS = {
    "attack.self_distillation": "self_teaching",
    "training.annealed_augmentation": "fade",
    "training.ema_decay": "averaging",
    "data.augmented": "varied",
    "stamped_per_image": "stamped_per_picture",
}
"""Path of a field -> the name it had at first."""
FORMER_KINDS = {"from-scratch": "whole"}
"""Kind of recipe -> the name it had at first."""

Table = dict[str, Any]


def current(table: Table) -> Table:
    """A recipe's table with former names replaced by today's; its teacher's table is left as it is.

    Raises:
        ValueError: If a field is given under both names.
    """
    made = {name: dict(value) if isinstance(value, dict) else value for name, value in table.items()}
    for path, old in FORMER_FIELDS.items():
        inside, new = _parent(made, path)
        if inside is None or old not in inside:
            continue
        if new in inside:
            raise ValueError(f"field {path} is given twice: {old} is its former name")
        inside[new] = inside.pop(old)
    kinds = {old: new for new, old in FORMER_KINDS.items()}
    if isinstance(kind := made.get("kind"), str):
        made["kind"] = kinds.get(kind, kind)
    return made


def current_path(path: str) -> str:
    """The dotted path of a field with former names replaced: `attack.self_teaching` to `attack.self_distillation`."""
    parts = path.split(".")
    ancestors = next((at for at, part in enumerate(parts) if part != "teacher"), len(parts))
    own = parts[ancestors:]
    for new_path, old in FORMER_FIELDS.items():
        new = new_path.split(".")
        if own[: len(new)] == [*new[:-1], old]:
            own[len(new) - 1] = new[-1]
    return ".".join([*parts[:ancestors], *own])


def original(table: Table) -> Table:
    """A recipe's table under the original names, those of its teachers included."""
    made = {name: dict(value) if isinstance(value, dict) else value for name, value in table.items()}
    for path, old in FORMER_FIELDS.items():
        inside, new = _parent(made, path)
        if inside is not None and new in inside:
            inside[old] = inside.pop(new)
    if isinstance(kind := made.get("kind"), str):
        made["kind"] = FORMER_KINDS.get(kind, kind)
    if isinstance(teacher := made.get("teacher"), dict):
        made["teacher"] = original(teacher)
    return made


def _parent(table: Table, path: str) -> tuple[Table | None, str]:
    """The table in which the last part of a path stands, None if it is absent; and that last part."""
    *outer, last = path.split(".")
    inside: Any = table
    for part in outer:
        inside = inside.get(part) if isinstance(inside, dict) else None
    return (inside if isinstance(inside, dict) else None), last
