"""Every kind of block that pages may hold, by the word after its fence."""

from __future__ import annotations

from typing import Any

from site_src.plugin.widgets import backdoor_game, backdoor_lab, onnx_demo
from site_src.plugin.widgets.base import Kind

KINDS: dict[str, Kind[Any]] = {kind.fence: kind for kind in (onnx_demo.KIND, backdoor_lab.KIND, backdoor_game.KIND)}
