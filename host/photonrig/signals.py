"""Signals that end a program: SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, whatever a program was started with.

A background job of a script, nohup and some CI runners start programs with SIGINT ignored; a parent may also have
blocked signals, closed the standard streams, or ignored SIGCHLD, which hides the exit codes of children. Every program
of this project calls :func:`begin` first, so that its children inherit the defaults as well.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["ENDING", "Interrupts", "begin", "heard", "held_back"]

#: What ends a program in order. A SIGHUP that was ignored at the start, as by nohup, stays ignored.
ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def begin() -> None:
    """Set up a program: open standard streams, printable output, and signals that raise KeyboardInterrupt."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one; otherwise the next file opened would become standard output.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    Interrupts().take()


def heard() -> tuple[signal.Signals, ...]:
    """Those of :data:`ENDING` that this program ends at."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(number for number in ENDING if not (nohup and number is signal.SIGHUP))


class Interrupts:
    """While in force, each of :data:`ENDING` raises KeyboardInterrupt in the main thread.

    A handler that the program set itself is left alone.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}

    def take(self) -> None:
        """Bring it into force; outside the main thread, which alone receives signals, nothing happens."""
        if threading.current_thread() is not threading.main_thread():
            return
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*ENDING, signal.SIGCHLD))
        for number in heard():
            if signal.getsignal(number) in (signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler):
                self._before[number] = signal.signal(number, _interrupt)

    def give_back(self) -> None:
        """Restore the handlers that were replaced."""
        while self._before:
            number, before = self._before.popitem()
            signal.signal(number, before)


_holding = 0
_pending = False


@contextmanager
def held_back() -> Iterator[None]:
    """In the main thread, let a KeyboardInterrupt of :class:`Interrupts` wait until the block has ended.

    For what would leave something behind if it were cut in two, such as starting a process.
    """
    global _holding, _pending  # noqa: PLW0603 signal handlers are the process's
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
