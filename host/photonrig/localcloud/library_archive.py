"""A library as it is uploaded: a compressed archive that is read and never unpacked to disk."""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from photonrig.errors import UsageError

__all__ = ["LibraryArchive", "read_library"]

MOST_BYTES = 32 << 20  # unpacked
MOST_FILES = 2000
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
    properties = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith("#"):
            properties[key.strip()] = value.strip()
    name, version = properties.get("name", ""), properties.get("version", "")
    if not _NAME.fullmatch(name):
        raise UsageError("library.properties must state a name of letters, digits, dashes or underscores")
    if not _VERSION.fullmatch(version):
        raise UsageError("library.properties must state a version such as 1.0.0")
    return LibraryArchive(name, version, properties)


def _properties(archive: bytes) -> str:
    unpacked = _gunzip(archive)
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            for number, member in enumerate(tar):
                if number >= MOST_FILES:
                    raise UsageError(f"the archive holds more than {MOST_FILES} files")
                parts = [part for part in member.name.split("/") if part not in ("", ".")]
                if parts and parts[-1] == "library.properties" and len(parts) <= 2 and member.isfile():
                    file = tar.extractfile(member)
                    content = b"" if file is None else file.read(_PROPERTIES_BYTES)
                    return content.decode("utf-8", errors="replace")
    except tarfile.TarError as error:
        raise UsageError(f"the archive is damaged: {error}") from None
    raise UsageError("the archive holds no library.properties")


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
