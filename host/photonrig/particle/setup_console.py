"""Setup console: a Photon in listening mode over USB serial, single-character commands and text dialogues.

The device discards input before its next prompt, so every answer waits for its prompt. Prompts are matched loosely:
their texts differ between versions of Device OS.

Claiming over serial is done here instead of by the Particle CLI: ``particle serial claim CODE`` of 3.19.0 ignores
CODE and sends the word ``undefined``.

    PhotonrigError
    ├── UsageError               text the device cannot accept; nothing was sent
    ├── LinkLost                 the port went away, or no answer in time: most likely not in listening mode
    └── SetupConsoleRefused      the device refused
"""

from __future__ import annotations

import json
import re
from enum import IntEnum
from typing import Any, Final

from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.closing import Closing
from photonrig.errors import FirmwareError, LinkLost, ProtocolError, UsageError
from photonrig.particle.claim_code import CLAIM_CODE_LENGTH, check_claim_code
from photonrig.particle.serial_port import SerialPort

# Device OS's own default; any speed works that selects no other mode.
_SPEED: Final = 9600
_QUICK: Final = 5.0
# Seconds. The device scans for the network after its SSID, and once or twice more after the last answer.
_SCANNING: Final = 30.0
_SSID_MAX: Final = 32  # Device OS 2.3.1, bytes
_PASSWORD_MAX: Final = 64

# Device OS 0.5 to 3.x, setup console. The first group is the answer.
IDENTITY_LINE: Final = r"(?:Your (?:core|device) id is|Device ID:) ([0-9A-Fa-f]{24})"
_IDENTITY: Final = re.compile(IDENTITY_LINE.encode() + rb"\r\n")
_VERSION: Final = re.compile(rb"system firmware version: (\S+)")
_MAC: Final = re.compile(rb"((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\r\n")
_CLAIMED: Final = re.compile(rb"Device claimed: (yes|no)\r\n")
_DESCRIBE: Final = re.compile(rb"(\{.*\})\r\n", re.DOTALL)
_CODE_PROMPT: Final = re.compile(rb"claim code: ")
_CODE_RESULT: Final = re.compile(rb"Claim code set to: ([^\r\n]*)\r\n|claim code is not 63 characters long")
_SSID: Final = re.compile(rb"SSID: ")
_STEP: Final = re.compile(
    rb"(?P<security>Security 0=unsecured[^:]*: )|(?P<cipher>Security Cipher[^:]*: )|(?P<password>Password: )"
    rb"|(?P<saved><3 you!\r\n)|(?P<failed>couldn't save the credentials)|(?P<enterprise>EAP Type[^:]*: )"
)


class Protection(IntEnum):
    """Security of a network, as the console numbers it."""

    OPEN = 0
    WEP = 1
    WPA = 2
    WPA2 = 3


class Cipher(IntEnum):
    """A network's cipher, as the console numbers it."""

    AES = 1
    TKIP = 2
    MIXED = 3


class SetupConsoleRefused(FirmwareError):
    """The device reported that it did not do what was requested."""


