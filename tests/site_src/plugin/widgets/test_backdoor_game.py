from __future__ import annotations

import pytest

from site_src.plugin.widgets.backdoor_game import KIND, BackdoorGame
from site_src.plugin.widgets.registry import KINDS


def test_the_block_is_known_and_reads_well_without_scripts() -> None:
    assert KINDS["backdoor-game"] is KIND
    widget, problems = KIND.resolve(BackdoorGame(id="mine"), {}, None)  # type: ignore[arg-type]  # it looks nothing up
    assert problems == []
    assert widget is not None
    html = widget.render("mine", None)  # type: ignore[arg-type]  # it puts no file into the site
    assert '<backdoor-game id="mine">' in html
    assert "JavaScript" in html


def test_an_unknown_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="budget"):
        BackdoorGame.model_validate({"budget": 3})
