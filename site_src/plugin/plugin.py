"""The MkDocs plugin `onnx-widgets`: a thin adapter between MkDocs' events and the modules beside it.

No other module of this package imports MkDocs.
"""

from __future__ import annotations

import logging
import posixpath
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from mkdocs.config.base import LegacyConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority, get_plugin_logger
from mkdocs.structure.files import File, InclusionLevel
from mkdocs.utils import get_relative_url

from export.card.signature import SignatureError
from site_src.plugin.anywhere import ThemeChangedError, relocate
from site_src.plugin.catalogue import Catalogue
from site_src.plugin.config import Options, read_options
from site_src.plugin.csp import protect
from site_src.plugin.expressions import FactError, Macros, public_methods
from site_src.plugin.facts import Facts
from site_src.plugin.head import into_head
from site_src.plugin.integrity import write as write_integrity
from site_src.plugin.late import LateBlocks
from site_src.plugin.notary import open_notary
from site_src.plugin.offline import write as write_offline
from site_src.plugin.page import PageBuilder
from site_src.plugin.runtime import FOLDERS, Assets, Runtime, collect, own_assets, own_runtime
from site_src.plugin.widgets.base import MissingSamples, Output, SampleSets, Surroundings
from training.core.text import one_line

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

log = get_plugin_logger("onnx-widgets")


