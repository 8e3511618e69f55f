"""SoftAP: set-up of a Photon in listening mode, over TCP (port 5609) or HTTP (port 80).

Both carry the same commands with JSON bodies: :class:`TcpSoftAp` and :class:`HttpSoftAp` are the transports,
:class:`SoftAp` the commands. The device's JSON parser has no escapes and does not answer invalid input, so such text
is refused here, by name of the field.

    PhotonrigError
    ├── UsageError       text the device cannot accept; nothing was sent
    ├── LinkLost         the connection broke before the answer
    │   └── NotReached   no connection: the command was not sent
    ├── ProtocolError    no answer, or an unexpected one
    └── SoftApRefused    the device answered with a negative result
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, FirmwareError, LinkLost, ProtocolError, UsageError
from photonrig.particle.claim_code import check_claim_code
from photonrig.particle.keys import parse_public_key
from photonrig.trace import Moment, Observer, Trouble

# The same for every Photon (Device OS 2.3.1, softap_ip.c).
ADDRESS: Final = "192.168.0.1"
TCP_PORT: Final = 5609
HTTP_PORT: Final = 80
# Seconds of SETUP that begin listening mode, and end it; Device OS 2.3.1 takes over 3.
LISTEN_HOLD: Final = 4.0

_QUICK: Final = 5.0
# configure-ap and scan-ap run live scans, configure-ap two of them.
_SCANNING: Final = 30.0
_MAX_REPLY: Final = 64 * 1024
# Limit of RSAES-PKCS1-v1_5 under a 1024-bit key.
_PASSWORD_MAX: Final = 117

# Device OS 2.3.1, softap.cpp, configure-ap.
_MEANINGS: Final = {
    -1: "it did not take the value",
    -2: "the network was not seen in its scan, so its cipher is unknown",
    -3: "the SSID must have 1 to 32 bytes",
    -4: "the password's length does not suit the network's security (WPA: 8 to 64 bytes)",
}

T = TypeVar("T")

# Opens a TCP connection to an address within a timeout in seconds; on a bench, through the adapter in the device's
# network.
Connect = Callable[[tuple[str, int], float], socket.socket]


class Security(IntEnum):
    """Security of a network as the Photon numbers it (Device OS 2.3.1, WICED)."""

    OPEN = 0
    WEP = 0x0000_0001
    WEP_SHARED = 0x0000_8001
    WPA_TKIP = 0x0020_0002
    WPA_AES = 0x0020_0004
    WPA_MIXED = 0x0020_0006
    WPA2_TKIP = 0x0040_0002
    WPA2_AES = 0x0040_0004
    WPA2_MIXED = 0x0040_0006


class NotReached(LinkLost):
    """No connection to the device's SoftAP; join its network, or put it into listening mode."""


class SoftApRefused(FirmwareError):
    """The device answered with a negative result; ``code`` is its number."""

    def __init__(self, command: str, code: int, *, device: str | None = None) -> None:
        meaning = _MEANINGS.get(code, "its crypto library could not decrypt the password")
        super().__init__(f"the device refused {command} with {code}: {meaning}", device=device)
        self.code = code


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A network the device sees: ``security`` as sent (see :class:`Security`), RSSI in dBm, rate in kbit/s."""

    ssid: str
    security: int = Security.WPA2_AES
    channel: int = 0
    rssi: int = 0
    max_rate: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of the device: id of 24 lower-case hex digits, and whether it was ever claimed."""

    device_id: str
    claimed: bool


# --- wire format ------------------------------------------------------------------------------------------------------


def encode_body(fields: dict[str, str | int]) -> bytes:
    """JSON as the device reads it, UTF-8, without escapes.

    :raises UsageError: a text with quote, backslash or control characters
    """
    for name, value in fields.items():
        if isinstance(value, str) and re.search(r'["\\\x00-\x1f]', value):
            raise UsageError(f"the device cannot be given quotes, backslashes or control characters in {name!r}")
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def encode_tcp_request(command: str, body: bytes = b"") -> bytes:
    """One request of the TCP service: command, length in bytes, empty line, body."""
    return b"%s\n%d\n\n%s" % (command.encode("ascii"), len(body), body)


