from __future__ import annotations

import json
import os
import threading
import tty
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from photonrig.bench.console import BenchConsole
from photonrig.bench.slots.slot import Slot
from photonrig.errors import ExpectationFailed, LinkLost, ProtocolError, UsageError

from ..patience import PATIENCE


class Device:
    """The other end of a pseudo-terminal: answers each line by what ``reply`` gives for it."""

    def __init__(self) -> None:
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.lines: list[str] = []
        self.reply: Callable[[str], bytes] = self.obey
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @staticmethod
    def obey(line: str) -> bytes:
        word, _, argument = line.partition(" ")
        answer: dict[str, Any] = {"pong": argument} if word == "ping" else {"did": line}
        return json.dumps(answer).encode() + b"\n"

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def _serve(self) -> None:
        received = b""
        while True:
            try:
                chunk = os.read(self.master, 4096)
            except OSError:
                return
            received += chunk
            *lines, received = received.split(b"\n")
            for line in lines:
                if line == b"\x04":
                    return
                self.lines.append(line.decode())
                answer = self.reply(line.decode())
                if answer:
                    self.say(answer)

    def end(self) -> None:
        if self._thread.is_alive():
            os.write(self._slave, b"\x04\n")
        self._thread.join(PATIENCE)
        os.close(self._slave)

    def close(self) -> None:
        self.end()
        os.close(self.master)


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.close()


def test_a_line_is_answered_by_a_line(device: Device) -> None:
    with BenchConsole(device.port) as console:
        assert console.ask("move open") == {"did": "move open"}
        assert console.ask("ping 7") == {"pong": "7"}
    assert device.lines == ["move open", "ping 7"]


def test_unasked_lines_are_kept_apart_from_replies(device: Device) -> None:
    device.reply = lambda line: b'{"event":"moved","position":40}\n{"ok":true}\n{"event":"reset"}\n'
    with BenchConsole(device.port) as console:
        assert console.ask("move 40") == {"ok": True}
        assert console.expect_event("moved", 10)["position"] == 40
        assert console.expect_event("reset", 10) == {"event": "reset"}
        with pytest.raises(ExpectationFailed, match=r"no boot on serial .*heard moved, reset"):
            console.expect_event("boot", 0.05)
        mark = console.mark()
        device.say(b'\r\n{"event":"boot"}\r\n')
        assert console.expect_event("boot", 10, since=mark) == {"event": "boot"}


def test_an_answer_in_pieces_is_one_answer(device: Device) -> None:
    answer = json.dumps({"text": "ü" * 50}, ensure_ascii=False).encode() + b"\n"

    def piecewise(line: str) -> bytes:
        for position in range(len(answer)):
            device.say(answer[position : position + 1])
        return b""

    device.reply = piecewise
    with BenchConsole(device.port) as console:
        assert console.ask("say") == {"text": "ü" * 50}


def test_a_late_answer_is_not_taken_for_the_next_one(device: Device) -> None:
    device.reply = lambda line: b""
    with BenchConsole(device.port) as console:
        with pytest.raises(LinkLost, match="no reply to 'slow'"):
            console.ask("slow", timeout=0.05)
        device.reply = device.obey
        device.say(b'{"did":"slow"}\n')
        assert console.ask("status") == {"did": "status"}


def test_a_burst_is_read_whole(device: Device) -> None:
    burst = b"".join(b'{"event":"sample","n":%d,"pad":"%s"}\n' % (n, b"x" * 980) for n in range(1080))

    def send(line: str) -> bytes:
        sent = 0
        while sent < len(burst):
            sent += os.write(device.master, burst[sent : sent + 4096])
        return b'{"done":true}\n'

    device.reply = send
    with BenchConsole(device.port) as console:
        assert console.ask("dump", timeout=60) == {"done": True}
    assert [event["n"] for event in console.events] == list(range(1080))


@pytest.mark.parametrize("noise", [b"Your device id is 01\n", b"[1]\n", b"\xff\xfe\n", b"7\n"])
def test_what_is_no_reply(device: Device, noise: bytes) -> None:
    device.reply = lambda line: noise
    with BenchConsole(device.port, device="slot 1") as console, pytest.raises(ProtocolError, match="slot 1: "):
        console.ask("info")


def test_a_line_without_end(device: Device) -> None:
    def flood(line: str) -> bytes:
        for _ in range(40):
            device.say(b"x" * 2048)
        return b""

    device.reply = flood
    with BenchConsole(device.port) as console, pytest.raises(ProtocolError, match="does not end"):
        console.ask("info", timeout=PATIENCE)


def test_one_line_at_a_time(device: Device) -> None:
    with BenchConsole(device.port) as console, pytest.raises(UsageError, match="one line"):
        console.ask("a\nb")
    assert device.lines == []


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(LinkLost, match="/dev/nonexistent"):
        BenchConsole("/dev/nonexistent")


def test_a_port_that_goes_away() -> None:
    device = Device()
    with BenchConsole(device.port) as console:
        console.ask("info")
        device.end()
        os.close(device.master)
        with pytest.raises(LinkLost):
            console.ask("info")


def test_a_slot_names_what_it_lacks() -> None:
    slot = Slot("3", "0" * 24)
    for use in (slot.console, slot.softap):
        with pytest.raises(UsageError, match="slot 3 has no"), use():
            pass
