"""A real vphoton process, driven only from outside: SoftAP, pseudo-terminal, control socket, and a local device hub."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from photonrig.bench.usb_shim import usb_environment
from photonrig.build.compile import compile_project
from photonrig.build.device_os import LATEST
from photonrig.build.toolchain import Toolchain
from photonrig.localcloud.device.contract import Describe, Hello, PublishedEvent
from photonrig.localcloud.device.hub import DeviceHub
from photonrig.particle.cli import ParticleCli

from ..patience import PATIENCE, wait_for

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
TOOLS = Toolchain(ROOT)

PROBE = b"""
#include "Particle.h"
PRODUCT_ID(4711)
PRODUCT_VERSION(%(version)d)
SYSTEM_MODE(%(mode)s)
%(thread)s
int version = %(version)d;
int presses = 0;
void pressed() { ++presses; }
int keep(String text) { EEPROM.put(0, static_cast<int32_t>(text.toInt())); return text.toInt(); }
int kept() { int32_t value; EEPROM.get(0, value); return value; }
int burst(String size) {
  char block[1000];
  memset(block, 'b', sizeof block);
  for (int left = size.toInt(); left > 0; left -= 1000) Serial.write(reinterpret_cast<uint8_t*>(block), 1000);
  return 0;
}
int restart(String) { System.reset(7); return 0; }
int safe(String) { System.enterSafeMode(); return 0; }
int slow(String ms) { delay(ms.toInt()); return 1; }
void setup() {
  Serial.begin(9600);
  Particle.variable("version", version);
  Particle.variable("presses", presses);
  Particle.variable("kept", kept);
  Particle.function("keep", keep);
  Particle.function("burst", burst);
  Particle.function("restart", restart);
  Particle.function("safe", safe);
  Particle.function("slow", slow);
  pinMode(D2, INPUT_PULLUP);
  attachInterrupt(D2, pressed, FALLING);
}
void loop() {
  while (Serial.available()) Serial.write(Serial.read());
}
"""


class Serial:
    """A host that has the pseudo-terminal open."""

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def __enter__(self) -> Serial:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)

    def read_until(self, end: bytes, patience: float = PATIENCE) -> bytes:
        data = b""
        until = time.monotonic() + patience
        while not data.endswith(end):
            left = until - time.monotonic()
            assert left > 0 and select.select([self.fd], [], [], left)[0], f"only {data!r} came, not {end!r}"
            data += os.read(self.fd, 65536)
        return data

    def ask(self, question: bytes, end: bytes) -> bytes:
        self.write(question)
        return self.read_until(end)


@dataclass
class Photon:
    """One device: its folder, and its process while it has power."""

    executable: Path
    state: Path
    air: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    ready: dict[str, Any] = field(default_factory=dict)

    def start(self, *words: str) -> Photon:
        argv = [str(self.executable), "--state", str(self.state), *words]
        if self.air:
            argv += ["--air", str(self.air)]
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1].decode()
        self.ready = json.loads(line)
        return self

    def kill(self) -> None:
        """Pull the plug."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def stop(self) -> tuple[int, str, str]:
        """Exit code, what came on stdout after the ready line, stderr."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        process, self.process = self.process, None
        out, err = process.communicate(timeout=PATIENCE)
        return process.returncode, out.decode(), err.decode()

    def control(self, **request: Any) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PATIENCE)
            link.connect(self.ready["control"])
            link.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(link.makefile().readline())
            return answer

    def status(self) -> dict[str, Any]:
        return self.control(do="status")

    def wait(self, what: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first status for which ``holds``; a device on its way through a reset is asked again."""

        def probe() -> dict[str, Any] | None:
            try:
                status = self.status()
            except (OSError, json.JSONDecodeError):
                return None
            return status if holds(status) else None

        found = wait_for(what, probe)
        assert found
        return found

    def end_sos(self) -> dict[str, Any]:
        """The status in the SOS of a panic, which is over then; a Photon's takes 10 s and more."""
        status = self.wait("SOS", lambda status: status["mode"] == "panic")
        assert self.control(do="end_sos")["ok"]
        return status

    def exchange(self, port: str, data: bytes) -> bytes:
        """What a SoftAP port (``softap_tcp`` or ``softap_http``) answers until it closes."""
        with socket.create_connection(("127.0.0.1", self.ready[port]), timeout=PATIENCE) as link:
            link.sendall(data)
            answer = b""
            while piece := link.recv(65536):
                answer += piece
            return answer

    def softap(self, command: str, body: dict[str, Any] | None = None) -> Any:
        """A command over TCP, with the answer decoded; None when there is an answer without a body."""
        text = b"" if body is None else json.dumps(body).encode()
        answer = self.exchange("softap_tcp", b"%s\n%d\n\n%s" % (command.encode(), len(text), text))
        assert answer.startswith(b"\n\n"), answer
        return json.loads(answer) if answer.strip() else None

    def serial(self) -> Serial:
        return Serial(self.ready["serial"])


