"""Valid customer names: e-mail addresses, or on request any text the cloud accepts.

Addresses follow RFC 5321 and 1035 in ASCII, without quoted local parts and without characters that start a formula in a
spreadsheet. Existence is not checked.
"""

from __future__ import annotations

import re
from typing import Final

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+\-=?^_`{|}~]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?")
_TOP: Final = re.compile(r"[A-Za-z]{2,}|xn--[A-Za-z0-9\-]*[A-Za-z0-9]", re.IGNORECASE)
# RFC 5321, 4.5.3.1: octets of the local part and of the path without its brackets; RFC 1035, 2.3.4: of a label.
_LONGEST_LOCAL: Final = 64
_LONGEST: Final = 254
_LONGEST_LABEL: Final = 63
# "'" is how spreadsheets escape formulas, and how databases quote.
_NO_BEGINNING: Final = "=+-@'`|"


def why_no_address(text: str) -> str | None:
    """Why a text is not an acceptable e-mail address; None if it is one."""
    if (why := why_no_name(text)) is not None:
        return why
    if not text.isascii():
        return "it holds letters outside ASCII, which may look like others"
    local, at, domain = text.rpartition("@")
    if not at or not domain or "@" in local or text[0] in _NO_BEGINNING:
        return "it is not an e-mail address"
    labels = domain.split(".")
    if not _LOCAL.fullmatch(local) or len(labels) < 2 or not _TOP.fullmatch(labels[-1]):
        return "it is not an e-mail address"
    if not all(_LABEL.fullmatch(label) and len(label) <= _LONGEST_LABEL for label in labels):
        return "it is not an e-mail address"
    if len(local) > _LONGEST_LOCAL or len(text) > _LONGEST:
        return "it is too long for an e-mail address"
    return None


def why_no_name(text: str) -> str | None:
    """Why a text cannot name a customer at all: a name is part of API paths; None if it can."""
    if not text.isprintable() or re.search(r"[\s/]", text):
        return "it holds a blank, a slash or a character that cannot be seen"
    if text in (".", ".."):
        return "it is a path"
    return None
