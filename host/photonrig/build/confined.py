"""Sandbox program: runs the commands of one build; started by :mod:`photonrig.build.sandbox`.

Two processes. The guard ends the build when its standard input closes: the starter cancelled it or died. Below it, the
confined process runs the commands:

    starter -- guard -- confined -- g++ -- cc1plus, as, collect2, ld
               └─ a process group of its own, limits and sandbox

Input: one JSON line, an :class:`Order`. Output: JSON, the first command that failed (:class:`Failure`) or ``null``.
Standard library only, and all imports happen before confinement, after which Python's own files are unreadable.

Limits apply per process: CPU time, address space, file size, number of processes and of open files. The kernel counts
processes per user and exempts root, so root's builds switch to an unused user id, and other users' builds get a user
namespace of their own where the kernel allows one.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import selectors
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypedDict

CPU_SECONDS: Final = 60
MEMORY: Final = 1 << 30  # address space; a source with Particle.h takes 150 MB
FILE_SIZE: Final = 16 << 20
OUT_SIZE: Final = 64 << 20  # total size of all files written by a build
PROCESSES: Final = 64
OPEN_FILES: Final = 256
OUTPUT: Final = 64 << 10  # bytes kept of a command's output; the rest is discarded

# User ids from here on are unused: Linux distributions allocate none beyond 2^30, systemd none at all there.
_FIRST_FREE_UID = 1 << 30

_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38

# linux/landlock.h; the system calls have these numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_REG, _TRUNCATE, _IOCTL_DEV = 1 << 5, 1 << 8, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # count of rights by ABI version; denied unless granted
_NET_RIGHTS = 0b11  # bind and connect TCP; version 4 and later
_SCOPES = 0b11  # abstract sockets and signals; version 6 and later


class Order(TypedDict):
    """Commands to run. Commands of a stage run in parallel; a stage begins when the previous one has succeeded."""

    kind: str  # "bubblewrap", "landlock" or "none"
    folder: str  # build folder; see Layout
    toolchain: list[str]  # folders and files the commands may read and execute
    environment: dict[str, str]
    stages: list[list[list[str]]]
    workers: int  # number of parallel commands


class Failure(TypedDict):
    """The first failed command by order of its stage, and its output; ``stage`` counts from 0."""

    stage: int
    command: int
    status: int  # exit code; negative for a signal
    output: str


class Layout:
    """Folders of a build: the sources, the SDK, and the only writable one."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.sdk = folder / "sdk"
        self.out = folder / "out"

    @property
    def readable(self) -> tuple[Path, Path]:
        """Readable paths besides the toolchain and the build's own output."""
        return self.project, self.sdk


def main() -> int:
    """Guard: run the confined process and end it when standard input closes."""
    order: Order = json.loads(_first_line())
    ended, until_end = os.pipe()
    confined = os.fork()
    if confined == 0:
        os.close(ended)
        os.setpgid(0, 0)
        failure = _confined(order)
        with open(1, "w", encoding="utf-8", closefd=False) as report:
            json.dump(failure, report)
        os._exit(0)
    os.close(until_end)
    with contextlib.suppress(OSError):  # set by parent and child, so that it is in force whichever runs first
        os.setpgid(confined, confined)
    cancelled = 0 in select.select([0, ended], [], [])[0]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(confined, signal.SIGKILL)
    _, status = os.waitpid(confined, 0)
    if cancelled:
        shutil.rmtree(order["folder"], ignore_errors=True)
    return 0 if status == 0 else 1


def _first_line() -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(0, 1 << 16)
        if not read:
            sys.exit(1)
        line += read
    return line


def _confined(order: Order) -> Failure | None:
    layout = Layout(Path(order["folder"]))
    _limit(layout, order["stages"][-1][0][0], own_namespaces=order["kind"] != "bubblewrap")
    prefix: list[str] = []
    if order["kind"] == "bubblewrap":
        prefix = _bubblewrap(layout, order["toolchain"])
    elif sys.platform == "linux":
        _checked(ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if order["kind"] == "landlock":
        _landlock(layout, order["toolchain"])
    for number, stage in enumerate(order["stages"]):
        failure = _run(number, [prefix + command for command in stage], order, layout)
        if failure is not None:
            return failure
    return None


def _limit(layout: Layout, compiler: str, *, own_namespaces: bool) -> None:
    os.umask(0o022)
    if sys.platform == "linux":
        counted = os.geteuid() == 0 and _become_nobody(layout, compiler)
        if own_namespaces:
            counted |= ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET | _CLONE_NEWIPC) == 0
            if counted:
                _lower(resource.RLIMIT_NPROC, PROCESSES)
    _lower(resource.RLIMIT_CPU, CPU_SECONDS)
    _lower(resource.RLIMIT_AS, MEMORY)
    _lower(resource.RLIMIT_FSIZE, FILE_SIZE)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_CORE, 0)


