"""Scrubbing: a text without secrets, with each identifier replaced by the same placeholder everywhere.

``{device}`` and its like are names the run knows; ``{id1}``, ``{mail2}`` and so on are numbered in order of appearance.
Letter case is part of an answer: an upper-case id becomes an upper-case placeholder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from photonrig.errors import RigError

# In this order: a longer kind first, so that no part of it is taken for a shorter one.
_KINDS: Final = (
    ("pem", r"-----BEGIN [^-]+-----.*?-----END [^-]+-----"),
    ("mail", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    ("uuid", r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    ("time", r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?"),
    ("hex", r"\b(?:[0-9a-f]{41,}|[0-9A-F]{41,})\b"),
    ("token", r"\b[0-9a-f]{40}\b"),
    ("code", r"(?<![\w+/])[A-Za-z0-9+/]{63}(?![\w+/])"),
    ("id", r"\b(?:[0-9a-f]{24}|[0-9A-F]{24})\b"),
    ("mac", r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b"),
    ("name", r"\b(?:parity|photonrig|probe)-[0-9a-f]{8}\b"),
    ("ip", r"\b(?:\d{1,3}\.){3}\d{1,3}\b"),
)
_PATTERN: Final = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS), re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z]+)(\d+)\}")


class Scrubber:
    """Replaces what must not be recorded; one for a whole recording."""

    def __init__(self, names: Mapping[str, str] | None = None, secrets: Iterable[str] = ()) -> None:
        """``names``: values by placeholder; ``secrets``: values that become ``{secret}``."""
        self._known: dict[str, str] = {}
        self._secrets: list[str] = []
        self._seen: dict[str, dict[str, int]] = {}
        for name, value in (names or {}).items():
            self.know(name, value)
        for secret in secrets:
            self.hide(secret)

    def know(self, name: str, value: str) -> None:
        """From now on ``value`` becomes ``{name}``."""
        if value:
            self._known[value.upper()] = f"{{{name.upper()}}}"
            self._known[value] = f"{{{name}}}"

    def hide(self, secret: str) -> None:
        """From now on ``secret`` becomes ``{secret}``; what it still appears in is refused by :meth:`check`."""
        if secret:
            self._secrets.append(secret)

    def __call__(self, text: str) -> str:
        """The text as it may be recorded."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "{secret}")
        if self._known:
            longest_first = "|".join(map(re.escape, sorted(self._known, key=len, reverse=True)))
            text = re.sub(rf"(?<!\w)(?:{longest_first})(?!\w)", lambda found: self._known[found[0]], text)
        return _PATTERN.sub(self._placeholder, text)

    def check(self, text: str) -> None:
        """Check a whole recording before it is written.

        :raises RigError: a secret is in it
        """
        if any(secret in text for secret in self._secrets):
            raise RigError("a secret is left in the recording, which is not written; please report this")

    def _placeholder(self, found: re.Match[str]) -> str:
        kind, value = str(found.lastgroup), found.group()
        shown = kind.upper() if kind in ("hex", "id") and value.isupper() else kind
        if kind in ("hex", "pem"):
            return f"{{{shown}:{len(value)}}}"
        if kind in ("time", "ip", "mac", "token", "code"):
            return f"{{{shown}}}"
        numbers = self._seen.setdefault(kind, {})
        return f"{{{shown}{numbers.setdefault(value.lower(), len(numbers) + 1)}}}"


def renumbered(text: str) -> str:
    """The text with placeholders numbered by their first appearance in it, so that lines compare by themselves."""
    numbers: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        kind, key = found[1], (found[1].lower(), found[2])
        if key not in numbers:
            counts[key[0]] = counts.get(key[0], 0) + 1
            numbers[key] = counts[key[0]]
        return f"{{{kind}{numbers[key]}}}"

    return _PLACEHOLDER.sub(number, text)