class OnnxWidgetsPlugin(BasePlugin[LegacyConfig]):  # type: ignore[no-untyped-call]
    """Shows ONNX models as live widgets in pages."""

    def __init__(self) -> None:
        super().__init__()
        self.options = Options()
        self._serving = False
        self._root = Path()
        self._extension: ModuleType | None = None
        self._start(Catalogue([]))

    def _start(self, catalogue: Catalogue) -> None:
        """Forget the last build."""
        self._catalogue = catalogue
        self._assets = Assets()
        self._runtime: Runtime | None = None
        self._pages: dict[str, PageBuilder] = {}
        self._current: PageBuilder | None = None
        """The page that is being rendered."""
        self._rendered: set[str] = set()
        self._sample_sets: SampleSets = {}

    # Our own schema in place of MkDocs' options: the same messages as for blocks, and the reference comes from it
    def load_config(
        self, options: dict[str, Any], config_file_path: str | None = None
    ) -> tuple[list[tuple[str, Exception]], list[tuple[str, str]]]:
        """Read the options; returns errors by option, and no warnings."""
        self._root = Path(config_file_path).parent if config_file_path else Path.cwd()
        self.options, mistakes = read_options(options)
        return [(name, ValueError(message)) for name, message in mistakes], []

    # The policy must allow the reload script of `mkdocs serve`
    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:  # noqa: ARG002
        """Note whether this is a build or a server."""
        self._serving = command == "serve"

    # Read everything that pages may name; a server reads it again for every build
    def on_config(self, config: MkDocsConfig) -> MkDocsConfig | None:
        """Read the models and the site's extension."""
        try:
            notary = open_notary(self.options.public_key, sign=self.options.sign)
        except SignatureError as error:
            raise PluginError(f"onnx-widgets: {error}") from error
        self._start(Catalogue((self._root / folder for folder in self.options.models), notary))
        for message in self._catalogue.broken:
            self._report(message, config)
        config.markdown_extensions.append(LateBlocks(self._late))  # Markdown takes objects too
        self._extension = self._import_extension()
        if self._extension is not None and hasattr(self._extension, "sample_sets"):
            self._sample_sets = self._read_samples(self._extension)
        return None

    # Before all other plugins, so that line numbers are those of the file
    @event_priority(100)
    def on_page_markdown(self, markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str | None:  # noqa: ARG002
        """Replace blocks and expressions by tokens."""
        source = Path(page.file.abs_src_path or page.file.src_uri)
        builder = PageBuilder(
            name=_relative(source, self._root),
            around=Surroundings(
                self._catalogue, source.parent, self._sample_sets, getattr(self._extension, "answer", None)
            ),
            output=Output(self._assets, lambda address: get_relative_url(address, page.url)),
            get_runtime=self._get_runtime,
            macros=self._macros if self.options.macros else None,
            only_evaluator="macros" not in config.plugins,
        )
        self._pages[page.file.src_uri] = builder
        # MkDocs has cut off the front matter, so the lines that are missing are its lines
        lines_before = page.file.content_string.replace("\r\n", "\n").rstrip("\n").count("\n")
        lines_before -= markdown.replace("\r\n", "\n").rstrip("\n").count("\n")
        self._current = builder
        # Kept for those who read the page's title now: mkdocs-macros would evaluate our expressions in it
        page.markdown = builder.markdown(markdown, max(lines_before, 0))
        return page.markdown

    # Markdown is done: put in what the tokens stand for
    def on_page_content(self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str | None:  # noqa: ARG002
        """Replace tokens by HTML, and log what is wrong with the page's blocks and expressions."""
        builder, self._current = self._pages.get(page.file.src_uri), None
        if builder is None:
            return None
        result = builder.html(html)
        # Logged, not raised: authors see all problems of all pages at once, and a strict build fails on any
        for problem in sorted(builder.problems, key=lambda problem: problem.line):
            self._report(problem.at(builder.name), config)
        return result

    def _late(self, text: str) -> str:
        return text if self._current is None else self._current.late(text)

    # The theme has put the page together: what a browser asks for at once comes first
    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str | None:  # noqa: ARG002
        """Add hints for the page's widgets to its head."""
        self._rendered.add(page.file.dest_uri)
        builder = self._pages.get(page.file.src_uri)
        return into_head(output, builder.hints) if builder and builder.hints else None

    # The theme's own pages, such as 404.html
    def on_post_template(self, output: str, /, *, template_name: str, config: MkDocsConfig) -> str | None:  # noqa: ARG002
        """Note that MkDocs rendered it."""
        self._rendered.add(template_name)
        return None

    # All pages are read, so all the files they need are known
    def on_env(self, env: Environment, /, *, config: MkDocsConfig, files: Files) -> Environment | None:  # noqa: ARG002
        """Add the files that widgets need to the site."""
        if self.options.offline and not self._serving:
            for address, content in self._get_runtime().files.items():
                self._assets.add(address, content)
        for address, content in self._assets.files.items():
            given = {"content": content} if isinstance(content, bytes) else {"abs_src_path": str(content)}
            files.append(File.generated(config, address, inclusion=InclusionLevel.INCLUDED, **given))
        return None

    # One policy for all pages, so all of them must be there, the theme's 404 page too
    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Change what was written: the theme's script, hashes, the policy, and last the worker, which lists all."""
        if self.options.anywhere and not self._serving and config.site_url:
            try:
                relocate(Path(config.site_dir), config.site_url)
            except ThemeChangedError as error:
                raise PluginError(f"onnx-widgets: option `anywhere`: {error}") from error
        site, base = Path(config.site_dir), urlsplit(config.site_url or "/").path
        if self._runtime is not None:
            write_integrity(site, self._rendered, self._runtime.integrity, base)
        if self.options.csp:
            protect(site, self._rendered, serving=self._serving)
        if self.options.offline and not self._serving:
            write_offline(site, self._get_runtime().register, base)

    # Rebuild when a model, a metric or a widget changes
    def on_serve(self, server: LiveReloadServer, /, *, config: MkDocsConfig, builder: object) -> LiveReloadServer:  # noqa: ARG002
        """Watch everything that pages are made of."""
        folders = [self._root / folder for folder in self.options.models]
        folders += [own_assets() / name for name in FOLDERS]
        folders += [self._root / self.options.metrics] if self.options.metrics else []
        for folder in folders:
            if folder.is_dir():
                server.watch(str(folder))
        return server

    @staticmethod
    def _report(message: str, config: MkDocsConfig) -> None:
        # With --quiet, MkDocs drops warnings before its strict mode counts them, but counts and shows errors
        log.log(logging.ERROR if config.strict else logging.WARNING, "%s", one_line(message))

    def _get_runtime(self) -> Runtime:
        if self._runtime is None:
            given = self.options.runtime_dir
            self._runtime = collect(own_runtime() if given is None else self._root / given)
        return self._runtime

    def _read_samples(self, extension: ModuleType) -> SampleSets:
        """The extension's samples; a build that requires all of them stops in one line."""
        try:
            sets: SampleSets = extension.sample_sets(self._facts())
        except FactError as error:
            raise PluginError(f"onnx-widgets: samples: {error}") from error
        missing = [each.message for each in sets.values() if isinstance(each, MissingSamples)]
        if missing and self.options.require_samples:
            raise PluginError(f"onnx-widgets: option `require_samples`: {missing[0]}")
        return sets

    def _facts(self) -> Facts:
        return Facts(self._catalogue, self._root / self.options.metrics if self.options.metrics else None)

    def _macros(self, page: PageBuilder) -> Macros:
        facts = self._facts()
        make = getattr(self._extension, "macros", None)
        own: Macros = make(page, facts) if make else {}
        return {**public_methods(facts), "widget": page.widget, "runtime_version": page.runtime_version, **own}

    def _import_extension(self) -> ModuleType | None:
        if self.options.extension is None:
            return None
        try:
            return import_module(self.options.extension)
        except ImportError as error:
            message = f"onnx-widgets: option `extension`: cannot import {self.options.extension}: {error}"
            raise PluginError(message) from error


def _relative(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return posixpath.normpath(path.as_posix())
