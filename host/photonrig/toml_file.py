"""Reading a TOML file so that every complaint names file, line and key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from photonrig.errors import UsageError
from photonrig.files import file_error

__all__ = ["Section", "line_of", "read_toml"]

Where = tuple[str | int, ...]

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]")
_KEY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_REQUIRED: Final = object()


def read_toml(path: Path, hint: str = "") -> Section:
    """The file as a section; ``hint`` says what to do when there is none.

    :raises UsageError: there is none, or it is no TOML
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise file_error(path, "read", error, missing=hint) from error
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no TOML: it is not UTF-8 text") from None
    try:
        content = tomlkit.parse(text).unwrap()
    except ParseError as error:
        raise UsageError(f"{path}:{error.line}: {str(error).split(' at line')[0]}") from None
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {' '.join(str(error).split())}") from None
    return Section(path, text, content, ())


def line_of(text: str, where: Where) -> int:
    """The line, from 1, that holds a key, or the nearest thing around it that has a line of its own.

    ``where`` leads to it: names, and positions from 0 in arrays of tables.
    """
    best, best_line = 0, 1
    for path, line in _positions(text):
        if len(path) > best and where[: len(path)] == path:
            best, best_line = len(path), line
    return best_line


def _positions(text: str) -> Iterator[tuple[Where, int]]:
    header: Where = ()
    counts: dict[Where, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if found := _HEADER.match(line):
            path: Where = ()
            names = _names(found[2])
            for position, name in enumerate(names):
                path = (*path, name)
                last = position == len(names) - 1
                if found[1] == "[[" and last:
                    counts[path] = counts.get(path, -1) + 1
                if path in counts:
                    path = (*path, counts[path])
            header = path
            yield header, number
        elif found := _KEY.match(line):
            yield (*header, *_names(found[1])), number


def _names(dotted: str) -> list[str]:
    return [part.strip().strip("\"'") for part in dotted.split(".")]


class Section:
    """One table of the file; what is taken from it is checked, and :meth:`finish` refuses what nobody took."""

    def __init__(self, path: Path, text: str, content: Mapping[str, Any], where: Where) -> None:
        self.path = path
        self._text = text
        self._content = content
        self._where = where
        self._taken: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def error(self, key: str | None, what: str) -> UsageError:
        """A complaint about a key, or about the whole section."""
        where = self._where if key is None else (*self._where, key)
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
        return UsageError(f"{self.path}:{line_of(self._text, where)}: {name}{': ' if name else ''}{what}")

    def text(
        self, key: str, default: Any = _REQUIRED, *, like: str = "", means: str = "a text that is not empty"
    ) -> str:
        """A text; ``like`` is a pattern it must match whole, ``means`` says so in words."""
        value = self._take(key, default)
        if value is default:
            return value  # type: ignore[no-any-return]
        if not isinstance(value, str) or not value or (like and not re.fullmatch(like, value)):
            raise self.error(key, f"must be {means}, not {value!r}")
        return value

    def choice(self, key: str, assumptions: Iterable[str], default: Any = _REQUIRED) -> str:
        """One of some words."""
        words = list(assumptions)
        value = self._take(key, default)
        if value not in words:
            raise self.error(key, f"must be one of {', '.join(words)}, not {value!r}{_nearest(value, words)}")
        return str(value)

    def number(self, key: str, default: Any = _REQUIRED, *, least: int, most: int) -> int:
        """A whole number within limits."""
        value = self._take(key, default)
        if value is default:
            return value  # type: ignore[no-any-return]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.error(key, f"must be a whole number from {least} to {most}, not {value!r}")
        return value

    def seconds(self, key: str, default: float, *, most: float, least: float = 0.0) -> float:
        """A time in seconds."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self.error(key, f"must be seconds from {least:g} to {most:g}, not {value!r}")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"must be true or false, not {value!r}")
        return value

    def texts(self, key: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """An array of texts, none of them empty."""
        value = self._take(key, default)
        if value is default:
            return value  # type: ignore[no-any-return]
        if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
            raise self.error(key, f"must be an array of texts, not {value!r}")
        return tuple(value)

    def section(self, key: str) -> Section | None:
        """A table inside this one, if it is there."""
        value = self._take(key, None)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.error(key, f"must be a table, not {value!r}")
        return Section(self.path, self._text, value, (*self._where, key))

    def sections(self, key: str) -> list[Section]:
        """An array of tables inside this one; empty if it is not there."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"must be an array of tables, as in [[{key}]]")
        return [Section(self.path, self._text, item, (*self._where, key, n)) for n, item in enumerate(value)]

    def finish(self) -> None:
        """Refuse keys that nobody took.

        :raises UsageError: there is one
        """
        for key in self._content:
            if key not in self._taken:
                known = ", ".join(self._taken)
                raise self.error(key, f"is not known here{_nearest(key, self._taken)}; there are: {known}")

    def _take(self, key: str, default: Any) -> Any:
        self._taken.append(key)
        if key in self._content:
            return self._content[key]
        if default is _REQUIRED:
            raise self.error(None, f"{key} is missing")
        return default


def _nearest(word: object, words: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(word), list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""
