"""Conformance checks for slot capabilities; run your own driver against them.

    def test_my_plug(slot):                       # a slot with a device whose firmware has a bench console
        check_power(replace(slot, power=MyPlug("192.168.1.20")))

Each check acts through one interface and verifies through another, so the slot needs ``serial`` too. The device runs a
firmware with a bench console, such as photonrig's variants, before and after a check.
:class:`~photonrig.errors.ExpectationFailed` says what did not hold. photonrig's own drivers, real and virtual, are
tested by the same functions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Literal

from photonrig.bench.console import BenchConsole
from photonrig.bench.identity import Heard, await_device, listen_to
from photonrig.bench.lines import SerialLines
from photonrig.bench.slots.slot import SerialLink, Slot, SoftApLink
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import ExpectationFailed, LinkLost
from photonrig.particle.softap import NotReached

_BACK: Final = 20.0  # seconds from power or reset to the firmware's console
_LINES: Final = 400  # more than all buffers on the way hold
_REPLY: Final = 20.0
_PIN_RESET: Final = 20  # Device OS 2.3.1, RESET_REASON_PIN_RESET
_GLANCE: Final = 0.1


def check_serial_link(
    link: SerialLink,
    unplug: Callable[[], object] | None = None,
    replug: Callable[[], object] | None = None,
    *,
    back: float = _BACK,
    clock: Clock = SYSTEM,
) -> None:
    """Lines arrive whole, in order and once; with ``unplug`` and ``replug``, the link reports a device that leaves.

    ``unplug`` takes the device off USB, as by cutting its power, and ``replug`` brings it back within ``back`` seconds.

    :raises ExpectationFailed: see the message
    :raises LinkLost: no device at the link to begin with
    """
    _that(link.present, "the link says that no device is there")
    _check_lines(link)
    if unplug is None or replug is None:
        return
    with closing(SerialLines(link.port)) as lines:
        lines.write("ping 1")
        lines.expect('"pong"', _REPLY)
        unplug()
        _loses(lambda: _listen(lines), "an open port goes on although the device has left USB")
    clock.wait_until(lambda: not link.present, back, "the link saying that the device has gone")
    _loses(lambda: _listen_anew(link), "a device that is not on USB was heard")
    replug()
    clock.wait_until(lambda: link.present, back, "the link saying that the device is back")
    with BenchConsole(lambda: link.port, reopen=back) as console:
        _answers(console, back, clock)
        unplug()
        returning = threading.Timer(0.2, replug)
        returning.start()
        try:
            _answers(console, back, clock)
        finally:
            returning.join()


def _check_lines(link: SerialLink) -> None:
    with SerialLines(link.port) as lines:
        sender = threading.Thread(target=_send, args=(lines,))
        sender.start()
        try:
            for number in range(_LINES):
                heard = lines.expect(r'"pong":\s*"(\d+)"', _REPLY).group(1)
                _that(heard == str(number), f"line {number} was to come, and line {heard} did")
        finally:
            sender.join()
        lines.write("ping end")
        heard = lines.expect(r'"pong":\s*"(\w+)"', _REPLY).group(1)
        _that(heard == "end", f"line {heard} came twice")


def _send(lines: SerialLines) -> None:
    with suppress(LinkLost):  # the reader gets the error
        for number in range(_LINES):
            lines.write(f"ping {number}")


def _listen(lines: SerialLines) -> None:
    for _ in range(100):
        lines.take(_GLANCE)


def _listen_anew(link: SerialLink) -> None:
    with closing(SerialLines(link.port)) as lines:
        _listen(lines)


def _answers(console: BenchConsole, within: float, clock: Clock) -> None:
    def answered() -> bool:
        try:
            return console.ask("ping after", timeout=within) == {"pong": "after"}
        except LinkLost:  # it left while the reply was due
            return False

    clock.wait_until(answered, within, "an answer on the same console from a device that came back to USB")


def check_power(slot: Slot, *, back: float = _BACK, clock: Clock = SYSTEM) -> None:
    """Off removes the device from USB at once, on restarts its firmware; both may be repeated.

    :raises ExpectationFailed: see the message
    :raises UsageError: the slot lacks ``power`` or ``serial``
    """
    power, serial = slot.need("power", slot.power), slot.need("serial", slot.serial)
    for _ in range(2):
        power.off()
        clock.wait_until(lambda: not serial.present, back, "the device off USB without power")
        _loses(lambda: listen_to(slot), "a device without power answers")
    for _ in range(2):
        power.on()
        clock.wait_until(lambda: serial.present, back, "the device on USB with power")
    _firmware(slot, back, clock)


def check_setup_button(slot: Slot, *, back: float = _BACK, clock: Clock = SYSTEM) -> None:
    """Holds of exact length: 1 s does nothing, 4 s enters listening mode, 4 s more leaves it.

    :raises ExpectationFailed: see the message
    :raises UsageError: the slot lacks ``setup_button`` or ``serial``
    """
    slot.hold_setup(1)
    _that(not listen_to(slot).listening, "SETUP held for 1 s began listening mode, which takes over 3 s")
    slot.hold_setup(4)
    what = "listening mode after SETUP was held for 4 s"
    await_device(slot, back, what, lambda heard: heard.listening, clock=clock)
    slot.hold_setup(4)
    _firmware(slot, back, clock)


def check_reset(slot: Slot, *, back: float = _BACK, clock: Clock = SYSTEM) -> None:
    """The device restarts and reports a reset by its pin.

    :raises ExpectationFailed: see the message
    :raises UsageError: the slot lacks ``reset`` or ``serial``
    """
    button = slot.need("reset", slot.reset)
    with slot.console() as console:
        clock.wait_until(lambda: console.ask("status")["uptime"] >= 2, back, "an uptime that a reset will shorten")
        before = console.ask("status")["uptime"]
    button.press()
    info = _firmware(slot, back, clock, lambda heard: heard.info["uptime"] < before).info
    reason = info["reset_reason"]
    _that(reason == _PIN_RESET, f"reset for reason {reason}, not by the pin ({_PIN_RESET})")


def check_softap_link(link: SoftApLink, device_id: str) -> None:
    """A device in listening mode can be set up over TCP and HTTP inside the block, repeatedly.

    :raises ExpectationFailed: see the message
    :raises NotReached: the host cannot join the device's network
    """
    for _ in range(2):
        with link.joined():
            for way in (link.tcp, link.http):
                softap = way()
                _that(softap.version() == 2, f"SoftAP says protocol {softap.version()}; every Photon has 2")
                found = softap.device_id().device_id
                _that(found == device_id, f"{found} answers at the SoftAP of {device_id}")
                _that(bool(softap.scan()), "the device sees no network at all")


def check_softap_out_of_reach(link: SoftApLink) -> None:
    """A device outside listening mode is reported as not reached.

    :raises ExpectationFailed: the host got a link
    """
    try:
        with link.joined():
            link.tcp().device_id()
    except NotReached:
        return
    raise ExpectationFailed("SoftAP answers, and the device is not in listening mode")


def check_flasher(
    slot: Slot,
    image: Path,
    version: int,
    way: Literal["over_cloud", "over_serial", "over_dfu"],
    *,
    back: float = 60.0,
    clock: Clock = SYSTEM,
) -> None:
    """The image arrives by this flasher, and the firmware that then runs has its version.

    ``image`` is a module file of a firmware with a bench console that states ``version`` and is not what runs.

    :raises ExpectationFailed: see the message
    :raises ToolError: the flasher failed
    :raises UsageError: the slot lacks ``flasher`` or ``serial``
    """
    flasher = slot.need("flasher", slot.flasher)
    before = _firmware(slot, back, clock).info["version"]
    _that(before != version, f"version {version} runs already: give an image of another one")
    getattr(flasher, way)(image)
    _firmware(slot, back, clock, lambda heard: heard.info["version"] == version)


def _that(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ExpectationFailed(otherwise)


def _loses(act: Callable[[], object], otherwise: str) -> None:
    """Whether the link is lost in time."""
    try:
        act()
    except LinkLost:
        return
    raise ExpectationFailed(otherwise)


def _firmware(slot: Slot, within: float, clock: Clock, holds: Callable[[Heard], bool] = lambda heard: True) -> Heard:
    """The firmware's console, once it answers and satisfies the condition."""
    what = f"the firmware of slot {slot.name} on its console"
    return await_device(slot, within, what, lambda heard: not heard.listening and holds(heard), clock=clock)
