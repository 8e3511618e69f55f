"""Request bodies: form, JSON or multipart, read up to a limit into a mapping of fields and a list of files."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from photonrig.localcloud.http.errors import ApiError, refused
from photonrig.safe_json import check_text, loads, scalar_text

MAX_PARTS = 2000
MAX_NAME, MAX_FOLDERS = 512, 32  # of an uploaded file; a choice
_LONGEST_END = 256
_DEPTH, _LAST_INDEX = 5, 20  # of qs: brackets in a name, and number of an entry by which a list is one with gaps


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file part; ``name`` is the file name as sent, which may be a relative path."""

    name: str
    content: bytes


@dataclass(slots=True)
class Body:
    """A decoded body; ``kind`` is its encoding."""

    kind: str = "none"
    fields: dict[str, Any] = field(default_factory=dict)
    files: list[UploadedFile] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """A field as text; None when absent or null. JSON numbers and booleans are converted.

        :raises ApiError: the field is a list or an object
        """
        value = self.fields.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, int | float):
            return scalar_text(value)
        raise refused(400, f"{name} must be a single value")


def announced(request: Request, limit: int, beyond: ApiError | None = None) -> int:
    """Expected size of the body: Content-Length, or else ``limit``.

    :raises ApiError: more than ``limit``: ``beyond``, or 413
    """
    headers = dict(request.scope["headers"])
    if b"transfer-encoding" in headers:
        return limit
    size = int(headers.get(b"content-length", b"0"))
    if size > limit:
        raise beyond or _too_large(limit)
    return size


async def read_body(request: Request, limit: int, beyond: ApiError | None = None) -> Body:
    """Read and decode a body of at most ``limit`` bytes. The result is valid text throughout.

    :raises ApiError: more than ``limit`` bytes: ``beyond``, or 413; 400 not decodable
    """
    headers = dict(request.scope["headers"])
    if b"content-length" not in headers and b"transfer-encoding" not in headers:
        return Body()
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind == b"multipart/form-data":
        return await _decode_multipart(request, limit, beyond)
    raw = bytearray()
    async for piece in _pieces(request, limit, beyond):
        raw += piece
    if kind not in _DECODERS or not raw.strip():
        return Body()
    name, decode = _DECODERS[kind]
    return Body(name, decode(raw))


async def _pieces(request: Request, limit: int, beyond: ApiError | None) -> AsyncGenerator[bytes, None]:
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise refused(400, "The request ended early")
        piece, more = message.get("body", b""), message.get("more_body", False)
        size += len(piece)
        if size > limit:
            raise beyond or _too_large(limit)
        yield piece


def _too_large(limit: int) -> ApiError:
    return refused(413, f"The request is larger than {limit} bytes")


def _decode_json(raw: bytearray) -> dict[str, Any]:
    try:
        fields = loads(raw, _unambiguous)
    except ValueError as error:
        raise refused(400, f"The body is not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise refused(400, "The body must be a JSON object")
    return fields


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a name twice in one object")
    return fields


def _decode_form(raw: bytearray) -> dict[str, Any]:
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=MAX_PARTS, errors="strict")
        for pair in pairs:
            for text in pair:
                check_text(text)
    except ValueError as error:
        raise refused(400, "The body is not a valid form") from error
    return nested(pairs)


def nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Fields of a form or query, with brackets as qs reads them, the parser of express.

    ``a=1&a=2``, ``a[]=1&a[]=2`` and ``a[0]=1&a[1]=2`` are a list, ``a[b]=1`` is an object, ``a[b][]=1`` a list in one.
    """
    fields: dict[str, Any] = {}
    for name, value in pairs:
        outer, bracket, rest = name.partition("[")
        inside = bool(bracket and outer) and rest.endswith("]")
        _put(fields, [outer, *rest[:-1].split("][", _DEPTH - 1)] if inside else [name], value)
    return {name: _listed(value) for name, value in fields.items()}


def _put(fields: dict[str, Any], path: list[str], value: str) -> None:
    """Put a value where its path says; a list is kept as an object with its numbers as names."""
    name, *inner = path
    name = name or str(len(fields))
    if not inner and name not in fields:
        fields[name] = value
        return
    if not isinstance(fields.setdefault(name, {}), dict):
        fields[name] = {"0": fields[name]}
    _put(fields[name], inner or [""], value)


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    entries = {name: _listed(each) for name, each in value.items()}
    if not all(name.isascii() and name.isdecimal() and len(name) <= len(str(MAX_PARTS)) for name in entries):
        return entries
    numbers = sorted(map(int, entries))
    whole = numbers[-1] in (len(numbers) - 1, *range(_LAST_INDEX + 1))
    return [entries[str(number)] for number in numbers] if whole else entries


async def _decode_multipart(request: Request, limit: int, beyond: ApiError | None) -> Body:
    kind = request.headers["content-type"]

    async def pieces() -> AsyncGenerator[bytes, None]:
        end = b""
        async for piece in _pieces(request, limit, beyond):
            end = (end + piece[-_LONGEST_END:])[-_LONGEST_END:]
            yield piece
        # The parser accepts a truncated body as complete and leaves its last part open. An exception from its source
        # makes it close all.
        _, options = parse_options_header(kind)
        if b"--" + options[b"boundary"] + b"--" not in end:
            raise MultiPartException("the closing boundary is missing")

    # The parser falls back to Latin-1 for text outside the stated character set; with Latin-1 throughout, the original
    # bytes can be restored.
    headers = Headers({"content-type": f"{kind}; charset=latin-1"})
    form = FormData()
    parser = MultiPartParser(headers, pieces(), max_files=MAX_PARTS, max_fields=MAX_PARTS, max_part_size=limit)
    try:
        form = await parser.parse()
        body = Body("multipart")
        pairs: list[tuple[str, str]] = []
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                body.files.append(UploadedFile(_file_name(value.filename or name), await value.read()))
            else:
                pairs.append((_utf8(name), _utf8(value)))
        body.fields = nested(pairs)
        return body
    except (MultiPartException, KeyError, ValueError) as error:
        raise refused(400, "The multipart body is damaged or incomplete") from error
    finally:
        await form.close()


# Documented, API reference, Format: JSON and forms by their content types; express, which answers at Particle, leaves
# the body of any other type, or of none, unread.
_DECODERS = {b"application/json": ("json", _decode_json), b"application/x-www-form-urlencoded": ("form", _decode_form)}


def _utf8(latin: str) -> str:
    text = latin.encode("latin-1").decode()
    check_text(text)
    return text


def _file_name(latin: str) -> str:
    name = _utf8(latin)
    if len(name) > MAX_NAME or name.replace("\\", "/").count("/") > MAX_FOLDERS:
        raise refused(400, f"A file name has more than {MAX_NAME} characters or {MAX_FOLDERS} folders: {name[:60]}…")
    return name
