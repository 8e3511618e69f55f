"""Translation of ``.ino`` sketches to C++: includes ``Particle.h`` and declares functions ahead of their use."""

from __future__ import annotations

import re

__all__ = ["to_cpp"]

# An unclosed comment or string extends to the end of the file: a failing match would rescan from every quote.
_COMMENT_OR_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?(?:\*/|\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*""",
    re.DOTALL | re.MULTILINE,
)
_FUNCTION = re.compile(
    r"(?:^|(?<=[;}]))\s*(?P<head>(?:[A-Za-z_][\w:<>,]*[\s*&]+)+[A-Za-z_]\w*\s*\([^;{}()]*\))\s*(?=\{)",
)
_NO_FUNCTION = re.compile(r"^(?:else|return|namespace|class|struct|enum|union|template|static_assert|extern\s*\"\")\b")


def to_cpp(sketch: str, name: str) -> str:
    """The sketch as C++; ``#line`` directives keep ``name`` and its line numbers in compiler messages."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    prototypes = "".join(f"{head};\n" for head in _functions(sketch))
    return f'#include "Particle.h"\n{prototypes}#line 1 "{quoted}"\n{sketch}\n'


def _functions(sketch: str) -> list[str]:
    """Declarations of the functions defined at the outermost level."""
    code = _outermost(_COMMENT_OR_TEXT.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), sketch))
    declared = _declared_types(sketch)
    heads = []
    for found in _FUNCTION.finditer(code):
        head = " ".join(found.group("head").split())
        # Default arguments stay with the definition; types of the sketch are not declared yet at this point.
        if "=" not in head and not _NO_FUNCTION.match(head) and not declared & set(re.findall(r"\w+", head)):
            heads.append(head)
    return heads


def _outermost(code: str) -> str:
    """The code outside braces."""
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
    """Types declared by the sketch."""
    declared = set(re.findall(r"\b(?:struct|class|enum(?:\s+class)?|union)\s+(\w+)", sketch))
    declared |= set(re.findall(r"\busing\s+(\w+)\s*=", sketch))
    for definition in re.findall(r"\btypedef\b([^;]*)", sketch):
        declared |= set(re.findall(r"\w+(?=\s*\Z)", definition))
    return declared
