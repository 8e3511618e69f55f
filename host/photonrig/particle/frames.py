"""Frames of the cloud session: a length and one encrypted message, over TCP.

    frame      = length (u16 BE, a multiple of 16) ‖ ciphertext
    ciphertext = AES-128-CBC(message ‖ PKCS#7 padding)

Both directions use the session key and start with the session IV. The next IV of a direction is the FIRST 16 bytes of
the ciphertext just sent in it, instead of the usual last block (Device OS 2.3.1, light SSL message channel).

Each direction uses one cipher object for the whole session, since creating one costs more than using it. The object
chains on from the last block, so the first block of each message is XORed with the difference between last block and
required IV.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from photonrig.errors import ProtocolError

_BLOCK = 16
_PADDING = [bytes((length,)) * length for length in range(_BLOCK + 1)]

# Device OS 2.3.1: a buffer of 800 bytes takes 768 bytes of ciphertext; one byte more and the device hangs up.
MAX_MESSAGE_TO_DEVICE = 767

# From Device OS 3.0: 960 bytes, of which 928 are ciphertext.
MAX_MESSAGE_TO_LARGE_BUFFER = 927

# A choice: the largest buffer of any Photon (960 bytes, Device OS 3.3.1) rounded up.
MAX_MESSAGE_FROM_DEVICE = 1023


class FrameEncoder:
    """Encodes messages as frames, in sending order."""

    def __init__(self, key: bytes, iv: bytes, *, max_message: int = MAX_MESSAGE_TO_DEVICE) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        self._off = 0  # XOR of the required IV and the block the cipher chains on from
        self._max_message = max_message

    def encode(self, message: bytes) -> bytes:
        """The frame of ``message`` (1 to ``max_message`` bytes), to be sent in one write.

        Raises ProtocolError, without a change of state, for a message the peer's buffer cannot hold.
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
    """Decodes a stream, however split, into messages; buffers at most one unfinished frame."""

    def __init__(self, key: bytes, iv: bytes, *, max_message: int = MAX_MESSAGE_FROM_DEVICE) -> None:
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
        self._off = 0
        self._max_ciphertext = (max_message // _BLOCK + 1) * _BLOCK
        self._rest = b""

    def decode(self, data: bytes) -> list[bytes]:
        """Feed the next bytes of the stream; returns the messages now complete.

        Raises ProtocolError for an impossible length or padding; the stream cannot be read any further then.
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
    """XOR of the first block (the next IV) and the last block."""
    if len(ciphertext) == _BLOCK:
        return 0
    return int.from_bytes(ciphertext[:_BLOCK], "big") ^ int.from_bytes(ciphertext[-_BLOCK:], "big")


def _first_block_changed(text: bytes, by: int) -> bytes:
    if not by:
        return text
    return (int.from_bytes(text[:_BLOCK], "big") ^ by).to_bytes(_BLOCK, "big") + text[_BLOCK:]
