"""Child processes of the virtual bench: start, ready line, guaranteed end.

Each prints one line of JSON on standard output when ready; other output goes to a log file beside its state folder,
whose last line is part of the error message.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from photonrig.clock import SYSTEM, Clock, Deadline
from photonrig.errors import RigError
from photonrig.signals import held_back

_STOPPING: Final = 10.0
_LONGEST: Final = 500  # characters


# Running children and their starters. Ends children left by an interrupt between start and registration in a bench.
_running: dict[subprocess.Popen[bytes], int] = {}


@atexit.register
def _end_all() -> None:
    for process, parent in list(_running.items()):
        if parent == os.getpid() and process.poll() is None:
            process.kill()


class ReadyProcess:
    """A child process that announces itself; ``ready`` is its announcement."""

    def __init__(self, argv: Sequence[str], *, name: str, log: Path, timeout: float, clock: Clock = SYSTEM) -> None:
        """Start and wait for the ready line, at most ``timeout`` seconds.

        :raises RigError: it did not start, ended, or was not ready in time; it is not running then
        """
        self.name = name
        self.log = log
        log.touch(mode=0o600)
        try:
            with log.open("ab") as output, held_back():
                # New session: Ctrl-C reaches the harness only, which ends its children in order.
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=output,
                    start_new_session=True,
                    env={key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")},
                )
                _running[self._process] = os.getpid()
        except OSError as error:
            raise RigError(f"{name} cannot be started: {error}") from None
        try:
            self.ready: dict[str, Any] = self._read_ready(timeout, clock)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def stop(self) -> None:
        """SIGTERM, and wait; no effect if it has ended.

        :raises RigError: it had to be killed, or failed
        """
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RigError(
                f"{self.name} did not end within {_STOPPING:g} s and was killed{self._last_words()}"
            ) from None
        self._close()
        if code not in (0, -signal.SIGKILL):
            raise RigError(f"{self.name} ended with exit code {code}{self._last_words()}")

    def kill(self) -> None:
        """SIGKILL, as a power cut; no effect if it has ended."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        self._close()

    def _close(self) -> None:
        _running.pop(self._process, None)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read_ready(self, timeout: float, clock: Clock) -> dict[str, Any]:
        output = self._process.stdout
        assert output is not None
        deadline = Deadline(clock, timeout)
        arrival = select.poll()
        arrival.register(output, select.POLLIN)
        line = bytearray()
        while not line.endswith(b"\n"):
            left = deadline.left
            if left <= 0 or not arrival.poll(left * 1000):
                raise RigError(f"{self.name} was not ready within {timeout:g} s{self._last_words()}")
            chunk = os.read(output.fileno(), 65536)
            if not chunk:
                code = self._process.wait()
                raise RigError(f"{self.name} ended with exit code {code} before it was ready{self._last_words()}")
            line += chunk
        try:
            ready = json.loads(line)
        except ValueError:
            ready = None
        if not isinstance(ready, dict):
            raise RigError(f"{self.name} announced itself with something else than JSON: {bytes(line[:120])!r}")
        return ready

    def _last_words(self) -> str:
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return f"; its last words: {lines[-1][:_LONGEST].strip()}" if lines else ""


class Child(ABC):
    """A child process inside a ``with`` block: stopped in order at its end, killed if the block failed.

    ``what`` names it in errors.
    """

    what: str
    process: ReadyProcess | None = None

    def __enter__(self) -> Self:
        if not self.alive:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.stop()
        else:
            self.kill()

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it is ready.

        :raises RigError: it was not ready in time, or runs already
        """

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.alive

    @property
    def pid(self) -> int:
        """Process id.

        :raises RigError: it does not run
        """
        if self.process is None:
            raise RigError(f"{self.what} does not run")
        return self.process.pid

    def stop(self) -> None:
        """Stop it in order.

        :raises RigError: it did not end by itself
        """
        if self.process is not None:
            self.process.stop()

    def kill(self) -> None:
        """Kill it, as a power cut; acknowledged data is in its state folder."""
        if self.process is not None:
            self.process.kill()

    def launch(self, argv: Sequence[str], log: Path, timeout: float) -> dict[str, Any]:
        """Start the process; returns its announcement."""
        if self.alive:
            raise RigError(f"{self.what} is running already")
        self.kill()  # an ended process must still be reaped
        self.process = ReadyProcess(argv, name=self.what, log=log, timeout=timeout)
        return self.process.ready
