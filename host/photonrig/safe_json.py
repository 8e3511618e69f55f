"""JSON and text of strangers: checked on the way in, repaired on the way out.

What passes :func:`loads` or :func:`check_text` can be stored and sent on to anybody. :func:`dumps` repairs what cannot:
an older version may have stored it unchecked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import orjson

__all__ = ["MAX_DEPTH", "check_text", "dumps", "loads", "repaired"]

MAX_DEPTH: Final = 32
"""Lists and objects within each other; a choice."""

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1  # what SQLite stores
_SENT_DEPTH = 200  # orjson 3.11 writes 254 at most


def loads(raw: bytes | bytearray, pairs: Callable[[list[tuple[str, Any]]], Any] = dict) -> Any:
    """Read JSON in UTF-8; ``pairs`` makes an object of its names and values, as in :func:`json.loads`.

    :raises ValueError: it is no JSON, deeper than :data:`MAX_DEPTH`, or holds numbers beyond 64 bits, surrogates or NUL
    """
    try:
        value = _decoder(pairs).decode(raw.decode().removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    _check(value)
    return value


def check_text(text: str) -> None:
    """Accept text that can be stored and sent on.

    :raises ValueError: it has no UTF-8 form, or holds NUL, at which databases and devices end a text
    """
    if repaired(text) != text:
        raise ValueError("text that is no Unicode")
    if "\0" in text:
        raise ValueError("text with a NUL character")


def repaired(text: str) -> str:
    """Text with question marks for what has no UTF-8 form."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def dumps(value: Any) -> bytes:
    """Write JSON in UTF-8. Text is :func:`repaired`; numbers beyond 64 bits and what is too deep become ``null``.

    :raises TypeError: the value holds something that has no JSON form
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return orjson.dumps(_sendable(value, _SENT_DEPTH))


@cache  # one for each function that makes objects
def _decoder(pairs: Callable[[list[tuple[str, Any]]], Any]) -> json.JSONDecoder:
    return json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=pairs)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


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
