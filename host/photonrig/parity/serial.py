"""Chapter serial: the dialogues of the setup console on USB, in listening mode, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from photonrig.clock import Deadline
from photonrig.errors import LinkLost
from photonrig.parity.programme import Question, Skipped
from photonrig.parity.softap import shown
from photonrig.parity.subject import Photon
from photonrig.particle.serial_port import SerialPort
from photonrig.particle.setup_console import IDENTITY_LINE

CHAPTER: Final = "serial"
_SPEED: Final = 9600
_QUIET: Final = 1.0  # seconds without a byte after which the identity is asked, which ends an answer
_PATIENCE: Final = 30.0
_IDENTITY: Final = re.compile(
    IDENTITY_LINE.encode() + rb"\r\n(?:Device Secret: [^\r]*\r\n)?(?:Serial Number: [^\r]*\r\n)?"
)
_SAVED: Final = re.compile(rb"<3 you!\r\n|couldn't save")
_PRIVATE: Final = re.compile(r"((?:Device Secret|Serial Number): )[^\r\\]+")


@contextmanager
def _port(photon: Photon) -> Iterator[SerialPort]:
    if photon.slot.serial is None:
        raise Skipped("slot without a serial link")
    port = SerialPort(photon.slot.serial.port, _SPEED, device=photon.slot.device_id)
    try:
        yield port
    finally:
        port.close()


def _ended_by_identity(photon: Photon, port: SerialPort) -> bytes:
    """All that comes before the answer to ``i``, which is asked after each silence."""
    deadline, answer, asked = Deadline(photon.clock, _PATIENCE), b"", False
    while deadline.left > 0:
        piece = port.read(_QUIET)
        answer += piece
        if asked and (found := _IDENTITY.search(answer)):
            return answer[: found.start()]
        if not piece:
            port.write(b"i")
            asked = True
    raise LinkLost("the console does not tell its identity", device=photon.slot.device_id)


def _typed(text: str, then: str = "", prompt: bytes = b": ") -> Callable[[Photon], str]:
    """Type a character, and a line at the prompt that follows."""

    def ask(photon: Photon) -> str:
        with _port(photon) as port:
            port.discard_input()
            port.write(text.encode())
            answer = _until(photon, port, re.compile(re.escape(prompt) + b"$")) if then else b""
            if then:
                port.write(then.encode())
            answer += _ended_by_identity(photon, port)
        return _PRIVATE.sub(r"\1{secret}", shown(answer))

    return ask


def _until(photon: Photon, port: SerialPort, end: re.Pattern[bytes]) -> bytes:
    deadline, answer = Deadline(photon.clock, _PATIENCE), b""
    while not end.search(answer):
        if deadline.left <= 0:
            raise LinkLost(f"no prompt within {_PATIENCE:g} s", device=photon.slot.device_id)
        answer += port.read(max(0.0, deadline.left))
    return answer


def _identity(photon: Photon) -> str:
    with _port(photon) as port:
        port.discard_input()
        port.write(b"i")
        return _PRIVATE.sub(r"\1{secret}", shown(_until(photon, port, _IDENTITY)))


def _modules(photon: Photon) -> str:
    """Hashes of modules are the builder's."""
    return re.sub(r'"u":"\w*"', '"u":"{sha}"', _typed("s")(photon))


def _wifi(photon: Photon) -> str:
    """Store the bench's network again, which ends listening mode."""
    ssid, password = photon.target.wifi
    if not ssid:
        raise Skipped("[network] of rig.toml names no network for the board")
    replies: Mapping[bytes, str] = {
        rb"SSID: $": ssid,
        rb"Security 0=[^:]*: $": "3" if password else "0",
        rb"Cipher[^:]*: $": "1",
        rb"Password: $": password,
    }
    any_end = re.compile(b"|".join([*replies, _SAVED.pattern]))
    with _port(photon) as port:
        port.discard_input()
        port.write(b"w")
        answer = b""
        for _ in range(len(replies) + 1):
            piece = _until(photon, port, any_end)
            answer += piece
            if _SAVED.search(piece):
                break
            port.write(next(f"{text}\n" for end, text in replies.items() if re.search(end, piece)).encode())
    return shown(answer)


QUESTIONS: Final[tuple[Question[Photon], ...]] = (
    Question(CHAPTER, "i: identity", _identity),
    Question(CHAPTER, "m: MAC address", _typed("m")),
    Question(CHAPTER, "v: version", _typed("v")),
    Question(CHAPTER, "s: modules", _modules),
    Question(CHAPTER, "c: claimed", _typed("c")),
    Question(CHAPTER, "C: a short claim code", _typed("C", "parity\n")),
    Question(CHAPTER, "C: a line that is taken back", _typed("C", "ab\x08c\n")),
    Question(CHAPTER, "an unknown character", _typed("?")),
    Question(CHAPTER, "w: the network, and online again", _wifi),
)
