"""Who may ask at all: by Host and Origin, on every path, over real sockets and without."""

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from photonrig.errors import UsageError
from photonrig.localcloud.http.door import Door, parse_origin
from photonrig.localcloud.server import run_cloud
from photonrig.localcloud.service.cloud import Settings

from ...patience import PATIENCE
from ..process import Process, running
from ..world import ADMIN, populate, world

PANEL = "http://panel.example:3000"
ALLOWED = Settings(admin_token=ADMIN, allowed_origins=frozenset({PANEL, "https://console.example"}))
EVERYWHERE = [
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/v1/nothing"),
    ("OPTIONS", "/v1/devices"),
    ("OPTIONS", "/oauth/token"),
    ("POST", "/oauth/token"),
    ("POST", "/v1/users"),
    ("GET", "/v1/devices/events"),
    ("POST", "/v1/binaries"),
    ("GET", "/admin/transfers"),
    ("PATCH", "/admin/nothing"),
]

HERE = [
    "127.0.0.1",
    "127.0.0.1:80",
    "127.9.8.7:65535",
    "localhost",
    "LocalHost:8080",
    "localhost.",
    "[::1]",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]:1",
    "[::ffff:127.0.0.1]",
]
ELSEWHERE = [
    "evil.example",
    "EVIL.example:80",
    "localhost.evil.example",
    "evil.example.localhost",
    "127.0.0.1.nip.io",
    "127.0.0.1.evil.example:8080",
    "localhost@evil.example",
    "evil.example#localhost",
    "evil.example\\@localhost",
    "localhost:80:80",
    "localhost:x",
    "localhost, evil.example",
    "local host",
    "192.168.1.7",
    "0.0.0.0",
    "[::]",
    "[::2]",
    "[::1%25lo]",
    "[fe80::1]",
    "[::ffff:8.8.8.8]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "[127.0.0.1",
    "",
    "xn--loclhost-hza",
    "ⓛocalhost",
]


@pytest.mark.parametrize("host", HERE)
async def test_the_cloud_answers_to_this_machine(tmp_path: Path, host: str) -> None:
    async with world(tmp_path) as there:
        assert (await there.call("GET", "/healthz", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize("host", ELSEWHERE)
async def test_a_name_that_was_rebound_to_this_machine_gets_403(tmp_path: Path, host: str) -> None:
    async with world(tmp_path) as there:
        for method, path in EVERYWHERE:
            answer = await there.call(method, path, "admin", headers={b"Host": host.encode("utf-8")})
            assert answer.status_code == 403, (method, path, answer.text)
            assert answer.json()["ok"] is False
            assert "--allow-origin" in answer.json()["error"]
            assert "access-control-allow-origin" not in answer.headers


async def test_other_headers_do_not_make_a_name_ours(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        more = {"X-Forwarded-Host": "localhost", "Forwarded": "host=localhost", "X-Host": "localhost"}
        answer = await there.call("GET", "/healthz", headers={"Host": "evil.example", **more})
        assert answer.status_code == 403
        answer = await there.call("GET", "/openapi.json", headers={"X-Forwarded-Host": "evil.example"})
        assert "evil" not in answer.text


@pytest.mark.parametrize("host", HERE)
async def test_pages_of_this_machine_may_ask(tmp_path: Path, host: str) -> None:
    async with world(tmp_path) as there:
        for origin in (f"http://{host}", f"https://{host}"):
            preflight = await there.call("OPTIONS", "/v1/devices", headers={"Origin": origin})
            assert preflight.status_code == 204
            assert "authorization" in preflight.headers["access-control-allow-headers"]
            for answer in (preflight, await there.call("GET", "/v1/nothing", headers={"Origin": origin})):
                assert answer.headers["access-control-allow-origin"] == origin
                assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        *(f"http://{host}" for host in ELSEWHERE),
        *(
            "null",
            "file://",
            "*",
            "localhost",
            "//localhost",
            "ftp://localhost",
            "http://localhost/",
            "http:/localhost",
        ),
        *("http://localhost http://evil.example", "http://localhost:3000/evil", "chrome-extension://localhost"),
    ],
)
async def test_pages_of_anybody_else_may_not(tmp_path: Path, origin: str) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        for who in (None, "m", "admin"):
            for method, path in EVERYWHERE:
                answer = await there.call(method, path, who, headers={b"Origin": origin.encode()})
                assert answer.status_code == 403, (method, path, answer.text)
                assert "access-control-allow-origin" not in answer.headers
        await there.call(
            "POST", "/v1/users", headers={b"Origin": origin.encode()}, data={"username": "e", "password": "e"}
        )
        assert there.cloud.store.users.named("e") is None


async def test_programs_say_no_origin_and_are_told_of_none(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        answer = await there.call("GET", "/healthz")
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"


async def test_what_allow_origin_names_may_ask_and_is_a_name_of_the_cloud(tmp_path: Path) -> None:
    async with world(tmp_path, ALLOWED) as there:
        for origin in (PANEL, "https://console.example"):
            answer = await there.call("GET", "/healthz", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
        for host in ("panel.example", "panel.example:8080", "console.example"):
            assert (await there.call("GET", "/healthz", headers={"Host": host})).status_code == 200
        near = (
            "http://panel.example",
            "https://panel.example:3000",
            "http://panel.example:30000",
            "http://console.example",
        )
        for origin in (*near, "https://evil.console.example", "https://console.example.evil.example"):
            assert (await there.call("GET", "/healthz", headers={"Origin": origin})).status_code == 403
        for host in ("a.panel.example", "panel.example.evil.example"):
            assert (await there.call("GET", "/healthz", headers={"Host": host})).status_code == 403


async def test_a_refusal_by_the_rate_limits_may_be_read_by_the_page(tmp_path: Path) -> None:
    limited = Settings(rate_limits=True, allowed_origins=frozenset({PANEL}))
    async with world(tmp_path, limited) as there:
        seen = set()
        for _ in range(101):
            answer = await there.call("POST", "/oauth/token", headers={"Origin": PANEL})
            assert answer.headers["access-control-allow-origin"] == PANEL
            seen.add(answer.status_code)
        assert seen == {400, 429}


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://panel.example:3000", "http://panel.example:3000"),
        ("HTTP://Panel.Example/", "http://panel.example"),
        ("https://panel.example:443", "https://panel.example"),
        ("http://panel.example:80", "http://panel.example"),
        ("https://panel.example:80", "https://panel.example:80"),
        ("http://[fd00::7]:3000", "http://[fd00::7]:3000"),
        *((bad, None) for bad in ("*", "null", "", "panel.example", "http://*", "http://*.example", "http://a b")),
        *(
            (bad, None)
            for bad in ("http://a/b", "http://u@a", "ftp://a", "http://a:x", "http://a,http://b", "http://ä.de")
        ),
    ],
)
def test_how_an_origin_is_written(text: str, origin: str | None) -> None:
    if origin is None:
        with pytest.raises(UsageError, match="is no origin"):
            parse_origin(text)
    else:
        assert parse_origin(text) == origin


def test_the_option(tmp_path: Path) -> None:
    refused = Process(tmp_path / "a", "--allow-origin", "*")
    assert refused.process.returncode == 2
    assert "* is no origin" in refused.errors
    with running(tmp_path / "b", "--allow-origin", PANEL, "--allow-origin", "https://console.example/") as cloud:
        for origin in (PANEL, "https://console.example"):
            assert (
                cloud.http.get("/healthz", headers={"Origin": origin}).headers["access-control-allow-origin"] == origin
            )
        assert cloud.http.get("/healthz", headers={"Host": "console.example"}).status_code == 200
        assert cloud.http.get("/healthz", headers={"Origin": "http://evil.example"}).status_code == 403
        assert cloud.end(signal.SIGTERM) == 0


# What only bytes can say

Ask = Callable[[bytes], Awaitable[tuple[int, str]]]


@contextlib.asynccontextmanager
async def on_a_socket(state: Path) -> AsyncIterator[Ask]:
    """Asks a cloud with bytes, each time on a connection of its own; gives status and answer."""
    async with run_cloud(state, Settings()) as up, asyncio.timeout(PATIENCE):

        async def ask(head: bytes) -> tuple[int, str]:
            reader, writer = await asyncio.open_connection("127.0.0.1", up.api_port)
            writer.write(head.replace(b"PORT", str(up.api_port).encode()))
            status = int((await reader.readuntil(b"\r\n")).split()[1])
            rest = await reader.readuntil(b"}")
            writer.close()
            return status, rest.decode("latin-1")

        yield ask


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.1\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.0\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 403),
        (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\nOrigin: null\r\n\r\n", 400),
        (b"GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        (b"GET http://localhost@evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        (b"GET http://127.0.0.1:PORT/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (b"GET http://localhost?a@evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET //evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 404),
        (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 403),
        (
            b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nOrigin: null\r\n\r\n",
            403,
        ),
    ],
)
async def test_heads_as_bytes(tmp_path: Path, head: bytes, status: int) -> None:
    async with on_a_socket(tmp_path) as ask:
        assert (await ask(head))[0] == status


async def test_trailers_are_no_headers(tmp_path: Path) -> None:
    """They come after the head was looked at."""
    head = b"POST /v1/user/password-reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += b"Transfer-Encoding: chunked\r\n\r\n"
    body = b'd\r\n{"username":1\r\n1\r\n}\r\n0\r\n'

    async with on_a_socket(tmp_path) as ask:
        status, answer = await ask(head + body + b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n")
        assert (status, answer.rpartition("\n")[2]) == (200, '{"ok":true}')


async def test_told_to_listen_everywhere_it_answers_to_the_address_that_was_called(tmp_path: Path) -> None:
    async def nothing(*_: object) -> None:
        return

    door = Door(nothing, frozenset())
    for here, host, accepted in (
        ("192.168.1.7", b"192.168.1.7:8080", True),
        ("192.168.1.7", b"127.0.0.1:8080", True),
        ("192.168.1.7", b"192.168.1.8", False),
        ("192.168.1.7", b"evil.example", False),
        ("::ffff:192.168.1.7", b"192.168.1.7", True),
        ("fe80::1%eth0", b"[fe80::1]", True),
        ("fd00::7", b"[FD00:0::7]:1", True),
        ("fd00::7", b"[fd00::8]", False),
    ):
        statuses: list[int] = []

        async def send(message: dict[str, object], statuses: list[int] = statuses) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])  # type: ignore[arg-type]

        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b""}
        scope |= {"headers": [(b"host", host)], "server": (here, 80), "client": ("127.0.0.1", 1)}
        await door(scope, nothing, send)  # type: ignore[arg-type]
        assert statuses == ([] if accepted else [403]), (here, host)


