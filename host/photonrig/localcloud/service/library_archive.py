"""Library archives, read in memory without unpacking to disk."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from photonrig.build.project import parse_properties
from photonrig.errors import UsageError

MOST_BYTES = 32 << 20  # unpacked
MOST_FILES = 2000
_PROPERTIES = "library.properties"
PROPERTIES_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,63}")
_BLOCK = 512
_PAX_RECORD = re.compile(rb"(\d{1,9}) ([^= ]{1,100})=")
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z.-]{1,32})?")


@dataclass(frozen=True, slots=True)
class LibraryArchive:
    """Parsed ``library.properties``; name and version identify the library."""

    name: str
    version: str
    properties: Mapping[str, str]


def read_library(archive: bytes) -> LibraryArchive:
    """Read a library's ``.tar.gz``.

    :raises UsageError: damaged, too large, or without a ``library.properties`` that has name and version
    """
    text = _properties(archive)
    properties = parse_properties(text)
    name, version = properties.get("name", ""), properties.get("version", "")
    if not _NAME.fullmatch(name):
        raise UsageError("library.properties must state a name of letters, digits, dashes or underscores")
    if not _VERSION.fullmatch(version):
        raise UsageError("library.properties must state a version such as 1.0.0")
    return LibraryArchive(name, version, properties)


def library_files(archive: bytes) -> dict[str, bytes]:
    """Files of a library by relative path; raises UsageError as :func:`read_library`."""
    found = dict(_files(archive))
    root = min((path for path in found if path.endswith(_PROPERTIES)), key=len, default=_PROPERTIES)
    folder = root.removesuffix(_PROPERTIES)
    return {path.removeprefix(folder): content for path, content in found.items() if path.startswith(folder)}


def _properties(archive: bytes) -> str:
    for path, content in _files(archive):
        if path.endswith(_PROPERTIES) and path.count("/") <= 1:
            return content[:PROPERTIES_BYTES].decode("utf-8", errors="replace")
    raise UsageError("the archive holds no library.properties")


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and content of every regular file; paths out of the archive, and links, are left out."""
    for number, (name, content) in enumerate(_members(_gunzip(archive))):
        if number >= MOST_FILES:
            raise UsageError(f"the archive holds more than {MOST_FILES} files")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if parts and ".." not in parts:
            yield "/".join(parts), content


def _members(tar: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of the regular files of a tar archive (POSIX ustar and pax, GNU long names).

    Python's ``tarfile`` expands sparse files without bound and, before 3.11.10, can spend hours on a header; here every
    step consumes a block of the archive.
    """
    at = 0
    long_name = ""
    while at + _BLOCK <= len(tar) and any(header := tar[at : at + _BLOCK]):
        try:
            size = int(header[124:136].rstrip(b" \0") or b"0", 8)
            summed = sum(header) - sum(header[148:156]) + 8 * ord(" ")
            if size < 0 or summed != int(header[148:156].rstrip(b" \0"), 8):
                raise ValueError("wrong check sum")
        except ValueError as error:
            raise UsageError(f"the archive is damaged: {error}") from None
        start, at = at + _BLOCK, at + _BLOCK + -(-size // _BLOCK) * _BLOCK
        if at > len(tar):
            raise UsageError("the archive is damaged: it is cut short")
        content = tar[start : start + size]
        match header[156:157]:
            case b"x":
                long_name = _pax_path(content) or long_name
                continue
            case b"L":
                long_name = content.rstrip(b"\0").decode("utf-8", errors="replace")
                continue
            case b"0" | b"\0":
                prefix = header[345:500] if header[257:263] == b"ustar\0" else b""
                yield long_name or "/".join(filter(None, (_text(prefix), _text(header[:100])))), content
        long_name = ""
    if at == 0:
        raise UsageError("the archive is damaged: it holds no files")


def _pax_path(records: bytes) -> str:
    """The path among ``LENGTH KEY=VALUE`` records; empty if absent or malformed."""
    at = 0
    while found := _PAX_RECORD.match(records, at):
        end = at + int(found[1])
        if end <= found.end() or end > len(records):
            break
        if found[2] == b"path":
            return records[found.end() : end - 1].decode("utf-8", errors="replace")
        at = end
    return ""


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", errors="replace")


def _gunzip(archive: bytes) -> bytes:
    inflate = zlib.decompressobj(wbits=31)
    try:
        unpacked = inflate.decompress(archive, MOST_BYTES + 1)
    except zlib.error as error:
        raise UsageError(f"the archive is no gzip: {error}") from None
    if len(unpacked) > MOST_BYTES:
        raise UsageError(f"the archive unpacks to more than {MOST_BYTES} bytes")
    if not inflate.eof:
        raise UsageError("the archive is cut short")
    return unpacked
