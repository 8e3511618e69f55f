"""What a request may carry, as msgspec Structs: decoded here from forms, JSON, multipart and queries alike.

A Struct names its fields as the API does; the OpenAPI document is made of the same Structs (:mod:`.openapi`). Clients
write numbers as text and truths as words, so each value is read leniently, by the type of its field:

    str             text, or what JSON has for numbers and truths, as text
    bool            true, 1, yes, on · false, 0, no, off, nothing
    int             digits, within the bounds of its ``Meta``; nothing counts as not sent
    list[str]       a list, or one text with commas or line ends between the entries
    dict[str, Any]  an object; anything else counts as not sent
    list[UploadedFile]  all files of the request
    Any             whatever was sent

A field without a default must be there and not be empty. A field of type ``... | UnsetType`` tells what was sent as
null (None) from what was not sent (UNSET); for others both is the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, UnsetType

from photonrig.localcloud.http.body import Body, UploadedFile
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid

__all__ = ["Fields", "Stripped", "says", "unsent"]

Stripped = Annotated[str, Meta(extra={"strip": True})]
"""Text without the white space around it."""


def says(text: str, *, ge: int | None = None, le: int | None = None) -> Meta:
    """The Meta of a number, ``ge`` or more and ``le`` or less; any other is refused with this text."""
    return Meta(extra={"says": text}, ge=ge, le=le)


class Fields(msgspec.Struct):
    """A body or a query. ``KINDS`` are the encodings that are documented for a body: json, form, files."""

    KINDS: ClassVar[tuple[str, ...]] = ("json", "form")

    @classmethod
    def read(cls, sent: Body) -> Self:
        """What a request sent.

        :raises ServiceRefusal: a field is of another type, or one that must be there is not
        """
        values: dict[str, Any] = {}
        for name, key, read, required, nullable in _plan(cls):
            value = sent.files if read is _files else sent.fields.get(key, UNSET)
            if value is None and nullable:
                values[name] = None
            elif value is not None and value is not UNSET:
                try:
                    value = read(key, value)
                except _IllTyped as error:
                    raise cls.refused(str(error)) from None
                if value is not UNSET and not (required and value in ("", [])):
                    values[name] = value
            if required and name not in values:
                raise cls.missing(key)
        return cls(**values)

    @classmethod
    def missing(cls, name: str) -> ServiceRefusal:
        """The refusal of a request without this field, which must be there."""
        return cls.refused(f"{name} is required")

    @classmethod
    def refused(cls, text: str) -> ServiceRefusal:
        """How it is refused that a field is not what it should be."""
        return invalid(text)


class _IllTyped(Exception):
    """A field is of another type."""


@cache
def unsent(fields: type[Fields]) -> Fields:
    """What nothing at all is read as, made once.

    :raises ServiceRefusal: a field must be there
    """
    return fields.read(Body())


_Reader = Callable[[str, Any], Any]


@cache
def _plan(fields: type[Fields]) -> tuple[tuple[str, str, _Reader, bool, bool], ...]:
    """For each field: its name, the name in requests, how it is read, whether it must be there, whether null counts."""
    types = msgspec.structs.fields(fields)
    return tuple(
        (each.name, each.encode_name, _reader(kind), each.required, unset and optional)
        for each in types
        for kind, optional, unset in (_bare(each.type),)
    )


def _bare(kind: Any) -> tuple[Any, bool, bool]:
    """A type without None and UNSET, and whether it had them."""
    parts = [kind] if get_origin(kind) is Annotated else list(get_args(kind)) or [kind]
    if get_origin(kind) in (list, dict):
        parts = [kind]
    (bare,) = [part for part in parts if part not in (NoneType, UnsetType)]
    return bare, NoneType in parts, UnsetType in parts


def _reader(kind: Any) -> _Reader:
    extra: Mapping[str, Any] = {}
    plain = kind
    if get_origin(kind) is Annotated:
        plain, meta = get_args(kind)
        extra = meta.extra or {}
    if plain is int:
        return lambda name, value: _number(name, value, kind, extra.get("says") or f"{name} must be a number")
    if plain is str and extra.get("strip"):
        return lambda name, value: _text(name, value).strip()
    return _READERS[plain if plain in _READERS else get_origin(plain)]


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise _IllTyped(f"{name} must be a single value")


def _flag(name: str, value: Any) -> bool:
    word = _text(name, value).lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off", ""):
        return False
    raise _IllTyped(f"{name} must be true or false")


def _number(name: str, value: Any, kind: Any, text: str) -> Any:
    digits = _text(name, value)
    if not digits:
        return UNSET
    try:
        number: int = msgspec.convert(int(digits) if digits.isascii() and digits.isdecimal() else None, kind)
    except (msgspec.ValidationError, ValueError):
        raise _IllTyped(text) from None
    return number


def _texts(name: str, value: Any) -> list[str]:
    found: list[str] = []
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, str | int):
            raise _IllTyped(f"{name} must be a list of texts")
        found += str(entry).replace(",", "\n").split()
    return found


def _object(_: str, value: Any) -> Any:
    return value if isinstance(value, dict) else UNSET


def _files(_: str, value: list[UploadedFile]) -> list[UploadedFile]:
    return value


def _as_sent(_: str, value: Any) -> Any:
    return value


_READERS: dict[Any, _Reader] = {
    str: _text,
    bool: _flag,
    list[str]: _texts,
    list[UploadedFile]: _files,
    dict: _object,
    Any: _as_sent,
}