def decode_reply(command: str, data: bytes) -> dict[str, Any]:
    """The JSON object of an answer; leading newlines are TCP's framing.

    :raises ProtocolError: empty, or not an object
    """
    text = data.lstrip(b"\r\n")
    if not text:
        raise ProtocolError(f"the device gave no answer to {command}: it does not know it or could not read its body")
    try:
        reply = json.loads(text)
    except ValueError:
        raise ProtocolError(f"the device's answer to {command} is no JSON: {text[:80]!r}") from None
    if not isinstance(reply, dict):
        raise ProtocolError(f"the device's answer to {command} is no object: {text[:80]!r}")
    return reply


# A claim code and an encrypted password, with fields in the order of encode_body.
_SECRET_FIELDS: Final = re.compile(rb'((?:"k":"cc","v"|"pwd"):)"[^"]*"')
_SCAN_ENTRY: Final = re.compile(
    rb'\{"ssid":"(?P<ssid>.{0,64}?)","rssi":(?P<rssi>-?\d+),"sec":(?P<sec>-?\d+),'
    rb'"ch":(?P<ch>-?\d+),"mdr":(?P<mdr>-?\d+)\}',
    re.DOTALL,
)


def decode_scan(data: bytes) -> tuple[AccessPoint, ...]:
    """The networks of a ``scan-ap`` answer, strongest first, each SSID once.

    The device does not escape SSIDs, so entries are matched by pattern instead of parsed as JSON.

    :raises ProtocolError: not the answer to a scan
    """
    if not data.lstrip(b"\r\n").startswith(b'{"scans":['):
        raise ProtocolError(f"the device's answer to scan-ap is no scan: {data[:80]!r}")
    found: dict[str, AccessPoint] = {}
    for entry in _SCAN_ENTRY.finditer(data):
        seen = AccessPoint(
            ssid=entry["ssid"].decode("utf-8", "replace"),
            security=int(entry["sec"]),
            channel=int(entry["ch"]),
            rssi=int(entry["rssi"]),
            max_rate=int(entry["mdr"]),
        )
        if seen.ssid not in found or found[seen.ssid].rssi < seen.rssi:
            found[seen.ssid] = seen
    return tuple(sorted(found.values(), key=lambda network: -network.rssi))


def encrypt_password(key: rsa.RSAPublicKey, password: str) -> str:
    """The ``pwd`` field: hex of RSAES-PKCS1-v1_5 under the device's key.

    :raises UsageError: more than 117 bytes
    """
    plain = password.encode()
    if len(plain) > _PASSWORD_MAX:
        raise UsageError(f"the password has {len(plain)} bytes; {_PASSWORD_MAX} can be encrypted")
    return key.encrypt(plain, padding.PKCS1v15()).hex()


# --- transports -------------------------------------------------------------------------------------------------------


class SoftApTransport(Protocol):
    """Sends one command and returns the raw answer."""

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        """Send a command; ``timeout`` in seconds.

        :raises NotReached: no connection
        :raises LinkLost: it broke before the answer was whole
        """


@dataclass(frozen=True)
class Service:
    """One of the device's services: its address, and how to connect to it."""

    host: str = ADDRESS
    port: int = 0
    connect: Connect = field(default=socket.create_connection, kw_only=True)

    def _open(self, timeout: float) -> socket.socket:
        try:
            return self.connect((self.host, self.port), timeout)
        except OSError as error:
            raise NotReached(f"no SoftAP at {self.host}:{self.port}: {_reason(error)}") from None

    def exchange(self, data: bytes, timeout: float) -> tuple[bytes, bool]:
        """Send any bytes and read until the device closes; returns what came, and whether it closed.

        ``timeout`` in seconds, between bytes.

        :raises NotReached: no connection
        """
        received = bytearray()
        with self._open(timeout) as connection:
            try:
                connection.sendall(data)
                while len(received) <= _MAX_REPLY and (chunk := connection.recv(4096)):
                    received += chunk
            except TimeoutError:
                return bytes(received), False
            except OSError:  # a reset is an end, too
                pass
        return bytes(received), True

    def _lost(self, command: str, error: Exception) -> LinkLost:
        return LinkLost(f"SoftAP at {self.host}:{self.port} failed during {command}: {_reason(error)}")


