"""Program exit on an error: one line on standard error, and an exit code that names the cause.

``RIG_TRACEBACK=1`` prints the traceback as well.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Final, NoReturn

from photonrig import invocation
from photonrig.errors import Cause, PhotonrigError, without_passwords


class ExitCode(IntEnum):
    """Exit codes of this project's programs."""

    HELD = 0
    NOT_SEEN = 1  #: an expectation failed
    USAGE = 2
    BENCH = 3  #: the bench itself failed
    STOPPED = 130  #: by a signal
    NO_READER = 141  #: standard output's reader went away; what a shell reports for SIGPIPE


EXIT_CODES: Final[dict[Cause, ExitCode]] = {
    **dict.fromkeys(("test", "firmware", "cloud", "network"), ExitCode.NOT_SEEN),
    "usage": ExitCode.USAGE,
    "rig": ExitCode.BENCH,
}


@contextmanager
def one_line(program: str = "") -> Iterator[None]:
    """Context manager: any exception in the block becomes one line and an exit code.

    ``program`` prefixes the line; by default the name this program was started by.

    :raises SystemExit: in place of every other exception
    """
    try:
        yield
    except PhotonrigError as error:
        _end(program, f"{error.cause} error: {error}", EXIT_CODES[error.cause])
    except KeyboardInterrupt:
        _end(program, "stopped", ExitCode.STOPPED)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and _unread(sys.stdout):
            _end(program, "", ExitCode.NO_READER)
        if error.filename is None and (code := flush(program)) != ExitCode.HELD:
            raise SystemExit(code) from None
        _end(program, f"rig error: {_described(error)}", ExitCode.BENCH)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno})"
        _end(program, f"internal error: {_single(what)}; RIG_TRACEBACK=1 prints the traceback", ExitCode.BENCH)


def flush(program: str = "") -> int:
    """Flush standard output at the end of a program; returns HELD, or the exit code of the write error."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError):
            code, line = ExitCode.NO_READER, ""
        else:
            reason = getattr(error, "strerror", error)
            code, line = ExitCode.BENCH, f"rig error: standard output cannot be written: {reason}"
        # The interpreter flushes again at exit and prints an error if that fails.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _say(program, line)
        return code
    return ExitCode.HELD


def _end(program: str, line: str, code: int) -> NoReturn:
    if os.environ.get("RIG_TRACEBACK") == "1":
        with contextlib.suppress(OSError, ValueError):
            traceback.print_exc()
    _say(program, line)
    raise SystemExit(code)


def _say(program: str, line: str) -> None:
    # The terminal may be gone; exit regardless.
    with contextlib.suppress(OSError, ValueError):
        if line:
            print(without_passwords(f"{program or invocation.program()}: {line}"), file=sys.stderr, flush=True)  # noqa: T201


def _described(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    files = " to ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
    return _single(f"{files}: {reason}" if files else reason)


def _single(text: str) -> str:
    return " ".join(text.split())


def _unread(stream: object) -> bool:
    """Whether a stream is a pipe whose reader is gone."""
    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)  # type: ignore[attr-defined]
        return any(event & select.POLLERR for _, event in poll.poll(0))
    except (AttributeError, OSError, ValueError):
        return False
