"""Time is passed in: nobody but ``clock.py`` reads a clock or sleeps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HOST = Path(__file__).parents[1] / "host"

# What may read time all the same, and why. Nothing is to be added here.
EXCEPTIONS = {
    "photonrig/clock.py": "is the clock",
    "photonrig/localcloud/device/requests.py": "loop.time(): its timers are the event loop's, set by the loop's time",
    "photonrig/localcloud/device/session.py": "loop.time(): as above",
    "photonrig/localcloud/device/wire.py": "loop.time(): as above",
}
_TIME = {"monotonic", "monotonic_ns", "time", "time_ns", "perf_counter", "perf_counter_ns", "sleep", "localtime"}
_TIME |= {"gmtime", "process_time", "ctime", "strftime"}
_DATETIME = {"now", "utcnow", "today"}


def uses(tree: ast.AST) -> Iterator[str]:
    """Every place where the time is read or waited for: "LINE: NAME"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"{node.lineno}: from time import {', '.join(each.name for each in node.names)}"
        if not isinstance(node, ast.Attribute):
            continue
        of, name = _last_name(node.value), node.attr
        if (
            (of == "time" and name in _TIME)
            or (of in ("datetime", "date") and name in _DATETIME)
            or (of in ("asyncio", "anyio") and name == "sleep")
            or (of in ("loop", "_loop", "get_running_loop") and name == "time")
        ):
            yield f"{node.lineno}: {of}.{name}"


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _is_a_yield(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0


def without_yields(text: str) -> ast.AST:
    """A module without its ``asyncio.sleep(0)``, which lets others run and waits for nothing."""

    class Yields(ast.NodeTransformer):
        def visit_Call(self, node: ast.Call) -> ast.AST:
            self.generic_visit(node)
            return ast.Constant(None) if _is_a_yield(node) and _last_name(node.func) == "sleep" else node

    return Yields().visit(ast.parse(text))


def test_time_is_read_in_one_place() -> None:
    found = {
        path.relative_to(HOST).as_posix(): used
        for path in sorted(HOST.rglob("*.py"))
        if (used := list(uses(without_yields(path.read_text()))))
    }
    assert {file: used for file, used in found.items() if file not in EXCEPTIONS} == {}
    assert set(EXCEPTIONS) - set(found) == set(), "exceptions that are none any more"


def test_it_sees_every_way_to_read_the_time() -> None:
    text = """
from time import monotonic
import time, asyncio, datetime as d
a = time.time
time.sleep(1); asyncio.sleep(0.5); asyncio.sleep(0)
datetime.now(UTC); date.today(); d.datetime.now()
asyncio.get_running_loop().time(); self._loop.time(); loop.time()
match.time(); self.clock.now(); time.fromisoformat("12:00")
"""
    in_order = sorted(uses(without_yields(text)), key=lambda line: int(line.partition(":")[0]))
    assert [line.partition(": ")[2] for line in in_order] == [
        "from time import monotonic",
        "time.time",
        "time.sleep",
        "asyncio.sleep",
        "datetime.now",
        "date.today",
        "datetime.now",
        "get_running_loop.time",
        "_loop.time",
        "loop.time",
    ]
