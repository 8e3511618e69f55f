"""Tests wait for evidence: nobody but ``patience.py`` sleeps or measures, except where time is what is tested."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .test_one_clock import without_yields

TESTS = Path(__file__).parent

# What may sleep or read a clock that goes on all the same, and why.
EXCEPTIONS = {
    "bench/test_rig.py": "the moment is an argument of what is tested",
    "bench/virtual/terminal.py": "the deadline of select() on a terminal",
    "causes/trials.py": "puts the start of a trial where a run has its own",
    "cli/test_signals.py": "interrupts a start after 0 to 360 ms",
    "fleet/bad_cloud.py": "is a slow cloud",
    "localcloud/device/test_connections.py": "rates, which bound from below; a silence longer than the longest allowed",
    "localcloud/hook_target.py": "is a slow server",
    "localcloud/http/test_bodies.py": "is a client that sends slowly, without end",
    "localcloud/test_real_cli.py": "what a device is told changes with time",
    "ownership/test_stateful.py": "a soak lasts as long as it is told to",
    "particle/test_events.py": "tries again until the deadline",
    "patience.py": "is how all others wait",
    "test_clock.py": "the clock is what is tested",
    "vphoton/arm/test_system_calls.py": "prints how long a start took",
    "vphoton/conftest.py": "the deadline of select() on a pseudo-terminal",
    "vphoton/faulty_link.py": "is a slow network",
    "vphoton/shade.py": "the deadline of select() on a pseudo-terminal",
    "vphoton/test_cli_serial.py": "the deadline of lines that are read",
    "vphoton/test_cut_connections.py": "time-outs of both ends, which bound from below",
    "vphoton/test_faults.py": "a block of 700 ms, which bounds from below",
}
_CLOCKS = {"monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"}


def waits(tree: ast.AST) -> Iterator[str]:
    """Every sleep and every look at a clock that goes on: "LINE: NAME"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in ("time", "asyncio"):
            names = {each.name for each in node.names} & (_CLOCKS | {"sleep"})
            if names:
                yield f"{node.lineno}: from {node.module} import {', '.join(sorted(names))}"
        if isinstance(node, ast.Attribute):
            of = ast.unparse(node.value)
            if (
                (of == "time" and node.attr in _CLOCKS | {"sleep"})
                or (of in ("asyncio", "anyio") and node.attr == "sleep")
                or (of.endswith(("loop", "get_running_loop()")) and node.attr == "time")
            ):
                yield f"{node.lineno}: {of}.{node.attr}"


def test_tests_wait_for_evidence() -> None:
    found = {
        path.relative_to(TESTS).as_posix(): used
        for path in sorted(TESTS.rglob("*.py"))
        if (used := list(waits(without_yields(path.read_text()))))
    }
    assert {file: used for file, used in found.items() if file not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) - set(found) == set(), "exceptions that are none any more"


def test_it_sees_every_way_to_wait() -> None:
    text = """
from time import sleep, monotonic
import time, asyncio
time.sleep(1); asyncio.sleep(0.5); asyncio.sleep(0); time.time()
began = time.monotonic(); asyncio.get_running_loop().time(); self.loop.time()
"""
    seen = sorted(line.partition(": ")[2] for line in waits(without_yields(text)))
    assert seen == [
        "asyncio.get_running_loop().time",
        "asyncio.sleep",
        "from time import monotonic, sleep",
        "self.loop.time",
        "time.monotonic",
        "time.sleep",
    ]
