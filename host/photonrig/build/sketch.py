"""Turns an ``.ino`` sketch into C++: includes ``Particle.h`` and declares functions ahead of their use."""

from __future__ import annotations

import re

__all__ = ["to_cpp"]

# What is open stays open to its end: a search that fails would begin anew at every quote, in a sketch full of them.
_COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""",
    re.DOTALL | re.MULTILINE,
)
_FUNCTION = re.compile(
    r"(?:^|(?<=[;}]))\s*(?P<head>(?:[A-Za-z_][\w:<>,]*[\s*&]+)+[A-Za-z_]\w*\s*\([^;{}()]*\))\s*(?=\{)",
)
_NO_FUNCTION = re.compile(r"^(?:else|return|namespace|class|struct|enum|union|template|static_assert|extern\s*\"\")\b")


def to_cpp(sketch: str, name: str) -> str:
    """The sketch as C++; compiler messages keep naming ``name`` and its own lines."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    prototypes = "".join(f"{head};\n" for head in _functions(sketch))
    return f'#include "Particle.h"\n{prototypes}#line 1 "{quoted}"\n{sketch}\n'


def _functions(sketch: str) -> list[str]:
    """The heads of the functions that are defined at the outermost level."""
    code = _outermost(_COMMENT_OR_TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), sketch))
    declared = _declared_types(sketch)
    heads = []
    for found in _FUNCTION.finditer(code):
        head = " ".join(found.group("head").split())
        # Default values stay with the definition; types of the sketch itself are not known yet up here.
        if "=" not in head and not _NO_FUNCTION.match(head) and not declared & set(re.findall(r"\w+", head)):
            heads.append(head)
    return heads


def _outermost(code: str) -> str:
    """The code without what stands inside braces."""
    depth = 0
    kept = []
    for character in code:
        if character == "{":
            depth += 1
            if depth == 1:
                kept.append("{")
        elif character == "}":
            depth = max(0, depth - 1)
            if depth == 0:
                kept.append("}")
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def _declared_types(sketch: str) -> set[str]:
    """The types that the sketch itself declares."""
    declared = set(re.findall(r"\b(?:struct|class|enum(?:\s+class)?|union)\s+(\w+)", sketch))
    declared |= set(re.findall(r"\busing\s+(\w+)\s*=", sketch))
    for definition in re.findall(r"\btypedef\b([^;]*)", sketch):
        declared |= set(re.findall(r"\w+(?=\s*\Z)", definition))
    return declared
