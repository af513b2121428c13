"""One page's way from Markdown to HTML: blocks and expressions become tokens, tokens become widgets and figures.

Tokens pass through Markdown untouched wherever a block is: in a list, an admonition, a tab.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from site_src.plugin.expressions import ExpressionError, FactError, Macros, evaluate, names_one
from site_src.plugin.problems import Problem, did_you_mean
from site_src.plugin.runtime import Runtime
from site_src.plugin.scan import Fence, Span, find_expressions, find_fences, replace_spans
from site_src.plugin.templating import render, templates
from site_src.plugin.widgets.base import Block, Kind, Lines, Output, Surroundings
from site_src.plugin.widgets.reading import check, read_block
from site_src.plugin.widgets.registry import KINDS

_TOKEN = "onnxwidgets{:04d}token"  # noqa: S105 - a placeholder, not a secret
_TOKENS = re.compile(r"<p>\s*(?P<alone>onnxwidgets\d{4}token)\s*</p>|(?P<inline>onnxwidgets\d{4}token)")
_INLINE = re.compile(r"^<(?:span|strong|em|code|a|abbr|small|b|i)\b", re.IGNORECASE)
_INCLUDE = re.compile(r"^.*(?:-{1,}8<-{1,}|\{%|\{!).*$", re.MULTILINE)
"""Snippets, and the plugins include-markdown and macros."""
_FIELD = re.compile(r"(?:\.\w+|\[[^\[\]]*\])\s*$")
"""The end of an expression that reads a field: `card('mine').title`."""
_LATE = "in a block that another file or plugin puts into this page: "
_VERBATIM = ("code", "pre", "textarea", "script", "style")
"""Elements that show or use their text as it stands: a block in one is an example."""
_NEAR = 0.75
"""How alike a name and that of a kind are, of 1, where the one is taken for a slip of the other."""


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
    only_evaluator: bool = True
    """Whether every expression must be one of ours: no other plugin of the site evaluates any."""
    problems: list[Problem] = field(default_factory=list)
    hints: Markup = field(default_factory=Markup)
    """For the page's head: what a browser fetches at once."""
    _html: dict[str, Markup | Callable[[], Markup]] = field(default_factory=dict)
    _sources: dict[str, Fence] = field(default_factory=dict)
    """Token -> the fence in whose place it stands."""
    _unknown: set[str] = field(default_factory=set)
    """Blocks of the page itself whose kind is misspelt."""
    _include: int = 1
    """The first line that puts another file into the page."""
    _ids: set[str] = field(default_factory=set)
    _preloaded: set[str] = field(default_factory=set)
    _numbers: Counter[str] = field(default_factory=Counter)
    _line: int = 1

    def markdown(self, text: str, lines_before: int) -> str:
        """The page's Markdown with tokens for widgets and expressions.

        Args:
            text: The Markdown without front matter.
            lines_before: Lines of the file above it.
        """
        fences = find_fences(text)
        self._include = _included_at(text) + lines_before
        replacements: list[tuple[Span, str]] = [
            (fence, self._place_of(fence, fence.line + lines_before)) for fence in fences if _ours(fence)
        ]
        for fence in fences:
            if _misspelt(fence):
                self._unknown.add(fence.text)
                self._report_unknown(fence, fence.line + lines_before)
        if self.macros is not None:
            macros = self.macros(self)
            replacements += [
                (found, self._expression(found.code, macros, found.line + lines_before))
                for found in find_expressions(text, fences)
                if self.only_evaluator or names_one(found.code, macros)
            ]
        return replace_spans(text, replacements)

    def late(self, text: str) -> str:
        """The page's Markdown as it is rendered, with tokens for blocks that another file or plugin has put into it."""
        fences = find_fences(text)
        for fence in fences:
            if _misspelt(fence) and fence.text not in self._unknown:
                self._report_unknown(fence, self._include, _LATE)
        ours = [fence for fence in fences if _ours(fence)]
        return replace_spans(text, [(fence, self._place_of(fence, self._include, late=True)) for fence in ours])

    def html(self, content: str) -> str:
        """The page's HTML with every token replaced; afterwards, `problems` holds all mistakes."""

        def replace(match: re.Match[str]) -> str:
            token = match["alone"] or match["inline"]
            if token not in self._html:
                return match[0]
            source = self._sources.get(token)
            if source is not None and _in_comment(content, match.start()):
                return source.text
            if source is not None and any(_inside(content, match.start(), tag) for tag in _VERBATIM):
                return str(escape(source.text))
            html = self._html_of(token)
            if match["alone"]:
                return f"<p>{html}</p>" if _INLINE.match(html) else str(html)
            if token in self._sources and _inside(content, match.start(), "p"):  # else the browser ends it there
                return f"</p>{html}<p>"
            return str(html)

        return _TOKENS.sub(replace, content).replace("<p></p>", "")

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
        if block is None:
            return self._stash(self._report(problems))
        return self._stash(lambda: self._widget(KINDS[kind], block, lines))

    def _report_unknown(self, fence: Fence, line: int, where: str = "") -> None:
        hint = did_you_mean(fence.info, KINDS)
        self.problems.append(Problem(line, f"{where}there is no kind of block '{fence.info}'{hint}"))

    def _place_of(self, fence: Fence, line: int, *, late: bool = False) -> str:
        """What stands in a fence's place in the Markdown: a token in a paragraph of its own."""
        token = self._stash(lambda: self._fence(fence, KINDS[fence.info], line, late=late))
        self._sources[token] = fence
        before = "" if fence.indent or fence.marker else "\n"  # where it is indented, a blank line could end a list
        return f"{before}{fence.indent}{token}\n"

    def _fence(self, fence: Fence, kind: Kind[Any], line: int, *, late: bool) -> Markup:
        block, lines, problems = read_block(fence.body, line + 1, kind.fence, kind.schema)
        if not fence.closed:
            problems = [Problem(line, f"this {kind.fence} block is not closed with ```")]
        elif fence.marker:
            place = "below the marker of a list or a footnote, and after nothing but spaces"
            problems = [Problem(line, f"a {kind.fence} block begins on a line of its own, {place}")]
        elif fence.extra:
            message = f"'{fence.extra}' stands beside {kind.fence}; options are lines `key: value` of the block"
            problems = [Problem(line, message)]
        before = len(self.problems)
        html = self._report(problems) if block is None or problems else self._widget(kind, block, lines)
        if late:  # its lines are those of another file
            self.problems[before:] = [Problem(line, f"{_LATE}{each.message}") for each in self.problems[before:]]
        return html

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
        head = self._head(runtime, kind.fence, widget.preloads)
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
        if isinstance(value, Markup):
            return self._stash(value)
        # a macro writes Markdown; a field of a card is somebody's text, and must not become a page's script
        return str(escape(value)) if _FIELD.search(code) else str(value)

    def _stash(self, html: Markup | Callable[[], Markup]) -> str:
        """A token for HTML, or for what makes it when the token is replaced."""
        token = _TOKEN.format(len(self._html))
        self._html[token] = html
        return token

    def _html_of(self, token: str) -> Markup:
        html = self._html[token]
        made = html if isinstance(html, Markup) else html()
        self._html[token] = made
        return made

    def _report(self, problems: Sequence[Problem]) -> Markup:
        self.problems += problems
        # A box in the page, so that an author sees what is wrong where it happens
        return render("problems", page=self.name, problems=problems)


def _ours(fence: Fence) -> bool:
    return fence.info in KINDS


def _misspelt(fence: Fence) -> bool:
    near = difflib.get_close_matches(fence.info.lower().replace("_", "-"), KINDS, 1, _NEAR)
    return bool(near) and fence.info not in KINDS


def _included_at(text: str) -> int:
    """The first line that puts another file into the page; 1 if none does."""
    found = _INCLUDE.search(text)
    return 1 if found is None else text.count("\n", 0, found.start()) + 1


def _in_comment(html: str, position: int) -> bool:
    """Whether a place of rendered Markdown lies in a comment."""
    return html.rfind("<!--", 0, position) > html.rfind("-->", 0, position)


def _inside(html: str, position: int, tag: str) -> bool:
    """Whether a place of rendered Markdown lies in an element of that tag, which never holds another."""
    opened = max(html.rfind(f"<{tag}>", 0, position), html.rfind(f"<{tag} ", 0, position))
    return opened >= 0 and html.find(f"</{tag}>", opened, position) < 0
