"""The process itself: how it starts, what it refuses, and that a kill loses nothing that was acknowledged."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import UsageError
from photonrig.localcloud import server
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.localcloud.server import check_host
from photonrig.localcloud.service.cloud import Settings
from photonrig.particle.keys import parse_server_key_block

from ..patience import PATIENCE
from .process import Process, running
from .world import DEVICE, public_pem


def _fixture(cloud: Process) -> dict[str, Any]:
    cloud.ok("POST", "/v1/users", data={"username": "m@example.com", "password": "secret"})
    form = {"grant_type": "password", "username": "m@example.com", "password": "secret"}
    token = cloud.ok("POST", "/oauth/token", data=form, auth=("particle-cli", "particle-cli"))["access_token"]
    product = cloud.ok("POST", "/v1/user/products", token, json={"product": {"name": "Shades"}})["product"]["id"]
    client = cloud.ok("POST", f"/v1/products/{product}/clients", token, json={"name": "s"})["client"]
    cloud.ok("POST", f"/v1/provisioning/{DEVICE}", token, data={"publicKey": public_pem()})
    cloud.ok("POST", f"/v1/products/{product}/devices", token, json={"id": DEVICE})
    form = {"email": "c@example.com", "no_password": "true"}
    auth = (client["id"], client["secret"])
    customer = cloud.ok("POST", f"/v1/products/{product}/customers", data=form, auth=auth)["access_token"]
    return {"token": token, "product": product, "customer": customer}


def test_it_says_where_it_is_keeps_to_itself_and_stops_when_told(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with running(state) as cloud:
        assert cloud.ready.keys() == {"api", "device_server"}
        server = cloud.ready["device_server"]
        assert server["host"] == "127.0.0.1"
        with socket.create_connection((server["host"], server["port"]), timeout=PATIENCE) as device:
            assert len(device.recv(40)) > 0  # the nonce with which a handshake begins
        key_bytes = Path(server["key_file"]).read_bytes()
        assert len(key_bytes) == 294
        key = serialization.load_der_public_key(key_bytes)
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048
        block = Path(server["key_block_file"]).read_bytes()
        stored_key, address = parse_server_key_block(block)
        assert stored_key.public_numbers() == key.public_numbers()
        assert address == ("127.0.0.1", server["port"])
        assert cloud.ok("GET", "/healthz")["ok"] is True
        assert state.stat().st_mode & 0o777 == 0o700
        for file in state.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
        assert cloud.end(signal.SIGTERM) == 0
        assert cloud.rest == ""


def test_ctrl_c_during_its_imports_ends_it_without_a_traceback(tmp_path: Path) -> None:
    # Imported in the place of the event loop, on the way to everything else.
    (tmp_path / "uvloop.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    argv = [sys.executable, "-m", "photonrig.localcloud", "--state", str(tmp_path / "cloud")]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        argv, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE, preexec_fn=_interruptible
    )
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a parent may have ignored


def test_an_open_stream_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        token = _fixture(cloud)["token"]
        opened, ended = threading.Event(), threading.Event()

        def read() -> None:
            headers = {"Authorization": f"Bearer {token}"}
            with httpx.stream(
                "GET", f"{cloud.ready['api']}/v1/devices/events", headers=headers, timeout=PATIENCE
            ) as stream:
                for _ in stream.iter_raw():
                    opened.set()
            ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        assert opened.wait(PATIENCE)
        assert cloud.end(signal.SIGINT) == 0
        assert ended.wait(PATIENCE)
        reader.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_nothing(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as cloud:
        there = _fixture(cloud)
        key_file = Path(cloud.ready["device_server"]["key_file"])
        key = key_file.read_bytes()
        cloud.ok("POST", "/v1/devices", there["customer"], json={"id": DEVICE})
        code = cloud.ok("POST", "/v1/device_claims", there["token"])["claim_code"]
        assert len(code) == 63
        cloud.end(number)
    with running(tmp_path) as cloud:
        assert key_file.read_bytes() == key
        device = cloud.ok("GET", f"/v1/products/{there['product']}/devices/{DEVICE}", there["token"])
        assert device["owner"] == "c@example.com"
        assert [each["id"] for each in cloud.ok("GET", "/v1/devices", there["customer"])] == [DEVICE]


def test_killed_in_the_middle_of_changes_every_acknowledged_one_is_there(tmp_path: Path) -> None:
    """Each rename is acknowledged before the next is sent: after the kill the last one or the next stands."""
    with running(tmp_path) as cloud:
        there = _fixture(cloud)
        cloud.ok("POST", "/v1/devices", there["token"], json={"id": DEVICE})
        api = cloud.ready["api"]
    for _ in range(3):
        with running(tmp_path) as cloud:
            api = cloud.ready["api"]
            acknowledged = threading.Semaphore(0)
            last = [-1]

            def rename(
                api: str = api, acknowledged: threading.Semaphore = acknowledged, last: list[int] = last
            ) -> None:
                headers = {"Authorization": f"Bearer {there['token']}"}
                with httpx.Client(base_url=api, headers=headers, timeout=PATIENCE) as http:
                    for number in range(100_000):
                        try:
                            http.put(f"/v1/devices/{DEVICE}", json={"name": f"n{number}"}).raise_for_status()
                        except httpx.TransportError:
                            return
                        last[0] = number
                        acknowledged.release()

            writer = threading.Thread(target=rename)
            writer.start()
            for _ in range(20):
                assert acknowledged.acquire(timeout=PATIENCE)
            cloud.end(signal.SIGKILL)
            writer.join()
        with running(tmp_path) as cloud:
            name = cloud.ok("GET", f"/v1/devices/{DEVICE}", there["token"])["name"]
            assert name in (f"n{last[0]}", f"n{last[0] + 1}")


def test_two_clouds_do_not_share_a_state_folder(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        second = Process(tmp_path)
        assert second.process.returncode == 2
        assert "another local cloud" in second.errors
        assert first.ok("GET", "/healthz")["ok"] is True


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--api-port", "--device-port"):
            refused = Process(tmp_path, option, port)
            assert refused.process.returncode == 2
            assert port in refused.errors


def test_a_state_of_a_newer_photonrig_and_a_damaged_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "server_key.pem").write_text("junk")
    damaged = Process(tmp_path)
    assert damaged.process.returncode == 2
    assert "server_key.pem" in damaged.errors
    (tmp_path / "server_key.pem").unlink()
    with contextlib.closing(sqlite3.connect(tmp_path / "cloud.sqlite")) as database:
        database.execute("PRAGMA user_version=999")
    newer = Process(tmp_path)
    assert newer.process.returncode == 2
    assert "newer photonrig" in newer.errors


@pytest.mark.parametrize(
    ("host", "allow_remote", "address"),
    [
        ("127.0.0.1", False, "127.0.0.1"),
        ("localhost", False, "127.0.0.1"),
        ("::1", False, "::1"),
        ("192.0.2.1", True, "192.0.2.1"),
        ("192.0.2.1", False, None),
        ("0.0.0.0", False, None),
        ("api.particle.io", True, None),
        ("API.Particle.IO.", True, None),
        ("device.spark.io", True, None),
        ("example.com", True, None),
        ("", False, None),
    ],
)
def test_where_it_may_listen(host: str, allow_remote: bool, address: str | None) -> None:
    if address is None:
        with pytest.raises(UsageError):
            check_host(host, allow_remote=allow_remote)
    else:
        assert check_host(host, allow_remote=allow_remote) == address


@pytest.mark.parametrize(("host", "remote"), [("127.0.0.1", False), ("192.0.2.1", True), ("0.0.0.0", True)])
async def test_a_cloud_knows_whether_other_machines_reach_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, remote: bool
) -> None:
    listen, start = server._listen, DeviceHub.start
    monkeypatch.setattr(server, "_listen", lambda _, port: listen("127.0.0.1", port))
    monkeypatch.setattr(DeviceHub, "start", lambda hub, reports, _, port: start(hub, reports, "127.0.0.1", port))

    async with server.run_cloud(tmp_path, Settings(), host=host) as up:
        assert up.cloud.settings.remote is remote


def test_garbage_on_the_api_port_disturbs_nobody(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        port = httpx.URL(cloud.ready["api"]).port
        for garbage in (b"\0" * 100, b"GET / HTTP/9\r\n\r\n", os.urandom(5000), b"POST /v1/devices HTTP/1.1\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
                peer.sendall(garbage)
        assert cloud.ok("GET", "/healthz")["ok"] is True
        assert cloud.end(signal.SIGTERM) == 0


def test_an_idle_connection_is_left_to_the_client(tmp_path: Path) -> None:
    """Most clients use a connection that was idle for less than 5 s: were it closed just then, a request is lost."""
    with running(tmp_path) as cloud:
        host, port = httpx.URL(cloud.ready["api"]).host, httpx.URL(cloud.ready["api"]).port
        with socket.create_connection((host, port), timeout=PATIENCE) as peer:
            for _ in range(2):
                peer.settimeout(PATIENCE)
                peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = b""
                while b'"ok":true' not in answer:
                    more = peer.recv(4096)
                    assert more, "it was closed"
                    answer += more
                peer.settimeout(6)
                with pytest.raises(TimeoutError):  # nothing comes, not even the end
                    peer.recv(1)
        assert cloud.end(signal.SIGTERM) == 0


def test_the_log_is_one_json_object_a_line_and_holds_no_secret(tmp_path: Path) -> None:
    with running(tmp_path, "--log-level", "debug", "--admit-unknown") as cloud:
        there = _fixture(cloud)
        code = cloud.ok("POST", "/v1/device_claims", there["token"])["claim_code"]
        hook = {"event": "e", "url": "http://127.0.0.1:9/", "auth": {"username": "a", "password": "hook-secret"}}
        cloud.ok("POST", "/v1/integrations", there["token"], json=hook)
        cloud.ok("GET", "/v1/devices", params={"access_token": there["token"]})
        cloud.http.get("/v1/devices/none", params={"access_token": there["token"]})
        cloud.ok("DELETE", f"/v1/access_tokens/{there['customer']}")
        with socket.create_connection(("127.0.0.1", cloud.ready["device_server"]["port"]), timeout=PATIENCE) as peer:
            peer.sendall(b"no handshake")
        assert cloud.end(signal.SIGTERM) == 0
    entries = [json.loads(line) for line in cloud.errors.splitlines()]
    assert all(entry.keys() >= {"time", "level", "logger", "message"} for entry in entries)
    requests = [entry for entry in entries if entry["message"] == "request"]
    assert any(
        (each["method"], each["path"], each["status"]) == ("DELETE", "/v1/access_tokens/...", 200) for each in requests
    )
    assert any(each["status"] == 403 and each["who"].startswith("user ") for each in requests)
    for secret in (there["token"], there["customer"], code, "secret", "hook-secret"):
        assert secret not in cloud.errors


def test_heads_that_are_too_long_or_no_http_are_refused_in_json(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        port = httpx.URL(cloud.ready["api"]).port
        for sent, status in (
            (b"GET / HTTP/1.1\r\nX: " + b"y" * 200_000, b"431"),
            (b"GET /" + b"y" * 200_000, b"431"),
            (b"NO SENSE\r\n\r\n", b"400"),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as peer:
                with contextlib.suppress(ConnectionError):
                    peer.sendall(sent)
                answer = b""
                with contextlib.suppress(ConnectionError):
                    while chunk := peer.recv(4096):
                        answer += chunk
                head, _, body = answer.partition(b"\r\n\r\n")
                if answer:  # the kernel may drop the answer of a connection closed with unread data
                    assert head.startswith(b"HTTP/1.1 " + status)
                    assert json.loads(body)["ok"] is False
        assert cloud.ok("GET", "/healthz")["ok"] is True
        assert cloud.end(signal.SIGTERM) == 0


def test_limits_are_one_word_away(tmp_path: Path) -> None:
    with running(tmp_path, "--rate-limits") as cloud:
        statuses = [cloud.http.post("/v1/users").status_code for _ in range(101)]
        assert statuses == [400] * 100 + [429]
