"""Builds under one folder: a lock between processes, progress output, and one-line reasons for failures.

Standard library only: ``host/environment.py`` uses it before there is a virtual environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ToolError, UsageError
from photonrig.files import Lock, file_error
from photonrig.invocation import program, quiet
from photonrig.signals import held_back

__all__ = ["Ran", "Step", "alone", "run", "step"]

_TELL_EVERY: Final = 10.0  # seconds between progress lines in a pipe
_REDRAW_EVERY: Final = 0.5  # seconds, on a terminal
_ENDING: Final = 5.0  # seconds for a tool to end after SIGTERM
_LONGEST: Final = 400  # characters of a reason
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None

_turn = threading.RLock()
_held: set[Path] = set()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the build lock of a folder inside the block; waits for another process that holds it.

    Blocks may be nested. The kernel releases the lock when the process ends.

    :raises RigError: the folder or its lock cannot be made
    """
    with _turn:
        if folder in _held:
            yield
            return
        try:
            lock = _locked(folder)
        except UsageError as error:
            raise ToolError(f"{error}; {folder} must belong to this user") from error
        _held.add(folder)
        try:
            yield
        finally:
            _held.discard(folder)
            lock.release()


def _locked(folder: Path) -> Lock:
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            mode = folder.stat().st_mode & 0o666  # users who may create files in the folder may lock it
        except OSError as error:
            raise file_error(folder, "written", error) from error
        lock = Lock(folder / "lock", mode=mode)
        try:
            if not lock.take():
                with step(f"waiting for another process that builds in {folder}"):
                    lock.take(wait=True)
        except UsageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                continue  # ./rig clean removed the folder in between
            raise
        return lock


@dataclass(slots=True)
class Step:
    """A running step; ``detail`` is its progress, such as ``3/52``."""

    what: str
    detail: str = ""


@contextmanager
def step(what: str, clock: Clock = SYSTEM) -> Iterator[Step]:
    """Print on stderr what is running and how long it took; in a pipe also a line every ten seconds.

    Prints nothing in quiet mode.
    """
    if quiet():
        yield Step(what)
        return
    started = clock.now()
    done = Step(what)
    live = sys.stderr is not None and sys.stderr.isatty()
    ended = threading.Event()

    def progress() -> None:
        while not clock.wait_for(ended, _REDRAW_EVERY if live else _TELL_EVERY):
            detail = f" ({done.detail})" if done.detail else ""
            if not live:
                _say(f"{program()}: {what}: {clock.now() - started:.0f} s so far{detail}\n")
            elif detail:
                _say(f"\r\x1b[K{program()}: {what} ...{detail}")

    _say(f"{program()}: {what} ...{'' if live else os.linesep}")
    teller = threading.Thread(target=progress, daemon=True)
    teller.start()
    try:
        yield done
    except BaseException:
        ended.set()
        teller.join()
        _say("\n" if live else "")
        raise
    ended.set()
    teller.join()
    took = clock.now() - started
    _say(f" {took:.1f} s\n" if live else f"{program()}: {what}: {took:.1f} s\n")


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished tool: exit code, output lines, and the log file that holds them."""

    code: int
    lines: Sequence[str]
    log: Path

    def failure(self, what: str, *reasons: str) -> ToolError:
        """The error to raise: ``what`` failed, and the cause.

        The cause is the first match of the first pattern in ``reasons`` that matches (its groups, if any), else the
        last line.
        """
        reason = next((line for line in reversed(self.lines) if line.strip()), f"exit code {self.code}")
        text = "\n".join(self.lines)
        if found := next(filter(None, (re.search(pattern, text, re.MULTILINE) for pattern in reasons)), None):
            reason = ": ".join(part for part in found.groups() if part) or found.group()
        return ToolError(f"{what}: {' '.join(reason.split())[:_LONGEST]}; all of it is in {self.log}")


def run(
    argv: Sequence[str],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    heard: Callable[[str], None] = lambda line: None,
    more: bool = False,
) -> Ran:
    """Run a tool to its end; output goes to ``log`` (appended with ``more``) and line by line to ``heard``.

    An exception in the caller ends the tool with its whole process group; on Linux also the death of this process.

    :raises ToolError: it cannot be started
    """
    lines = []
    with log.open("a" if more else "w", buffering=1, errors="replace") as kept:
        process = None
        try:
            with held_back():
                process = subprocess.Popen(
                    argv,
                    cwd=cwd,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    start_new_session=True,
                    preexec_fn=_end_with_parent,  # noqa: PLW1509 one system call
                )
            assert process.stdout is not None
            for line in process.stdout:
                kept.write(line)
                lines.append(line.rstrip())
                heard(line)
            process.wait()
        except OSError as error:
            if process is None:
                raise ToolError(f"{argv[0]} cannot be started: {error.strerror}") from None
            raise
        finally:
            if process is not None:
                _end_group(process)
    return Ran(process.returncode, lines, log)


def _end_with_parent() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_group(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        for number, patience in ((signal.SIGTERM, _ENDING), (signal.SIGKILL, None)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
    if process.stdout is not None:
        process.stdout.close()
