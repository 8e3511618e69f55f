from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from hypothesis import given
from hypothesis import strategies as st

from photonrig.errors import LinkLost, ProtocolError, UsageError
from photonrig.particle import softap
from photonrig.particle.keys import generate_device_key, public_key_der
from photonrig.particle.softap import AccessPoint, HttpSoftAp, NotReached, Security, SoftAp, SoftApRefused, TcpSoftAp

from ..patience import PATIENCE

KEY = generate_device_key()
DEVICE_ID = "0123456789ABCDEF01234567"
ANSWERS = {
    "version": b'{"v":2}',
    "device-id": b'{"id":"%s","c":"1"}' % DEVICE_ID.encode(),
    "public-key": b'{"b":"%s","r":0}' % public_key_der(KEY).ljust(294, b"\xff").hex().upper().encode(),
    "scan-ap": b'{"scans":[{"ssid":"far","rssi":-80,"sec":0,"ch":1,"mdr":11000},'
    b'{"ssid":"a "quoted" \\ one","rssi":-51,"sec":4194308,"ch":6,"mdr":65000},'
    b'{"ssid":"far","rssi":-70,"sec":0,"ch":11,"mdr":11000}]}',
    "set": b'{"r":0}',
    "configure-ap": b'{"r":0}',
    "connect-ap": b'{"r":0}',
}


