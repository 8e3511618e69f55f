"""Nothing that a request has compiled is run, read or written outside its build, or left behind.

Against a local cloud in a process of its own, through ``POST /v1/binaries``, in each sandbox that works here.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from photonrig.build import sandbox
from photonrig.build.toolchain import Toolchain
from photonrig.build.user_part import COMPILER, path_of

from ...patience import PATIENCE, wait_for
from .attacks import ATTACKS, COMPILES, FAILS, MAIN, NAMES, REFUSED, USES, Attack, library, link

SDK = Toolchain(Path(__file__).parents[3]).sdk()
SECRET = "the_canary_sings_4711"
PROGRAM = """
import sys
from photonrig.build import compile as firmware
from photonrig.build import sandbox
from photonrig.build.toolchain import Toolchain
from photonrig.build.user_part import COMPILER, path_of
sandbox.KINDS, firmware.TIME_LIMIT = tuple(sys.argv[1].split()), float(sys.argv[2])
from photonrig.exits import one_line
from photonrig.localcloud.__main__ import main
with one_line("localcloud"):
    main(sys.argv[3:])
"""
LONG, SHORT = 40.0, 3.0
ENDLESS = ATTACKS["include of itself twice"]
MOST_WRITTEN = 200 << 20
FOREVER = "did not end within"


def working(kind: str) -> bool:
    return sandbox._works(kind, path_of(COMPILER))


KINDS = [kind for kind in sandbox.KINDS if working(kind)]
# What is refused for its name comes to no sandbox.
EACH = [
    (kind, name)
    for kind in KINDS
    for name, attack in ATTACKS.items()
    if kind == KINDS[0] or name not in NAMES or attack.status != REFUSED
]


class Cloud:
    """A local cloud that can be watched: its builds lie in ``builds``, and what they must not touch in ``outside``."""

    def __init__(self, folder: Path, kinds: str, seconds: float, *words: str) -> None:
        self.builds, self.outside = folder / "builds", folder / "outside"
        for each in (self.builds, self.outside):
            each.mkdir(parents=True)
        self.canary = self.outside / "canary"
        self.canary.write_text(f"int {SECRET};\n")
        command = [sys.executable, "-c", PROGRAM, kinds, str(seconds), "--state", str(folder / "state")]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--sdk", str(SDK), *words],
                env=os.environ | {"TMPDIR": str(self.builds), "SECRET": SECRET},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.api = json.loads(self.process.stdout.readline() or "{}").get("api", "")

    def __enter__(self) -> Cloud:
        self.http = httpx.Client(base_url=self.api, timeout=90)
        form = {"username": "u@example.com", "password": "secret"}
        assert self.http.post("/v1/users", data=form).is_success
        granted = self.http.post(
            "/oauth/token", data={"grant_type": "password", **form}, auth=("particle-cli", "particle-cli")
        )
        self.http.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.end(signal.SIGTERM)

    def end(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def compile(self, attack: Attack) -> httpx.Response:
        """Send a project and wait for what becomes of it."""
        headers, body = self.request(attack)
        return self.http.post("/v1/binaries", content=body, headers=headers)

    def request(self, attack: Attack) -> tuple[dict[str, str], bytes]:
        """Headers and body of a project, with file names as they are: clients' libraries escape them."""
        body, boundary = b"", "boundary"
        for number, (name, content) in enumerate(attack.files):
            quoted = self.filled(name.encode()).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
            head = b'Content-Disposition: form-data; name="file%d"; filename="%b"' % (number, quoted)
            body += b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head, self.filled(content))
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return headers, body + f"--{boundary}--\r\n".encode()

    def send(self, attack: Attack) -> socket.socket:
        """Send a project on a connection of its own, and wait for nothing but its compiler to run."""
        headers, body = self.request(attack)
        headers |= {"Authorization": self.http.headers["Authorization"], "Content-Length": str(len(body))}
        url = httpx.URL(self.api)
        connection = socket.create_connection((url.host, url.port or 80), timeout=60)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"POST /v1/binaries HTTP/1.1\r\nHost: {url.host}\r\n{head}\r\n".encode() + body)
        wait_for("the compiler", lambda: any("cc1plus" in words for words in self.running()))
        return connection

    def filled(self, text: bytes) -> bytes:
        mark = str(self.outside / "mark")
        return text.replace(b"CANARY", str(self.canary).encode()).replace(b"MARK", mark.encode())

    def running(self) -> list[str]:
        """Processes of its builds, known by the folder in their environment or among their words."""
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdecimal() and int(process.name) != self.process.pid:
                with contextlib.suppress(OSError):
                    said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                    if f"{self.builds}/photonrig-build-".encode() in said:
                        found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found

    def untouched(self) -> None:
        """Nothing is left, and nothing outside was written."""
        assert self.running() == []
        assert list(self.builds.iterdir()) == []
        assert [each.name for each in self.outside.iterdir()] == ["canary"]
        assert self.canary.read_text() == f"int {SECRET};\n"

    def wait_until_idle(self) -> None:
        """Until every compiler has ended, long before the limit of its time ends it."""
        wait_for("the compilers' end", lambda: not self.running() and not list(self.builds.iterdir()), LONG / 2)