def _become_nobody(layout: Layout, compiler: str) -> bool:
    """Switch from root to an unused user id, if it can reach the build's files and the container allows it."""
    uid, folder = _FIRST_FREE_UID + os.getpid(), layout.out.parent
    try:
        os.setgroups([])
        os.setegid(uid)
        os.seteuid(uid)
        for path in (compiler, folder):
            os.stat(path)  # noqa: PTH116
        os.seteuid(0)
        for path in (folder, layout.out):
            os.chown(path, uid, uid)
    except OSError:
        os.seteuid(0)
        os.setegid(0)
        return False
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    return True


def _lower(what: int, to: int) -> None:
    _, hard = resource.getrlimit(what)
    to = to if hard == resource.RLIM_INFINITY else min(to, hard)
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit on address space
        resource.setrlimit(what, (to, to))


def _bubblewrap(layout: Layout, toolchain: Sequence[str]) -> list[str]:
    """Command prefix for bubblewrap: only these files, no network, a process namespace of its own."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    for path in toolchain:
        words += ["--ro-bind-try", path, path]
    for folder in layout.readable:
        words += ["--ro-bind", str(folder), str(folder)]
    words += ["--bind", str(layout.out), str(layout.out), "--dev-bind", "/dev/null", "/dev/null"]
    words += ["--remount-ro", "/", "--chdir", str(layout.project), "--"]
    # Inside the namespace only the build's own processes count.
    return [*words, "prlimit", f"--nproc={PROCESSES}", "--"]


def _landlock(layout: Layout, toolchain: Sequence[str]) -> None:
    """Restrict this process and its children to these files and no TCP ports; irreversible.

    :raises OSError: the kernel has no Landlock, or it is switched off
    """
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    version = _checked(system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG))
    handled = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS[max(_FILE_RIGHTS)])) - 1
    # Kernels with an older, shorter structure accept this one if the fields unknown to them are zero.
    attributes = struct.pack("=QQQ", handled, _NET_RIGHTS if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    ruleset = _checked(system_call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    read = _READ_FILE | _READ_DIR
    granted: list[tuple[str | Path, int]] = [(path, read | _EXECUTE) for path in toolchain]
    granted += [(folder, read) for folder in layout.readable]
    granted += [(layout.out, read | _WRITE_FILE | _MAKE_REG | _REMOVE_FILE | _TRUNCATE)]
    granted += [("/dev/null", _READ_FILE | _WRITE_FILE)]
    for path, rights in granted:
        try:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        possible = handled if Path(path).is_dir() else handled & _OF_FILES
        rule = struct.pack("=Qi", rights & possible, parent)
        _checked(system_call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
        os.close(parent)
    _checked(system_call(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _run(stage: int, commands: Sequence[Sequence[str]], order: Order, layout: Layout) -> Failure | None:
    """Run commands in parallel; starts none after a failure."""
    waiting = list(enumerate(commands))[::-1]
    running = 0
    failures: list[Failure] = []
    with selectors.DefaultSelector() as ready:
        while running or (waiting and not failures):
            while waiting and not failures and running < order["workers"]:
                number, command = waiting.pop()
                started = subprocess.Popen(
                    command,
                    cwd=layout.project,
                    env=order["environment"],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
                assert started.stdout is not None
                ready.register(started.stdout, selectors.EVENT_READ, (number, started, bytearray()))
                running += 1
            for key, _ in ready.select():
                number, process, printed = key.data
                read = os.read(key.fd, 1 << 16)
                printed += read[: OUTPUT - len(printed)]
                if read:
                    continue
                ready.unregister(key.fileobj)
                process.stdout.close()
                running -= 1
                status = process.wait()
                if status == 0 and _written(layout.out) > OUT_SIZE:
                    status, printed = 1, bytearray(b"error: the objects take more than %d MiB" % (OUT_SIZE >> 20))
                if status != 0:
                    text = printed.decode("utf-8", errors="replace")
                    failures.append({"stage": stage, "command": number, "status": status, "output": text})
    return min(failures, key=lambda failure: failure["command"], default=None)


def _written(folder: Path) -> int:
    size = 0
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # removed by another command: a temporary file
            size += file.lstat().st_size
    return size


if __name__ == "__main__":
    sys.exit(main())
