"""Translation of ``.ino`` sketches to C++, as Particle's wiring-preprocessor 2.3.0 does it.

A sketch that compiles here compiles there, so its gaps are kept: it declares only functions whose types are plain words
(no ``std::vector<int>``, no default arguments), and those defined in classes, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["to_cpp"]

# An unclosed comment or string extends to the end of the file: a failing match would rescan from every quote.
_NO_CODE: Final = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|R"([^()\\\s]{0,16})\(.*?(?:\)\1"|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?"""
    r"|^[ \t]*\#(?:[^\n]*\\\r?\n)*[^\n]*",
    re.DOTALL | re.MULTILINE,
)
_PRAGMA: Final = re.compile(r"^[ \t]*#pragma (?:SPARK|PARTICLE)_NO_PREPROCESSOR", re.MULTILINE)
_PARTICLE_H: Final = re.compile(r'^[ \t]*#include [<"](?:application|Particle|Arduino)\.h[>"]', re.MULTILINE)
# Prototypes come behind these.
_BEFORE_STATEMENTS: Final = re.compile(r"(?:\s+|/\*.*?\*/|//[^\n]*|#include[^\n]+)*", re.DOTALL | re.IGNORECASE)

_PARAMETERS: Final = re.compile(r"\(([&,\[\]*\w\s]*)\)\s*([;{])")
_HEAD: Final = re.compile(r"[\w\[\]*]+\s+[&\[\]*\w\s]+")
_OF_A_HEAD: Final = frozenset("&[]* \t\r\n\f\v")
_ELSE_IF: Final = re.compile(r"\belse\b\s+\bif\b")
_TYPES: Final = re.compile(
    r"\b(?:enum\s+class|class|struct|enum)\s+(\w+)|\btypedef\s+(?:struct|enum)\s*\{[^{}]*\}\s*(\w+)"
)


def to_cpp(sketch: str, name: str) -> str:
    """The sketch as C++; ``#line`` directives keep ``name`` and its line numbers in compiler messages."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    if pragma := _PRAGMA.search(sketch):  # out of a compiler's sight, which does not know it
        return f'#line 1 "{quoted}"\n{sketch[: pragma.start()]}// {sketch[pragma.start() :]}\n'
    first = _BEFORE_STATEMENTS.match(sketch)
    at = first.end() if first else 0
    included = _PARTICLE_H.search(sketch)
    if included and included.start() > at:
        at = sketch.find("\n", included.start()) + 1 or len(sketch)
    before, behind = sketch[:at], sketch[at:]
    if before and not before.endswith("\n"):
        before += "\n"
        resumes = sketch.count("\n", 0, at) + 1
        behind = " " * (at - sketch.rfind("\n", 0, at) - 1) + behind  # the column of what follows a comment
    else:
        resumes = sketch.count("\n", 0, at) + 1
    prototypes = "".join(f"{head};\n" for head in _undeclared(sketch))
    start = "" if included else '#include "Particle.h"\n'
    return f'{start}#line 1 "{quoted}"\n{before}{prototypes}#line {resumes} "{quoted}"\n{behind}\n'


def _undeclared(sketch: str) -> list[str]:
    """Heads of the functions a sketch defines and does not declare, without those that use its own types."""
    code = _NO_CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), sketch)
    own_types = {name for names in _TYPES.findall(code) for name in names if name}
    found = {";": dict[str, None](), "{": dict[str, None]()}
    for head, end in _functions(code):
        found[end][head] = None
    return [
        head
        for head in found["{"]
        if head not in found[";"] and not _ELSE_IF.search(head) and not own_types & set(re.findall(r"\w+", head))
    ]


def _functions(code: str) -> Iterator[tuple[str, str]]:
    """What looks like a function's head, spaces folded, with the ``;`` or ``{`` behind it."""
    for found in _PARAMETERS.finditer(code):
        begin = found.start()
        while begin > 0 and (code[begin - 1].isalnum() or code[begin - 1] == "_" or code[begin - 1] in _OF_A_HEAD):
            begin -= 1
        for word in re.finditer(r"[\w\[\]*]+", code[begin : found.start()]):
            if _HEAD.fullmatch(code, begin + word.start(), found.start()):
                head = f"{code[begin + word.start() : found.start()]}({found[1]})"
                yield re.sub(r"\s+", " ", head).strip(), found[2]
                break
