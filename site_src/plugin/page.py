"""One page's way from Markdown to HTML: blocks and expressions become tokens, tokens become widgets and figures.

Tokens pass through Markdown untouched wherever a block stands: in a list, an admonition, a tab.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from markupsafe import Markup

from site_src.plugin.expressions import ExpressionError, FactError, Macros, evaluate
from site_src.plugin.problems import Problem
from site_src.plugin.runtime import Assets, Runtime
from site_src.plugin.scan import Fence, Span, find_expressions, find_fences, replace_spans
from site_src.plugin.widgets.blocks import FENCE, Demo, Location, check_demo, parse_block
from site_src.plugin.widgets.render import RelativeUrl, render_demo, render_problems
from site_src.plugin.widgets.resolve import Surroundings, resolve

_TOKEN = "onnxwidgets{:04d}token"  # noqa: S105 - a placeholder, not a secret
_TOKENS = re.compile(r"<p>\s*(?P<alone>onnxwidgets\d{4}token)\s*</p>|(?P<inline>onnxwidgets\d{4}token)")
_INLINE = re.compile(r"^<(?:span|strong|em|code|a|abbr|small|b|i)\b", re.IGNORECASE)


@dataclass
class PageBuilder:
    """Works on one page."""

    name: str
    """The page's path, as error messages name it."""
    around: Surroundings
    assets: Assets
    url: RelativeUrl
    get_runtime: Callable[[], Runtime]
    """Gathers the runtime's files; called when a page has a widget."""
    macros: Callable[[PageBuilder], Macros] | None = None
    """Makes what expressions may name; None leaves every `{{` of the page alone."""
    problems: list[Problem] = field(default_factory=list)
    _html: dict[str, Markup] = field(default_factory=dict)
    _ids: set[str] = field(default_factory=set)
    _demos: int = 0
    _line: int = 1

    def markdown(self, text: str, lines_before: int) -> str:
        """The page's Markdown with tokens for what is made here; all mistakes are in `problems` after.

        Args:
            text: The Markdown without front matter.
            lines_before: Lines of the file that stand before it.
        """
        fences = find_fences(text)
        replacements: list[tuple[Span, str]] = []
        for fence in fences:
            if fence.info == FENCE:
                token = self._stash(self._block(fence, lines_before))
                replacements.append((fence, f"{fence.indent}{token}\n"))
        if self.macros is not None:
            macros = self.macros(self)
            replacements += [
                (found, self._expression(found.code, macros, found.line + lines_before))
                for found in find_expressions(text, fences)
            ]
        return replace_spans(text, replacements)

    def html(self, content: str) -> str:
        """The page's HTML with every token replaced by what it stands for."""

        def replace(match: re.Match[str]) -> str:
            html = self._html.get(match["alone"] or match["inline"])
            if html is None:
                return match[0]
            return f"<p>{html}</p>" if match["alone"] and _INLINE.match(html) else str(html)

        return _TOKENS.sub(replace, content)

    def place(self, html: str) -> str:
        """For macros: a token that stands for HTML, to be put into Markdown."""
        return self._stash(Markup(html))  # noqa: S704 - macros are the site's own code

    def runtime_version(self) -> str:
        """For macros: the version of onnxruntime-web that this site is built with."""
        try:
            return self.get_runtime().version
        except ValueError as error:
            raise FactError(str(error)) from error

    def demo(self, **options: object) -> str:
        """For macros: a widget, as a fenced block with these keys would make it."""
        lines: dict[Location, int] = {(): self._line}
        demo, problems = check_demo(options, lines)
        return self._stash(self._report(problems) if demo is None else self._demo(demo, lines))

    def _block(self, fence: Fence, lines_before: int) -> Markup:
        line = fence.line + lines_before
        if not fence.closed:
            return self._report([Problem(line, f"this {FENCE} block is not closed with ```")])
        demo, lines, problems = parse_block(fence.body, line + 1)
        return self._report(problems) if demo is None else self._demo(demo, lines)

    def _demo(self, demo: Demo, lines: dict[Location, int]) -> Markup:
        self._demos += 1
        resolved, problems = resolve(demo, f"demo-{self._demos}", lines, self.around)
        if resolved is None:
            return self._report(problems)
        if resolved.id in self._ids:
            line = lines.get(("id",), lines[()])
            return self._report([Problem(line, f"id: another widget of this page has the id '{resolved.id}'")])
        try:
            runtime = self.get_runtime()
        except ValueError as error:
            return self._report([Problem(lines[()], str(error))])
        html = render_demo(resolved, runtime, self.assets, self.url, first=not self._ids)
        self._ids.add(resolved.id)
        return html

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

    def _report(self, problems: list[Problem]) -> Markup:
        self.problems += problems
        return render_problems(self.name, problems)
