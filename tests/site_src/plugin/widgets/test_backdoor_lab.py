from __future__ import annotations

import pytest

from site_src.plugin.widgets.backdoor_lab import KIND, BackdoorLab
from site_src.plugin.widgets.registry import KINDS


def test_the_block_is_known_and_reads_well_without_scripts() -> None:
    assert KINDS["backdoor-lab"] is KIND
    widget, problems = KIND.resolve(BackdoorLab(id="mine"), {}, None)  # type: ignore[arg-type]  # it looks nothing up
    assert problems == []
    assert widget is not None
    html = widget.render("mine", None)  # type: ignore[arg-type]  # it puts no file into the site
    assert '<backdoor-lab id="mine">' in html
    assert "JavaScript" in html


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="epochs"):
        BackdoorLab.model_validate({"epochs": 3})
