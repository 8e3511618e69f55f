"""What is used of dependencies beyond what they document: it is there, in one place each, and its versions are capped.

A dependency that changes it breaks one of these tests, whose text says what is gone and which file needs it.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
HOST = ROOT / "host" / "photonrig"

# By distribution: the one file that uses it in this way, and the modules and underscored names that it uses.
PLACES: dict[str, tuple[str, set[str]]] = {
    "uvicorn": ("localcloud/http/protocol.py", {"uvicorn.protocols"}),
    "starlette": ("localcloud/http/body.py", {"starlette.formparsers"}),
    "python-multipart": ("localcloud/http/body.py", {"python_multipart.multipart"}),
    "pytest": ("testing/attempts.py", {"_pytest.runner", "_initrequest", "_request"}),
    "pytest-xdist": ("pytest_plugin.py", set()),
    "pyserial": ("particle/serial_port.py", {"_telnet_read_loop", "_read_buffer", "_socket"}),
}
# Named by the documentation of logging and os, underscore and all.
DOCUMENTED = {"_srcfile", "_exit"}
# Modules that are no part of what their packages document.
UNDOCUMENTED = ("uvicorn.protocols", "starlette.formparsers", "python_multipart.multipart")


def lacking(distribution: str, what: Any, names: Iterable[str]) -> list[str]:
    """A line for each name that ``what`` does not have."""
    called = getattr(what, "__name__", type(what).__name__)
    return [gone(distribution, f"{called} has no {name}") for name in names if not hasattr(what, name)]


def refuses(distribution: str, function: Callable[..., Any], *args: Any, **more: Any) -> list[str]:
    """A line if the function cannot be called so."""
    try:
        inspect.signature(function).bind(*args, **more)
    except TypeError as error:
        return [gone(distribution, f"{function.__qualname__} is called otherwise ({error})")]
    return []


def gone(distribution: str, what: str) -> str:
    place = (HOST / PLACES[distribution][0]).resolve().relative_to(ROOT).as_posix()
    return f"{distribution} {version(distribution)}: {what}; {place} needs it"


class Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def test_uvicorn() -> None:
    import uvicorn
    from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
    from uvicorn.server import ServerState

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    async def connected() -> list[str]:
        config = uvicorn.Config(app, http=HttpToolsProtocol, lifespan="off", log_config=None)
        protocol = HttpToolsProtocol(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(Transport())
        protocol.data_received(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        overridden = "connection_made connection_lost data_received send_400_response on_url on_header on_body "
        overridden += "on_headers_complete on_message_complete"
        wrong = lacking("uvicorn", protocol, [*overridden.split(), "url", "loop", "scope", "transport", "cycle"])
        used = "disconnected flow default_headers keep_alive scope message_event on_response"
        used += " response_started response_complete"
        wrong += lacking("uvicorn", protocol.cycle, used.split())
        wrong += lacking("uvicorn", protocol.cycle.flow, ["write_paused"])
        wrong += lacking("uvicorn", protocol.cycle.message_event, ["set"])
        wrong += refuses("uvicorn", protocol.cycle.on_response)
        await asyncio.sleep(0)
        return wrong

    wrong = asyncio.run(connected())
    if STATUS_LINE[404] != b"HTTP/1.1 404 Not Found\r\n":
        wrong.append(gone("uvicorn", f"STATUS_LINE holds {STATUS_LINE[404]!r}"))
    server = uvicorn.Server(uvicorn.Config(app))
    wrong += lacking("uvicorn", server, ["capture_signals", "startup", "serve", "should_exit"])
    wrong += refuses("uvicorn", uvicorn.Server.startup, server, sockets=[])
    for method in ("serve", "_serve"):
        if "capture_signals" in inspect.getsource(getattr(uvicorn.Server, method)):
            break
    else:
        wrong.append(gone("uvicorn", "Server.serve takes signals otherwise than by capture_signals"))
    assert not wrong, "\n".join(wrong)


def test_starlette() -> None:
    from starlette.datastructures import FormData, Headers
    from starlette.formparsers import MultiPartException, MultiPartParser
    from starlette.responses import Response

    bounds = {"max_files": 1, "max_fields": 1, "max_part_size": 1}
    wrong = refuses("starlette", MultiPartParser, Headers({}), None, **bounds)
    wrong += lacking("starlette", FormData(), ["multi_items", "close"])
    wrong += lacking("starlette", Response(), ["status_code", "background", "body", "raw_headers"])

    async def broken_off() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'
        raise MultiPartException("the client left")

    async def read() -> list[str]:
        parser = MultiPartParser(Headers({"content-type": "multipart/form-data; boundary=x"}), broken_off())
        try:
            await parser.parse()
        except MultiPartException:
            return []
        return [gone("starlette", "MultiPartParser hides what its stream raises")]

    wrong += asyncio.run(read())  # a file left open is a warning, which fails the test
    assert not wrong, "\n".join(wrong)


def test_python_multipart() -> None:
    from python_multipart.multipart import parse_options_header

    found = parse_options_header('multipart/form-data; boundary="a b"')
    told = gone("python-multipart", f"parse_options_header gives {found}")
    assert found == (b"multipart/form-data", {b"boundary": b"a b"}), told


def test_pytest(request: pytest.FixtureRequest) -> None:
    from _pytest.runner import call_and_report

    item = request.node
    wrong = refuses("pytest", call_and_report, item, "setup", log=False, nextitem=None)
    wrong += lacking("pytest", item, ["_initrequest", "_request", "funcargs", "user_properties", "ihook"])
    if issubclass(pytest.fail.Exception, Exception):
        wrong.append(gone("pytest", "pytest.fail raises an Exception, as a test's own code does"))
    assert not wrong, "\n".join(wrong)


def test_pytest_xdist() -> None:
    from xdist import newhooks
    from xdist.workermanage import WorkerController

    wrong = lacking("pytest-xdist", newhooks, ["pytest_configure_node"])
    if "workerinput" not in inspect.getsource(WorkerController):
        wrong.append(gone("pytest-xdist", "WorkerController has no workerinput"))
    assert not wrong, "\n".join(wrong)


def test_pyserial() -> None:
    import serial.rfc2217

    port = serial.rfc2217.Serial(None)
    wrong = lacking("pyserial", port, ["_read_buffer", "_socket", "_telnet_read_loop", "close"])
    if "target=self._telnet_read_loop" not in inspect.getsource(serial.rfc2217.Serial):
        wrong.append(gone("pyserial", "rfc2217.Serial reads in another way than by a thread of _telnet_read_loop"))
    assert not wrong, "\n".join(wrong)


def test_what_is_gone_is_said_in_one_line() -> None:
    class RequestResponseCycle:
        flow = None

        def on_response(self, now: bool) -> None: ...

    cycle, place = RequestResponseCycle(), "host/photonrig/localcloud/http/protocol.py needs it"
    assert lacking("uvicorn", cycle, ["flow", "keep_alive"]) == [
        f"uvicorn {version('uvicorn')}: RequestResponseCycle has no keep_alive; {place}"
    ]
    (line,) = refuses("uvicorn", cycle.on_response)
    assert line.startswith(f"uvicorn {version('uvicorn')}: ") and "missing a required argument: 'now'" in line


@pytest.mark.parametrize("distribution", PLACES)
def test_its_versions_are_capped(distribution: str) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    (bounds,) = [found[1] for each in wanted if (found := re.match(rf"{distribution}([<>].*)", each))]
    limits = re.fullmatch(r">=([\d.]+),<([\d.]+)", bounds)
    assert limits, f"{distribution}{bounds} has no upper bound"
    installed, least, beyond = (numbers(text) for text in (version(distribution), *limits.groups()))
    assert least <= installed < beyond


def numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]


def private_uses(path: Path) -> Iterator[str]:
    """Undocumented modules, underscored ones, and underscored names of what this file does not define itself."""
    tree = ast.parse(path.read_text())
    ours = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    fields = [node.target for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)]
    ours |= {target.id for target in fields if isinstance(target, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            ours.add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{each.name}" for each in node.names]
            yield from filter(None, map(hidden_module, [node.module, *names]))
        elif isinstance(node, ast.Import):
            yield from filter(None, (hidden_module(each.name) for each in node.names))
        elif isinstance(node, ast.Attribute):
            inherited = isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super"
            if re.match(r"_[a-z]", node.attr) and (inherited or node.attr not in ours | DOCUMENTED):
                yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "setattr", "hasattr"):
            name = getattr(node.args[1], "value", "")
            if re.match(r"_[a-z]", str(name)):
                yield str(name)


def is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def hidden_module(name: str) -> str | None:
    """The part of a module's name up to what is hidden of it."""
    if name.startswith("photonrig"):
        return None
    for known in UNDOCUMENTED:
        if f"{name}.".startswith(f"{known}."):
            return known
    parts = name.split(".")
    hidden = any(re.match(r"_[a-z]", part) for part in parts)
    return ".".join(parts[:2]) if hidden else None


def test_each_is_used_in_one_place() -> None:
    found: dict[str, set[str]] = {}
    for path in [*HOST.rglob("*.py"), ROOT / "tasks.py", ROOT / "hatch_build.py"]:
        if names := set(private_uses(path)):
            found[path.relative_to(HOST if HOST in path.parents else ROOT).as_posix()] = names
    stated: dict[str, set[str]] = {}
    for place, names in PLACES.values():
        if names:
            stated.setdefault(place, set()).update(names)
    assert found == stated
