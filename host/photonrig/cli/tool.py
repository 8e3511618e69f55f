"""Runs a tool with its own output, such as pytest; ending signals are passed on to it as Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from photonrig.errors import ToolError
from photonrig.signals import heard, held_back

_STOPPING: Final = 60.0  # seconds a tool may take to end its children


def run_to_end(argv: Sequence[str], *, cwd: Path | None = None) -> int:
    """Run a tool; returns its exit code, negative: the signal that ended it.

    It runs in its own session, so that it and its children receive SIGINT exactly once; it is killed if it has not
    ended a minute later.

    :raises ToolError: it cannot be started
    """
    received: list[int] = []

    def end(number: signal.Signals) -> None:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def hand_on(number: int, frame: object) -> None:
        if not received:
            received.append(number)
            end(signal.SIGINT)
            signal.alarm(int(_STOPPING))

    def give_up(number: int, frame: object) -> None:
        end(signal.SIGKILL)

    handlers: dict[signal.Signals, Any] = dict.fromkeys(heard(), hand_on) | {signal.SIGALRM: give_up}
    before = {number: signal.getsignal(number) for number in handlers}
    process: subprocess.Popen[bytes] | None = None
    try:
        with held_back():
            process = subprocess.Popen(argv, cwd=cwd, start_new_session=True)
            for number, handler in handlers.items():
                signal.signal(number, handler)
    except OSError as error:
        raise ToolError(f"{argv[0]} cannot be started: {error.strerror}") from None
    except KeyboardInterrupt:
        if process is None:
            raise
        hand_on(signal.SIGINT, None)
    try:
        return process.wait()
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
