#!/usr/bin/env python3
"""Print what a pyproject.toml says the project and its extras depend on, one requirement per line, as pip reads it."""

import sys
import tomllib
from pathlib import Path


def dependencies(text: str) -> list[str]:
    """The requirements in a pyproject.toml, its extras included."""
    project = tomllib.loads(text)["project"]
    found = list(project["dependencies"])
    for name, lines in project.get("optional-dependencies", {}).items():
        found += [] if name == "all" else lines  # which repeats the others by the project's own name
    return list(dict.fromkeys(found))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in dependencies(Path(sys.argv[1]).read_text(encoding="utf-8"))))
