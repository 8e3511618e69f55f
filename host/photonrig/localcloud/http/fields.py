"""Request fields as msgspec Structs, decoded from forms, JSON, multipart and queries alike.

A Struct's fields are named as in the API; the OpenAPI document is generated from the same Structs (:mod:`.openapi`).
Clients send numbers and booleans as text, so values are converted by the type of their field:

    str             text; JSON numbers and booleans as text
    bool            true, 1, yes, on · false, 0, no, off, empty
    int             digits, within the bounds of its ``Meta``; empty counts as not sent
    list[str]       a list, or one text separated by commas or line ends
    dict[str, Any]  an object; anything else counts as not sent
    list[UploadedFile]  all files of the request
    Any             the value as sent

A field without a default is required and must not be empty. A field of type ``... | UnsetType`` distinguishes null
(None) from not sent (UNSET); for others both yield the default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, UnsetType

from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.http.body import Body, UploadedFile
from photonrig.localcloud.service.refusal import ServiceRefusal
from photonrig.safe_json import scalar_text

Stripped = Annotated[str, Meta(extra={"strip": True})]
"""Text without surrounding white space."""


def says(text: str, *, ge: int | None = None, le: int | None = None) -> Meta:
    """Meta of a number from ``ge`` to ``le``; other values are refused with this text."""
    return Meta(extra={"says": text}, ge=ge, le=le)


class Fields(msgspec.Struct):
    """A body or a query.

    ``KINDS`` are a body's documented encodings: json, form, files. A field that is invalid is refused as ``SITUATION``,
    and one that is required and missing with the text ``MISSING``.
    """

    KINDS: ClassVar[tuple[str, ...]] = ("json", "form")
    SITUATION: ClassVar[Situation] = Situation.INVALID
    MISSING: ClassVar[str] = "{name} is required"

    @classmethod
    def read(cls, sent: Body) -> Self:
        """Decode the request's fields.

        :raises ServiceRefusal: a field is of another type, or a required one is missing
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
        """Refusal when this required field is missing."""
        return cls.refused(cls.MISSING.format(name=name))

    @classmethod
    def refused(cls, text: str) -> ServiceRefusal:
        """Refusal when a field is invalid."""
        return ServiceRefusal(cls.SITUATION, text=text)


class _IllTyped(Exception):
    """A field of another type."""


@cache
def unsent(fields: type[Fields]) -> Fields:
    """The result of decoding nothing, cached.

    :raises ServiceRefusal: a field is required
    """
    return fields.read(Body())


_Reader = Callable[[str, Any], Any]


@cache
def _plan(fields: type[Fields]) -> tuple[tuple[str, str, _Reader, bool, bool], ...]:
    """For each field: its name, the API's name, its decoder, whether it is required, whether null counts."""
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
    if isinstance(value, int | float):
        return scalar_text(value)
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