@contextlib.contextmanager
def watched(cloud: Cloud) -> Iterator[dict[str, int]]:
    """Ask the cloud something else all the while; counts its answers, and the most bytes its builds had at once."""
    seen = {"answers": 0, "bytes": 0}
    over = threading.Event()

    def watch() -> None:
        with httpx.Client(base_url=cloud.api, timeout=PATIENCE) as http:
            while not over.is_set() or not seen["answers"]:
                assert http.get("/healthz").is_success
                seen["answers"] += 1
                written = 0
                for parent, _, names in os.walk(cloud.builds):
                    for name in names:
                        with contextlib.suppress(OSError):
                            written += os.lstat(f"{parent}/{name}").st_blocks * 512
                seen["bytes"] = max(seen["bytes"], written)
                over.wait(0.02)

    with ThreadPoolExecutor(1) as pool:
        watching = pool.submit(watch)
        try:
            yield seen
        finally:
            over.set()
            watching.result()


def open_to_all(folder: Path) -> None:
    """Let others through pytest's private folders: builds of root run as a user without rights."""
    for each in (folder, *folder.parents):
        if each.owner() == Path.home().owner() and not each.stat().st_mode & 0o001:
            each.chmod(each.stat().st_mode | 0o011)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, float], Cloud]]:
    with contextlib.ExitStack() as up:

        @functools.cache
        def cloud(kind: str, seconds: float) -> Cloud:
            folder = tmp_path_factory.mktemp(kind or "none")
            open_to_all(folder)
            return up.enter_context(Cloud(folder, kind, seconds))

        yield cloud


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_an_attack_gets_nothing(clouds: Callable[[str, float], Cloud], kind: str, name: str) -> None:
    attack = ATTACKS[name]
    says = attack.says if kind == "bubblewrap" or attack.landlock is None else attack.landlock
    endless = attack.endless or says == "did not end"
    cloud = clouds(kind, SHORT if endless else LONG)
    with watched(cloud) as seen:
        answer = cloud.compile(attack)
    said = answer.text
    if name not in USES or endless or FOREVER not in said:  # on a busy machine a heavy one may end so too
        assert says in said
        assert answer.status_code == attack.status or attack.landlock is not None, said[:2000]
    assert SECRET not in said
    assert "root:x:0" not in said
    assert len(said) < 1 << 20
    if answer.is_success:
        assert SECRET.encode() not in cloud.http.get(answer.json()["binary_url"]).content
    assert seen["answers"] > (1 if endless else 0)
    assert seen["bytes"] < MOST_WRITTEN
    cloud.untouched()