@dataclass(frozen=True)
class TcpSoftAp(Service):
    """The TCP service: one connection per command, closed by the device after its answer."""

    port: int = TCP_PORT

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        """Send a command and read to the end of the connection; ``timeout`` in seconds, between bytes.

        :raises NotReached: no connection
        :raises LinkLost: it broke or fell silent
        """
        received = bytearray()
        try:
            with self._open(timeout) as connection:
                connection.sendall(encode_tcp_request(command, body))
                while chunk := connection.recv(4096):
                    received += chunk
                    if len(received) > _MAX_REPLY:
                        raise ProtocolError(f"the device's answer to {command} does not end")
        except OSError as error:
            raise self._lost(command, error) from None
        return bytes(received)


@dataclass(frozen=True)
class HttpSoftAp(Service):
    """The HTTP service; the device matches header names by case and needs the whole header in one TCP segment."""

    port: int = HTTP_PORT

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        """Send a command as GET, or as POST when it has a body; ``timeout`` in seconds, between bytes.

        :raises NotReached: no connection
        :raises LinkLost: it broke or fell silent
        :raises ProtocolError: the device has no such command
        """
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        # The only usual content type the device's server does not answer with 404.
        headers = (
            {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))} if body else {}
        )
        connection.sock = self._open(timeout)
        try:
            connection.request("POST" if body else "GET", f"/{command}", body or None, headers)
            response = connection.getresponse()
            received = response.read(_MAX_REPLY)
        except (OSError, http.client.HTTPException) as error:
            raise self._lost(command, error) from None
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise ProtocolError(f"the device answered {command} with HTTP status {response.status}")
        return received


