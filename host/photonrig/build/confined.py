"""Runs the commands of one build in a sandbox; a program of its own, which :mod:`photonrig.build.sandbox` starts.

It is two processes. The guard ends the build as soon as its standard input ends: its starter wants no more of it, or is
gone, however it went. Under the guard the confined process runs the commands:

    starter -- guard -- confined -- c++ -- cc1plus, as, collect2, ld
                        └─ a process group of its own, limits and sandbox

One JSON line on standard input is the order (:class:`Order`). Standard output tells in JSON which command failed
(:class:`Failure`); ``null`` when none did. Only the standard library, and nothing is imported once confined: from then
on Python's own files cannot be read.

Limits hold for each process: CPU time, address space, size of a file, number of processes and of open files. The kernel
counts processes per user, and root is exempt. So root's builds run as a user id that nothing else has, and others'
builds in a user namespace of their own, where the kernel allows one.
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
MEMORY: Final = 1 << 30  # address space; the roller's largest source takes 120 MB
FILE_SIZE: Final = 16 << 20
OUT_SIZE: Final = 64 << 20  # all that a build has written, together
PROCESSES: Final = 64
OPEN_FILES: Final = 256
OUTPUT: Final = 64 << 10  # of what a command prints; the rest is read and forgotten

# User ids from here on belong to no account: Linux distributions hand out none beyond 2^30, systemd none at all there.
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
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # by ABI version: how many there are; all are refused unless granted
_NET_RIGHTS = 0b11  # bind and connect TCP, from version 4
_SCOPES = 0b11  # abstract sockets and signals, from version 6


class Order(TypedDict):
    """What to run. Commands of a stage run side by side; a stage begins when all of the one before have succeeded."""

    kind: str  # "bubblewrap", "landlock" or "none"
    folder: str  # the build's; see Layout
    toolchain: list[str]  # folders and files the commands may read and execute
    environment: dict[str, str]
    stages: list[list[list[str]]]
    workers: int  # how many commands at once


class Failure(TypedDict):
    """The first command, in the order of its stage, that failed, and what it printed; ``stage`` counts from 0."""

    stage: int
    command: int
    status: int  # exit code; negative for a signal
    output: str


class Layout:
    """The folders of a build: what was sent, what it is compiled against, and the one the commands may write to."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.sdk = folder / "sdk"
        self.out = folder / "out"

    @property
    def readable(self) -> tuple[Path, Path]:
        """What commands read besides the toolchain and what they wrote themselves."""
        return self.project, self.sdk


def main() -> int:
    """Guard: run the confined process, and end it with standard input."""
    order: Order = json.loads(_first_line())
    ended, until_end = os.pipe()
    confined = os.fork()
    if confined == 0:
        os.close(ended)
        os.setpgid(0, 0)
        failure = _confined(order)
        with open(1, "w", encoding="utf-8", closefd=False) as said:
            json.dump(failure, said)
        os._exit(0)
    os.close(until_end)
    with contextlib.suppress(OSError):  # both processes do it, so that it holds whoever goes on first
        os.setpgid(confined, confined)
    wanted = 0 not in select.select([0, ended], [], [])[0]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(confined, signal.SIGKILL)
    _, status = os.waitpid(confined, 0)
    if not wanted:
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
    _limit(layout, order["stages"][0][0][0], own_namespaces=order["kind"] != "bubblewrap")
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
    """Go from root to a user id that nothing else has, if it can reach what it needs and this container allows it."""
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
    with contextlib.suppress(ValueError, OSError):  # macOS bounds no address space
        resource.setrlimit(what, (to, to))


def _bubblewrap(layout: Layout, toolchain: Sequence[str]) -> list[str]:
    """What to put before a command, so that it has these files, no network, and no other process in sight."""
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--cap-drop", "ALL"]
    for path in toolchain:
        words += ["--ro-bind-try", path, path]
    for folder in layout.readable:
        words += ["--ro-bind", str(folder), str(folder)]
    words += ["--bind", str(layout.out), str(layout.out), "--dev-bind", "/dev/null", "/dev/null"]
    words += ["--remount-ro", "/", "--chdir", str(layout.project), "--"]
    # Inside the namespace only its own processes count.
    return [*words, "prlimit", f"--nproc={PROCESSES}", "--"]


def _landlock(layout: Layout, toolchain: Sequence[str]) -> None:
    """Take from this process every file and TCP port but these, for good and for all that it starts.

    :raises OSError: the kernel has no Landlock, or it is switched off
    """
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    version = _checked(system_call(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG))
    handled = (1 << _FILE_RIGHTS.get(version, _FILE_RIGHTS[max(_FILE_RIGHTS)])) - 1
    # A kernel that knows a shorter structure takes this one as long as what it does not know is zero.
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
    """Run commands side by side; once one has failed no more are begun."""
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
        with contextlib.suppress(FileNotFoundError):  # another command's temporary file
            size += file.lstat().st_size
    return size


if __name__ == "__main__":
    sys.exit(main())