class Recorded:
    """A transport that answers from a table and remembers what was asked."""

    def __init__(self, **answers: bytes | Exception) -> None:
        self.answers: dict[str, bytes | Exception] = {**ANSWERS, **answers}
        self.asked: list[tuple[str, bytes]] = []

    def ask(self, command: str, body: bytes, *, timeout: float) -> bytes:
        assert timeout > 0
        self.asked.append((command, body))
        answer = self.answers[command]
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextmanager
def listening(*serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """Serve one connection per function, in order, on a loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)

        def run() -> None:
            for handler in serve:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    handler(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield server.getsockname()[1]
        thread.join(PATIENCE)
        assert not thread.is_alive()


def tcp_device(command: str, answer: bytes, got: list[bytes]) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        received = connection.recv(4096)
        name, length, body = received.split(b"\n", 2)
        assert name.decode() == command
        while len(body) < 1 + int(length):
            body += connection.recv(4096)
        got.append(body[1:])
        connection.sendall(b"\n\n")
        connection.sendall(answer)

    return serve


def test_the_commands_decode_their_answers() -> None:
    device = SoftAp(Recorded())
    assert device.version() == 2
    assert device.device_id() == softap.Identity(DEVICE_ID.lower(), True)
    assert device.public_key().public_numbers() == KEY.public_key().public_numbers()
    device.set_claim_code("A" * 63)
    assert device.connect() is True


def test_a_scan_is_read_although_the_device_does_not_escape() -> None:
    strong, weak = SoftAp(Recorded()).scan()
    assert (strong.ssid, strong.security, strong.channel) == ('a "quoted" \\ one', Security.WPA2_AES, 6)
    assert (weak.ssid, weak.rssi, weak.max_rate) == ("far", -70, 11000)
    assert softap.decode_scan(b'\n\n{"scans":[]}') == ()


def test_configure_encrypts_the_password_for_the_device() -> None:
    transport = Recorded()
    SoftAp(transport).configure(AccessPoint("café", Security.WPA2_MIXED, 11), "correct horse")
    fields = json.loads(transport.asked[-1][1])
    password = KEY.decrypt(bytes.fromhex(fields.pop("pwd")), padding.PKCS1v15())
    assert password == b"correct horse"
    assert fields == {"idx": 0, "ssid": "café", "sec": 0x00400006, "ch": 11}
    assert "correct horse" not in repr(transport.asked)


def test_an_open_network_is_sent_without_password() -> None:
    transport = Recorded()
    SoftAp(transport).configure(AccessPoint("guest", Security.OPEN))
    assert transport.asked == [("configure-ap", b'{"idx":0,"ssid":"guest","sec":0,"ch":0}')]


@pytest.mark.parametrize(("code", "meaning"), [(-2, "not seen"), (-3, "SSID"), (-4, "length"), (-5012, "decrypt")])
def test_refusals_say_what_the_number_means(code: int, meaning: str) -> None:
    device = SoftAp(Recorded(**{"configure-ap": b'{"r":%d}' % code}), device="slot 1")
    with pytest.raises(SoftApRefused, match=rf"slot 1: .*{code}.*{meaning}") as refused:
        device.configure(AccessPoint("net"), "password", key=KEY.public_key())
    assert refused.value.code == code


@pytest.mark.parametrize("ssid", ['with "quotes"', "back\\slash", "line\nfeed"])
def test_text_the_device_would_misread_is_not_sent(ssid: str) -> None:
    transport = Recorded()
    with pytest.raises(UsageError):
        SoftAp(transport).configure(AccessPoint(ssid, Security.OPEN))
    assert transport.asked == []


def test_a_claim_code_that_would_be_cut_is_not_sent() -> None:
    transport = Recorded()
    with pytest.raises(UsageError, match="64 characters"):
        SoftAp(transport).set_claim_code("A" * 64)
    assert transport.asked == []


def test_a_password_beyond_the_key_is_not_sent() -> None:
    with pytest.raises(UsageError, match="118 bytes"):
        softap.encrypt_password(KEY.public_key(), "x" * 118)


@pytest.mark.parametrize(
    "answer", [b"", b"\n\n", b"\n\n{", b'["r"]', b'{"v":"2"}', b"{}", b"\xff\xfe", b'{"id":"xyz","c":"0"}']
)
def test_answers_that_are_none(answer: bytes) -> None:
    device = SoftAp(Recorded(**dict.fromkeys(ANSWERS, answer)))
    for ask in (device.version, device.device_id, device.public_key, device.scan, lambda: device.set_claim_code("A")):
        with pytest.raises(ProtocolError):
            ask()


@given(data=st.binary(max_size=300))
def test_random_answers_raise_nothing_else(data: bytes) -> None:
    for decode in (softap.decode_scan, lambda text: softap.decode_reply("version", text)):
        try:
            decode(data)
        except ProtocolError:
            continue


def test_a_lost_answer_to_connect_is_no_failure() -> None:
    assert SoftAp(Recorded(**{"connect-ap": LinkLost("gone")})).connect() is False
    assert SoftAp(Recorded(**{"connect-ap": b"\n\n"})).connect() is False
    with pytest.raises(NotReached):
        SoftAp(Recorded(**{"connect-ap": NotReached("nobody")})).connect()
    with pytest.raises(SoftApRefused):
        SoftAp(Recorded(**{"connect-ap": b'{"r":-1}'})).connect()


def test_one_failing_first_connection_is_forgiven_and_a_second_is_not() -> None:
    def drop(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with listening(drop, tcp_device("version", ANSWERS["version"], [])) as port:
        assert SoftAp(TcpSoftAp("127.0.0.1", port)).version() == 2
    with listening(drop, drop) as port, pytest.raises(LinkLost, match="version"):
        SoftAp(TcpSoftAp("127.0.0.1", port)).version()


def test_tcp_frames_commands_with_their_length_in_bytes() -> None:
    got: list[bytes] = []
    with listening(tcp_device("configure-ap", b'{"r":0}', got)) as port:
        SoftAp(TcpSoftAp("127.0.0.1", port)).configure(AccessPoint("Küche", Security.OPEN))
    assert json.loads(got[0])["ssid"] == "Küche"
    assert softap.encode_tcp_request("device-id") == b"device-id\n0\n\n"


def test_http_sends_what_the_devices_server_accepts() -> None:
    requests: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        request = connection.recv(8192)
        # The header comes whole; a body may come after it.
        while request.startswith(b"POST /set") and not request.endswith(b"}"):
            request += connection.recv(8192)
        requests.append(request)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: Keep-Alive\r\n"
            b'Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n6\r\n"r":0}\r\n0\r\n\r\n'
        )

    with listening(serve, serve) as port:
        device = SoftAp(HttpSoftAp("127.0.0.1", port))
        device.set_claim_code("A" * 63)
        with pytest.raises(ProtocolError):
            device.version()
    with_body, without = requests
    head, body = with_body.split(b"\r\n\r\n", 1)
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /set HTTP/1.1"
    # Names in exactly this spelling; everything in the first segment.
    assert b"Content-Type: application/x-www-form-urlencoded" in lines
    assert f"Content-Length: {len(body)}".encode() in lines
    assert json.loads(body) == {"k": "cc", "v": "A" * 63}
    assert without.startswith(b"GET /version HTTP/1.1\r\n") and b"Content-Type" not in without


def test_http_404_is_an_unknown_command() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(8192)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")

    with listening(serve) as port, pytest.raises(ProtocolError, match="status 404"):
        SoftAp(HttpSoftAp("127.0.0.1", port)).version()


@pytest.mark.parametrize("transport", [TcpSoftAp, HttpSoftAp])
def test_nobody_there(transport: type[TcpSoftAp] | type[HttpSoftAp]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotReached, match=str(port)):
        SoftAp(transport("127.0.0.1", port)).version()
