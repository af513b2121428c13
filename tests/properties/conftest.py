"""The page of the plugin's tests."""

from __future__ import annotations

from tests.site_src.conftest import models_dir, page, runtime_dir

__all__ = ["models_dir", "page", "runtime_dir"]
