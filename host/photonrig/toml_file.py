"""TOML files as typed structs: one declaration gives schema, validation and error texts.

A file's shape is a :class:`msgspec.Struct` that forbids unknown fields. :func:`text`, :func:`whole` and :func:`seconds`
bound a field and describe its values. Constraints between fields are checked in ``__post_init__``, which raises
:class:`Wrong`. Every error names file, line and key::

    lab.toml:12: slot.photon-1.power.port: must be a whole number from 1 to 32, not 'x'

Alternative structs in one place are a tagged union: the tag is the key that identifies the struct; the last struct is
for tables without any of these keys.
"""

from __future__ import annotations

import datetime
import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from photonrig.errors import UsageError
from photonrig.files import file_error

Where = tuple[str | int, ...]
T = TypeVar("T")

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([^\]#]+?)\s*\]")
_KEY: Final = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PLACE: Final = re.compile(r"^(.*?)(?: - at `\$(.*)`)?$", re.DOTALL)
TAG: Final = "recognized by"  # msgspec's tag field; added in memory, never in a file
IN_MEMORY: Final = "added in memory"  # name of a field that no file has
_PLAIN: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    datetime.date: "a date, as in 2026-12-31",
}


def text(pattern: str, means: str) -> msgspec.Meta:
    """A text field that must match ``pattern`` completely; ``means`` describes it."""
    return msgspec.Meta(pattern=rf"\A(?:{pattern})\Z", description=means)


def whole(least: int, most: int) -> msgspec.Meta:
    """A whole-number field within limits."""
    return msgspec.Meta(ge=least, le=most, description=f"a whole number from {least} to {most}")


def seconds(least: float, most: float) -> msgspec.Meta:
    """A duration field within limits, in seconds."""
    return msgspec.Meta(ge=least, le=most, description=f"seconds from {least:g} to {most:g}")


Text = Annotated[str, text(r"[\s\S]*\S[\s\S]*", "a text that is not empty")]
Texts = Annotated[tuple[Text, ...], msgspec.Meta(min_length=1, description="an array of texts")]


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a file. ``refused``: keys a user may expect here, each with the reason why it is not accepted."""

    refused: ClassVar[Mapping[str, str]] = {}


class Wrong(ValueError):
    """Validation error of a key; ``where`` is its path from the table."""

    def __init__(self, where: str | Where, what: str) -> None:
        super().__init__(what)
        self.where: Where = (where,) if isinstance(where, str) else where


class TomlFile:
    """A file that was read; ``hint`` says what to do when it does not exist.

    :raises UsageError: it cannot be read, or is not TOML
    """

    def __init__(self, path: Path, hint: str = "") -> None:
        self.path = path
        try:
            self._text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise file_error(path, "read", error, missing=hint) from error
        except UnicodeDecodeError:
            raise UsageError(f"{path} is not TOML: it is not UTF-8 text") from None
        try:
            self._content = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            what, _, place = str(error).partition(" (at ")
            line = re.match(r"line (\d+)", place)
            raise UsageError(f"{path}:{line[1] if line else len(self._text.splitlines())}: not TOML: {what}") from None
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is not TOML: {' '.join(str(error).split())}") from None

    def convert(self, kind: type[T]) -> T:
        """The file as a struct.

        :raises UsageError: its first error
        """
        return self._converted(kind, self._content, ())

    def table(self, where: Where, kind: type[T], *, without: str) -> T:
        """The table at ``where`` as a struct, without one of its keys.

        :raises UsageError: its first error
        """
        found: Any = self._content
        for part in where:
            found = _inside(found, part)
        return self._converted(kind, {key: value for key, value in found.items() if key != without}, where)

    def _converted(self, kind: type[T], content: Any, base: Where) -> T:
        try:
            # Strict: a TOML date is accepted, a text that looks like one is not.
            return msgspec.convert(_tagged(kind, content), kind, builtin_types=(datetime.date,))
        except msgspec.ValidationError as error:
            raise self._translated(kind, error, content, base) from None

    def error(self, where: Where, what: str) -> UsageError:
        """An error at the path ``where``: keys, and positions from 0 in arrays; empty for the whole file."""
        name = self._name(where)
        return UsageError(f"{self.path}:{line_of(self._text, where)}: {name}{': ' if name else ''}{what}")

    def choice(self, where: Where, value: str, words: Iterable[str]) -> None:
        """Check a value whose choices are known at run time only.

        :raises UsageError: it is none of ``words``
        """
        if value not in (known := list(words)):
            raise self.error(where, _must_be(f"one of {', '.join(known)}", value, known))

    def _name(self, where: Where) -> str:
        name, found = "", self._content
        for part in where:
            found = _inside(found, part)
            called = found.get("name") if isinstance(part, int) and isinstance(found, dict) else None
            name += f".{part}" if isinstance(part, str) else f".{called}" if called else f"[{part}]"
        return name.lstrip(".")

    def _translated(self, kind: Any, error: msgspec.ValidationError, content: Any, base: Where) -> UsageError:
        """msgspec's error of the content at ``base``, rephrased with the declaration's description."""
        place = _PLACE.match(str(error))
        assert place is not None
        what = place[1]
        where: Where = tuple(int(n) if n else name for name, n in re.findall(r"\.([^.\[]+)|\[(\d+)\]", place[2] or ""))
        if isinstance(cause := error.__cause__, Wrong):
            return self.error((*base, *where, *cause.where), what)
        value: Any = content
        for part in where:
            kind, value = _kind_inside(kind, value, part), _inside(value, part)
        kind = _chosen(kind, value)
        if found := re.fullmatch(r"Object missing required field `(.*)`", what):
            return self.error((*base, *where), f"{found[1]} is missing")
        if found := re.fullmatch(r"Object contains unknown field `(.*)`", what):
            known = _keys(kind)
            reason = kind.refused.get(found[1])
            unknown = f"is not known here{_nearest(found[1], known)}; there are: {', '.join(known)}"
            return self.error((*base, *where, found[1]), reason or unknown)
        described = f"an array of tables, as in [[{where[-1]}]]" if _holds_tables(kind) else _described(kind)
        return self.error((*base, *where), _must_be(described, value, get_args(_bare(kind))))


def line_of(text: str, where: Where) -> int:
    """The line, from 1, of a key, or of the nearest enclosing thing that has a line.

    ``where`` is its path: names, and positions from 0 in arrays of tables.
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


