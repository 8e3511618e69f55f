"""A variant on a virtual Photon, wired to what it drives, seen on all three of its faces."""

from __future__ import annotations

import json
import os
import select
import time
from typing import Any

from .conftest import PATIENCE, Cloud, Photon, Serial, wait_for


class Shade:
    """The device with its bench console, cloud and world."""

    def __init__(self, photon: Photon, cloud: Cloud) -> None:
        self.photon = photon
        self.cloud = cloud
        self.lines: list[dict[str, Any]] = []  # what the console said unasked
        self._serial: Serial | None = None
        self._rest = b""

    def start(self, *words: str, offline: bool = False) -> Shade:
        """Power on; online and talking when it returns, unless told to stay ``offline``."""
        number, described = len(self.cloud.hellos) + 1, len(self.cloud.describes)
        self.photon.start(*words)
        if not offline:
            self.cloud.wait_for_hello(number)
            wait_for("a describe", lambda: len(self.cloud.describes) > described)
        self.open_serial()
        return self

    def open_serial(self) -> None:
        self._serial, self._rest = self.photon.serial(), b""
        wait_for("the console", lambda: self._serial_answers())

    def _serial_answers(self) -> bool:
        try:
            return self.ask("ping x", patience=1.0) == {"pong": "x"}
        except AssertionError:
            return False

    def power_cut(self) -> None:
        self.photon.kill()
        if self._serial:
            os.close(self._serial.fd)
            self._serial = None

    # --- bench console ----------------------------------------------------------------------------------------------

    def _next_line(self, until: float) -> dict[str, Any] | None:
        assert self._serial
        while b"\r\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._serial.fd], [], [], left)[0]:
                return None
            self._rest += os.read(self._serial.fd, 65536)
        line, self._rest = self._rest.split(b"\r\n", 1)
        return json.loads(line)  # type: ignore[no-any-return]

    def say(self, command: str) -> None:
        """A console command whose answer is not waited for."""
        assert self._serial
        self._serial.write(command.encode() + b"\n")

    def ask(self, command: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The answer to a console command; lines that were not asked for go to ``lines``."""
        self.say(command)
        until = time.monotonic() + patience
        while (line := self._next_line(until)) is not None:
            if "event" not in line:
                return line
            self.lines.append(line)
        raise AssertionError(f"no answer to {command!r}")

    def expect(self, kind: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The next line of this kind that nobody asked for, out of those not taken yet."""
        until = time.monotonic() + patience
        while True:
            for number, line in enumerate(self.lines):
                if line["event"] == kind:
                    del self.lines[: number + 1]
                    return line
            line = self._next_line(until)
            assert line is not None, f"no {kind}; the console said {self.lines}, it is {self.photon.status()['mode']}"
            self.lines.append(line)

    def status(self) -> dict[str, Any]:
        return self.ask("status")

    def move(self, where: object, axis: str = "move") -> dict[str, Any]:
        """Move and wait until it rests; returns the line that says so."""
        self.lines.clear()
        answer = self.ask(f"{axis} {where}")
        assert answer["result"] >= 0, answer
        return self.expect("moved" if axis == "move" else "tilted")

    def move_there(self, where: int, axis: str = "move") -> dict[str, Any]:
        """The same, again where it came to rest elsewhere: a driver that goes by time needs the processor in time."""
        for _ in range(5):
            line = self.move(where, axis)
            if abs(line["position" if axis == "move" else "tilt"] - line["target"]) <= 1:
                break
        return line

    # --- cloud ------------------------------------------------------------------------------------------------------

    def variable(self, name: str, kind: str = "string") -> Any:
        value = self.cloud.run(self.cloud.hub.read_variable(self.photon.ready["id"], name, kind))
        return json.loads(value) if name == "health" else value

    def call(self, function: str, argument: str = "") -> int:
        return self.cloud.call(self.photon.ready["id"], function, argument)

    def events(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(event.data or "{}") for event in self.cloud.events if event.name == name]

    # --- what it is wired to ----------------------------------------------------------------------------------------

    def world(self, **change: Any) -> dict[str, Any]:
        answer = self.photon.control(do="world", **change)
        assert answer["ok"], answer
        return answer

    def fault(self, name: str, on: bool = True) -> None:
        self.world(fault=name, on=on)

    def real(self, part: str = "lift") -> float:
        """Where the part really is, in per cent."""
        return float(self.world()["parts"][part]["position"])

    def expect_fault(self, code: int, text: str) -> None:
        """The fault on serial, in the variable and as an event."""
        line = self.expect("fault")
        assert (line["fault"], line["text"]) == (code, text)
        assert self.status()["fault"] == code
        wait_for("the fault in health", lambda: self.variable("health")["fault"] == code)
        wait_for("the fault as an event", lambda: code in [event["fault"] for event in self.events("shade/fault")])
