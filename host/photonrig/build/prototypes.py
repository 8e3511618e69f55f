"""C++ prototypes of Device OS's functions, made from ``firmware/abi/dynalib.tsv``.

A function is declared when ``firmware/abi/include`` declares every type in its signature; what the headers of a
library declare is left to them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from photonrig.build.interface import read_system

__all__ = ["prototypes"]

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_WORDS_OF_C: Final = frozenset(
    ["bool", "char", "const", "int", "long", "short", "struct", "unsigned", "void"]
    + ["va_list", "size_t", "uintptr_t", "time_t", "timeval"]
    + [f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)
_QUALIFIERS: Final = frozenset(("const", "long", "short", "struct", "unsigned"))
# Tables of the C library and of mbed TLS, whose headers declare their functions; but this one is Device OS's.
_LIBRARIES: Final = frozenset(("rt", "crypto"))
_NOT_A_LIBRARYS: Final = "newlib_impure_ptr_callback"


def prototypes(abi: Path) -> str:
    """The text of ``prototypes.h`` for the interface described in ``abi``."""
    known = set(_WORDS_OF_C)
    for header in abi.glob("include/device_os/*.h"):
        known |= set(_WORD.findall(header.read_text()))
    lines = []
    for name, function in read_system(abi).items():
        signature = function.signature.replace("_Bool", "bool")
        if function.table in _LIBRARIES and name != _NOT_A_LIBRARYS:
            continue
        result, parameters = _split(signature)
        if _types(f"{result},{parameters}") <= known:
            lines.append(f"{result} {name}({parameters});")
    return (
        "// Made by the build from firmware/abi/dynalib.tsv; do not edit.\n#pragma once\n\n"
        'extern "C" {\n' + "\n".join(lines) + "\n}\n"
    )


def _split(signature: str) -> tuple[str, str]:
    """Result and parameters of a function's type: at the bracket that closes with the text."""
    depth = 0
    for at in range(len(signature) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(signature[at], 0)
        if depth == 0:
            return signature[:at].strip(), signature[at + 1 : -1].strip()
    raise ValueError(signature)


def _types(text: str) -> set[str]:
    """The words in a list of parameters that name types; some parameters have names of their own."""
    found: set[str] = set()
    for part in re.split(r"[(),]", text):
        if part.startswith("*"):  # the name of a pointer to a function
            continue
        words = _WORD.findall(part)
        if len(words) > 1 and words[-2] not in _QUALIFIERS:
            words.pop()
        found |= set(words)
    return found
