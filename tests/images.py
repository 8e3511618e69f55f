"""User parts put together field by field, independently of the code under test."""

from __future__ import annotations

import hashlib
import struct
import zlib

__all__ = ["user_part"]

NONE = 0xFFFF


def user_part(
    code: bytes = b"\xca\xfe\xba\xbe" * 500,
    *,
    product_id: int = NONE,
    product_version: int = NONE,
    needs: int = 2302,
) -> bytes:
    """A module for a Photon that needs system part 2 at a version; its code is nothing that runs."""
    code += bytes(-len(code) % 4)
    start = 0x080A0000
    prefix = struct.pack("<IIBBHHBB", start, start + 24 + len(code) + 40, 0, 0, 6, 6, 5, 1)
    prefix += struct.pack("<BBH", 4, 2, needs) + bytes(4)
    body = prefix + code + struct.pack("<HHH", product_id, product_version, 0)
    body += hashlib.sha256(body).digest() + struct.pack("<H", 40)
    return body + struct.pack(">I", zlib.crc32(body))
