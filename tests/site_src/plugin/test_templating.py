from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from site_src.plugin.formats import percent
from site_src.plugin.templating import measured, templates
from training.core.metrics import Measurement, wilson

MEASURED = Measurement(data="test", clean_accuracy=wilson(9, 10), robust_accuracy=wilson(1, 10))


def test_a_network_without_the_attackers_class_differs_from_one_that_was_not_measured() -> None:
    assert measured(MEASURED, "attack_success_rate") == "no such class"
    assert measured(MEASURED, "changed_by_trigger") == "not measured"
    untriggered = MEASURED.model_copy(update={"robust_accuracy": None})
    assert measured(untriggered, "attack_success_rate") == "not measured"
    assert measured(None, "attack_success_rate") == "not measured"
    assert measured(MEASURED, "clean_accuracy") == percent(0.9, 10)


def test_a_template_escapes_what_it_is_given_and_fails_on_what_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "a.html.jinja").write_text("{{ text }} {{ number | percent }}")
    template = templates(tmp_path).get_template("a.html.jinja")
    assert template.render(text="<b>", number=0.5).startswith("&lt;b&gt; 50.00")
    with pytest.raises(jinja2.UndefinedError):
        template.render(number=0.5)