# --- types ------------------------------------------------------------------------------------------------------------


def _some(kind: Any) -> Any:
    """A type without its None."""
    rest = [each for each in get_args(kind) if each is not type(None)]
    return rest[0] if type(None) in get_args(kind) and len(rest) == 1 else kind


def _bare(kind: Any) -> Any:
    """A type without None and bounds."""
    kind = _some(kind)
    return _bare(get_args(kind)[0]) if get_origin(kind) is Annotated else kind


def _tables(kind: Any) -> list[Any]:
    """The table structs of a type."""
    return [each for each in (kind, *get_args(kind)) if isinstance(each, type) and issubclass(each, Table)]


def _chosen(kind: Any, value: Any) -> Any:
    """The struct of a union that a value is for."""
    tables = _tables(_bare(kind))
    if not tables or not isinstance(value, dict):
        return kind
    return next((each for each in tables if each.__struct_config__.tag in value), tables[-1])


def _fields(table: Any) -> dict[str, Any]:
    """Field types of a table, by key."""
    hints = get_type_hints(table, include_extras=True)
    return {key: hints[name] for key, name in zip(table.__struct_encode_fields__, table.__struct_fields__, strict=True)}


def _keys(table: Any) -> tuple[str, ...]:
    return tuple(table.__struct_encode_fields__)


def _holds_tables(kind: Any) -> bool:
    return get_origin(_bare(kind)) is tuple and bool(_tables(_item(kind)))


def _item(kind: Any) -> Any:
    return get_args(_bare(kind))[0]


def _inside(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (LookupError, TypeError):
        return None


def _kind_inside(kind: Any, value: Any, part: str | int) -> Any:
    return _item(kind) if isinstance(part, int) else _fields(_bare(_chosen(kind, value)))[part]


def _tagged(kind: Any, value: Any) -> Any:
    """The value with the tags by which msgspec tells union members apart."""
    bare = _bare(kind)
    if isinstance(value, list) and get_origin(bare) is tuple:
        return [_tagged(_item(kind), item) for item in value]
    if not isinstance(value, dict) or not (tables := _tables(bare)):
        return value
    table = _chosen(kind, value)
    fields = _fields(table)
    tagged = {key: _tagged(fields[key], item) if key in fields else item for key, item in value.items()}
    return tagged if len(tables) == 1 else {TAG: table.__struct_config__.tag, **tagged}


def _described(kind: Any) -> str:
    """Description of the values a type accepts."""
    kind = _some(kind)
    if get_origin(kind) is Annotated:
        return next(str(meta.description) for meta in get_args(kind)[1:])
    bare = _bare(kind)
    if get_origin(bare) is Literal:
        return f"one of {', '.join(get_args(bare))}"
    return "a table" if _tables(bare) else _PLAIN.get(bare, f"a value of the type {bare}")


def _must_be(described: str, value: Any, words: Iterable[Any]) -> str:
    return f"must be {described}, not {value!r}{_nearest(value, [word for word in words if isinstance(word, str)])}"


def _nearest(word: object, words: Iterable[str]) -> str:
    found = difflib.get_close_matches(str(word), list(words), 1)
    return f" (did you mean {found[0]}?)" if found else ""
