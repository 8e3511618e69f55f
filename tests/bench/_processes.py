"""What a process costs, as the kernel counts it."""

from __future__ import annotations

from pathlib import Path


def memory(pid: int) -> dict[str, int]:
    """Resident, proportional and private memory of a process in KiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    return {"rss": kib["Rss"], "pss": kib["Pss"], "private": kib["Private_Clean"] + kib["Private_Dirty"]}


def cpu_seconds(pid: int) -> float:
    """Processor time used so far by all threads; counted in nanoseconds, not in clock ticks."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9
