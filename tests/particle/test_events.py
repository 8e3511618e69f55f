from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from photonrig.errors import ExpectationFailed, NetworkError, ProtocolError, RigError
from photonrig.particle.cloud import Cloud, Token
from photonrig.particle.cloud_errors import AuthError, NotFound
from photonrig.particle.events import Event, EventStream

from ..patience import PATIENCE

OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n:ok\n\n"


def event(name: str, data: str | None = "x", **more: object) -> bytes:
    body = {"data": data, "ttl": "60", "published_at": "2015-07-18T00:12:18.174Z", "coreid": "device"} | more
    return f"event: {name}\ndata: {json.dumps(body)}\n\n".encode()


class Server:
    """A cloud's streams: each connection is handed to the test, which writes into it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.refuse: bytes | None = None
        self.greeting = b""
        self.requests: list[bytes] = []
        self.streams: queue.Queue[socket.socket] = queue.Queue()
        self._opened: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._opened.append(connection)
            self.requests.append(connection.recv(4096))
            if self.refuse is not None:
                connection.sendall(self.refuse)
                connection.close()
                continue
            connection.sendall(OPEN + self.greeting)
            self.streams.put(connection)

    def stream(self) -> socket.socket:
        return self.streams.get(timeout=PATIENCE)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for connection in self._opened:
            connection.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def cloud(server: Server) -> Iterator[Cloud]:
    with Cloud(f"http://127.0.0.1:{server.port}", Token("t" * 40)) as opened:
        yield opened


def refusal(status: str, body: dict[str, object]) -> bytes:
    text = json.dumps(body).encode()
    return b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status.encode(),
        len(text),
        text,
    )


def test_events_are_heard_and_found(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/v1/devices/events") as stream:
        wire = server.stream()
        wire.sendall(event("shade/boot", '{"v":1}') + event("shade/moved", None, ttl=30))
        moved = stream.expect("shade/moved", timeout=PATIENCE)
        assert (moved.data, moved.ttl, moved.coreid) == (None, 30, "device")
        boot = stream.expect(lambda heard: heard.json() == {"v": 1}, timeout=PATIENCE)
        assert boot.name == "shade/boot" and boot.at <= moved.at
        assert [heard.name for heard in stream.events] == ["shade/boot", "shade/moved"]
    assert b"Authorization: Bearer " + b"t" * 40 in server.requests[0]
    assert b"access_token" not in server.requests[0]


def test_every_split_of_the_stream_gives_the_same_events(server: Server, cloud: Cloud) -> None:
    text = event("a\u2028b", "line one\nline two\u2028") + b":keep\n\n" + event("last")
    with EventStream(cloud, "/e") as stream:
        wire = server.stream()
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for position in range(len(text)):
            wire.sendall(text[position : position + 1])
        stream.expect("last", timeout=PATIENCE)
        assert [(heard.name, heard.data) for heard in stream.events] == [
            ("a\u2028b", "line one\nline two\u2028"),
            ("last", "x"),
        ]


def test_what_comes_before_a_mark_does_not_count_after_it(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        wire = server.stream()
        wire.sendall(event("again", "1"))
        stream.expect("again", timeout=PATIENCE)
        mark = stream.mark()
        with pytest.raises(ExpectationFailed, match="nothing else was heard"):
            stream.expect("again", timeout=0.05, since=mark)
        wire.sendall(event("again", "2"))
        assert stream.expect("again", timeout=PATIENCE, since=mark).data == "2"


def test_a_keep_alive_is_a_sign_of_life_and_no_event(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        wire = server.stream()
        wire.sendall(event("first"))
        stream.expect("first", timeout=PATIENCE)
        before = stream.last_heard
        assert before is not None
        wire.sendall(b"\n:keep\n")
        deadline = time.monotonic() + PATIENCE
        while stream.last_heard == before and time.monotonic() < deadline:
            time.sleep(0.02)
        assert stream.last_heard is not None and stream.last_heard > before
        assert stream.mark() == 1


def test_a_message_without_data_is_no_event(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        server.stream().sendall(b"event: lonely\n\n" + event("next"))
        assert stream.expect(lambda heard: True, timeout=PATIENCE).name == "next"


def test_a_dropped_stream_is_opened_again_and_the_gap_is_kept(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", reconnect=0.01) as stream:
        first = server.stream()
        first.sendall(event("before"))
        stream.expect("before", timeout=PATIENCE)
        first.shutdown(socket.SHUT_RDWR)
        server.stream().sendall(event("after"))
        stream.expect("after", timeout=PATIENCE)
        assert stream.gaps == 1
        with pytest.raises(ExpectationFailed, match="interrupted 1 times"):
            stream.expect("never", timeout=0.01)


def test_silence_of_the_stream_is_a_gap(server: Server, cloud: Cloud) -> None:
    """Every stream after the first says something at once; the first is opened until it is so in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(NetworkError), EventStream(cloud, "/e", silence=0.5, reconnect=0.01) as stream:
            server.greeting = event("second")
            stream.expect("second", timeout=PATIENCE)
            assert stream.gaps >= 1
            return
        assert time.monotonic() < deadline


