"""Bounded reading of HTTP responses, whatever their length or compression."""

from __future__ import annotations

import zlib

import httpx

_EITHER = zlib.MAX_WBITS + 32  # gzip or zlib, by the header
_DECODED = {"gzip": _EITHER, "x-gzip": _EITHER, "deflate": _EITHER}


async def read_answer(response: httpx.Response, most: int) -> bytes:
    """The first ``most`` bytes of a streamed response, decompressed; memory is bounded by that.

    The caller limits the time. Raises httpx.DecodingError for damaged or unknown compression.
    """
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        inflate = None
    elif coding in _DECODED:
        inflate = zlib.decompressobj(_DECODED[coding])
    else:
        raise httpx.DecodingError(f"content-encoding {coding[:40]!r}")
    answer, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        try:
            answer += chunk[:most] if inflate is None else inflate.decompress(chunk, max(most - len(answer), 1))
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None
        if len(answer) >= most or received >= 2 * most:  # bounds input that decompresses to nothing
            break
    return bytes(answer[:most])
