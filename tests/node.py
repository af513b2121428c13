"""Running the JavaScript half of a comparison in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run_node(script: str | Path, *arguments: str | Path, given: object = None) -> str:
    """What a script prints; the test fails where Node is missing or the script fails.

    Args:
        script: Its path, from the root of the project.
        arguments: Of its command line.
        given: Its standard input, written as JSON.
    """
    node = shutil.which("node")
    assert node, "Node is needed"
    done = subprocess.run(
        [node, script, *arguments], cwd=ROOT, input=json.dumps(given), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
