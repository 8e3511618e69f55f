"""The two clouds that are measured beside each other: ours, and the open-source JavaScript one.

Both run as processes of their own on loopback and are used through the HTTP API they share.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from _processes import memory
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.bench.local_cloud import LocalCloud
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SYSTEM
from photonrig.errors import RigError

# Both services listen everywhere unless told otherwise, and only one of them can be told. What is garbage is collected
# when asked for, so that memory is not what happened to be left lying about.
_LOADED_FIRST = """
process.on('SIGUSR2', () => global.gc());
const net = require('net');
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (where, ...rest) {
  const port = typeof where === 'object' ? where.port : where;
  return listen.call(this, Number(port), '127.0.0.1', rest.find((each) => typeof each === 'function'));
};
"""
_START = 60.0
_COLLECTING = 2.0
_ANSWER = 20.0  # seconds; the JavaScript cloud itself waits 15 s for a device
_USER = {"username": "bench@example.com", "password": "secret"}


@dataclass(frozen=True)
class Measured:
    """A running cloud with a user, and a client with the user's ``token``; ``key_file`` is the public server key."""

    name: str
    device_port: int
    key_file: Path
    pid: int
    token: str
    http: httpx.Client
    collects: bool = False  # its garbage, on SIGUSR2

    @property
    def api(self) -> str:
        """Base address of the HTTP API."""
        return str(self.http.base_url).rstrip("/")

    def enrol(self, device_id: str, public_key: str) -> None:
        """Make a device known and the user's; ``public_key`` in PEM."""
        form = {"deviceID": device_id, "publicKey": public_key, "filename": "cli", "order": "manual_1"}
        self.http.post(f"/v1/provisioning/{device_id}", data=form | {"algorithm": "rsa"}).raise_for_status()

    def claim(self, device_id: str) -> None:
        """Claim a device that is online; the JavaScript cloud has done so at enrolment, and says so."""
        answer = self.http.post("/v1/devices", data={"id": device_id})
        if answer.is_error and "already claimed" not in answer.text:
            raise RigError(f"{self.name} refused a claim: {answer.text}", device=device_id)

    def memory(self) -> dict[str, int]:
        """What it holds, in KiB."""
        if self.collects:
            os.kill(self.pid, signal.SIGUSR2)
            SYSTEM.pause(_COLLECTING)
        return memory(self.pid)

    def answers(self, path: str) -> bool:
        """Whether a GET of the user's succeeds."""
        try:
            return self.http.get(path).is_success
        except httpx.TimeoutException:
            return False


class QuietCloud(LocalCloud):
    """Our local cloud with its log turned down, as the other's is."""

    program = (*LocalCloud.program, "--log-level", "error")


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[Measured]:
    """Our local cloud."""
    with QuietCloud(folder / "cloud") as cloud:
        token = _log_in(cloud.api)
        with _client(cloud.api, token) as http:
            yield Measured("photonrig", cloud.device_port, cloud.key_file, cloud.pid, token, http)


@contextlib.contextmanager
def javascript(tools: Toolchain, folder: Path) -> Iterator[Measured]:
    """@brewskey/spark-server on Node.js, with its file database, as it comes; only its log is turned down.

    Two of its dependencies are addresses on GitHub; the lock file takes their releases from npm in their place
    (nedb-core 3.0.6 with the mkdirp and async of its time, binary-version-reader 2.5.2).
    """
    main = tools.javascript_cloud()
    api_port, device_port = _free_port(), _free_port()
    (folder / "data").mkdir(parents=True)
    # A key it makes by itself decrypts nothing until it is started a second time.
    key = rsa.generate_private_key(65537, 2048)
    encoding, plain = serialization.Encoding, serialization.NoEncryption()
    pem = key.private_bytes(encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    (folder / "data" / "default_key.pem").write_bytes(pem)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "data" / "default_key.pub.pem").write_bytes(key.public_key().public_bytes(encoding.PEM, spki))
    key_file = folder / "server_key.pub.der"
    key_file.write_bytes(key.public_key().public_bytes(encoding.DER, spki))
    settings = {
        "LOG_LEVEL": "fatal",
        "EXPRESS_SERVER_CONFIG": {"PORT": api_port, "USE_SSL": False},
        "TCP_DEVICE_SERVER_CONFIG": {
            "HOST": "127.0.0.1",
            "PORT": device_port,
            "ENABLE_SYSTEM_FIRWMARE_AUTOUPDATES": False,
        },
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "first.js").write_text(_LOADED_FIRST)
    argv = [str(tools.node), "--expose-gc", "--require", str(folder / "first.js"), str(main)]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LOG_LEVEL": "fatal", "NODE_ENV": "production"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the benchmark, which ends its children in order
        )
        try:
            api = f"http://127.0.0.1:{api_port}"
            _wait_for(process, (api_port, device_port), folder / "server.log")
            token = _log_in(api)
            with _client(api, token) as http:
                yield Measured("spark-server", device_port, key_file, process.pid, token, http, collects=True)
        finally:
            process.kill()
            process.wait()


def _client(api: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=api, headers=headers, trust_env=False, timeout=_ANSWER)


def _log_in(api: str) -> str:
    with httpx.Client(base_url=api, trust_env=False, timeout=_ANSWER) as http:
        http.post("/v1/users", data=_USER).raise_for_status()
        form = {"grant_type": "password", **_USER}
        granted = http.post("/oauth/token", data=form, auth=("CLI2", "client_secret_here")).raise_for_status()
        return str(granted.json()["access_token"])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait_for(process: subprocess.Popen[bytes], ports: tuple[int, ...], log: Path) -> None:
    until = time.monotonic() + _START
    for port in ports:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > until:
                raise RigError(f"the JavaScript cloud did not start: {log.read_text()[-400:]}")
            SYSTEM.pause(0.05)