@pytest.mark.parametrize(("status", "kind"), [("401 Unauthorized", AuthError), ("404 Not Found", NotFound)])
def test_a_refusal_is_final(server: Server, cloud: Cloud, status: str, kind: type[Exception]) -> None:
    server.refuse = refusal(status, {"error": "no", "error_description": "not this way"})
    with pytest.raises(kind, match="not this way"), EventStream(cloud, "/e"):
        pass
    assert len(server.requests) == 1


def test_a_refusal_after_a_drop_ends_the_waiting(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", reconnect=0.01) as stream:
        wire = server.stream()
        server.refuse = refusal("401 Unauthorized", {"error": "invalid_token"})
        wire.shutdown(socket.SHUT_RDWR)
        with pytest.raises(AuthError):
            stream.expect("anything", timeout=PATIENCE)


def test_what_is_no_event_stream(server: Server, cloud: Cloud) -> None:
    server.refuse = refusal("200 OK", {"ok": True})
    with pytest.raises(ProtocolError, match="no event stream: application/json"), EventStream(cloud, "/e"):
        pass


def test_an_event_that_carries_none(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        server.stream().sendall(b"event: odd\ndata: [1]\n\n")
        with pytest.raises(ProtocolError, match="odd"):
            stream.expect("odd", timeout=PATIENCE)


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with (
        Cloud(f"http://127.0.0.1:{port}") as cloud,
        pytest.raises(NetworkError),
        EventStream(cloud, "/e"),
    ):
        pass


# --- memory, and waiting ---------------------------------------------------------------------------------------------


def test_memory_is_bounded_and_what_is_gone_is_told(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", keep=100) as stream:
        wire = server.stream()
        wire.sendall(event("first"))
        stream.expect("first", timeout=PATIENCE)
        tracemalloc.start()
        try:
            for number in range(50):
                wire.sendall(b"".join(event(f"n/{number}/{each}", "x" * 600) for each in range(100)))
                stream.expect(f"n/{number}/99", timeout=PATIENCE)
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        # 5,000 events of 600 characters came, and 100 of them stay.
        assert used < 1_000_000
        assert stream.mark() == 5001
        events, missing = stream.after(0)
        assert [heard.name for heard in events] == [f"n/49/{each}" for each in range(100)]
        assert missing == 4901
        assert [heard.name for heard in stream.since(4999)] == ["n/49/98", "n/49/99"]
        with pytest.raises(RigError, match="4901 events of /e were heard and are no longer kept"):
            _ = stream.events
        with pytest.raises(ExpectationFailed, match="4901 earlier events were no longer kept"):
            stream.expect("first", timeout=0.01)


def test_silence_among_more_events_than_are_kept_proves_nothing(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", keep=10) as stream:
        wire = server.stream()
        with pytest.raises(RigError, match="no longer kept"):
            stream.assert_silent(unwanted, 0.01, echo(wire, *(event("noise") for _ in range(20))))


def test_a_follower_gets_every_event_as_it_comes_and_sleeps_in_between(server: Server, cloud: Cloud) -> None:
    heard: queue.Queue[str | None] = queue.Queue()
    with EventStream(cloud, "/e", reconnect=0.01) as stream:
        wire = server.stream()
        wire.sendall(event("before"))
        stream.expect("before", timeout=PATIENCE)
        spent: list[float] = []

        def follow() -> None:
            for each in stream.follow():
                heard.put(None if each is None else each.name)
            spent.append(time.thread_time())

        follower = threading.Thread(target=follow)
        follower.start()
        assert heard.get(timeout=PATIENCE) == "before"
        wire.sendall(event("one") + event("two"))
        assert [heard.get(timeout=PATIENCE) for _ in range(2)] == ["one", "two"]
        assert not threading.Event().wait(1)  # nothing comes for a second
        wire.shutdown(socket.SHUT_RDWR)
        assert heard.get(timeout=PATIENCE) is None
        server.stream().sendall(event("three"))
        assert heard.get(timeout=PATIENCE) == "three"
    follower.join(PATIENCE)
    assert not follower.is_alive() and heard.empty()
    # A hundred looks a second would take a multiple of this.
    assert spent[0] < 0.05


def test_a_follower_who_falls_behind_is_told(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", keep=10) as stream:
        following = stream.follow()
        wire = server.stream()
        wire.sendall(event("0"))
        assert next(following) is not None
        wire.sendall(b"".join(event(str(number)) for number in range(1, 31)))
        stream.expect("30", timeout=PATIENCE)
        assert next(following) is None
        rest = [next(following) for _ in range(10)]
        assert [each.name for each in rest if each is not None] == [str(number) for number in range(21, 31)]


def test_a_follower_gets_the_refusal_that_ends_the_stream(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", reconnect=0.01) as stream:
        wire = server.stream()
        server.refuse = refusal("401 Unauthorized", {"error": "invalid_token"})
        wire.shutdown(socket.SHUT_RDWR)
        with pytest.raises(AuthError):
            next(stream.follow())


def test_nobody_waits_for_a_closed_stream(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        server.stream()
    with pytest.raises(NetworkError, match="is closed"):
        stream.expect("anything", timeout=PATIENCE)
    assert list(stream.follow()) == []


# --- silence --------------------------------------------------------------------------------------------------------


def unwanted(heard: Event) -> bool:
    return heard.name == "unwanted"


def echo(wire: socket.socket, *before: bytes) -> Callable[[str], None]:
    return lambda name: wire.sendall(b"".join(before) + event(name))


def test_silence_holds_when_the_canary_comes_round(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        wire = server.stream()
        wire.sendall(event("unwanted") + event("seen"))
        stream.expect("seen", timeout=PATIENCE)
        stream.assert_silent(unwanted, 0.05, echo(wire))


def test_silence_is_broken_by_a_matching_event_even_just_before_the_canary(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        wire = server.stream()
        with pytest.raises(ExpectationFailed, match="unexpected event unwanted"):
            stream.assert_silent(unwanted, 0.01, echo(wire, event("unwanted")))
        wire.sendall(event("other"))
        stream.expect("other", timeout=PATIENCE)


def test_silence_without_canary_proves_nothing(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e") as stream:
        server.stream()
        with pytest.raises(NetworkError, match="proves nothing"):
            stream.assert_silent(unwanted, 0.01, lambda name: None, timeout=0.05)


def test_silence_across_a_gap_proves_nothing(server: Server, cloud: Cloud) -> None:
    with EventStream(cloud, "/e", reconnect=0.01) as stream:
        wire = server.stream()

        def canary(name: str) -> None:
            wire.shutdown(socket.SHUT_RDWR)
            server.stream().sendall(event(name))

        with pytest.raises(NetworkError, match="interrupted"):
            stream.assert_silent(unwanted, 0.01, canary)