class SetupConsole(Closing):
    """An open setup console; use it in a ``with`` block."""

    def __init__(self, port: str, *, device: str | None = None, clock: Clock = SYSTEM) -> None:
        """Open a serial port by its path or URL.

        :raises LinkLost: it cannot be opened
        """
        self.port = port
        self.device = device
        self._clock = clock
        self._serial = SerialPort(port, _SPEED, device=device, clock=clock)

    def close(self) -> None:
        """Close the port."""
        self._serial.close()

    def identify(self) -> str:
        """The device id, 24 lower-case hex digits."""
        return self._ask("i", _IDENTITY).group(1).decode().lower()

    def mac(self) -> str:
        """The MAC address, lower-case with colons."""
        return self._ask("m", _MAC).group(1).decode()

    def version(self) -> str:
        """The version of Device OS, as in ``2.3.1``."""
        return self._ask("v", _VERSION).group(1).decode()

    def modules(self) -> dict[str, Any]:
        """The system describe: platform ``p`` and the list of modules ``m``."""
        text = self._ask("s", _DESCRIBE).group(1)
        try:
            describe = json.loads(text)
        except ValueError:
            raise ProtocolError(f"the device's description is no JSON: {text[:80]!r}", device=self.device) from None
        if not isinstance(describe, dict):
            raise ProtocolError(f"the device's description is no JSON object: {text[:80]!r}", device=self.device)
        return describe

    def claimed(self) -> bool:
        """Whether the device was ever claimed (Device OS 0.6.0 or later)."""
        return self._ask("c", _CLAIMED).group(1) == b"yes"

    def set_claim_code(self, code: str) -> None:
        """Store a claim code of exactly 63 characters, which the device presents when it next connects.

        :raises UsageError: not a claim code
        :raises SetupConsoleRefused: the device did not store it
        """
        check_claim_code(code)
        if len(code) != CLAIM_CODE_LENGTH:
            raise UsageError(f"the claim code has {len(code)} characters; the console takes {CLAIM_CODE_LENGTH}")
        self._ask("C", _CODE_PROMPT)
        result = self._ask(f"{code}\n", _CODE_RESULT)
        if result.group(1) != code.encode():
            raise SetupConsoleRefused("the device did not keep the claim code", device=self.device)

    def set_wifi(
        self,
        ssid: str,
        password: str = "",
        *,
        protection: Protection = Protection.WPA2,
        cipher: Cipher = Cipher.AES,
    ) -> None:
        """Store a network; the device then leaves listening mode and joins it.

        ``protection`` and ``cipher`` are used only if the device asks: the network is out of range, or its Device OS is
        old. A network without ``password`` is then :attr:`Protection.OPEN`.

        :raises UsageError: SSID of other than 1 to 32 bytes, password of over 64, or control characters
        :raises SetupConsoleRefused: the network was not stored
        """
        if not 1 <= len(ssid.encode()) <= _SSID_MAX:
            raise UsageError("an SSID has 1 to 32 bytes")
        if len(password.encode()) > _PASSWORD_MAX:
            raise UsageError("a Wi-Fi password has at most 64 bytes")
        if re.search(r"[\x00-\x1f\x7f]", ssid + password):
            raise UsageError("the setup console takes no control characters in SSID or password")
        answers = {
            "security": str(int(protection if password else Protection.OPEN)),
            "cipher": str(int(cipher)),
            "password": password,
        }
        self._ask("w", _SSID)
        answer = ssid
        while True:
            step = self._ask(f"{answer}\n", _STEP, _SCANNING).lastgroup
            if step == "saved":
                return
            if step == "failed":
                raise SetupConsoleRefused(f"the device could not store the network {ssid!r}", device=self.device)
            if step not in answers or (step == "password" and not password):
                raise SetupConsoleRefused(
                    f"the device asks for {step} to join {ssid!r}, and none is given", device=self.device
                )
            answer = answers.pop(step)

    def leave(self) -> None:
        """Leave listening mode and join the stored network; there is no acknowledgement."""
        self._serial.write(b"x")

    # --- inside -----------------------------------------------------------------------------------------------------

    def _ask(self, text: str, pattern: re.Pattern[bytes], timeout: float = _QUICK) -> re.Match[bytes]:
        self._serial.discard_input()
        self._serial.write(text.encode())
        deadline = Deadline(self._clock, timeout)
        answer = b""
        while not (found := pattern.search(answer)):
            if (left := deadline.left) <= 0:
                heard = f"only {len(answer)} bytes" if answer else "nothing"
                # Received text is left out: it echoes passwords.
                raise LinkLost(
                    f"no answer on {self.port} in {timeout:g} s, {heard} came; is the device in listening mode?",
                    device=self.device,
                )
            answer += self._serial.read(left)
        return found
