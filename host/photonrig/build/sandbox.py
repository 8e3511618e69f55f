"""Sandbox for compilers on untrusted sources: bounds files, network, memory and time.

Anyone who can register with a cloud can send sources. Uploaded names never become options, and the compiler runs no
uploaded code, but a source can request any file (``#include``, ``.incbin``) and exhaust memory, disk and time. So a
build's commands see only the sources, the SDK headers and the toolchain, write to one folder, have no network, and end
together: at the time limit, when the request's client leaves, or when the cloud ends. All builds, the bench's own
included, run through :mod:`photonrig.build.confined`.

    bubblewrap   where installed and working: other files do not exist for the compiler, and the whole process
                 namespace is killed at the end
    landlock     otherwise, on Linux 5.13 and later, nothing to install: other files cannot be opened, though the
                 compiler's message reveals whether one exists
    none         otherwise: limits only; the cloud logs this at its start and compiles for this machine only

A kind counts as working once it has compiled one file and refused another.
"""

from __future__ import annotations

import functools
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from photonrig.build import confined
from photonrig.build.confined import Failure, Layout, Order
from photonrig.clock import SYSTEM, Deadline
from photonrig.errors import ToolError

__all__ = ["KINDS", "NO_SANDBOX", "Build", "Layout", "build_folder", "sandbox_kind"]

KINDS = ("bubblewrap", "landlock")
NO_SANDBOX = "none"

_MOST_SAID = 1 << 20  # bytes: one failure, its output in JSON
_PROBE_SECONDS = 20.0
_PREFIX = "photonrig-build-"
_UNDER = ("bin", "lib", "lib32", "lib64", "libx32", "libexec", "include", "arm-none-eabi")
# Paths of toolchains; the last holds the symbolic links that choose a distribution's default compiler.
_SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/etc/alternatives")


class Build:
    """One confined run of commands, which another thread may stop."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def run(
        self, folder: Path, stages: Sequence[Sequence[Sequence[str]]], *, compiler: str, kind: str, seconds: float
    ) -> Failure | None:
        """Run commands in the ``project`` folder of a build, stage by stage; returns the first failure, or None.

        :raises ToolError: timed out, stopped, or could not be run
        """
        order: Order = {
            "kind": kind,
            "folder": str(folder),
            "toolchain": _toolchain(compiler),
            "environment": _environment(compiler, Layout(folder).out),
            "stages": [[list(command) for command in stage] for stage in stages],
            "workers": min(4, os.cpu_count() or 1),
        }
        process = self._start(folder, json.dumps(order).encode() + b"\n")
        try:
            said = _read_until(process, Deadline(SYSTEM, seconds))
        finally:
            self._end()
            process.wait()
        if said is None:
            raise ToolError(f"the compiler did not end within {seconds:.0f} s")
        try:
            failure: Failure | None = json.loads(said)
        except ValueError:
            why = "was stopped" if self._stopped else f"could not be run ({kind} sandbox)"
            raise ToolError(f"the compiler {why}") from None
        return failure

    def stop(self) -> None:
        """End the commands and all their descendants; none are started afterwards."""
        self._stopped = True
        self._end()

    def _end(self) -> None:
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()

    def _start(self, folder: Path, order: bytes) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise ToolError("the compiler was stopped")
            # -I and -S: no imports from the user's, environment's or site packages.
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", confined.__file__, str(folder)],
                env={name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
            assert self._process.stdin is not None
            with suppress(BrokenPipeError):  # it has ended; the cause is in its output
                written = 0
                while written < len(order):
                    written += self._process.stdin.write(order[written:])
            return self._process


def _read_until(process: subprocess.Popen[bytes], deadline: Deadline) -> bytes | None:
    """All output up to a size limit; None at the deadline."""
    assert process.stdout is not None
    said = b""
    with process.stdout as printed, selectors.DefaultSelector() as ready:
        ready.register(printed, selectors.EVENT_READ)
        while ready.select(max(0.0, deadline.left)):
            read = os.read(printed.fileno(), 1 << 16)
            if not read:
                return said
            said += read[: _MOST_SAID - len(said)]
    return None


@contextmanager
def build_folder(sdk: Path) -> Iterator[Path]:
    """Folder for one build, with a copy of ``sdk`` and an empty project; see :class:`Layout`."""
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as temporary:
        folder = Path(temporary).resolve()
        layout = Layout(folder)
        layout.project.mkdir()
        layout.out.mkdir()
        for part in ("include", "lib"):
            if (sdk / part).is_dir():
                shutil.copytree(sdk / part, layout.sdk / part)
        layout.sdk.mkdir(exist_ok=True)
        yield folder


@functools.cache
def sandbox_kind(compiler: str) -> str:
    """Sandbox for this compiler on this machine: the first of ``KINDS`` that works, or ``NO_SANDBOX``."""
    return next((kind for kind in KINDS if _works(kind, compiler)), NO_SANDBOX)


def _works(kind: str, compiler: str) -> bool:
    if sys.platform != "linux" or (kind == "bubblewrap" and shutil.which("bwrap") is None):
        return False
    with build_folder(Path()) as folder:
        (folder / "outside").touch()
        stages = [[[compiler, "-x", "c++", "-c", source, "-o", "../out/0.o"]] for source in ("/dev/null", "../outside")]
        try:
            failure = Build().run(folder, stages, compiler=compiler, kind=kind, seconds=_PROBE_SECONDS)
        except ToolError:
            return False
        return failure is not None and failure["stage"] == 1


def _toolchain(compiler: str) -> list[str]:
    """Paths a compiler needs: the system's programs, libraries and headers, and its own if elsewhere."""
    prefixes = ["/usr"]
    for path in (Path(compiler), Path(compiler).resolve()):
        prefix = str(path.parent.parent)
        if prefix not in ("/", *prefixes) and not prefix.startswith("/usr/lib"):
            prefixes.append(prefix)
    return [*_SYSTEM, *(f"{prefix}/{folder}" for prefix in prefixes for folder in _UNDER)]


def _environment(compiler: str, out: Path) -> dict[str, str]:
    """Environment of the commands. CCACHE_DISABLE: where ``c++`` is ccache, it has no writable cache."""
    path = os.pathsep.join(dict.fromkeys((str(Path(compiler).parent), "/usr/bin", "/bin")))
    return {"PATH": path, "LC_ALL": "C", "TMPDIR": str(out), "CCACHE_DISABLE": "1"}
