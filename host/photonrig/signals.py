"""Ending signals: SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, whatever state the program inherited.

Shell background jobs, nohup and some CI runners start programs with SIGINT ignored; a parent may also have blocked
signals, closed the standard streams, or ignored SIGCHLD, which hides the exit codes of children. Every program calls
:func:`begin` first, so that its children inherit the defaults as well.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

# : The signals that end a program in order. A SIGHUP ignored at the start, as by nohup, stays ignored.
ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def begin() -> None:
    """Set up a program: open standard streams, lossless printing, and signals that raise KeyboardInterrupt."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # Takes the lowest free descriptor, so that the next opened file does not become standard output.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    Interrupts().take()


def heard() -> tuple[signal.Signals, ...]:
    """The signals of :data:`ENDING` that this program does not ignore."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(number for number in ENDING if not (nohup and number is signal.SIGHUP))


class Interrupts:
    """While active, each of :data:`ENDING` raises KeyboardInterrupt in the main thread.

    Handlers the program set itself are kept.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}

    def take(self) -> None:
        """Install the handlers; no effect outside the main thread, which alone receives signals."""
        if threading.current_thread() is not threading.main_thread():
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGCHLD))
        for number in heard():
            if signal.getsignal(number) in (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler):
                self._before[number] = signal.signal(number, _interrupt)

    def give_back(self) -> None:
        """Restore the replaced handlers."""
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)


_holding = 0
_pending = False


@contextmanager
def held_back() -> Iterator[None]:
    """Defer the KeyboardInterrupt of :class:`Interrupts` to the end of the block, in the main thread.

    For operations that must not be cut in two, such as starting a process.
    """
    global _holding, _pending  # noqa: PLW0603 signal handlers are process-wide
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _holding += 1
    try:
        yield
    finally:
        _holding -= 1
        if _pending and not _holding:
            _pending = False
            raise KeyboardInterrupt


def _interrupt(number: int, frame: object) -> None:
    global _pending  # noqa: PLW0603
    if _holding:
        _pending = True
        return
    raise KeyboardInterrupt
