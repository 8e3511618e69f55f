"""Slot check: actuates each part and verifies it through another interface.

    port        the device at the port states its id
    SETUP       held: the device is in listening mode and Device OS answers on serial
    SoftAP      the adapter joins the device's network, and the device there is the slot's
    RESET       pressed: the firmware reports a reset by the pin
    power       off: the device leaves USB; on: it comes back; both measured
    USB         the Particle CLI restarts the device by a USB request
    CLI         the Particle CLI runs, logged in
    cloud       the cloud answers, and the device is online there

This catches hubs that report a switch without switching, and devices on the wrong port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from photonrig.bench.config import Timeouts
from photonrig.bench.identity import Heard, await_device, listen_to, stranger
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import PhotonrigError
from photonrig.particle.serial_port import LISTENING_SPEED, request_by_speed
from photonrig.particle.setup_console import SetupConsole

Verdict = Literal["proved", "failed", "not wired", "not tried"]

_HOLD: Final = 4.0  # over 3 s of SETUP enters listening mode
_PIN_RESET: Final = 20  # Device OS 2.3.1, system_defs.h: RESET_REASON_PIN_RESET


@dataclass(frozen=True, slots=True)
class Check:
    """Result for one part of a slot: what was seen, and the duration in seconds."""

    slot: str
    part: str
    verdict: Verdict
    seen: str
    seconds: float


def examine(slot: Slot, timeouts: Timeouts, target: CloudTarget, *, clock: Clock = SYSTEM) -> Iterator[Check]:
    """Check one slot, part by part; restarts the device several times and leaves it as it was."""
    return _Examination(slot, timeouts, target, clock).checks()


def examine_cloud(target: CloudTarget, *, clock: Clock = SYSTEM) -> Iterator[Check]:
    """Check what all slots share: Particle CLI and cloud."""
    timing = clock

    def cli() -> str:
        run = target.make_cli()
        return f"{run.version().text.strip()}, logged in as {run.whoami().value.lstrip('> ')}"

    def cloud() -> str:
        return f"{target.cloud.api}: devices in product {target.product_id}: {len(target.team.devices(target.product))}"

    yield _check("all", "CLI", cli, timing)
    yield _check("all", "cloud", cloud, timing)


class _Failed(Exception):
    """The expected effect was not seen."""


class _NotTried(Exception):
    """The equipment to verify the part with is missing."""


class _Examination:
    def __init__(self, slot: Slot, timeouts: Timeouts, target: CloudTarget, clock: Clock) -> None:
        self._slot = slot
        self._timeouts = timeouts
        self._target = target
        self._clock = clock
        self._listening = False

    def checks(self) -> Iterator[Check]:
        slot = self._slot
        port = self._do("port", self._port)
        yield port
        parts: tuple[tuple[str, object, Callable[[], str]], ...] = (
            ("SETUP", slot.setup_button, self._setup),
            ("SoftAP", slot.softap_link, self._softap),
            ("RESET", slot.reset, self._reset),
            ("power", slot.power, self._power),
            ("USB", slot.flasher, self._usb),
        )
        for part, means, act in parts:
            if port.verdict != "proved":
                yield Check(slot.name, part, "not tried", "the port is not the slot's device", 0.0)
            elif means is None:
                yield Check(slot.name, part, "not wired", "", 0.0)
            else:
                yield self._do(part, act)
        yield self._do("cloud", self._online)

    def _do(self, part: str, act: Callable[[], str]) -> Check:
        return _check(self._slot.name, part, act, self._clock)

    # --- parts ------------------------------------------------------------------------------------------------------

    def _port(self) -> str:
        heard = self._recognised(listen_to(self._slot))
        os = f", {heard.info['variant']}, Device OS {heard.info['device_os']}" if heard.info else ""
        return f"{heard.device_id} by the {heard.by}{os}"

    def _setup(self) -> str:
        button = self._slot.need("setup_button", self._slot.setup_button)
        if listen_to(self._slot).listening:
            self._leave_listening()
        button.hold(_HOLD)
        heard = self._wait_for(lambda heard: heard.listening, "listening mode after SETUP was held")
        self._listening = True
        return f"listening mode; Device OS says {heard.device_id}"

    def _softap(self) -> str:
        if not self._listening:
            request_by_speed(self._port_path(), LISTENING_SPEED, device=self._slot.device_id)
            self._wait_for(lambda heard: heard.listening, "listening mode after the line rate was set")
            self._listening = True
        with self._slot.softap() as softap:
            identity = softap.device_id()
            networks = softap.scan()
        if identity.device_id != self._slot.device_id:
            raise _Failed(f"{identity.device_id} answers in the network the adapter got into")
        claimed = "claimed" if identity.claimed else "never claimed"
        return f"{identity.device_id}, {claimed}; networks it sees: {len(networks)}"

    def _reset(self) -> str:
        button = self._slot.need("reset", self._slot.reset)
        if self._listening:
            self._leave_listening()
        try:
            # Uptime is in whole seconds: from 1 on, a smaller value shows a restart.
            before = self._wait_for(lambda heard: _uptime(heard) >= 1, "the firmware's console")
        except NotSeen:
            raise _NotTried("the firmware does not run to tell of a reset; give the device a network") from None
        up = _uptime(before)
        button.press()
        self._wait_for(
            lambda heard: heard.info.get("reset_reason") == _PIN_RESET and _uptime(heard) < up,
            "the firmware after a reset by the pin",
        )
        return f"reset reason {_PIN_RESET}, pin reset"

    def _power(self) -> str:
        power = self._slot.need("power", self._slot.power)
        serial = self._slot.need("serial", self._slot.serial)
        begun = self._clock.now()
        power.off()
        try:
            self._clock.wait_until(lambda: not serial.present, self._timeouts.enumeration, "the device gone from USB")
            gone = self._clock.now() - begun
        finally:
            begun = self._clock.now()
            power.on()
        self._clock.wait_until(lambda: serial.present, self._timeouts.enumeration, "the device back on USB")
        back = self._clock.now() - begun
        self._wait_for(lambda heard: True, "an answer after power came back")
        return f"gone from USB after {gone:.2f} s, back after {back:.2f} s"

    def _usb(self) -> str:
        self._slot.need("flasher", self._slot.flasher).restart(timeout=self._timeouts.online)
        self._wait_for(lambda heard: True, "an answer after a restart over USB")
        return "restarted by the Particle CLI"

    def _online(self) -> str:
        team, scope = self._target.team, self._target.product
        self._clock.wait_until(
            lambda: team.ping(self._slot.device_id, scope), self._timeouts.online, "the device answering the cloud"
        )
        return "online"

    # --- means ------------------------------------------------------------------------------------------------------

    def _leave_listening(self) -> None:
        with SetupConsole(self._port_path(), device=self._slot.device_id) as console:
            console.leave()
        self._listening = False

    def _port_path(self) -> str:
        return self._slot.need("serial", self._slot.serial).port

    def _recognised(self, heard: Heard) -> Heard:
        if trouble := stranger(heard, self._slot):
            raise _Failed(trouble)
        return heard

    def _wait_for(self, wanted: Callable[[Heard], bool], what: str) -> Heard:
        def recognised(heard: Heard) -> bool:
            return wanted(self._recognised(heard))

        return await_device(self._slot, self._timeouts.enumeration, what, recognised, clock=self._clock)


def _check(slot: str, part: str, act: Callable[[], str], clock: Clock) -> Check:
    begun = clock.now()
    verdict: Verdict = "proved"
    try:
        seen = act()
    except _NotTried as lack:
        seen, verdict = str(lack), "not tried"
    except (_Failed, PhotonrigError) as error:
        seen, verdict = str(error), "failed"
    return Check(slot, part, verdict, seen, clock.now() - begun)


def _uptime(heard: Heard) -> int:
    """Whole seconds since the firmware started; -1 while it does not run."""
    return int(heard.info.get("uptime", -1))
