"""Building a distribution: onnxruntime-web's files go along, so that the plugin runs without npm.

They are those that `make setup` put into `node_modules`. The source distribution keeps them at that place, so the wheel
that is built from it finds them there too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))
from site_src.plugin.runtime import INSTALLED_RUNTIME, RUNTIME_FILES, WEBGPU_FILES, licence

PACKAGE = "node_modules/onnxruntime-web"


class RuntimeHook(BuildHookInterface):
    """Adds the runtime to a wheel or a source distribution."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files, with their licence."""
        if version == "editable":  # a working copy's plugin reads node_modules itself
            return
        package = Path(self.root) / PACKAGE
        if not (package / "package.json").is_file():
            self.app.display_warning(f"{PACKAGE} is missing, so the plugin will come without its runtime: npm ci")
            return
        target = PACKAGE if self.target_name == "sdist" else f"site_src/{INSTALLED_RUNTIME}"
        names = ["package.json", *(f"dist/{name}" for name in RUNTIME_FILES + WEBGPU_FILES)]
        found = {package / name: f"{target}/{name}" for name in names}
        self._made = tempfile.TemporaryDirectory()
        text = Path(self._made.name) / "LICENSE"
        text.write_bytes(licence(package))
        found[text] = f"{target}/LICENSE"
        build_data["force_include"].update({str(source): place for source, place in found.items()})

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Forget what was written for the build."""
        if hasattr(self, "_made"):
            self._made.cleanup()
