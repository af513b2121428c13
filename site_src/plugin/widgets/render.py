"""HTML of a widget: what a browser without scripts shows, and the configuration that the element reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache

import jinja2
from markupsafe import Markup

from site_src.plugin.formats import percent, size
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets, Runtime
from site_src.plugin.widgets.resolve import ResolvedDemo
from training.core.metrics import Measurement

RelativeUrl = Callable[[str], str]
"""Address in the built site -> address relative to the page."""


@cache
def templates() -> jinja2.Environment:
    """The package's own templates; what they are given is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("site_src", "plugin/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "size": size, "told": told}
    return environment


def told(measured: Measurement | None, metric: str) -> str:
    """A measure as tables tell it: its value, or why there is none."""
    if measured is None:
        return "not measured"
    estimate = getattr(measured, metric)
    if estimate is not None:
        return percent(estimate.value, estimate.n)
    # where triggered pictures were measured, all that can be missing is the class that the attacker wants
    no_class = metric == "attack_success_rate" and measured.robust_accuracy is not None
    return "no such class" if no_class else "not measured"


def render_demo(demo: ResolvedDemo, runtime: Runtime, assets: Assets, url: RelativeUrl, *, first: bool) -> Markup:
    """A widget's HTML; the files it needs are noted in `assets`.

    Args:
        demo: What to show.
        runtime: Where the modules are served.
        assets: Files that the built site must hold; added to.
        url: Makes addresses relative to the page.
        first: Whether this is the page's first widget, which brings the module and the style sheet.
    """
    for shared, content in runtime.files.items():
        assets.add(shared, content)
    for model in demo.models:
        for address, file in model.entry.served_files().items():
            assets.add(address, file)
    samples = [
        {"src": url(assets.add_picture(picture.name, picture.content)), "alt": picture.alt}
        | ({"label": picture.label} if picture.label is not None else {})
        for picture in demo.samples
    ]
    config: dict[str, object] = {
        "id": demo.id,
        "title": demo.title,
        "models": [
            {"card": url(f"{model.entry.served_at}/card.json"), "title": model.title, "precision": model.precision}
            for model in demo.models
        ],
        "inputs": list(demo.inputs),
        "samples": samples,
        "trigger": demo.trigger,
        "top": demo.top,
        "compare": demo.compare,
        "picture": {"height": demo.picture.height, "width": demo.picture.width, "channels": demo.picture.channels},
    }
    if demo.placement is not None:
        config["placement"] = demo.placement.model_dump()
    html = templates().get_template("demo.html.jinja").render(
        demo=demo,
        config=json.dumps(config, ensure_ascii=False),
        samples=samples,
        url=url,
        module=url(runtime.module) if first else None,
        stylesheet=url(runtime.stylesheet) if first else None,
        preloads=[url(address) for address in runtime.preloads] if first else [],
    )  # fmt: skip
    return Markup(html.strip())  # noqa: S704 - the template escapes what it is given


def render_problems(page: str, problems: Sequence[Problem]) -> Markup:
    """A box in the page that says what is wrong, so that an author sees it where it happens."""
    html = templates().get_template("problems.html.jinja").render(page=page, problems=problems)
    return Markup(html.strip())  # noqa: S704 - the template escapes what it is given
