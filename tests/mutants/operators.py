"""One-operator changes of C++ sources: the mutants nobody thought of.

A comparison, a sign, a connective, a truth value, a negation or a number is changed, or a statement is left out, each
alone. Comments, strings, preprocessor lines, static_asserts and declarations without a value are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Change", "changes", "code_of"]


@dataclass(frozen=True)
class Change:
    """``new`` stands in place of ``text[start:end]`` of ``file``; ``left_out``: a whole statement gives way."""

    file: Path
    line: int
    start: int
    end: int
    new: str
    before: str  # the line, without what surrounds it
    after: str
    left_out: bool = False

    def __str__(self) -> str:
        return f"{self.before}  ->  {self.after or '(left out)'}"


_SWAPS = (
    (r"(?<![<>=!-])<(?![<=])(?=\s)", "<="),
    (r"<=(?=\s)", "<"),
    (r"(?<![->=])>(?![>=])(?=\s)", ">="),
    (r"(?<![>])>=(?=\s)", ">"),
    (r"==", "!="),
    (r"!=", "=="),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"(?<=\s)\+(?=\s)", "-"),
    (r"(?<=\s)-(?=\s)", "+"),
    (r"(?<=\s)\*(?=\s)", "/"),
    (r"(?<=\s)/(?=\s)", "*"),
    (r"(?<![\w!])!(?=[\w(])", ""),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"(?<=\s)\?(?=\s)", "&& false ?"),
)
_NUMBER = re.compile(r"(?<![\w.'])(?:0x[0-9A-F]+|\d+)u?(?![\w.'])")
# A statement of its own on one line: a call, or a value that is set.
_STATEMENT = re.compile(r"^(?!return\b|const\b|static\b|using\b|break\b|case\b)[\w:.>()\[\]-]+(?: = .+|\(.*\));$")
_NO_CODE = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'')
_NOT_CHANGED = ("template", "namespace", "class", "enum", "static_assert")
_PURE = re.compile(r"\) (?:const )?= 0;$")
# The sizes of arrays in a declaration.
_SIZED = re.compile(r"^\s*(?!return\b)(?:[\w:]+ )+\w+\[[^\]=]*\](?:, \w+\[[^\]=]*\])*")


def code_of(text: str) -> str:
    """The text with comments, what is in quotes, and preprocessor lines blanked out; every offset stays."""
    code = _NO_CODE.sub(lambda found: " " * len(found[0]), text)
    return re.sub(r"(?m)^[ \t]*#(?:.*\\\n)*.*$", lambda found: re.sub(r"[^\n]", " ", found[0]), code)


def _others(number: str) -> list[int]:
    value = int(number.rstrip("u"), 0)
    return sorted({0, 1} - {value}) if value < 2 else [value // 3, value * 3]


def changes(file: Path) -> Iterator[Change]:
    """All changes of a file, in its order."""
    text = file.read_text()
    header = file.suffix == ".h"
    at = 0
    for number, (line, code) in enumerate(zip(text.split("\n"), code_of(text).split("\n"), strict=True), 1):
        start, at = at, at + len(line) + 1
        bare = code.strip()
        if not bare or bare.startswith(_NOT_CHANGED) or (header and "=" not in bare and "return" not in bare):
            continue
        if _PURE.search(bare):
            continue
        if sized := _SIZED.match(code):
            code = " " * sized.end() + code[sized.end() :]
        edits = [(f.start(), f.end(), swap) for pattern, swap in _SWAPS for f in re.finditer(pattern, code)]
        edits += [(f.start(), f.end(), str(other)) for f in _NUMBER.finditer(code) for other in _others(f[0])]
        for begin, end, new in edits:
            after = (line[:begin] + new + line[end:]).strip()
            yield Change(file, number, start + begin, start + end, new, line.strip(), after)
        if not header and _STATEMENT.match(bare):
            begin = len(code) - len(code.lstrip())
            yield Change(file, number, start + begin, start + begin + len(bare), "", line.strip(), "", left_out=True)
