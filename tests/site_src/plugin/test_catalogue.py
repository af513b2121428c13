from __future__ import annotations

from pathlib import Path

import pytest

from site_src.plugin.catalogue import Catalogue, CatalogueError


def test_a_path_too_long_for_a_file_system_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"there is no file x+/card\.json beside the page"):
        Catalogue([]).resolve(f"{'x' * 5000}/card.json", tmp_path)
