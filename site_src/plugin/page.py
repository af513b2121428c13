"""One page's way from Markdown to HTML: blocks and expressions become tokens, tokens become widgets and figures.

Tokens pass through Markdown untouched wherever a block is: in a list, an admonition, a tab.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from site_src.plugin.expressions import ExpressionError, FactError, Macros, evaluate
from site_src.plugin.problems import Problem, did_you_mean
from site_src.plugin.runtime import Runtime
from site_src.plugin.scan import Fence, Span, find_expressions, find_fences, replace_spans
from site_src.plugin.templating import templates
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings
from site_src.plugin.widgets.reading import check, read_block
from site_src.plugin.widgets.registry import KINDS

_TOKEN = "onnxwidgets{:04d}token"  # noqa: S105 - a placeholder, not a secret
_TOKENS = re.compile(r"<p>\s*(?P<alone>onnxwidgets\d{4}token)\s*</p>|(?P<inline>onnxwidgets\d{4}token)")
_INLINE = re.compile(r"^<(?:span|strong|em|code|a|abbr|small|b|i)\b", re.IGNORECASE)


@dataclass
class PageBuilder:
    """Works on one page."""

    name: str
    """The page's path, as error messages name it."""
    around: Surroundings
    output: Output
    get_runtime: Callable[[], Runtime]
    """Collects the runtime's files; called when a page has a widget."""
    macros: Callable[[PageBuilder], Macros] | None = None
    """Returns what expressions may name; None leaves every `{{` of the page alone."""
    problems: list[Problem] = field(default_factory=list)
    hints: Markup = field(default_factory=Markup)
    """For the page's head: what a browser fetches at once."""
    _html: dict[str, Markup] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _preloaded: set[str] = field(default_factory=set)
    _numbers: Counter[str] = field(default_factory=Counter)
    _line: int = 1

    def markdown(self, text: str, lines_before: int) -> str:
        """The page's Markdown with tokens for widgets and expressions; afterwards, `problems` holds all mistakes.

        Args:
            text: The Markdown without front matter.
            lines_before: Lines of the file above it.
        """
        fences = find_fences(text)
        replacements: list[tuple[Span, str]] = []
        for fence in fences:
            if fence.info in KINDS:
                token = self._stash(self._fence(fence, KINDS[fence.info], lines_before))
                replacements.append((fence, f"{fence.indent}{token}\n"))
        if self.macros is not None:
            macros = self.macros(self)
            replacements += [
                (found, self._expression(found.code, macros, found.line + lines_before))
                for found in find_expressions(text, fences)
            ]
        return replace_spans(text, replacements)

    def html(self, content: str) -> str:
        """The page's HTML with every token replaced."""

        def replace(match: re.Match[str]) -> str:
            html = self._html.get(match["alone"] or match["inline"])
            if html is None:
                return match[0]
            return f"<p>{html}</p>" if match["alone"] and _INLINE.match(html) else str(html)

        return _TOKENS.sub(replace, content)

    def place(self, html: str, element: str | None = None) -> str:
        """For macros: a token for this HTML, to put into Markdown.

        Args:
            html: The site's own code.
            element: The tag of a custom element in it, if it has one; the page then loads its module.
        """
        head = Markup() if element is None else self._head(self._runtime(), element)
        return self._stash(head + Markup(html))  # noqa: S704 - macros are the site's own code

    def runtime_version(self) -> str:
        """For macros: the version of onnxruntime-web that this site is built with."""
        return self._runtime().version

    def widget(self, kind: str, **options: object) -> str:
        """For macros: a widget, as a fenced block of that kind with these keys would make it."""
        if kind not in KINDS:
            raise FactError(f"unknown kind of widget '{kind}'{did_you_mean(kind, KINDS)}")
        lines: Lines = {(): self._line}
        block, problems = check(KINDS[kind].schema, options, lines)
        return self._stash(self._report(problems) if block is None else self._widget(KINDS[kind], block, lines))

    def _fence(self, fence: Fence, kind: Kind[Any], lines_before: int) -> Markup:
        line = fence.line + lines_before
        if not fence.closed:
            return self._report([Problem(line, f"this {kind.fence} block is not closed with ```")])
        block, lines, problems = read_block(fence.body, line + 1, kind.fence, kind.schema)
        return self._report(problems) if block is None else self._widget(kind, block, lines)

    def _widget(self, kind: Kind[Any], block: Block, lines: Lines) -> Markup:
        self._numbers[kind.prefix] += 1
        widget, problems = kind.resolve(block, lines, self.around)
        if widget is None:
            return self._report(problems)
        widget_id = block.id or f"{kind.prefix}-{self._numbers[kind.prefix]}"
        if widget_id in self._ids:
            line = lines.get(("id",), lines[()])
            return self._report([Problem(line, f"id: another widget of this page has the id '{widget_id}'")])
        try:
            runtime = self.get_runtime()
        except ValueError as error:
            return self._report([Problem(lines[()], str(error))])
        head = self._head(runtime, kind.fence, [runtime.manifest, *widget.preloads])
        self._ids.add(widget_id)
        return head + widget.render(widget_id, self.output)

    def _runtime(self) -> Runtime:
        try:
            return self.get_runtime()
        except ValueError as error:
            raise FactError(str(error)) from error

    def _head(self, runtime: Runtime, element: str, files: Sequence[str] = ()) -> Markup:
        """Style sheet and entry module, with a page's first element; and hints, with the first of each kind.

        Only for that one's own files: those of others wait until the reader comes near.
        """
        preloads = [address for address in runtime.preloads(element) if address not in self._preloaded]
        if not preloads:
            return Markup()
        first = not self._preloaded
        self._preloaded.update(preloads)
        for address, content in runtime.files.items():
            self.output.assets.add(address, content)
        given = {"runtime": runtime, "preloads": preloads, "files": files, "first": first, "url": self.output.url}
        self.hints += Markup(templates().get_template("hints.html.jinja").render(given))  # noqa: S704 - it escapes
        html = templates().get_template("head.html.jinja").render(given) if first else ""
        return Markup(html)  # noqa: S704 - the template escapes what it is given

    def _expression(self, code: str, macros: Macros, line: int) -> str:
        self._line = line
        try:
            value = evaluate(code, macros)
        except ExpressionError as error:
            return self._stash(self._report([Problem(line, str(error))]))
        return self._stash(value) if isinstance(value, Markup) else str(value)

    def _stash(self, html: Markup) -> str:
        token = _TOKEN.format(len(self._html))
        self._html[token] = html
        return token

    def _report(self, problems: Sequence[Problem]) -> Markup:
        self.problems += problems
        # A box in the page, so that an author sees what is wrong where it happens
        html = templates().get_template("problems.html.jinja").render(page=self.name, problems=problems)
        return Markup(html.strip())  # noqa: S704 - the template escapes what it is given
