"""Machine resources for many devices: open-file limit and memory."""

from __future__ import annotations

import resource
from collections.abc import Iterable
from pathlib import Path

from photonrig.errors import RigError


def allow_files(count: int) -> None:
    """Raise the open-file limit of this process and its future children.

    :raises RigError: the machine's hard limit is lower
    """
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY or files >= count:
        return
    if most != resource.RLIM_INFINITY and most < count:
        raise RigError(
            f"{count} open files in one process are needed, and {most} are allowed here;"
            " raise the limit (ulimit -Hn, or nofile in limits.conf), or take fewer devices"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


def memory(pids: Iterable[int]) -> int | None:
    """Memory of processes in KiB, shared pages divided among them; None where the kernel does not report it."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            return None
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total
