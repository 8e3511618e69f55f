"""How much a request may cost before it is known whose it is, and after: bodies, names, lines of the log."""

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from photonrig.localcloud.http import protocol
from photonrig.localcloud.http.call import OPEN_BODY
from photonrig.localcloud.http.room import Room
from photonrig.localcloud.log import JsonLines
from photonrig.localcloud.server import run_cloud
from photonrig.localcloud.service.cloud import Settings

from ...patience import PATIENCE
from ..process import running
from ..world import DEVICE, populate, world

LARGE = 10_400_000  # allowed where sources are sent
NO_TOKEN = "The access token was not found"
BINARIES = b"POST /v1/binaries HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def _served(state: Path) -> AsyncIterator[Callable[[], Awaitable[Connection]]]:
    async with run_cloud(state, Settings()) as up, asyncio.timeout(60):
        yield lambda: asyncio.open_connection(up.host, up.api_port)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return int(head.split()[1]), json.loads(await reader.readexactly(length))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (BINARIES + b"Content-Length: %d" % LARGE, 400),
        (BINARIES + b"Content-Length: %d\r\nAuthorization: Bearer x" % LARGE, 401),
        (BINARIES + b"Transfer-Encoding: chunked\r\nAuthorization: Bearer x", 401),
        (BINARIES.replace(b"binaries", b"binaries?access_token=x") + b"Content-Length: %d" % LARGE, 401),
        (BINARIES + b"Content-Length: %d\r\nExpect: 100-continue\r\nAuthorization: Bearer x" % LARGE, 401),
        (b"POST /v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000", 413),
        (b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999", 400),
        (b"GET /admin/transfers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000", 401),
        (b"POST /v1/none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000", 404),
    ],
)
async def test_a_request_that_is_refused_is_answered_before_its_body_comes(
    tmp_path: Path, head: bytes, status: int
) -> None:
    async with _served(tmp_path) as connect:
        reader, writer = await connect()
        writer.write(head + b"\r\n\r\n")
        assert (await _answer(reader))[0] == status
        writer.close()


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
async def test_a_client_that_sends_all_before_it_reads_gets_the_answer(tmp_path: Path, more: bytes) -> None:
    async with _served(tmp_path) as connect:
        reader, writer = await connect()
        writer.write(BINARIES + more + b"Content-Length: %d\r\n\r\n" % LARGE)
        for _ in range(LARGE // 100_000):
            writer.write(b"x" * 100_000)
            await writer.drain()
        status, body = await _answer(reader)
        assert (status, body["error"]) == (400, "invalid_request")
        assert body["error_description"].startswith(NO_TOKEN)
        if more:
            assert await reader.read() == b""
        else:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await _answer(reader))[0] == 200
        writer.close()


async def test_who_never_ends_the_refused_body_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.2)
    async with _served(tmp_path) as connect:
        reader, writer = await connect()
        writer.write(BINARIES + b"Connection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer x\r\n\r\n")
        assert (await _answer(reader))[0] == 401
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"1\r\nx\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)  # its pace: the time ends it, not the size
                if reader.at_eof():
                    break
        writer.close()


@pytest.mark.parametrize("begun", [b"0\r\nX-Trailer: ", b"1;", b"1\r\nx\r\n2;"])
async def test_what_is_neither_head_nor_body_is_bounded_too(tmp_path: Path, begun: bytes) -> None:
    async with _served(tmp_path) as connect:
        _, writer = await connect()
        head = b"POST /v1/users HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + begun)
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                writer.write(b"x" * 10_000)
                await writer.drain()
        writer.close()


async def test_a_large_body_in_one_piece_is_no_framing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        token, content = there.tokens["m"], b'{"notes":"' + b"n" * 900_000 + b'"}'
        config = uvicorn.Config(there.app, http=protocol.BoundedHttp, lifespan="off", log_config=None, port=0)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            head = f"PUT /v1/products/20001/devices/{DEVICE} HTTP/1.1\r\nHost: localhost\r\n"
            head += f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            writer.write(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
            assert (await _answer(reader))[0] == 200
            chunked = b"".join(
                b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (content[:300_000], content[300_000:])
            )
            writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunked + b"0\r\n\r\n")
            assert (await _answer(reader))[0] == 200
            writer.close()
            server.should_exit = True
            await serving