def _reason(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else str(error) or type(error).__name__


class _Observed:
    """A transport that reports its traffic to an observer."""

    def __init__(self, inner: SoftApTransport, observer: Observer, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._observer = observer

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        began, sent = self._clock.now(), _SECRET_FIELDS.sub(rb'\1"***"', body).decode("utf-8", "replace")
        text = f"{command} {sent}".rstrip()
        trouble: Trouble = "broke"
        try:
            answer = self._inner.ask(command, body, timeout=timeout)
            text, trouble = f"{text} -> {answer.decode('utf-8', 'replace').strip()}", ""
        except (LinkLost, ProtocolError) as error:
            text = f"{text}: {error}"
            trouble = "refused" if isinstance(error, ProtocolError) else trouble
            raise
        finally:
            self._observer(Moment(began, "softap", text, self._clock.now() - began, trouble))
        return answer


# --- commands ---------------------------------------------------------------------------------------------------------


class SoftAp:
    """The commands of a device in listening mode over ``transport``; ``device`` is its name in messages."""

    def __init__(self, transport: SoftApTransport, *, device: str | None = None) -> None:
        self.device = device
        self.transport = transport

    def observed(self, observer: Observer, clock: Clock = SYSTEM) -> SoftAp:
        """The same, reporting every command and answer to ``observer``; claim codes and passwords are left out."""
        return SoftAp(_Observed(self.transport, observer, clock), device=self.device)

    def version(self) -> int:
        """Version of the SoftAP protocol; 2 on every Photon."""
        return self._field("version", "v", int)

    def join(self, ssid: str, password: str) -> None:
        """Make the device join a visible network: scan, configure and connect.

        :raises ExpectationFailed: the network is not visible to the device, which stays unconfigured
        """
        seen = {point.ssid: point for point in self.scan()}
        if ssid not in seen:
            raise ExpectationFailed(f"it sees {', '.join(seen) or 'no network'}, not {ssid}", device=self.device)
        self.configure(seen[ssid], password)
        self.connect()

    def device_id(self) -> Identity:
        """The device's identity."""
        reply = self._ask("device-id")
        device_id, claimed = reply.get("id"), reply.get("c")
        if (
            not isinstance(device_id, str)
            or not re.fullmatch("[0-9A-Fa-f]{24}", device_id)
            or claimed not in ("0", "1")
        ):
            raise ProtocolError(f"the device's answer to device-id is no identity: {reply}", device=self.device)
        return Identity(device_id.lower(), claimed == "1")

    def public_key(self) -> rsa.RSAPublicKey:
        """The device's public key, used to encrypt passwords."""
        try:
            return parse_public_key(bytes.fromhex(self._field("public-key", "b", str)))
        except ValueError:
            raise ProtocolError("the device's public key is no hex text", device=self.device) from None

    def scan(self) -> tuple[AccessPoint, ...]:
        """Visible networks, strongest first; takes seconds."""
        return decode_scan(self._send("scan-ap", b"", _SCANNING))

    def set_claim_code(self, code: str) -> None:
        """Store a claim code, which the device presents when it next connects.

        :raises UsageError: a code the device would truncate
        :raises SoftApRefused: the device could not store it
        """
        self._expect_ok("set", {"k": "cc", "v": check_claim_code(code)})

    def configure(
        self, network: AccessPoint, password: str | None = None, *, key: rsa.RSAPublicKey | None = None
    ) -> None:
        """Store a network; the password is encrypted under ``key``, requested if not given.

        :raises SoftApRefused: ``code`` -2 network not visible, -3 SSID length, -4 password length
        """
        fields: dict[str, str | int] = {
            "idx": 0,
            "ssid": network.ssid,
            "sec": int(network.security),
            "ch": network.channel,
        }
        if password is not None:
            fields["pwd"] = encrypt_password(key or self.public_key(), password)
        self._expect_ok("configure-ap", fields, timeout=_SCANNING)

    def connect(self) -> bool:
        """Leave listening mode and join the stored networks.

        Returns whether the device answered: it may tear its network down first, so a lost answer is no failure.

        :raises NotReached: the command never reached the device
        :raises SoftApRefused: the device answered with a negative result
        """
        try:
            data = self.transport.ask("connect-ap", encode_body({"idx": 0}), timeout=_QUICK)
        except NotReached:
            raise
        except LinkLost:
            return False
        if not data.strip(b"\r\n"):
            return False
        self._check("connect-ap", decode_reply("connect-ap", data))
        return True

    def _send(self, command: str, body: bytes, timeout: float) -> bytes:
        try:
            # The first connection to a real device may hang.
            return self.transport.ask(command, body, timeout=timeout)
        except LinkLost:
            return self.transport.ask(command, body, timeout=timeout)

    def _ask(self, command: str, fields: dict[str, str | int] | None = None, timeout: float = _QUICK) -> dict[str, Any]:
        body = encode_body(fields) if fields else b""
        return decode_reply(command, self._send(command, body, timeout))

    def _field(self, command: str, name: str, kind: type[T]) -> T:
        reply = self._ask(command)
        value = reply.get(name)
        if not isinstance(value, kind):
            raise ProtocolError(f"the device's answer to {command} has no {name!r}: {reply}", device=self.device)
        return value

    def _expect_ok(self, command: str, fields: dict[str, str | int], timeout: float = _QUICK) -> None:
        self._check(command, self._ask(command, fields, timeout))

    def _check(self, command: str, reply: dict[str, Any]) -> None:
        code = reply.get("r")
        if not isinstance(code, int):
            raise ProtocolError(f"the device's answer to {command} has no result: {reply}", device=self.device)
        if code != 0:
            raise SoftApRefused(command, code, device=self.device)
