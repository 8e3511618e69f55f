"""Runs a tool that prints for itself, such as pytest; every signal that ends us is handed on to it as Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from photonrig.errors import ToolError
from photonrig.signals import ENDING, heard

__all__ = ["run_to_end"]

_STOPPING: Final = 60.0  # seconds that a tool may take to end everything it started


def run_to_end(argv: Sequence[str], *, cwd: Path | None = None) -> int:
    """Run a tool; returns its exit code, below 0 the signal that ended it.

    It has a session of its own, so that it receives SIGINT once, from here, with everything it started; it is killed
    when it has not ended a minute later.

    :raises ToolError: it cannot be started
    """
    told: list[int] = []

    def hand_on(number: int, frame: object) -> None:
        if not told:
            told.append(number)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            signal.alarm(int(_STOPPING))

    def give_up(number: int, frame: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    wanted: dict[signal.Signals, Any] = dict.fromkeys(heard(), hand_on)
    before = {number: signal.getsignal(number) for number in (*wanted, signal.SIGALRM)}
    # Held back until the handlers know the process.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        process = subprocess.Popen(argv, cwd=cwd, start_new_session=True, preexec_fn=_unblock)  # noqa: PLW1509
        for number, handler in (wanted | {signal.SIGALRM: give_up}).items():
            signal.signal(number, handler)
    except OSError as error:
        raise ToolError(f"{argv[0]} cannot be started: {error.strerror}") from None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    try:
        return process.wait()
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
