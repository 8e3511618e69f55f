"""All mutants in one build: each is a branch that a number in the environment chooses.

``x = a < b;`` becomes ``(MUTANT(1) ? (void)(x = a <= b) : MUTANT(2) ? (void)(0) : (void)(x = a < b));``. So a mutant
costs a run of the tests, not a compilation, and one run tells which mutants a test reaches at all. What no branch can
hold (a constant that sizes an array, a constructor's list) is not switched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .operators import Change, code_of

__all__ = ["switched"]

_COMMENT = re.compile(r"//[^\n]*")
_DECLARED = re.compile(
    r"(?:(?:static|inline|const|constexpr|volatile|mutable)\s+)*"
    r"[\w:]+(?:<[\w:, ]+>)?(?:\s*[*&])*(?:\s+const)?\s+[*&]?[\w:]+(?:\[[^\]]*\])?$"
)
_BLOCK_BEFORE = re.compile(
    r"(?:\)|\b(?:else|do|const|override|noexcept)|\b(?:namespace|struct|class|enum|union)\b[^;{}()]*)$"
)


@dataclass(frozen=True)
class _Segment:
    """An expression in ``text[start:end]``, and the type that its value is asked for."""

    start: int
    end: int
    cast: str = ""


def _close(code: str, at: int) -> int:
    """Where the bracket that opens at ``at`` closes."""
    depth = 0
    for here in range(at, len(code)):
        depth += (code[here] in "([{") - (code[here] in ")]}")
        if depth == 0:
            return here
    return len(code)


def _split(code: str, start: int, end: int, by: str) -> list[tuple[int, int]]:
    parts, depth, begin = [], 0, start
    for here in range(start, end):
        depth += (code[here] in "([{") - (code[here] in ")]}")
        if depth == 0 and code[here] == by:
            parts.append((begin, here))
            begin = here + 1
    return [*parts, (begin, end)]


def _statement(code: str, start: int, end: int, block: bool) -> Iterator[_Segment]:
    while start < end and code[start].isspace():
        start += 1
    body = code[start:end]
    if found := re.match(r"else\b\s*|(?:public|private|protected)\s*:\s*|(?:case [\w:]+|default)\s*:\s*", body):
        yield from _statement(code, start + found.end(), end, block)
    elif found := re.match(r"(if|while|for|switch)\s*\(", body):
        opens = start + found.end() - 1
        closes = _close(code, opens)
        parts = _split(code, opens + 1, closes, ";")
        if found[1] == "for" and len(parts) == 3:
            yield from _statement(code, *parts[0], block=False)
            yield _Segment(*parts[1], cast="(bool)")
            yield _Segment(*parts[2], cast="(void)")
        elif found[1] != "for":
            yield _Segment(opens + 1, closes, cast="" if found[1] == "switch" else "(bool)")
        if not block:
            yield from _statement(code, closes + 1, end, block)
    elif block:
        return
    elif found := re.match(r"return\b", body):
        yield _Segment(start + 6, end)
    else:
        yield from _values(code, start, end)


def _values(code: str, start: int, end: int) -> Iterator[_Segment]:
    """Of a declaration what is behind each ``=``; of anything else all of it."""
    first = True
    for begin, stop in _split(code, start, end, ","):
        equals = re.search(r"(?<![=!<>+\-*/|&^%])=(?!=)", code[begin:stop])
        left = code[begin : begin + equals.start()].strip() if equals else ""
        if first and not (equals and _DECLARED.match(left)):
            if re.match(r"[\w:.>()\[\]*&\s+-]+(?:[-+|&^/*%]?=[^=]|\(|$)", code[start:end]):
                yield _Segment(start, end, cast="(void)")
            return
        first = False
        if equals:
            yield from _elements(code, begin + equals.end(), stop)


def _elements(code: str, start: int, end: int) -> Iterator[_Segment]:
    """A value; of one in braces each element."""
    while start < end and code[start].isspace():
        start += 1
    if start < end and code[start] != "{":
        yield _Segment(start, end)
    elif start < end:
        for begin, stop in _split(code, start + 1, _close(code, start), ","):
            yield from _elements(code, begin, stop)


def _segments(code: str) -> Iterator[_Segment]:
    start, depth = 0, 0
    for at, sign in enumerate(code):
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "{":
            if depth == 0 and not _BLOCK_BEFORE.search(code[start:at].rstrip()):
                depth += 1
                continue
            if depth > 0 and not re.search(r"\]\s*(?:\([^()]*\))?$", code[start:at].rstrip()):
                depth += 1
                continue
            yield from _statement(code, start, at, block=True)
            start, depth = at + 1, 0
        elif sign == "}":
            if depth > 0:
                depth -= 1
            else:
                start = at + 1
        elif sign == ";" and depth == 0:
            yield from _statement(code, start, at, block=False)
            start = at + 1


def switched(text: str, mutants: Mapping[int, Change]) -> tuple[str, dict[int, int]]:
    """The source with a branch for each of the numbered mutants that one can hold, and on which line that is.

    Lines stay where they are.
    """
    code, bare = code_of(text), _COMMENT.sub(lambda found: " " * len(found[0]), text)
    made: dict[int, int] = {}
    out: list[str] = []
    at = 0
    for segment in sorted(_segments(code), key=lambda each: each.start):
        inside = {
            number: change
            for number, change in mutants.items()
            if segment.start <= change.start and change.end <= segment.end + change.left_out
        }
        if segment.start < at or not inside:
            continue
        old = bare[segment.start : segment.end]
        branches = ""
        for number, change in inside.items():
            begin, end = change.start - segment.start, change.end - segment.start
            new = "0" if change.left_out else old[:begin] + change.new + old[end:]
            branches += f"MUTANT({number}) ? {segment.cast}({' '.join(new.split())}) : "
        before = text[at : segment.start]
        # What the declaration promises to know while compiling it knows no more.
        head = max(before.rfind(";"), before.rfind("{"), before.rfind("}"), 0)
        before = before[:head] + before[head:].replace("static constexpr", "static inline const").replace(
            "constexpr", "inline const"
        )
        out += [before, f" ({branches}{segment.cast}({' '.join(old.split())}))", "\n" * old.count("\n")]
        made |= dict.fromkeys(inside, text.count("\n", 0, segment.start) + 1)
        at = segment.end
    return "".join(out) + text[at:], made
