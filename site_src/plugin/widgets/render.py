"""HTML of a widget: what a browser without scripts shows, and the configuration that the element reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from markupsafe import Markup

from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets, Runtime
from site_src.plugin.templating import templates
from site_src.plugin.widgets.resolve import ResolvedDemo

RelativeUrl = Callable[[str], str]
"""Address in the built site -> address relative to the page."""


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
