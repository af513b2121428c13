#!/usr/bin/env python3
"""Print what a pyproject.toml says the project depends on, one requirement a line, as pip reads it."""

import sys
import tomllib
from pathlib import Path


def dependencies(text: str) -> list[str]:
    """The requirements in a pyproject.toml."""
    return list(tomllib.loads(text)["project"]["dependencies"])


if __name__ == "__main__":
    sys.stdout.write("".join(f"{line}\n" for line in dependencies(Path(sys.argv[1]).read_text(encoding="utf-8"))))
