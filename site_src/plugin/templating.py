"""Jinja environments for HTML: the plugin's own templates, and those of a site that extends it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from site_src.plugin.formats import chance, count, percent, size, unbroken
from training.core.metrics import Measurement

PLUGIN_TEMPLATES = Path(__file__).parent / "templates"


@cache
def templates(folder: Path = PLUGIN_TEMPLATES) -> jinja2.Environment:
    """The templates of a folder. They escape what they are given, and fail on a name that is not given."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "size": size,
        "measured": measured,
        "chance": chance,
        "count": count,
        "unbroken": unbroken,
    }
    return environment


def render(template: str, /, **given: object) -> Markup:
    """The HTML of one of the plugin's templates, named without its `.html.jinja`, and no white space around it."""
    html = templates().get_template(f"{template}.html.jinja").render(given)
    return Markup(html.strip())  # noqa: S704 - the template escapes what it is given


def measured(measurement: Measurement | None, metric: str) -> str:
    """A metric as tables show it: its value, or why there is none."""
    if measurement is None:
        return "not measured"
    estimate = getattr(measurement, metric)
    if estimate is not None:
        return percent(estimate.value, estimate.n)
    # Triggered images were measured, so only the class that the attacker wants can be missing
    no_class = metric == "attack_success_rate" and measurement.robust_accuracy is not None
    return "no such class" if no_class else "not measured"