async def test_the_log_and_the_answer_stay_short_whatever_the_name(tmp_path: Path) -> None:
    async with on_a_socket(tmp_path) as ask:
        status, answer = await ask(b"GET /healthz HTTP/1.1\r\nHost: " + b"e" * 50_000 + b"\r\n\r\n")
        assert status == 403
        assert len(answer) < 1000
        json.loads(answer.rpartition("\r\n")[2])


async def test_a_stream_is_opened_for_a_page_of_this_machine_alone(tmp_path: Path) -> None:
    async with run_cloud(tmp_path, Settings()) as up, httpx.AsyncClient(base_url=up.api, timeout=PATIENCE) as http:
        await http.post("/v1/users", data={"username": "m@example.com", "password": "s"})
        form = {"grant_type": "password", "username": "m@example.com", "password": "s"}
        auth = ("particle-cli", "particle-cli")
        token = (await http.post("/oauth/token", data=form, auth=auth)).json()["access_token"]
        query = {"access_token": token}  # as EventSource of a browser, which can send no header of its own
        address = "/v1/devices/events"
        async with http.stream("GET", address, params=query, headers={"Origin": "http://localhost:3000"}) as open_one:
            assert open_one.status_code == 200
            assert open_one.headers["access-control-allow-origin"] == "http://localhost:3000"
        async with http.stream("GET", address, params=query, headers={"Origin": "http://evil.example"}) as refused:
            assert refused.status_code == 403
