"""JSON and text from untrusted sources: validated on input, repaired on output.

Anything that passes :func:`loads` or :func:`check_text` can be stored and sent on. :func:`dumps` repairs values stored
unchecked by older versions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, Final

import orjson

MAX_DEPTH: Final = 32
"""Nesting limit of lists and objects; our choice."""

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1  # SQLite's integer range
_SENT_DEPTH = 200  # orjson 3.11 writes 254 at most


def loads(raw: bytes | bytearray, pairs: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    """Parse UTF-8 JSON; ``pairs`` builds objects, as ``object_pairs_hook`` of :func:`json.loads`.

    :raises ValueError: invalid JSON, deeper than :data:`MAX_DEPTH`, or with numbers beyond 64 bits, surrogates or NUL
    """
    try:
        value = _decoder(pairs).decode(raw.decode().removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    _check(value)
    return value


def check_text(text: str) -> None:
    """Validate text that is to be stored and sent on.

    :raises ValueError: not encodable as UTF-8, or with NUL, which ends a text in databases and devices
    """
    if repaired(text) != text:
        raise ValueError("text that is not Unicode")
    if "\0" in text:
        raise ValueError("text with a NUL character")


def repaired(text: str) -> str:
    """The text with question marks for characters that UTF-8 cannot encode."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def scalar_text(value: bool | int | float) -> str:
    """A boolean or number as JavaScript makes a text of it: ``1`` of 1.0, ``1e-7``, ``0.00001``."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    if isinstance(value, float) and 1e-6 <= abs(value) < 1e-4:
        return format(Decimal(repr(value)), "f")
    return json.dumps(value).replace("e-0", "e-")


def dumps(value: Any) -> bytes:
    """Serialize as UTF-8 JSON.

    Text is :func:`repaired`; numbers beyond 64 bits and values nested too deep become ``null``.

    :raises TypeError: a value has no JSON form
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_sendable(value, _SENT_DEPTH))


@cache  # one decoder per object constructor
def _decoder(pairs: Callable[[list[tuple[str, Any]]], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=pairs)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        deeper: list[Any] = []
        for each in level:
            kind = type(each)
            if kind is str:
                check_text(each)
            elif kind is dict:
                deeper += each
                deeper += each.values()
            elif kind is list:
                deeper += each
            elif kind is int:
                if not _SMALLEST <= each <= _LARGEST:
                    raise ValueError("a number beyond 64 bits")
            elif kind is float and not math.isfinite(each):
                raise ValueError("a number beyond 64 bits")
        if not deeper:
            return
        level = deeper
    raise ValueError(f"JSON nested more than {MAX_DEPTH} deep")


def _sendable(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return repaired(value)
    if isinstance(value, dict | list | tuple) and not depth:
        return None
    if isinstance(value, dict):
        return {repaired(name): _sendable(each, depth - 1) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(each, depth - 1) for each in value]
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return None
    return value