def _resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the memory of a process from /proc")
@pytest.mark.parametrize("token", [b"", b"Authorization: Bearer x\r\n"])
async def test_thirty_large_bodies_without_a_token_cost_no_memory(tmp_path: Path, token: bytes) -> None:
    with running(tmp_path) as cloud:
        cloud.ok("GET", "/healthz")
        before = most = _resident(cloud.process.pid)
        port = int(cloud.ready["api"].rpartition(":")[2])

        async def send() -> int:
            nonlocal most
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(BINARIES + token + b"Content-Length: %d\r\n\r\n" % LARGE)
            for _ in range(LARGE // 100_000):
                writer.write(b"x" * 100_000)
                await writer.drain()
                most = max(most, _resident(cloud.process.pid))
            status = (await _answer(reader))[0]
            writer.close()
            return status

        assert set(await asyncio.gather(*(send() for _ in range(30)))) == {401 if token else 400}
        assert most - before < 40 << 20


async def test_a_token_in_a_large_form_is_found_up_to_a_limit(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        for size, text in ((OPEN_BODY - 100, "name must be"), (OPEN_BODY, NO_TOKEN)):
            form = {"access_token": there.tokens["u"], "name": "x" * size}
            answer = await there.call("PUT", f"/v1/devices/{DEVICE}", data=form)
            assert answer.status_code == 400
            assert text in answer.text


async def test_a_token_that_ends_while_the_body_comes_is_not_good_any_more(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)

        async def content() -> AsyncIterator[bytes]:
            yield b'{"id":'
            there.cloud.tokens.revoke_all("user", there.cloud.store.users.named("m@example.com").id)  # type: ignore[union-attr]
            yield f'"{DEVICE}"}}'.encode()

        headers = {"Content-Type": "application/json"}
        answer = await there.call("POST", "/v1/devices", "m", content=content(), headers=headers)
        assert answer.status_code == 401
        assert there.owner() is None


async def test_large_bodies_take_turns_and_small_ones_do_not_wait() -> None:
    room, inside, most, ends = Room(100_000), 0, 0, asyncio.Event()

    async def request(size: int) -> None:
        nonlocal inside, most
        async with room.holding(size):
            inside += size
            most = max(most, inside)
            await ends.wait()
            inside -= size

    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for _ in range(7):
            group.create_task(request(40_000))
        for _ in range(3):
            await asyncio.sleep(0)
        assert inside == 80_000
        async with room.holding(1000):  # whatever waits
            ends.set()
    assert most == 80_000
    async with room.holding(100_000):  # all was given back
        pass


async def test_room_is_given_back_whatever_becomes_of_a_request() -> None:
    room = Room(50_000)
    for _ in range(5):
        with pytest.raises(RuntimeError):
            async with room.holding(50_000):
                raise RuntimeError
    async with room.holding(50_000):
        waiting = asyncio.create_task(room.holding(50_000).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait((waiting,))
    async with asyncio.timeout(PATIENCE), room.holding(50_000):
        pass


@pytest.mark.parametrize(
    "name", ["a/" * 1500 + "a.cpp", "a/" * 33 + "a.cpp", "a\\" * 40 + "a.cpp", "../" * 40 + "a.cpp", "a" * 600 + ".cpp"]
)
async def test_file_names_of_any_depth_end_in_400(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        for method, path in (("POST", "/v1/binaries"), ("PUT", f"/v1/devices/{DEVICE}"), ("POST", "/v1/libraries")):
            answer = await there.call(method, path, "m", files={"file": (name, b"void setup() {}")})
            assert answer.status_code == 400
            assert "A file name has more than" in answer.json()["error"]
            assert len(answer.text) < 300


# The log


def _line(message: str, *values: object, error: BaseException | None = None, **fields: object) -> str:
    record = logging.LogRecord(
        "test", logging.INFO, "", 0, message, values, (type(error), error, None) if error else None
    )
    record.fields = fields
    return JsonLines().format(record)


def test_a_line_of_the_log_is_bounded_whatever_is_in_it() -> None:
    line = _line("%s", "m" * 1_000_000, error=ValueError("e" * 2_000_000), path="p" * 60_000)
    assert len(line) < 15_000
    entry = json.loads(line)
    assert entry["message"].startswith("mmm")
    assert "998000 characters" in entry["message"]
    assert entry["exception"].startswith("ValueError: eee")


@pytest.mark.parametrize("text", ["\n", "\r\n2026", "\x1b[2J", "\x9b2J", "\u2028", "\u202e", "\ud800", "\x85", "\0"])
def test_nothing_in_a_line_acts_on_a_terminal_or_makes_a_second_line(text: str) -> None:
    line = _line(f"a{text}b", path=f"/{text}")
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["path"] == f"/{text}".replace("\ud800", "?")


def test_no_request_makes_a_long_line(tmp_path: Path) -> None:
    with running(tmp_path) as cloud:
        cloud.http.get("/v1/" + "a" * 60_000)
        cloud.http.post("/v1/" + "a%0A" * 10_000)
        cloud.http.get("/healthz", headers={"Host": "e" * 60_000})
        cloud.http.get("/healthz", headers={"Origin": "http://" + "e" * 60_000})
        cloud.http.post("/v1/users", json={"username": "[" * 200_000, "password": 1e308})
        cloud.end(15)
        assert cloud.errors
        for line in cloud.errors.splitlines():
            assert len(line) < 15_000
            json.loads(line)
