"""npm, which ends with exit code 0 when it could not fetch anything: what is there is held against the lock."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import socket
import subprocess
import sys
import tarfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.errors import ToolError

ROOT = Path(__file__).parents[2]
NAMES = ("left", "right")


def tarball(name: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for file, text in (("package.json", json.dumps({"name": name, "version": "1.0.0"})), ("index.js", "1\n")):
            info = tarfile.TarInfo(f"package/{file}")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return made.getvalue()


PACKED = {name: tarball(name) for name in NAMES}


class Registry(ThreadingHTTPServer):
    """A registry of two packages on loopback; ``wrong`` says what happens to the second one."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.wrong = ""
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        self.server.asked += 1
        name = self.path.split("/")[1]
        wrong = self.server.wrong if name == "right" else ""
        if wrong.isdecimal():
            self.send_error(int(wrong))
            return
        if not self.path.endswith(".tgz"):
            url = f"{self.server.url}{name}/-/{name}-1.0.0.tgz"
            version = {"name": name, "version": "1.0.0", "dist": {"tarball": url}}
            body = json.dumps({"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}).encode()
        else:
            packed = PACKED[name]
            body = {"": packed, "garbage": os.urandom(200), "cut off": packed[:40]}[wrong]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    with Registry() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        monkeypatch.setenv("npm_config_registry", made.url)
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        yield made
        made.shutdown()


@pytest.fixture
def tools(tmp_path: Path) -> Toolchain:
    lock = tmp_path / "root" / "host" / "lock" / "two"
    lock.mkdir(parents=True)
    wanted = dict.fromkeys(NAMES, "1.0.0")
    (lock / "package.json").write_text(json.dumps({"name": "two", "version": "1.0.0", "dependencies": wanted}))
    integrity = {name: "sha512-" + b64encode(hashlib.sha512(PACKED[name]).digest()).decode() for name in NAMES}
    packages = {"": {"name": "two", "version": "1.0.0", "dependencies": wanted}}
    packages |= {f"node_modules/{name}": {"version": "1.0.0", "integrity": integrity[name]} for name in NAMES}
    fields = {"name": "two", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    (lock / "package-lock.json").write_text(json.dumps(fields))
    return Toolchain(tmp_path / "root", tmp_path / "made")


def install(tools: Toolchain) -> Path:
    entry = tools.work / "two" / "node_modules" / "left" / "index.js"
    tools._npm_install("two", entry)
    assert all((tools.work / "two" / "node_modules" / name / "index.js").exists() for name in NAMES)
    assert [path.name for path in tools.work.iterdir() if ".new" in path.name] == []
    return entry


def test_what_is_whole_is_not_asked_for_again(tools: Toolchain, registry: Registry) -> None:
    entry = install(tools)
    asked = registry.asked
    assert asked >= 2
    install(tools)
    assert registry.asked == asked
    # What the stamp vouches for has gone, or is of another lock.
    (entry.parents[1] / "right" / "package.json").unlink()
    install(tools)
    (tools.work / "two" / "made-from").write_text("something else")
    install(tools)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("404", "404"),
        ("500", "500"),
        ("401", "401"),
        ("garbage", "EINTEGRITY|integrity|TAR"),
        ("cut off", "integrity|TAR"),
    ],
)
def test_what_is_half_made_is_made_anew(tools: Toolchain, registry: Registry, wrong: str, reason: str) -> None:
    registry.wrong = wrong
    with pytest.raises(ToolError) as failed:
        install(tools)
    said = str(failed.value)
    assert "\n" not in said and re.search(reason, said), said
    assert said.startswith("two cannot be installed: ") and "two.log" in said
    assert not (tools.work / "two").exists()
    registry.wrong = ""
    install(tools)


def test_a_former_install_stays_until_the_new_one_is_whole(tools: Toolchain, registry: Registry) -> None:
    entry = install(tools)
    manifest = tools.root / "host" / "lock" / "two" / "package.json"
    manifest.write_text(manifest.read_text() + "\n")
    registry.wrong = "500"
    with pytest.raises(ToolError):
        tools._npm_install("two", entry)
    assert entry.exists()


def test_what_a_killed_install_left_goes(tools: Toolchain, registry: Registry) -> None:
    left = tools.work / "two.new-1" / "node_modules" / "left"
    left.mkdir(parents=True)
    install(tools)
    assert not left.exists()


def nobody_listens() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.parametrize("way", ["registry", "proxy"])
def test_a_network_that_is_not_there_is_the_reason(tmp_path: Path, way: str) -> None:
    """With the Particle CLI's own lock: 905 packages, of which npm makes empty folders."""
    port = nobody_listens()
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= {"npm_config_cache": str(tmp_path / "cache"), "npm_config_fetch_retries": "0"}
    if way == "registry":
        environment["npm_config_registry"] = f"http://me:secret@127.0.0.1:{port}/"
    else:
        environment |= {
            "npm_config_registry": "http://registry.invalid/",
            "npm_config_proxy": f"http://127.0.0.1:{port}",
        }
    script = """
import sys
from pathlib import Path
from photonrig.build.toolchain import Toolchain
from photonrig.exits import one_line
with one_line():
    Toolchain(Path(sys.argv[1]), Path(sys.argv[2])).particle_cli()
"""
    argv = [sys.executable, "-c", script, str(ROOT), str(tmp_path / "made")]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=110, check=False)
    lines = [line for line in done.stderr.splitlines() if not line.startswith("photonrig: installing particle-cli")]
    assert done.returncode == 3, done
    assert len(lines) == 1 and lines[0].startswith(
        "photonrig: rig error: particle-cli cannot be installed: npm left out "
    )
    assert "ECONNREFUSED" in lines[0] and "secret" not in lines[0]
    assert [path.name for path in (tmp_path / "made").iterdir() if path.is_dir()] == []
