"""Chapter SoftAP: what the set-up services answer in listening mode, byte by byte."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from photonrig.bench.slots.slot import SoftApLink
from photonrig.parity.programme import Question, Skipped
from photonrig.parity.subject import Photon
from photonrig.particle.softap import Service, encode_tcp_request

CHAPTER: Final = "SoftAP"
_PATIENCE: Final = 40.0  # seconds; two scans of a live board
_NETWORK: Final = re.compile(r'\{"ssid":".{0,64}?","rssi":-?\d+,"sec":-?\d+,"ch":-?\d+,"mdr":-?\d+\}', re.DOTALL)
_FORM: Final = "Content-Type: application/x-www-form-urlencoded\r\n"

# name, command, body
_TCP: Final = (
    ("version", "version", ""),
    ("device-id", "device-id", ""),
    ("device-id with a body", "device-id", '{"idx":0}'),
    ("public-key", "public-key", ""),
    ("scan-ap", "scan-ap", ""),
    ("set of an unknown key", "set", '{"k":"zz","v":"1"}'),
    ("set of an empty value", "set", '{"k":"cc","v":""}'),
    ("set with a number", "set", '{"k":"cc","v":1}'),
    ("set without a body", "set", ""),
    ("set of no JSON", "set", "k=cc"),
    ("configure-ap without a name", "configure-ap", '{"idx":0,"ssid":"","sec":0,"ch":6}'),
    ("configure-ap with a long name", "configure-ap", f'{{"idx":0,"ssid":"{"s" * 33}","sec":0,"ch":6}}'),
    ("configure-ap out of range", "configure-ap", '{"idx":0,"ssid":"parity-nowhere","sec":4194308,"ch":6}'),
    ("configure-ap with null", "configure-ap", '{"idx":0,"ssid":"parity-nowhere","pwd":null,"sec":0,"ch":6}'),
    ("configure-ap of an unknown field", "configure-ap", '{"idx":0,"ssid":"parity-nowhere","hidden":1}'),
    (
        "configure-ap with a bad password",
        "configure-ap",
        '{"idx":0,"ssid":"parity-nowhere","pwd":"00ff","sec":4194308}',
    ),
    ("an unknown command", "prepare-ap", ""),
    ("a command in capitals", "VERSION", ""),
)

# name, request
_HTTP: Final = (
    ("GET /", "GET / HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET /index", "GET /index HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET /hello", "GET /hello HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET /version", "GET /version HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET /version with a query", "GET /version?a=1 HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET /device-id", "GET /device-id HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("GET of nothing", "GET /nowhere HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("PUT /version", "PUT /version HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("OPTIONS /version", "OPTIONS /version HTTP/1.1\r\nHost: 192.168.0.1\r\n\r\n"),
    ("HTTP/1.0", "GET /version HTTP/1.0\r\nHost: 192.168.0.1\r\n\r\n"),
    ("POST /set", f'POST /set HTTP/1.1\r\n{_FORM}Content-Length: 18\r\n\r\n{{"k":"zz","v":"1"}}'),
    ("POST /set as JSON", "POST /set HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"),
    (
        "POST /set, header in small letters",
        f'POST /set HTTP/1.1\r\n{_FORM}content-length: 18\r\n\r\n{{"k":"zz","v":"1"}}',
    ),
)


def shown(data: bytes, ending: str = "") -> str:
    """Bytes as a text: lines stay lines, anything else beyond ASCII is escaped."""
    text = data.decode("utf-8", "backslashreplace").replace("\r", "\\r").replace("\0", "\\0")
    text = _NETWORK.sub("{network}", text)
    return re.sub(r"\{network\}(,\{network\})*", "{networks}", text) + ending


def _asked(photon: Photon, service: Callable[[SoftApLink], object], data: bytes) -> str:
    link = photon.slot.softap_link
    if link is None:
        raise Skipped("slot without a Wi-Fi adapter for the device's network (wifi in rig.toml)")
    with link.joined():
        reached = service(link)
        assert isinstance(reached, Service)
        answer, closed = reached.exchange(data, _PATIENCE)
    return shown(answer, " [closed]" if closed else " [left open]")


def _tcp(command: str, body: str) -> Callable[[Photon], str]:
    return lambda photon: _asked(photon, lambda link: link.tcp().transport, encode_tcp_request(command, body.encode()))


def _http(request: str) -> Callable[[Photon], str]:
    # Closed at its end, so that the answer's end is seen.
    sent = request.replace("\r\n", "\r\nConnection: close\r\n", 1).encode()
    return lambda photon: _asked(photon, lambda link: link.http().transport, sent)


def _claim_code(photon: Photon) -> str:
    code = photon.target.team.create_claim_code().code
    return _tcp("set", f'{{"k":"cc","v":"{code}"}}')(photon)


QUESTIONS: Final[tuple[Question[Photon], ...]] = (
    *(Question(CHAPTER, f"TCP: {name}", _tcp(command, body)) for name, command, body in _TCP),
    Question(CHAPTER, "TCP: set of a claim code", _claim_code),
    *(Question(CHAPTER, f"HTTP: {name}", _http(request)) for name, request in _HTTP),
)
