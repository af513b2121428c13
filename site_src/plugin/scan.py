"""Find fenced blocks and `{{ expressions }}` in a page's Markdown, with their lines, without rendering it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FENCE = re.compile(
    r"^(?P<indent>(?:[ \t]*>)*[ \t]*)"
    r"(?P<marker>(?:[-*+:]|\d{1,9}[.)]|\[\^[^\]\n]+\]:)[ \t]+|[\u00a0\u2000-\u200f\u202f\u2060\u3000\ufeff]+)?"
    r"(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)$"
)
"""Indented, quoted, perhaps straight after the marker of a list, a definition or a footnote, or after something
invisible that was pasted with it."""
_QUOTE = re.compile(r"[ \t]*>")
_ATTRIBUTES = re.compile(r"\{\s*(?P<before>(?:[^\s.}][^\s}]*\s+)*)\.(?P<name>[\w-]+)\s*(?P<extra>[^}]*)\}(?P<more>.*)")
"""The other way to name a block: ``` {.onnx-demo}, perhaps after attributes."""
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
    extra: str
    """What else stands on the opening line."""
    indent: str
    """White space and marks of a quote before the fence."""
    marker: bool
    """Whether the marker of a list or a footnote, or something invisible, stands before it: Markdown sees no fence."""
    text: str
    """The whole block, its indentation taken off."""
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
        if opening is not None and _quotes(line) < _quotes(opening["indent"]):  # the quote ends, and its block with it
            fences.append(_fence(opening, body, Span(start, offset, first_line), closed=False))
            opening = None
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
    same = fence[0] == wanted[0] and len(fence) >= len(wanted)
    return same and not line["marker"] and not line["info"].strip()


def _fence(opening: re.Match[str], body: list[str], span: Span, *, closed: bool) -> Fence:
    given = opening["info"].strip()
    attributes = _ATTRIBUTES.fullmatch(given)
    if attributes:
        info, extra = attributes["name"], "".join(attributes.group("before", "extra", "more"))
    else:
        info, _, extra = given.partition(" ")
    text = f"{opening['fence']}{opening['info']}\n{''.join(body)}{opening['fence'] if closed else ''}"
    return Fence(
        span.start, span.end, span.line, info, extra.strip(), opening["indent"], bool(opening["marker"]), text,
        "".join(body), closed,
    )  # fmt: skip


def _quotes(line: str) -> int:
    """How many marks of a quote a line begins with."""
    count, at = 0, 0
    while match := _QUOTE.match(line, at):
        count, at = count + 1, match.end()
    return count


def _dedent(line: str, indent: str) -> str:
    if line.startswith(indent):
        return line[len(indent) :]
    at = 0
    for _ in range(_quotes(indent)):
        match = _QUOTE.match(line, at)
        at = match.end() if match else at
    if at:
        return line[at:].removeprefix(" ")
    return line.lstrip(" \t") or line


def _gaps(hidden: list[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    gaps, position = [], 0
    for start, stop in sorted(hidden):
        gaps.append((position, start))
        position = stop
    return [*gaps, (position, end)]
