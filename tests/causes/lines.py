"""Lines between the bench, its devices and the cloud, which fail when they are told to."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import struct
import threading
import tty
from pathlib import Path
from typing import Literal

Mode = Literal["pass", "cut", "silent", "refuse", "unavailable"]

_ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


class Line:
    """A TCP line to ``target`` on 127.0.0.1.

    cut: every connection is reset, now and on arrival. silent: nothing gets through any more, and nobody is told.
    refuse: nobody listens. unavailable: whoever asks is told 503. ``budget`` bytes still pass before a mode begins.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.mode: Mode = "pass"
        self.budget = 0
        self._lock = threading.Lock()
        self._ends: set[socket.socket] = set()
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def set(self, mode: Mode, budget: int = 0) -> None:
        """Change what happens, now and to connections to come."""
        with self._lock:
            self.mode, self.budget = mode, budget
            doomed = [] if mode in ("pass", "silent") or budget else list(self._ends)
            if mode == "refuse":
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
            elif self._listener.fileno() < 0:
                self._listener = socket.create_server(("127.0.0.1", self.port))
                threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
            if mode == "pass":
                # What fell silent stays so: its bytes are lost.
                doomed = list(self._ends)
        for end in doomed:
            _reset(end)

    def once(self) -> None:
        """Reset every connection there is; new ones are well."""
        with self._lock:
            doomed = list(self._ends)
        for end in doomed:
            _reset(end)

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.once()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        if self.mode == "cut" and not self.budget:
            _reset(near)
            return
        if self.mode == "unavailable":
            with contextlib.suppress(OSError):
                near.recv(65536)
                near.sendall(_ANSWER)
            near.close()
            return
        try:
            far = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            _reset(near)
            return
        with self._lock:
            self._ends |= {near, far}
        try:
            self._carry(near, far)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._ends -= {near, far}
            near.close()
            far.close()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        poll = select.poll()
        other = {near.fileno(): (near, far), far.fileno(): (far, near)}
        for number in other:
            poll.register(number, select.POLLIN)
        while True:
            for number, _ in poll.poll():
                source, sink = other[number]
                data = source.recv(65536)
                if not data:
                    return
                passes = self._passes(len(data))
                if passes is None:
                    _reset(near)
                    _reset(far)
                    return
                sink.sendall(data[:passes])

    def _passes(self, count: int) -> int | None:
        """How many of the bytes get through; None: the connection breaks."""
        with self._lock:
            if self.mode in ("pass", "refuse"):
                return count
            allowed = min(self.budget, count)
            self.budget -= allowed
            if allowed == count or self.mode == "silent":
                return allowed
            return None


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.shutdown(socket.SHUT_RDWR)
    end.close()


class Cable:
    """A serial cable: what the bench opens is ``port``, a pseudo-terminal behind which the device's own one lies."""

    def __init__(self, port: Path) -> None:
        self.port = port
        self._device = ""
        self._lock = threading.Lock()
        self._master = self._far = -1
        self._wake_read, self._wake = os.pipe()
        self._thread: threading.Thread | None = None

    def plug(self, device: str) -> None:
        """Connect the device whose serial port this is."""
        self.unplug()
        self._far = os.open(device, os.O_RDWR | os.O_NOCTTY)
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(os.ttyname(slave))
        self._thread = threading.Thread(target=self._carry, args=(self._master, self._far, slave), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Pull it: the port is gone, and who had it open is told."""
        self.port.unlink(missing_ok=True)
        if self._thread is not None:
            os.write(self._wake, b"x")
            self._thread.join()
            os.read(self._wake_read, 1)
            self._thread = None

    def close(self) -> None:
        self.unplug()
        os.close(self._wake)
        os.close(self._wake_read)

    def _carry(self, master: int, far: int, slave: int) -> None:
        # The slave stays open here, or the master would report a hang-up whenever nobody has the port open.
        try:
            while True:
                ready, _, _ = select.select([master, far, self._wake_read], [], [])
                if self._wake_read in ready:
                    return
                for source in ready:
                    data = os.read(source, 65536)
                    if not data:
                        return
                    os.write(far if source == master else master, data)
        except OSError:
            self.port.unlink(missing_ok=True)  # the device lost its power
        finally:
            for number in (master, far, slave):
                os.close(number)
