"""HTTP connections as such: what is late, what comes in pieces, and how answers leave."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from photonrig.localcloud.http import protocol
from photonrig.localcloud.server import run_cloud
from photonrig.localcloud.service.cloud import Settings

from ...patience import PATIENCE

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextlib.asynccontextmanager
async def _served(state: Path) -> AsyncIterator[Connect]:
    async with run_cloud(state, Settings()) as up:
        yield lambda: asyncio.open_connection(up.host, up.api_port)


async def _answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head, await reader.readexactly(length)


@pytest.mark.parametrize(
    ("begun", "named"),
    [
        (b"", "head"),
        (b"GET /healthz HTTP/1.1\r\nHost:", "head"),
        (b"POST /v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", "request was"),
        (GET + b"POST /v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", "request was"),
    ],
)
async def test_a_request_that_does_not_come_ends_in_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes, named: str
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.1)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.1)

    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        writer.write(begun)
        if begun.startswith(GET):
            assert (await _answer(reader))[0].startswith(b"HTTP/1.1 200 ")
        head, body = await _answer(reader)
        assert head.startswith(b"HTTP/1.1 408 ")
        assert named in json.loads(body)["error"]
        assert await reader.read() == b""
        writer.close()


async def test_a_body_that_ends_after_its_answer_is_given_closes_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.1)
    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        # This one is unknown whatever its body.
        writer.write(b"POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        assert (await _answer(reader))[0].startswith(b"HTTP/1.1 404 ")
        assert await reader.read() == b""
        writer.close()


async def test_requests_may_come_byte_by_byte_and_several_at_once(tmp_path: Path) -> None:
    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        for number in range(len(GET)):
            writer.write(GET[number : number + 1])
            await asyncio.sleep(0)
        assert (await _answer(reader))[0].startswith(b"HTTP/1.1 200 ")
        writer.write(GET * 3)
        for _ in range(3):
            assert json.loads((await _answer(reader))[1])["ok"] is True
        writer.close()


async def test_an_answer_to_head_leaves_without_a_body_to_leave_with(tmp_path: Path) -> None:
    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        for _ in range(2):
            writer.write(GET.replace(b"GET", b"HEAD"))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"content-length: 0\r\n" not in head
        writer.write(GET)
        assert json.loads((await _answer(reader))[1])["ok"] is True
        writer.close()


async def test_head_and_body_of_an_answer_are_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    class Noting:
        def __init__(self, transport: asyncio.Transport) -> None:
            self._transport = transport

        def __getattr__(self, name: str) -> object:
            return getattr(self._transport, name)

        def write(self, data: bytes) -> None:
            written.append(data)
            self._transport.write(data)

    made = protocol.BoundedHttp.connection_made
    monkeypatch.setattr(
        protocol.BoundedHttp,
        "connection_made",
        lambda self, transport: made(self, Noting(transport)),  # type: ignore[arg-type]
    )

    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        for path in (b"/healthz", b"/none"):
            writer.write(GET.replace(b"/healthz", path))
            await _answer(reader)
        writer.close()
    assert [each[:13] for each in written] == [b"HTTP/1.1 200 ", b"HTTP/1.1 404 "]
    assert all(each.endswith(b"}") for each in written)


async def test_an_answer_nobody_reads_does_not_pile_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the client's socket is full, the cloud does not answer on: one answer waits, and others are served."""
    count = 40
    full = asyncio.Event()
    made, pause = protocol.BoundedHttp.connection_made, protocol.BoundedHttp.pause_writing
    transports: list[asyncio.Transport] = []

    def note_made(self: protocol.BoundedHttp, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        transports.append(transport)
        made(self, transport)

    def note_pause(self: protocol.BoundedHttp) -> None:
        pause(self)
        full.set()

    monkeypatch.setattr(protocol.BoundedHttp, "connection_made", note_made)
    monkeypatch.setattr(protocol.BoundedHttp, "pause_writing", note_pause)

    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        other_reader, other = await connect()
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # less than one answer
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, other.get_extra_info("peername"))
        reader, writer = await asyncio.open_connection(sock=client)
        writer.write(GET.replace(b"/healthz", b"/openapi.json") * count)
        await full.wait()
        other.write(GET * count)
        for _ in range(count):
            assert json.loads((await _answer(other_reader))[1])["ok"] is True
        waiting = transports[1].get_write_buffer_size()
        head, body = await _answer(reader)
        assert head.startswith(b"HTTP/1.1 200 ")
        assert 0 < waiting <= 2 * (len(head) + len(body))
        for _ in range(count - 1):
            assert (await _answer(reader))[0].startswith(b"HTTP/1.1 200 ")
        writer.close()
        other.close()


async def test_who_asks_for_the_end_gets_the_answer_and_the_end(tmp_path: Path) -> None:
    async with _served(tmp_path) as connect, asyncio.timeout(PATIENCE):
        reader, writer = await connect()
        writer.write(GET.replace(b"Host: localhost", b"Host: localhost\r\nConnection: close"))
        head, body = await _answer(reader)
        assert b"\r\nconnection: close\r\n" in head
        assert json.loads(body)["ok"] is True
        assert await reader.read() == b""
        writer.close()
