"""Identity of a slot's device: from its firmware's console, from Device OS in listening mode, or from its monitor."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from photonrig.bench.lines import SerialLines
from photonrig.bench.slots.slot import Monitor, Slot
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import ExpectationFailed, LinkLost, PhotonrigError, ProtocolError
from photonrig.particle.setup_console import IDENTITY_LINE

# console_trouble's text for a healthy device that waits for set-up.
LISTENING: Final = "the device is in listening mode"

_ANSWER: Final = 1.0  # seconds; both consoles answer in milliseconds


@dataclass(frozen=True, slots=True)
class Heard:
    """A device that answered: its id, who answered, whether it is in listening mode.

    ``info``: the bench console's ``info`` and ``status``; empty without it.
    """

    device_id: str
    by: str
    info: dict[str, Any]
    listening: bool


def listen_to(slot: Slot) -> Heard:
    """Identify a slot's device with requests that are harmless in any mode.

    Firmware without a bench console is not asked: a board that is silent counts as running it, a virtual Photon as its
    monitor says.

    :raises LinkLost: no answer, or no port
    """
    if slot.monitor is not None and not slot.bench_console:
        return _by_monitor(slot, slot.monitor)
    link = slot.need("serial", slot.serial)
    with SerialLines(link.port, device=slot.device_id, observer=slot.observer) as lines:
        try:
            # One letter: Device OS in listening mode takes each letter for a command, and the "f" of "info" for an
            # upload.
            lines.write("i")
            found = lines.expect([IDENTITY_LINE, r"^\{.*\}$"], _ANSWER)
            if found.lastindex:
                return Heard(found.group(1).lower(), "setup console", {}, listening=True)
            if not slot.bench_console:
                return Heard(slot.device_id, "USB", {}, listening=False)
            info = _reply(lines, "info", "device_os")
            info |= _reply(lines, "status", "uptime")
            return Heard(str(info.get("id", "")), "bench console", info, listening=False)
        except ExpectationFailed as silent:
            if not slot.bench_console:
                return Heard(slot.device_id, "USB", {}, listening=False)
            raise LinkLost(f"neither firmware nor Device OS answers: {silent}") from None


def _by_monitor(slot: Slot, monitor: Monitor) -> Heard:
    if monitor.listening:
        return Heard(slot.device_id, "monitor", {}, listening=True)
    if not monitor.application:
        raise LinkLost("no application runs", device=slot.device_id)
    return Heard(slot.device_id, "monitor", {}, listening=False)


def await_device(
    slot: Slot,
    timeout: float,
    what: str,
    wanted: Callable[[Heard], bool] = lambda heard: True,
    *,
    clock: Clock = SYSTEM,
) -> Heard:
    """Poll until the device answers as wanted, at most ``timeout`` seconds; returns that answer.

    :raises NotSeen: not in time; the message names ``what``, and why the last request had no answer
    """
    silent: list[PhotonrigError] = []

    def look() -> Heard | None:
        try:
            heard = listen_to(slot)
        except (LinkLost, ProtocolError) as error:
            silent[:] = [error]
            return None
        silent.clear()
        return heard if wanted(heard) else None

    try:
        heard = clock.wait_until(look, timeout, what)
    except NotSeen as late:
        raise NotSeen("; ".join(map(str, (late, *silent))), device=slot.device_id) from None
    assert heard is not None
    return heard


def _reply(lines: SerialLines, question: str, key: str) -> dict[str, Any]:
    """The reply that has ``key``; replies to earlier requests are skipped."""
    lines.write(question)
    found = lines.expect(rf'^\{{.*"{key}":.*\}}$', _ANSWER)
    try:
        reply: dict[str, Any] = json.loads(found.group())
    except ValueError:
        raise ProtocolError(f"the answer to {question} is not JSON: {found.group()[:80]!r}") from None
    return reply


def console_trouble(slot: Slot) -> str:
    """Why the slot's firmware does not answer as healthy and as the slot's own; empty if it does."""
    try:
        heard = listen_to(slot)
    except PhotonrigError as error:
        return str(error)
    return LISTENING if heard.listening else stranger(heard, slot)


def in_listening_mode(slot: Slot) -> bool:
    """Whether a slot's device is in listening mode: Device OS answers."""
    return console_trouble(slot) == LISTENING


def stranger(heard: Heard, slot: Slot) -> str:
    """Id of another device that answered at a slot's port; empty if it was the slot's."""
    found = heard.device_id
    return "" if found == slot.device_id else f"{found or 'a stranger'} answers at the port of {slot.device_id}"
