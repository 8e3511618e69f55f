"""The watch of a lab: who is told what, and when it looks at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.errors import RigError
from photonrig.labpage.changes import Change
from photonrig.labpage.watch import LabWatch

from ..patience import wait_for
from .conftest import OpenLab


@contextmanager
def reading(watch: LabWatch) -> Iterator[list[Change]]:
    """What a reader is told, the present picture first."""
    heard: list[Change] = []
    told = heard.append
    heard += watch.changes.read(told)
    try:
        yield heard
    finally:
        watch.changes.leave(told)


def modes(heard: list[Change], slot: str) -> list[str]:
    return [each["mode"] for each in heard if each["kind"] == "slot" and each["slot"] == slot]


def lines(heard: list[Change], slot: str) -> str:
    return "\n".join(each["line"] for each in heard if each["kind"] == "serial" and each["slot"] == slot)


def test_an_open_console_follows_a_device_through_power_off_and_on_and_can_be_closed(opened: OpenLab) -> None:
    photon, watch = opened.lab.photons["photon-1"], opened.watch

    def answers(number: int) -> bool:
        try:
            watch.write_line("photon-1", f"ping {number}")
        except RigError:
            return False
        return f'{{"pong":"{number}"}}' in lines(heard, "photon-1")

    with reading(watch) as heard:
        watch.open_console("photon-1")
        console, _ = watch._consoles["photon-1"]
        wait_for("an answer", lambda: answers(1))
        photon.kill()
        wait_for("the port's loss", lambda: not console.is_open)
        with pytest.raises(RigError, match="the device is off or restarts"):
            watch.write_line("photon-1", "ping")
        photon.start()
        wait_for("an answer after the power cut", lambda: answers(2))
        photon.control({"do": "reset"})
        wait_for("an answer after the reset", lambda: answers(3))
        watch.close_console("photon-1")
        assert not console._thread.is_alive() and not console.is_open
        with pytest.raises(RigError, match="not open"):
            watch.write_line("photon-1", "ping")


def test_a_console_that_nobody_reads_is_closed(opened: OpenLab) -> None:
    with reading(opened.watch):
        opened.watch.open_console("photon-1")
        console, _ = opened.watch._consoles["photon-1"]
    wait_for("its end", lambda: not console._thread.is_alive())


def test_devices_are_asked_only_while_somebody_reads(opened: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask: Callable[..., dict[str, Any]] = VirtualPhoton.control

    def counted(photon: VirtualPhoton, request: dict[str, Any]) -> dict[str, Any]:
        asked.append(photon.name)
        return ask(photon, request)

    looks = 0
    look = opened.watch.new_panics

    def looked() -> None:
        nonlocal looks
        looks += 1
        look()

    monkeypatch.setattr(opened.watch, "new_panics", looked)
    wait_for("a look", lambda: looks > 0)  # what began while somebody read has ended
    wait_for("another", lambda: looks > 1)
    monkeypatch.setattr(VirtualPhoton, "control", counted)
    wait_for("three more", lambda: looks > 4)
    assert asked == []
    with reading(opened.watch):
        wait_for("a look at each", lambda: set(asked) == set(opened.lab.photons))


def test_one_that_restarts_and_one_without_power(opened: OpenLab, monkeypatch: pytest.MonkeyPatch) -> None:
    photon = opened.lab.photons["photon-1"]
    ask: Callable[..., dict[str, Any]] = VirtualPhoton.control

    def refuses(what: str) -> Callable[..., dict[str, Any]]:
        def control(photon: VirtualPhoton, request: dict[str, Any]) -> dict[str, Any]:
            if request["do"] == what:
                raise RigError("control refused it")
            return ask(photon, request)

        return control

    with reading(opened.watch) as heard:
        wait_for("it online", lambda: modes(heard, "photon-1")[-1:] == ["online"])
        monkeypatch.setattr(VirtualPhoton, "control", refuses("status"))
        wait_for("its restart", lambda: modes(heard, "photon-1")[-1] == "restarting")
        monkeypatch.setattr(VirtualPhoton, "control", refuses("world"))
        wait_for("it online again", lambda: modes(heard, "photon-1")[-1] == "online")
        monkeypatch.setattr(VirtualPhoton, "control", ask)
        photon.kill()
        wait_for("it off", lambda: modes(heard, "photon-1")[-1] == "off")
        photon.start()
        wait_for("it back", lambda: modes(heard, "photon-1")[-1] == "online")


def test_a_panic_of_the_lab_s_start_is_told_once_to_all(tmp_path: Path) -> None:
    class Starting:
        state = tmp_path

    (tmp_path / "devices").mkdir()
    watch = LabWatch(Starting(), [])  # type: ignore[arg-type]
    terminal: list[Change] = []
    watch.changes.listen(terminal.append)
    (tmp_path / "devices" / "photon-1.log").write_text(
        "vphoton: reset: panic\n"
        'vphoton: panic {"code":1,"name":"hard_fault","why":"jumps to 0","in":"","module":"00000000",'
        '"contexts":[{"r":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0],"xpsr":0}],"stack_at":0,"stack":""}\n'
    )
    with reading(watch) as page:
        watch.new_panics()
        watch.new_panics()
    assert [each.get("line") or each["title"] for each in terminal] == [
        "vphoton: reset: panic",
        "SOS 1, hard_fault: the application jumps to 0",
    ]
    assert page == terminal[1:]  # a device's own log is for photonrig logs: one may write a megabyte a line
