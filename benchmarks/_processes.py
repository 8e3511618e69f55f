"""What a process costs, as the kernel counts it, and how a benchmark ends in order."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from photonrig.errors import RigError


def memory(pid: int) -> dict[str, int]:
    """Resident, proportional and private memory of a process in KiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return {"rss": kib["Rss"], "pss": kib["Pss"], "private": kib["Private_Clean"] + kib["Private_Dirty"]}


def cpu_seconds(pid: int) -> float:
    """Processor time used so far by all threads; counted in nanoseconds, not in clock ticks."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


@contextlib.contextmanager
def on_one_processor(*pids: int) -> Iterator[None]:
    """Keep these processes, with all their threads, and this one to the first processor there is."""
    everywhere = os.sched_getaffinity(0)

    def keep_to(processors: set[int]) -> None:
        for pid in (os.getpid(), *pids):
            for thread in Path(f"/proc/{pid}/task").glob("*"):
                with contextlib.suppress(ProcessLookupError):  # it has just ended
                    os.sched_setaffinity(int(thread.name), processors)

    keep_to({min(everywhere)})
    try:
        yield
    finally:
        keep_to(everywhere)


@contextlib.contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that what it started is ended too; and time, with an error.

    :raises RigError: it took longer than ``seconds``
    """
    why: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> None:
        why.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGALRM)}
    signal.alarm(seconds)
    try:
        yield
    except KeyboardInterrupt:
        if why == [signal.SIGALRM]:
            raise RigError(f"it was not done after {seconds} s") from None
        raise
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)
