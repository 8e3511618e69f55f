"""Frames of the cloud session: a length and one encrypted message, as a Photon sends and takes them over TCP.

    frame      = length (u16 BE, a multiple of 16) ‖ ciphertext
    ciphertext = AES-128-CBC(message ‖ PKCS#7 padding)

Both directions use the session key and start with the session IV. The next IV of a direction is the FIRST 16 bytes of
the ciphertext just sent in it, not the last block as elsewhere (Device OS 2.3.1, light SSL message channel).

One cipher serves a direction for the whole session, because to make one costs more than to use it: as it chains on from
the last block by itself, only a message's first block needs to be set right, by what the two blocks differ in.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from photonrig.errors import ProtocolError

__all__ = ["MAX_MESSAGE_FROM_DEVICE", "MAX_MESSAGE_TO_DEVICE", "FrameDecoder", "FrameEncoder"]

_BLOCK = 16
_PADDING = [bytes((length,)) * length for length in range(_BLOCK + 1)]

# Device OS 2.3.1: a buffer of 800 bytes takes 768 bytes of ciphertext; one byte more and the device hangs up.
MAX_MESSAGE_TO_DEVICE = 767

# A choice: the largest buffer of any Photon (960 bytes, Device OS 3.3.1) rounded up, so that no real device is refused.
MAX_MESSAGE_FROM_DEVICE = 1023


class FrameEncoder:
    """Turns messages into frames, in the order in which they are sent."""

    def __init__(self, key: bytes, iv: bytes, *, max_message: int = MAX_MESSAGE_TO_DEVICE) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        self._off = 0  # the IV due, by what it differs from the block the cipher chains on from
        self._max_message = max_message

    def encode(self, message: bytes) -> bytes:
        """The frame of ``message`` (1 to ``max_message`` bytes), to be sent in one write.

        Raises ProtocolError, with nothing changed, for a message no peer would take.
        """
        if not 0 < len(message) <= self._max_message:
            raise ProtocolError(
                f"a message of {len(message)} bytes cannot be sent; allowed are 1 to {self._max_message}"
            )
        plaintext = message + _PADDING[_BLOCK - len(message) % _BLOCK]
        ciphertext = self._cipher.update(_first_block_changed(plaintext, self._off))
        self._off = _difference(ciphertext)
        return len(ciphertext).to_bytes(2, "big") + ciphertext


class FrameDecoder:
    """Turns a stream, however it is split, back into messages; holds at most one unfinished frame."""

    def __init__(self, key: bytes, iv: bytes, *, max_message: int = MAX_MESSAGE_FROM_DEVICE) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        self._off = 0
        self._max_ciphertext = (max_message // _BLOCK + 1) * _BLOCK
        self._rest = b""

    def decode(self, data: bytes) -> list[bytes]:
        """Take the next bytes of the stream and return the messages that are complete now.

        Raises ProtocolError for a length or padding no peer sends; the stream cannot be read any further then.
        """
        if self._rest:
            data = self._rest + data
        messages: list[bytes] = []
        start = 0
        while len(data) - start >= 2:
            length = data[start] << 8 | data[start + 1]
            if length == 0 or length % _BLOCK or length > self._max_ciphertext:
                raise ProtocolError(f"a frame of {length} bytes; the key is wrong or the stream lost its place")
            end = start + 2 + length
            if len(data) < end:
                break
            messages.append(self._decrypt(data[start + 2 : end]))
            start = end
        self._rest = data[start:]
        return messages

    def _decrypt(self, ciphertext: bytes) -> bytes:
        plaintext = _first_block_changed(self._cipher.update(ciphertext), self._off)
        self._off = _difference(ciphertext)
        padding = plaintext[-1]
        if not 1 <= padding <= _BLOCK or not plaintext.endswith(_PADDING[padding]):
            raise ProtocolError("a frame with wrong padding; the key is wrong or the stream lost its place")
        return plaintext[:-padding]


def _difference(ciphertext: bytes) -> int:
    """What the first block, the next IV, and the last one differ in."""
    if len(ciphertext) == _BLOCK:
        return 0
    return int.from_bytes(ciphertext[:_BLOCK], "big") ^ int.from_bytes(ciphertext[-_BLOCK:], "big")


def _first_block_changed(text: bytes, by: int) -> bytes:
    if not by:
        return text
    return (int.from_bytes(text[:_BLOCK], "big") ^ by).to_bytes(_BLOCK, "big") + text[_BLOCK:]