MEMBERS = {
    "symbolic link": [link("src/x.h", "CANARY")],
    "hard link": [link("src/x.h", "CANARY", tarfile.LNKTYPE)],
    "link to a folder": [link("src/up", "/"), tarfile.TarInfo("src/up/CANARY")],
    "upwards": [tarfile.TarInfo("../../../../CANARY")],
    "absolute": [tarfile.TarInfo("/CANARY")],
    "device": [link("src/x.h", "", tarfile.CHRTYPE)],
    "pipe": [link("src/x.h", "", tarfile.FIFOTYPE)],
    "compiled header": [tarfile.TarInfo("src/Particle.h.gch")],
    "control character": [tarfile.TarInfo("src/a\x1b.cpp")],
    "long name": [tarfile.TarInfo(f"src/{'a' * 255}.h")],
    "deep": [tarfile.TarInfo("a/" * 1500 + "x.h")],
}


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_librarys_archive_gets_nothing(clouds: Callable[[str, float], Cloud], kind: str, name: str) -> None:
    cloud = clouds(kind, LONG)
    lib = "L" + "".join(letter for letter in name if letter.isalpha()) + kind
    for member in MEMBERS[name]:
        member.name, member.linkname = (
            cloud.filled(each.encode()).decode().lstrip("/" if name != "absolute" else "")
            for each in (member.name, "/" * (member.linkname == "CANARY") + member.linkname)
        )
    uploaded = cloud.http.post("/v1/libraries", files={"a": ("a.tar.gz", library(*MEMBERS[name], name=lib))})
    assert uploaded.status_code == 201, uploaded.text
    files = [("src/main.cpp", b'#include "x.h"\n' + MAIN), ("project.properties", f"dependencies.{lib}=1.0.0".encode())]
    with watched(cloud):
        answer = cloud.compile(Attack(files, FAILS))
    assert answer.status_code in (FAILS, REFUSED), answer.text
    assert SECRET not in answer.text
    cloud.untouched()


@pytest.mark.parametrize("kind", KINDS)
def test_a_compiler_ends_with_its_client(clouds: Callable[[str, float], Cloud], kind: str) -> None:
    cloud = clouds(kind, LONG)
    cloud.send(ENDLESS).close()
    cloud.wait_until_idle()
    assert cloud.compile(Attack([("main.cpp", MAIN)], COMPILES)).is_success
    cloud.untouched()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", [*KINDS, ""])
def test_a_compiler_ends_with_the_cloud(tmp_path: Path, kind: str, number: int) -> None:
    open_to_all(tmp_path)
    with Cloud(tmp_path, kind, LONG) as cloud, cloud.send(ENDLESS):
        cloud.end(number)
        cloud.wait_until_idle()
        cloud.untouched()


@pytest.mark.parametrize("kind", KINDS)
def test_many_at_once_leave_the_cloud_its_breath(clouds: Callable[[str, float], Cloud], kind: str) -> None:
    cloud = clouds(kind, SHORT)
    names = [
        "include of itself twice",
        "fill with gigabytes",
        "large array",
        "many objects",
        "macros",
        "flood of errors",
    ]
    with watched(cloud) as seen, ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(cloud.compile, [ATTACKS[name] for name in names]))
    assert {answer.status_code for answer in answers} <= {FAILS, REFUSED}
    assert seen["answers"] > len(names)
    assert seen["bytes"] < 2 * MOST_WRITTEN
    cloud.untouched()


def test_without_a_sandbox_it_says_so_and_its_limits_hold(tmp_path: Path) -> None:
    with Cloud(tmp_path, "", SHORT) as cloud:
        assert cloud.log.read_text().count("neither bubblewrap nor Landlock works") == 1
        for name in ("response file", "fill with gigabytes", "terminal that never answers", "include of itself twice"):
            assert not cloud.compile(ATTACKS[name]).is_success
            cloud.untouched()
        assert cloud.log.read_text().count("neither bubblewrap nor Landlock works") == 1
    with Cloud(tmp_path / "patient", "", LONG) as cloud:
        assert cloud.compile(Attack([("main.cpp", MAIN)], COMPILES)).is_success


def test_without_a_sandbox_it_does_not_compile_for_other_machines(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, "", LONG, "--host", "192.0.2.1", "--allow-remote", "--allow-remote-compile")
    cloud.end(signal.SIGTERM)
    assert cloud.process.returncode == 2
    assert "install bubblewrap, or leave out --allow-remote-compile" in cloud.log.read_text()
