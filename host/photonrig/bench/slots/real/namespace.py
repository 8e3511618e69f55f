"""Network namespaces: a place where an adapter is alone, so that several networks may have the same addresses.

Every Photon in listening mode is 192.168.0.1 of its own network. One namespace per adapter keeps them apart, and the
host's own network out of it. Linux, and root.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from photonrig.bench.slots.real.command import Run, run
from photonrig.errors import RigError

_NAMED: Final = Path("/run/netns")
_CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
_IP: Final = 10.0

T = TypeVar("T")


class Namespace:
    """A named network namespace that exists."""

    def __init__(self, name: str) -> None:
        self.name = name

    def inside(self, work: Callable[[], T]) -> T:
        """Do something in the namespace; sockets made there stay in it for good.

        :raises RigError: the namespace cannot be entered
        """
        results: list[T] = []
        failures: list[BaseException] = []

        def enter_and_work() -> None:
            try:
                _enter(_NAMED / self.name)
                results.append(work())
            except BaseException as error:
                failures.append(error)

        # In a thread of its own, which ends there: a namespace belongs to a thread, not to the process.
        thread = threading.Thread(target=enter_and_work)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]
        return results[0]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        """Open a TCP connection from inside, within ``timeout`` seconds.

        :raises OSError: it cannot be opened
        """
        return self.inside(lambda: socket.create_connection(address, timeout))

    def command(self, *words: str) -> list[str]:
        """A command that runs inside."""
        return ["ip", "netns", "exec", self.name, *words]


@contextmanager
def namespace(name: str, *, run: Run = run) -> Iterator[Namespace]:
    """A new namespace, gone after the block; hardware that is still in it then returns to the host.

    What an earlier run of that name left behind when it was killed goes first.

    :raises ToolError: ``ip`` failed; it needs root
    """
    if (_NAMED / name).exists():
        # Hardware returns only when nothing runs in the namespace any more.
        for pid in run(["ip", "netns", "pids", name], _IP).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run(["ip", "netns", "delete", name], _IP)
    run(["ip", "netns", "add", name], _IP)
    try:
        run(["ip", "-n", name, "link", "set", "lo", "up"], _IP)
        yield Namespace(name)
    finally:
        run(["ip", "netns", "delete", name], _IP)


def _enter(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(descriptor, _CLONE_NEWNET) != 0:
            number = ctypes.get_errno()
            raise RigError(f"the network namespace {path.name} cannot be entered: {os.strerror(number)}")
    finally:
        os.close(descriptor)
