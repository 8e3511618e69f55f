"""What a button of the lab's page does.

Requests are typed. Names of slots, faults and parts are looked up; others go to the cloud or the device as text.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from photonrig.bench.lab import Lab
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.photon import VirtualPhoton
from photonrig.clock import SYSTEM
from photonrig.errors import RigError, UsageError
from photonrig.labpage.watch import LabWatch
from photonrig.particle.cloud import product
from photonrig.particle.module import check_user_part, parse_module

_Text = Annotated[str, msgspec.Meta(max_length=1024)]
_Name = Annotated[str, msgspec.Meta(max_length=64)]


class Request(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One act on a slot.

    ``name``: a function, variable, fault, part or network. ``argument``: of a function, a line, or a password.
    ``code``: a claim code, or none. ``reader``: the page that holds a button, by the name it was told.
    """

    slot: _Name
    do: Literal[
        "setup",
        "reset",
        "power",
        "wifi",
        "join",
        "fault",
        "move",
        "call",
        "read",
        "open console",
        "close console",
        "say",
    ]
    on: bool = False
    name: _Name = ""
    argument: _Text = ""
    code: _Name = ""
    reader: _Name = ""
    position: Annotated[int, msgspec.Meta(ge=0, le=100)] = 0


LONGEST_IMAGE: Final = 256 * 1024
"""Bytes of a file that may be flashed; an application has 128 KB at most."""

_FLASHED: Final = 180.0  # seconds until what was flashed runs


class Hands:
    """Acts on a lab for its page."""

    def __init__(self, lab: Lab, watch: LabWatch) -> None:
        self._lab = lab
        self._watch = watch

    def act(self, request: Request) -> Any:
        """Do it; returns a function's result or a variable's value, else None.

        :raises UsageError: there is no such slot, fault or part
        :raises PhotonrigError: the device or the cloud refused
        """
        slot = self._watch.slot(request.slot)
        match request.do:
            case "setup" | "reset" as button if request.on:
                self._watch.buttons.press(slot.name, button, self._watch.held(slot.name, button), request.reader)
            case "setup" | "reset" as button:
                self._watch.buttons.let_go(slot.name, button, request.reader)
            case "open console":
                self._watch.open_console(slot.name)
            case "close console":
                self._watch.close_console(slot.name)
            case "say":
                self._watch.write_line(slot.name, request.argument)
            case _:
                with self._watch.taken(slot.name):
                    return self._act(slot, request)
        return None

    def _act(self, slot: Slot, request: Request) -> Any:
        match request.do:
            case "power":
                power = slot.need("power", slot.power)
                power.on() if request.on else power.off()
            case "join":
                with slot.softap() as softap:
                    if request.code:
                        softap.set_claim_code(request.code)
                    softap.join(request.name, request.argument)
            case "call":
                scope = self._scope(slot.name)
                return self._lab.team.call(slot.device_id, request.name, request.argument, scope=scope)
            case "read":
                return self._lab.team.variable(slot.device_id, request.name, scope=self._scope(slot.name))
            case _:
                self._act_on_world(request)
        return None

    def _act_on_world(self, request: Request) -> None:
        """What only a virtual Photon has around it."""
        if (photon := self._lab.photons.get(request.slot)) is None:
            raise UsageError(f"{request.slot} is a board: its radio and what it drives are out of reach")
        match request.do:
            case "wifi":
                photon.control({"do": "wifi", "available": request.on})
            case "fault":
                photon.control({"do": "world", "fault": _known(photon, "faults", request.name), "on": request.on})
            case "move":
                part = _known(photon, "parts", request.name)
                photon.control({"do": "world", "part": part, "position": request.position})

    def flash(self, name: str, image: bytes) -> str:
        """Flash an image over the air, as ``photonrig flash FILE.bin`` does; what became of it.

        With a virtual Photon it returns when the image runs, with a board when the cloud sends it.

        :raises UsageError: there is no such slot, or photonrig's own build is for a board
        :raises ModuleError: it is no application for a Photon
        :raises PhotonrigError: the cloud refused, or something else runs
        """
        slot, photon = self._watch.slot(name), self._lab.photons.get(name)
        module = parse_module(image)
        check_user_part(module)
        if photon is None and module.own_build:
            raise UsageError("this is photonrig's own build, which no board has run yet: compile it at Particle")
        with self._watch.taken(name):
            self._lab.team.flash(slot.device_id, image, scope=self._scope(name))
            if photon is None:
                return "is on its way; the version on the card says when it runs"
            running = photon
            SYSTEM.wait_until(
                lambda: _application(running) == module.sha256.hex(), _FLASHED, f"{name} running what was flashed"
            )
        return "runs"

    def _scope(self, name: str) -> Any:
        board = self._watch.boards.get(name)
        variant = (
            next(each.variant for each in self._lab.devices if each.name == name) if board is None else board.variant
        )
        return product(self._lab.products[variant].id)


def _application(photon: VirtualPhoton) -> str:
    """SHA-256 of the application that runs; empty without one, or while it restarts."""
    try:
        return photon.application
    except RigError:
        return ""


def _known(photon: VirtualPhoton, what: str, name: str) -> str:
    there = photon.control({"do": "world"}).get(what, {})
    if name not in there:
        raise UsageError(f"{photon.name} has no {name!r} among its {what}: {', '.join(there) or 'none'}")
    return name
