"""Find fenced blocks and `{{ expressions }}` in a page's Markdown, with their lines, without rendering it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$")
_CODE_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?:.+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_EXPRESSION = re.compile(r"\{\{(?P<code>.+?)\}\}", re.DOTALL)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True)
class Span:
    """A piece of the page: characters `start` to `end`, on line `line` (counted from 1)."""

    start: int
    end: int
    line: int


@dataclass(frozen=True)
class Fence(Span):
    """A fenced block; an unclosed one reaches to the end of the page, as in Markdown."""

    info: str
    """The word after the opening fence, for example `onnx-demo`."""
    indent: str
    body: str
    """The text between the fences, the fence's own indentation taken off."""
    closed: bool


@dataclass(frozen=True)
class Expression(Span):
    """A `{{ … }}` in running text."""

    code: str


def find_fences(markdown: str) -> list[Fence]:
    """All fenced blocks of a page in order; a fence inside a longer fence is text, not a block."""
    fences: list[Fence] = []
    opening: re.Match[str] | None = None
    body: list[str] = []
    start = first_line = offset = 0
    for number, line in enumerate(markdown.splitlines(keepends=True), start=1):
        match = _FENCE.match(line.rstrip("\r\n"))
        if opening is None:
            if match:
                opening, start, first_line, body = match, offset, number, []
        elif match and _closes(match, opening):
            end = offset + len(line.rstrip("\r\n"))
            fences.append(_fence(opening, body, Span(start, end, first_line), closed=True))
            opening = None
        else:
            body.append(_dedent(line, opening["indent"]))
        offset += len(line)
    if opening is not None:
        fences.append(_fence(opening, body, Span(start, offset, first_line), closed=False))
    return fences


def find_expressions(markdown: str, fences: list[Fence]) -> list[Expression]:
    """All `{{ … }}` outside of fenced blocks and code spans."""
    hidden = [(fence.start, fence.end) for fence in fences]
    for start, end in _gaps(hidden, len(markdown)):
        spans = _CODE_SPAN.finditer(markdown, start, end)
        # A code span does not reach over a paragraph's end
        hidden += [span.span() for span in spans if not _BLANK_LINE.search(span[0])]
    found = []
    for match in _EXPRESSION.finditer(markdown):
        if any(start <= match.start() < end for start, end in hidden):
            continue
        line = markdown.count("\n", 0, match.start()) + 1
        found.append(Expression(match.start(), match.end(), line, match["code"].strip()))
    return found


def replace_spans(markdown: str, replacements: list[tuple[Span, str]]) -> str:
    """The page with each span replaced by its text."""
    pieces, position = [], 0
    for span, text in sorted(replacements, key=lambda pair: pair[0].start):
        pieces += [markdown[position : span.start], text]
        position = span.end
    return "".join([*pieces, markdown[position:]])


def _closes(line: re.Match[str], opening: re.Match[str]) -> bool:
    fence, wanted = line["fence"], opening["fence"]
    return fence[0] == wanted[0] and len(fence) >= len(wanted) and not line["info"].strip()


def _fence(opening: re.Match[str], body: list[str], span: Span, *, closed: bool) -> Fence:
    words = opening["info"].split()
    info = words[0] if words else ""
    return Fence(span.start, span.end, span.line, info, opening["indent"], "".join(body), closed)


def _dedent(line: str, indent: str) -> str:
    if line.startswith(indent):
        return line[len(indent) :]
    return line.lstrip(" \t") or line


def _gaps(hidden: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    gaps, position = [], 0
    for start, stop in sorted(hidden):
        gaps.append((position, start))
        position = stop
    return [*gaps, (position, end)]