class Cloud:
    """A device hub on a loop of its own, with a memory."""

    def __init__(self, folder: Path) -> None:
        key = rsa.generate_private_key(65537, 2048)
        self.key_file = folder / "cloud.der"
        self.key_file.write_bytes(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        self.keys: dict[str, bytes] = {}
        self.hellos: list[Hello] = []
        self.events: list[PublishedEvent] = []
        self.describes: list[Describe] = []
        self.claim_codes: list[str] = []
        self.progress: list[str] = []
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.hub = DeviceHub(key)
        self.port = self.run(self.hub.start(self, "127.0.0.1", 0))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def send_event(self, device: str, name: str, data: str) -> bool:
        async def send() -> bool:
            return self.hub.send_event(device, name, data)

        return self.run(send())

    def close(self) -> None:
        self.run(self.hub.close())
        self.run(asyncio.sleep(0))  # transports that were closed let go of their sockets in the next round
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(PATIENCE)
        self.loop.close()

    @property
    def words(self) -> list[str]:
        """Command line of a device that belongs here and knows the Wi-Fi."""
        server = ["--server", f"127.0.0.1:{self.port}", "--server-key", str(self.key_file)]
        return [*server, "--wifi", "photonrig:photonrig-lab"]

    def wait_for_hello(self, number: int) -> Hello:
        wait_for(f"Hello number {number}", lambda: len(self.hellos) >= number)
        return self.hellos[number - 1]

    def wait_for_function(self, name: str) -> None:
        wait_for(f"a describe with {name}", lambda: self.describes and name in self.describes[-1].functions)

    def wait_for_variable(self, name: str) -> None:
        wait_for(f"a describe with {name}", lambda: self.describes and name in self.describes[-1].variables)

    def call(self, device: str, function: str, argument: str = "") -> int:
        return self.run(self.hub.call_function(device, function, argument))

    def read(self, device: str, variable: str) -> Any:
        return self.run(self.hub.read_variable(device, variable, "int32"))

    # What the hub calls.

    def public_key(self, device_id: str) -> bytes | None:
        return self.keys.get(device_id)

    def admit(self, device_id: str, public_key: bytes) -> bool:
        self.keys[device_id] = public_key
        return True

    async def came_online(self, device_id: str, hello: Hello) -> None:
        self.hellos.append(hello)

    async def went_offline(self, device_id: str) -> None:
        pass

    def now(self) -> float:
        return time.time()

    async def described(self, device_id: str, describe: Describe) -> None:
        self.describes.append(describe)

    async def published(self, device_id: str, event: PublishedEvent) -> None:
        self.events.append(event)

    async def claim_code_presented(self, device_id: str, code: str) -> bool:
        self.claim_codes.append(code)
        return True

    async def update_progress(self, device_id: str, status: str) -> None:
        self.progress.append(status)


@pytest.fixture(scope="session")
def executable() -> Path:
    path = Path(os.environ.get("PHOTONRIG_VPHOTON", ROOT / ".rig" / "build" / "vphoton"))
    assert path.exists(), f"{path} is missing; ./rig test builds it"
    return path


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds the probe firmware, each kind once."""
    folder = tmp_path_factory.mktemp("modules")

    def make(version: int = 1, mode: str = "AUTOMATIC", *, threaded: bool = True, target: str = LATEST) -> Path:
        module = folder / f"{version}-{mode}-{threaded}-{target}.bin"
        if not module.exists():
            thread = b"SYSTEM_THREAD(ENABLED)" if threaded else b""
            source = PROBE % {b"version": version, b"mode": mode.encode(), b"thread": thread}
            module.write_bytes(compile_project({"src/probe.cpp": source}, TOOLS.sdk(), target).image)
        return module

    return make


@pytest.fixture(scope="session")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Builds a firmware of one file, each text once."""
    folder = tmp_path_factory.mktemp("sketches")

    def make(source: str, target: str = LATEST) -> Path:
        module = folder / f"{hashlib.sha256(source.encode()).hexdigest()}-{target}.bin"
        if not module.exists():
            files = {"src/sketch.ino": source.encode()}
            module.write_bytes(compile_project(files, TOOLS.sdk(), target).image)
        return module

    return make


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., ParticleCli]:
    """The pinned Particle CLI with these devices plugged in, and no cloud."""

    def make(*photons: Photon) -> ParticleCli:
        plugged_in = usb_environment(photon.ready["control"] for photon in photons)
        return ParticleCli(TOOLS.node, TOOLS.cli_script, tmp_path / "home", "http://127.0.0.1:1", equipment=plugged_in)

    return make


@pytest.fixture
def photon(executable: Path, tmp_path: Path) -> Iterator[Photon]:
    device = Photon(executable, tmp_path / "device")
    yield device
    device.kill()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    running = Cloud(tmp_path)
    yield running
    running.close()
