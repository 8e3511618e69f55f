"""Declared device state: reads the actual state, repairs only the difference, and proves the result.

    product      the device is in the run's product
    owner        the account whose own device list has it, or none
    firmware     its console names variant and version; without a console: the monitor its SHA-256, or the cloud the
                 version it reported
    network      it answers the cloud, or is in listening mode after a reset because it has no network
    claim code   write-only: a device does not reveal its code, so a declared one is always rewritten

Repairs go from cloud to device, each resting on those before it; a network is removed last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from photonrig.bench.config import Timeouts
from photonrig.bench.identity import Heard, await_device, listen_to
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import CloudError, ExpectationFailed, LinkLost, UsageError
from photonrig.particle.cloud import Cloud
from photonrig.particle.cloud_errors import NotFound
from photonrig.particle.serial_port import LISTENING_SPEED, request_by_speed
from photonrig.particle.softap import LISTEN_HOLD

_FORGET: Final = 10.5  # from 10 s of SETUP in listening mode all networks are erased


class Unstated(Enum):
    """Type of :data:`ANY`."""

    ANY = "any"


ANY: Final = Unstated.ANY


@dataclass(frozen=True, slots=True)
class Declared:
    """Required state; parts that are ANY are left as they are.

    ``owner`` is a cloud acting as the owner, or None for an unowned device. ``network``: whether the device is on the
    run's Wi-Fi. ``claim_code`` is stored in the device by SoftAP and presented when it connects.
    """

    in_product: bool | Unstated = ANY
    owner: Cloud | Unstated | None = ANY
    firmware: Firmware | Unstated = ANY
    network: bool | Unstated = ANY
    claim_code: str | Unstated = ANY


@dataclass(frozen=True, slots=True)
class State:
    """Actual state: ``owner`` by name; ``firmware`` as variant and version, None while it does not run.

    Without a bench console ``firmware`` is the application's SHA-256 by the slot's monitor, or its version by the
    cloud.
    """

    in_product: bool
    owner: str | None
    firmware: tuple[str, int] | str | int | None
    online: bool
    listening: bool


@dataclass(frozen=True, slots=True)
class Established:
    """The state before, the repaired parts, and the proved state."""

    before: State
    repaired: tuple[str, ...]
    after: State


def read_state(slot: Slot, target: CloudTarget) -> State:
    """Read the state; changes nothing.

    :raises LinkLost: the device does not answer on serial
    :raises CloudError: the cloud does not answer
    """
    heard = listen_to(slot)
    reported = None
    try:
        device = target.team.device(slot.device_id, target.product)
        in_product, owner = device.product_id is not None, device.owner_name
        reported = device.raw.get("firmware_version")
    except NotFound:
        in_product, owner = False, None
    return State(in_product, owner, _firmware(slot, heard, reported), _answers(slot, target), heard.listening)


def _firmware(slot: Slot, heard: Heard, reported: int | None) -> tuple[str, int] | str | int | None:
    if heard.listening:
        return None
    if slot.bench_console:
        return str(heard.info["variant"]), int(heard.info["version"])
    return reported if slot.monitor is None else slot.monitor.application


def establish(
    slot: Slot, target: CloudTarget, wanted: Declared, *, timeouts: Timeouts | None = None, clock: Clock = SYSTEM
) -> Established:
    """Bring a device into the declared state and prove it.

    :raises ExpectationFailed: a part does not hold after its repair
    :raises PhotonrigError: a repair failed
    """
    return _Repair(slot, target, wanted, timeouts or Timeouts(), clock).run()


def _answers(slot: Slot, target: CloudTarget) -> bool:
    try:
        return target.team.ping(slot.device_id, target.product)
    except CloudError:
        return False


class _Repair:
    def __init__(self, slot: Slot, target: CloudTarget, wanted: Declared, timeouts: Timeouts, clock: Clock) -> None:
        self._slot = slot
        self._target = target
        self._wanted = wanted
        self._timeouts = timeouts
        self._clock = clock

    def run(self) -> Established:
        """Check part by part; repair and check again where one does not hold."""
        network = ("network", self._wanted.network, self._networked, self._repair_network)
        parts: list[tuple[str, object, Callable[[State], bool], Callable[[State], None]]] = [
            ("product", self._wanted.in_product, self._in_product, self._repair_product),
            ("owner", self._wanted.owner, self._owned, self._repair_owner),
            ("firmware", self._wanted.firmware, self._runs, self._repair_firmware),
        ]
        # Firmware answers on its console outside listening mode only, and a device without a network is always in it.
        parts.insert(2 if self._wanted.network is True else 3, network)
        before = now = read_state(self._slot, self._target)
        repaired = []
        if self._wanted.claim_code is not ANY:
            # One SoftAP session sets code and network; the device presents the code on connecting.
            self._set_up(self._wanted.claim_code)
            repaired.append("claim code")
            claimed = isinstance(self._wanted.owner, Cloud)
            now = self._proved(
                lambda state: state.online and (not claimed or self._owned(state)), "online with its claim code"
            )
        for name, wanted, holds, repair in parts:
            if wanted is ANY or holds(now):
                continue
            repair(now)
            repaired.append(name)
            now = self._proved(holds, f"the declared {name} after its repair")
        now = read_state(self._slot, self._target)
        for name, wanted, holds, _ in parts:
            if wanted is not ANY and not holds(now):
                raise ExpectationFailed(f"repairing another part undid the declared {name}", device=self._device)
        return Established(before, tuple(repaired), now)

    @property
    def _device(self) -> str:
        return self._slot.device_id

    def _proved(self, holds: Callable[[State], bool], what: str) -> State:
        seen: list[State] = []

        def look() -> bool:
            try:
                seen.append(read_state(self._slot, self._target))
            except LinkLost:
                return False
            return holds(seen[-1])

        self._clock.wait_until(look, self._timeouts.online, f"{self._device}: {what}")
        return seen[-1]

    # --- product and owner ------------------------------------------------------------------------------------------

    def _in_product(self, state: State) -> bool:
        return state.in_product is self._wanted.in_product

    def _repair_product(self, state: State) -> None:
        if self._wanted.in_product:
            self._target.team.import_devices(self._target.product_id, [self._device])
        else:
            self._target.team.remove_device(self._target.product_id, self._device)

    def _owned(self, state: State) -> bool:
        owner = self._wanted.owner
        if not isinstance(owner, Cloud):
            return state.owner is None
        return self._device in {device.id for device in owner.devices()}

    def _repair_owner(self, state: State) -> None:
        if state.owner is not None:
            self._target.team.release(self._device, self._target.product)
        if isinstance(self._wanted.owner, Cloud):
            self._wanted.owner.claim(self._device)

    # --- firmware ---------------------------------------------------------------------------------------------------

    def _runs(self, state: State) -> bool:
        firmware = self._wanted.firmware
        assert isinstance(firmware, Firmware)
        if self._slot.bench_console:
            return state.firmware == (firmware.variant, firmware.version)
        if self._slot.monitor is not None:
            return state.firmware == firmware.sha256
        if not firmware.version:
            raise UsageError(
                f"nothing tells whether a board runs {firmware.variant}: it has no bench console and no "
                "PRODUCT_VERSION(); give it one of them"
            )
        return state.firmware == firmware.version

    def _repair_firmware(self, state: State) -> None:
        assert isinstance(self._wanted.firmware, Firmware)
        flasher = self._slot.need("flasher", self._slot.flasher)
        if state.online:
            flasher.over_cloud(self._wanted.firmware.image, timeout=self._timeouts.flash)
        else:
            flasher.over_dfu(self._wanted.firmware.image, timeout=self._timeouts.flash)

    # --- network ----------------------------------------------------------------------------------------------------

    def _networked(self, state: State) -> bool:
        return state.online if self._wanted.network else state.listening and not state.online

    def _repair_network(self, state: State) -> None:
        if self._wanted.network:
            self._set_up(None)
        else:
            self._listen()
            button = self._slot.need("setup_button", self._slot.setup_button)
            button.hold(_FORGET)

    def _set_up(self, claim_code: str | Unstated | None) -> None:
        self._listen()
        ssid, password = self._target.wifi
        with self._slot.softap() as softap:
            if isinstance(claim_code, str):
                softap.set_claim_code(claim_code)
            point = next((network for network in softap.scan() if network.ssid == ssid), None)
            if point is None:
                raise ExpectationFailed(f"the device does not see the network {ssid!r}", device=self._device)
            softap.configure(point, password or None)
            softap.connect()

    def _listen(self) -> None:
        if listen_to(self._slot).listening:
            return
        if self._slot.setup_button is not None:
            self._slot.setup_button.hold(LISTEN_HOLD)
        else:
            serial = self._slot.need("serial", self._slot.serial)
            request_by_speed(serial.port, LISTENING_SPEED, device=self._device)
        timeout = self._timeouts.enumeration
        await_device(self._slot, timeout, "listening mode", lambda heard: heard.listening, clock=self._clock)
