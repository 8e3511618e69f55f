"""SoftAP over TCP and HTTP, as an installer's client sees it."""

from __future__ import annotations

import json
import socket

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from ..patience import PATIENCE

CODE = "c" * 63
WPA2_AES = 4194308


def encrypt(photon, password: str) -> str:
    key = load_der_public_key(bytes.fromhex(photon.softap("public-key")["b"])[:162])
    return key.encrypt(password.encode(), padding.PKCS1v15()).hex()


def configure(photon, ssid: str = "photonrig", password: str = "photonrig-lab", sec: int = WPA2_AES) -> int:
    body = {"idx": 0, "ssid": ssid, "pwd": encrypt(photon, password), "sec": sec, "ch": 6}
    return photon.softap("configure-ap", body)["r"]


def test_a_device_without_credentials_listens(photon):
    photon.start()
    status = photon.status()
    assert status["listening"]
    assert status["led"] == {"color": "#0000FF", "pattern": "blink", "period_ms": 500}
    assert photon.softap("version") == {"v": 2}
    assert photon.softap("device-id") == {"id": photon.ready["id"].upper(), "c": "0"}
    networks = photon.softap("scan-ap")["scans"]
    assert networks == [{"ssid": "photonrig", "rssi": -51, "sec": WPA2_AES, "ch": 6, "mdr": 65000}]


def test_a_device_with_credentials_does_not(photon):
    photon.start("--wifi", "photonrig:photonrig-lab")
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])
    for port in ("softap_tcp", "softap_http"):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", photon.ready[port]))


def test_set_up_start_to_finish(photon, cloud, build):
    photon.start("--listening", "--firmware", str(build()), *cloud.words[:4])
    assert photon.softap("set", {"k": "cc", "v": CODE}) == {"r": 0}
    assert photon.status()["has_claim_code"]
    assert configure(photon) == 0
    assert photon.softap("connect-ap", {"idx": 0}) == {"r": 0}
    cloud.wait_for_hello(1)
    assert cloud.claim_codes in ([], [CODE])
    photon.wait("the claim", lambda status: status["claimed"] and not status["has_claim_code"])
    assert cloud.claim_codes == [CODE]
    # The device keeps what it was told.
    photon.kill()
    photon.start()
    cloud.wait_for_hello(2)
    assert cloud.claim_codes == [CODE]
    assert photon.status()["claimed"]


@pytest.mark.parametrize(
    ("ssid", "password", "sec", "result"),
    [
        ("nowhere", "photonrig-lab", WPA2_AES, -2),
        ("", "photonrig-lab", WPA2_AES, -3),
        ("s" * 33, "photonrig-lab", WPA2_AES, -3),
        ("photonrig", "short", WPA2_AES, -4),
        ("photonrig", "p" * 65, WPA2_AES, -4),
        ("photonrig", "photonrig-lab", -1, -2),
        ("photonrig", "1234", 1, -4),
    ],
)
def test_configure_ap_codes(photon, ssid, password, sec, result):
    photon.start()
    assert configure(photon, ssid, password, sec) == result
    assert not photon.status()["wifi"]["credentials"]


def test_a_wrong_password_leads_back_to_listening(photon):
    photon.start()
    assert configure(photon, password="not the password") == 0
    photon.softap("connect-ap", {"idx": 0})
    photon.wait("listening again", lambda status: status["listening"] and status["wifi"]["credentials"])
    assert configure(photon) == 0
    assert photon.softap("connect-ap", {"idx": 0}) == {"r": 0}
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])


def test_softap_answers_each_time_the_device_listens(photon):
    """particle-iot/device-os#825: it did not after the second time."""
    photon.start()
    for _ in range(3):
        assert configure(photon) == 0
        assert photon.softap("connect-ap", {"idx": 0}) == {"r": 0}
        photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])
        photon.control(do="setup_button", hold_ms=4000)
        photon.wait("listening", lambda status: status["listening"])
        assert photon.softap("device-id")["c"] == "0"


def test_stray_bytes(photon):
    photon.start()
    assert photon.exchange("softap_tcp", b"prepare-ap\n0\n\n") == b""
    with socket.create_connection(("127.0.0.1", photon.ready["softap_tcp"])) as gone:
        gone.sendall(b"\0" * 100)  # a command that never ends: the next is served once this client has left
    assert photon.exchange("softap_tcp", b"x" * 5000) == b""
    assert photon.exchange("softap_tcp", b"set\n4\n\n{{{{") == b"\n\n"
    assert photon.exchange("softap_http", b"\0" * 100) == b""
    assert photon.softap("version") == {"v": 2}


