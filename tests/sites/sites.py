"""Sites of other people: what they have beside the plugin, and how a reader comes to the page with the widget.

Each is four lines of `mkdocs.yml` for the plugin, a folder of models and a fence; everything else is the site's own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FENCE = "```onnx-demo\nmodels: [tiny-clean, tiny-badnet]\ninputs: [draw]\ntrigger: switch\n```\n"
HOME = "# Home\n\n[To the widget](demo.md)\n"
DEMO = f"# Demo\n\n{FENCE}"


@dataclass(frozen=True)
class Site:
    """One of them."""

    name: str
    config: dict[str, Any]
    """Of `mkdocs.yml`, beside the site's name and the plugin's lines."""
    plugins: list[str | dict[str, Any]] = field(default_factory=list)
    """Other plugins; the plugin comes after them."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of the plugin, beside `models`."""
    pages: dict[str, str] = field(default_factory=lambda: {"index.md": HOME, "demo.md": DEMO})
    base: str = "/"
    """Where it is served."""
    start: str = ""
    """The first page's address below that."""
    click: str | None = "To the widget"
    """The link that leads on; None if the widget is on the first page."""
    instant: bool = False
    """Whether the link must swap the page in place."""
    zensical: bool = False
    """Whether the widget's HTML is then put into a site of Zensical, which runs no plugin of MkDocs."""


def material(**theme: Any) -> dict[str, Any]:  # noqa: ANN401 - settings of a theme
    """The theme Material; without fonts, which would come from elsewhere."""
    return {"theme": {"name": "material", "font": False, **theme}}


INSTANT = material(features=["navigation.instant", "navigation.tabs"])
HERE = {"site_url": "http://127.0.0.1:PORT/"}
MINIFIED = {"minify": {"minify_html": True, "minify_js": True, "minify_css": True}}

SITES = [
    Site("material", INSTANT | HERE, ["search"], instant=True),
    Site("readthedocs", {"theme": "readthedocs"}, ["search"]),
    Site(
        "elsewhere",  # built for another address, below another path, without directories, under the strictest options
        {"theme": "mkdocs", "site_url": "https://example.org/docs/", "use_directory_urls": False},
        options={"csp": True, "offline": True, "sign": True},
        base="/some/where/",
    ),
    Site("mkdocs", {"theme": "mkdocs"}, ["search"]),
    Site("sub-path", material() | {"site_url": "http://127.0.0.1:PORT/project/"}, ["search"], base="/project/"),
    Site("flat", material() | {"use_directory_urls": False}, ["search"]),
    Site(
        "anywhere",
        INSTANT | {"site_url": "https://example.org/docs/"},
        options={"csp": True, "offline": True, "anywhere": True},
        base="/moved/",
        instant=True,
    ),
    Site("minify", INSTANT | HERE, [MINIFIED], instant=True),
    Site("minify-protected", material(), ["search", MINIFIED], options={"csp": True, "offline": True}),
    Site("awesome-pages", material(), ["search", "awesome-pages"]),
    Site("awesome-nav", material(), ["search", "awesome-nav"]),
    Site("redirects", material(), [{"redirects": {"redirect_maps": {"old.md": "demo.md"}}}], start="old/", click=None),
    Site(
        "include-markdown",
        material(),
        ["include-markdown"],
        pages={"index.md": HOME, "demo.md": '# Demo\n\n{% include-markdown "part.md" %}\n', "part.md": FENCE},
    ),
    Site(
        "snippets",
        material() | {"markdown_extensions": [{"pymdownx.snippets": {"base_path": ["docs"]}}]},
        pages={"index.md": HOME, "demo.md": '# Demo\n\n--8<-- "part.md"\n', "part.md": FENCE},
    ),
    Site(
        "macros",
        material() | {"extra": {"answer": 42}},
        ["macros"],
        pages={"index.md": HOME, "demo.md": f"# Demo {{{{ answer }}}}\n\n{FENCE}"},
    ),
    Site(
        "macros-both",
        material() | {"extra": {"answer": 42}},
        ["macros"],
        options={"macros": True},
        # both evaluate, each its own; mkdocs-macros reads titles, too
        pages={
            "index.md": HOME,
            "demo.md": "# Demo {{ value('tiny-clean', 'clean_accuracy') }} {{ answer }}\n\n"
            f"## {{{{ file_size('tiny-clean') }}}} or {{{{ answer }}}}\n\n{FENCE}",
        },
    ),
    Site(
        "i18n",
        material(),
        [
            {
                "i18n": {
                    "docs_structure": "suffix",
                    "languages": [
                        {"locale": "en", "name": "English", "default": True},
                        {"locale": "de", "name": "Deutsch"},
                    ],
                }
            }
        ],
        pages={
            "index.md": HOME,
            "demo.md": DEMO,
            "index.de.md": "# Start\n\n[Zum Netz](demo.md)\n",
            "demo.de.md": DEMO,
        },
        start="de/",
        click="Zum Netz",
    ),
    Site("offline", material(), ["search", "offline"]),
    Site(
        "superfences",
        material()
        | {
            "markdown_extensions": [
                "admonition",
                "pymdownx.superfences",
                {"pymdownx.tabbed": {"alternate_style": True}},
            ]
        },
        pages={
            "index.md": HOME,
            "demo.md": '# Demo\n\n!!! note\n\n    === "Tab"\n\n'
            + "".join(f"        {line}\n" for line in FENCE.splitlines()),
        },
    ),
    Site("zensical", {"theme": "mkdocs"}, zensical=True),
]
"""Those that `make test` builds come first."""
FAST = ("material", "readthedocs", "elsewhere")
