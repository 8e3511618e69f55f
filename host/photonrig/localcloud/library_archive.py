"""A library as it is uploaded: a compressed archive that is read and never unpacked to disk."""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from photonrig.errors import UsageError

__all__ = ["LibraryArchive", "library_files", "parse_properties", "read_library"]

MOST_BYTES = 32 << 20  # unpacked
MOST_FILES = 2000
_PROPERTIES = "library.properties"
_PROPERTIES_BYTES = 64 * 1024
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,63}")
_VERSION = re.compile(r"\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[0-9A-Za-z.-]{1,32})?")


@dataclass(frozen=True, slots=True)
class LibraryArchive:
    """What ``library.properties`` says; name and version are those by which the library is found."""

    name: str
    version: str
    properties: Mapping[str, str]


def read_library(archive: bytes) -> LibraryArchive:
    """Read a ``.tar.gz`` of a library.

    :raises UsageError: it is damaged or too large, or ``library.properties`` is missing or names no name and version
    """
    text = _properties(archive)
    properties = parse_properties(text)
    name, version = properties.get("name", ""), properties.get("version", "")
    if not _NAME.fullmatch(name):
        raise UsageError("library.properties must state a name of letters, digits, dashes or underscores")
    if not _VERSION.fullmatch(version):
        raise UsageError("library.properties must state a version such as 1.0.0")
    return LibraryArchive(name, version, properties)


def parse_properties(text: str) -> dict[str, str]:
    """``key=value`` lines; those that begin with # are remarks."""
    pairs = (line.partition("=") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key.strip(): value.strip() for key, equals, value in pairs if equals}


def library_files(archive: bytes) -> dict[str, bytes]:
    """The files of a library by their paths within it; raises UsageError as :func:`read_library`."""
    found = dict(_files(archive))
    root = min((path for path in found if path.endswith(_PROPERTIES)), key=len, default=_PROPERTIES)
    folder = root.removesuffix(_PROPERTIES)
    return {path.removeprefix(folder): content for path, content in found.items() if path.startswith(folder)}


def _properties(archive: bytes) -> str:
    for path, content in _files(archive):
        if path.endswith(_PROPERTIES) and path.count("/") <= 1:
            return content[:_PROPERTIES_BYTES].decode("utf-8", errors="replace")
    raise UsageError("the archive holds no library.properties")


def _files(archive: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and content of every plain file; none leads out of the archive."""
    unpacked = _gunzip(archive)
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            for number, member in enumerate(tar):
                if number >= MOST_FILES:
                    raise UsageError(f"the archive holds more than {MOST_FILES} files")
                parts = [part for part in member.name.split("/") if part not in ("", ".")]
                file = tar.extractfile(member) if member.isfile() and ".." not in parts else None
                if parts and file is not None:
                    yield "/".join(parts), file.read()
    except tarfile.TarError as error:
        raise UsageError(f"the archive is damaged: {error}") from None


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
