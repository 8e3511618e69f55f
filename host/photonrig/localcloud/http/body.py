"""Request bodies: form, JSON or multipart, read up to a limit, as one mapping of fields and a list of files."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from photonrig.localcloud.http.errors import refused

__all__ = ["Body", "UploadedFile", "read_body"]

MAX_PARTS = 2000
_LONGEST_END = 256


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part; ``name`` is the file name as sent, which may be a relative path."""

    name: str
    content: bytes


@dataclass(slots=True)
class Body:
    """What was sent: ``kind`` tells how it was encoded."""

    kind: str = "none"
    fields: dict[str, Any] = field(default_factory=dict)
    files: list[UploadedFile] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """A field as text; None when absent or null. Numbers and booleans of JSON become their text.

        :raises ApiError: the field is a list or an object
        """
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise refused(400, f"{name} must be a single value")

    def flag(self, name: str) -> bool | None:
        """A field as yes or no; None when absent.

        :raises ApiError: the field is neither
        """
        value = self.text(name)
        if value is None:
            return None
        if value.lower() in ("true", "1", "yes", "on"):
            return True
        if value.lower() in ("false", "0", "no", "off", ""):
            return False
        raise refused(400, f"{name} must be true or false")

    def texts(self, name: str) -> list[str]:
        """A field that may be a list, or one text with commas or line ends between the entries."""
        value = self.fields.get(name, [])
        entries = value if isinstance(value, list) else [value]
        found: list[str] = []
        for entry in entries:
            if not isinstance(entry, str | int):
                raise refused(400, f"{name} must be a list of texts")
            found += str(entry).replace(",", "\n").split()
        return found


async def read_body(request: Request, limit: int) -> Body:
    """Read and decode the body, of at most ``limit`` bytes.

    :raises ApiError: 413 too large, 400 not decodable
    """
    headers = dict(request.scope["headers"])
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return Body()
    raw = await _whole(request, limit)
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == b"multipart/form-data":
        return await _decode_multipart(request.headers, raw, limit)
    if not raw.strip():
        return Body()
    if kind == b"application/json" or (kind != b"application/x-www-form-urlencoded" and raw.lstrip()[:1] == b"{"):
        return Body("json", _decode_json(raw))
    return Body("form", _decode_form(raw))


async def _whole(request: Request, limit: int) -> bytes:
    raw = bytearray()
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise refused(400, "The request ended early")
        raw += message.get("body", b"")
        if len(raw) > limit:
            raise refused(413, f"The request is larger than {limit} bytes")
        if not message.get("more_body", False):
            return bytes(raw)


def _decode_json(raw: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise refused(400, "The body is not valid JSON") from error
    if not isinstance(fields, dict):
        raise refused(400, "The body must be a JSON object")
    return fields


def _decode_form(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_PARTS, errors="strict")
    except ValueError as error:
        raise refused(400, "The body is not a valid form") from error
    return _nested(pairs)


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """``a[]=1&a[]=2`` becomes a list, ``a[b]=1`` an object, as the API's clients write them."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        outer, bracket, inner = name.partition("[")
        inner = inner.rstrip("]")
        if not bracket:
            fields[name] = value
        elif not inner:
            entries = fields.setdefault(outer, [])
            if isinstance(entries, list):
                entries.append(value)
        else:
            members = fields.setdefault(outer, {})
            if isinstance(members, dict):
                members[inner] = value
    return fields


async def _decode_multipart(headers: Headers, raw: bytes, limit: int) -> Body:
    async def all_at_once() -> AsyncGenerator[bytes, None]:
        yield raw

    parser = MultiPartParser(headers, all_at_once(), max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=limit)
    try:
        form = await parser.parse()
        # The parser takes a body that stops early for a whole one, without its last part.
        _, options = parse_options_header(headers["content-type"])
        if b"--" + options[b"boundary"] + b"--" not in raw[-_LONGEST_END:]:
            raise MultiPartException("the closing boundary is missing")
    except (MultiPartException, KeyError, ValueError) as error:
        _close(parser)
        raise refused(400, "The multipart body is damaged or incomplete") from error
    body = Body("multipart")
    pairs: list[tuple[str, str]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            body.files.append(UploadedFile(value.filename or name, await value.read()))
        else:
            pairs.append((name, value))
    await form.close()
    body.fields = _nested(pairs)
    return body


def _close(parser: MultiPartParser) -> None:
    """Release what a parser that gave up had already put aside."""
    for file in parser._files_to_close_on_error:
        file.close()
