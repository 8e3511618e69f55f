"""Making things under one folder: one process at a time, shown as it goes, with the reason in one line if it fails.

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

_TELL_EVERY: Final = 10.0  # seconds between lines of progress in a pipe
_REDRAW_EVERY: Final = 0.5  # seconds, on a terminal
_ENDING: Final = 5.0  # seconds that a tool may take to end after SIGTERM
_LONGEST: Final = 400  # characters of a reason
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None

_turn = threading.RLock()
_held: set[Path] = set()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder in which things are made, inside the block; waits for whoever holds it.

    Blocks may be nested. The kernel releases the lock when the process ends, however it ends.

    :raises RigError: the folder or its lock cannot be made
    """
    with _turn:
        if folder in _held:
            yield
            return
        try:
            lock = _locked(folder)
        except UsageError as error:
            raise ToolError(f"{error}; things are made in {folder}, which has to be yours") from error
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
            mode = folder.stat().st_mode & 0o666  # whoever may make files in the folder may lock it
        except OSError as error:
            raise file_error(folder, "written", error) from error
        lock = Lock(folder / "lock", mode=mode)
        try:
            if not lock.take():
                with step(f"waiting for another process that makes things in {folder}"):
                    lock.take(wait=True)
        except UsageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                continue  # ./rig clean has removed the folder meanwhile
            raise
        return lock


@dataclass(slots=True)
class Step:
    """Something that takes a while; ``detail`` says how far it is, as in ``3/52``."""

    what: str
    detail: str = ""


@contextmanager
def step(what: str, clock: Clock = SYSTEM) -> Iterator[Step]:
    """Print on stderr what is being done and how long it took; in a pipe also a line every ten seconds meanwhile.

    A program that is to be quiet prints nothing.
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
    """A tool that has ended: its exit code, the lines it printed, and the file they are in."""

    code: int
    lines: Sequence[str]
    log: Path

    def failure(self, what: str, *reasons: str) -> ToolError:
        """The error to raise: ``what`` failed, and why.

        The reason is the first match of the first pattern of ``reasons`` that matches anything; its groups if it has
        any. Without one it is the last line.
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
    """Run a tool to its end; what it prints goes to ``log`` (after what is there, with ``more``) and to ``heard``.

    It is ended with everything it started when the block around it is interrupted, and on Linux also when this process
    is killed.

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