def test_one_client_after_the_other(photon):
    photon.start()
    with socket.create_connection(("127.0.0.1", photon.ready["softap_tcp"])) as first:
        first.sendall(b"version\n0\n")
        with socket.create_connection(("127.0.0.1", photon.ready["softap_tcp"])) as second:
            second.sendall(b"version\n0\n\n")
            second.settimeout(0.2)
            with pytest.raises(TimeoutError):
                second.recv(1)
            first.sendall(b"\n")
            assert first.recv(100) == b'\n\n{"v":2}'
            second.settimeout(PATIENCE)
            assert second.recv(100) == b'\n\n{"v":2}'


def dechunk(data: bytes) -> tuple[list[bytes], bytes]:
    """The chunks, and what follows them."""
    chunks = []
    while True:
        size, data = data.split(b"\r\n", 1)
        length = int(size, 16)
        if length == 0:
            assert data.startswith(b"\r\n")
            return chunks, data[2:]
        chunks.append(data[:length])
        assert data[length : length + 2] == b"\r\n"
        data = data[length + 2 :]


def http(photon, path: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return photon.exchange("softap_http", "\r\n".join(lines).encode() + body)


def test_http_answer_byte_for_byte(photon):
    photon.start()
    answer = http(photon, "/version")
    head, body = answer.split(b"\r\n\r\n", 1)
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: application/json",
        b"Cache-Control: no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
        b"Pragma: no-cache",
        b"Connection: Keep-Alive",
        b"Access-Control-Allow-Origin: *",
        b"Transfer-Encoding: chunked",
    ]
    chunks, rest = dechunk(body)
    assert chunks[0] == b"{"
    assert b"".join(chunks) == b'{"v":2}'
    assert rest == b""


def test_http_commands(photon):
    photon.start()
    form = "Content-Type: application/x-www-form-urlencoded"
    answer = http(photon, "/set?x=y", json.dumps({"k": "cc", "v": CODE}).encode(), form)
    assert b"".join(dechunk(answer.split(b"\r\n\r\n", 1)[1])[0]) == b'{"r":0}'
    assert photon.status()["has_claim_code"]
    answer = http(photon, "/configure-ap", b'{"ssid":"photonrig","pwd":null}', form)
    assert answer.endswith(b"\r\n\r\n0\r\n\r\n")


def test_http_pages_and_refusals(photon):
    photon.start()
    missing = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n"
    assert http(photon, "/") == b"HTTP/1.1 301\r\nLocation: /index\r\nContent-Length: 0\r\n\r\n"
    assert http(photon, "/hello").endswith(b"\r\n\r\nSoft AP Setup\0")
    assert b"Location: /hello" in http(photon, "/index")
    assert http(photon, "/prepare-ap").startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert http(photon, "/set", b"{}", "Content-Type: application/json") == missing
    assert photon.exchange("softap_http", b"DELETE /version HTTP/1.1\r\n\r\n") == b""
    assert photon.exchange("softap_http", b"GET /version HTTP/1.0\r\n\r\n") == b""


def test_http_keeps_the_connection_and_counts_them(photon):
    photon.start()
    request = b"GET /version HTTP/1.1\r\n\r\n"
    address = ("127.0.0.1", photon.ready["softap_http"])
    links = [socket.create_connection(address, timeout=PATIENCE) for _ in range(10)]
    try:
        for _ in range(2):
            for link in links:
                link.sendall(request)
                answer = b""
                while not answer.endswith(b"0\r\n\r\n"):
                    answer += link.recv(4096)
                assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        with socket.create_connection(address, timeout=PATIENCE) as one_too_many:
            assert one_too_many.recv(100) == b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n"
    finally:
        for link in links:
            link.close()


def test_setup_button(photon):
    photon.start("--wifi", "photonrig:photonrig-lab")
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])
    photon.control(do="setup_button", hold_ms=3000)
    assert not photon.status()["listening"]
    photon.control(do="setup_button", hold_ms=3100)
    assert photon.status()["listening"]
    assert photon.softap("version") == {"v": 2}
    photon.control(do="setup_button", hold_ms=3100)
    photon.wait("Wi-Fi again", lambda status: status["wifi"]["ready"])
    photon.control(do="setup_button", hold_ms=10000)
    status = photon.status()
    assert status["listening"]
    assert not status["wifi"]["credentials"]
