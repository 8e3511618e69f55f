"""A virtual Photon as a process: its state folder is the device, its sockets and pseudo-terminal are its connectors."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from photonrig.bench.process import Child
from photonrig.bench.slots.slot import Slot
from photonrig.bench.slots.virtual.control import ask
from photonrig.bench.slots.virtual.pins import pin_number
from photonrig.bench.slots.virtual.wires import Wires
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import LinkLost, RigError, UsageError
from photonrig.particle.softap import HttpSoftAp, NotReached, Security, SoftAp, TcpSoftAp
from photonrig.peripherals import Peripheral

_READY: Final = 60.0
_COLORS: Final = {
    "#000000": "dark", "#FFFFFF": "white", "#FF0000": "red", "#FFFF00": "yellow",
    "#00FF00": "green", "#00FFFF": "cyan", "#0000FF": "blue", "#FF00FF": "magenta",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """An access point in the air around a virtual Photon, with the fields it reads; RSSI in dBm."""

    ssid: str
    password: str
    security: int = Security.WPA2_AES
    channel: int = 6
    rssi: int = -50


AIR: Final = (Network("photonrig", "photonrig-lab"),)


@dataclass(frozen=True, slots=True)
class Provision:
    """What a factory puts into a device: id (24 hex digits), private key file (DER), first firmware.

    ``wired_to`` names the variant whose motors and sensors the pins are connected to, with the milliseconds the shade
    takes from end to end if wanted (``venetian:800``); empty: to nothing. ``device_os``: release; empty: the latest.
    """

    device_id: str
    device_key: Path
    firmware: Path
    wired_to: str = ""
    device_os: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """The cloud a device trusts: file of its public key (DER), and where it is."""

    key: Path
    host: str
    port: int


class VirtualPhoton(Child):
    """One virtual Photon; running inside a ``with`` block, or between :meth:`start` and :meth:`stop`."""

    def __init__(
        self,
        executable: Path,
        state: Path,
        *,
        name: str = "virtual",
        air: Sequence[Network] = AIR,
        clock: Clock = SYSTEM,
    ) -> None:
        """``state`` is the device itself: another run with the same folder is the same device after a power cut."""
        self.executable = executable
        self.state = state
        self.name = name
        self.what = f"virtual Photon {name}"
        self._air = list(air)
        self._clock = clock
        self._ports = (0, 0)
        self.device_id = ""
        self.serial_port = ""
        self.control_path = ""
        self._wires: Wires | None = None

    @property
    def log(self) -> Path:
        """File with what it says of itself, beside its state folder."""
        return self.state.with_name(f"{self.state.name}.log")

    # --- power ------------------------------------------------------------------------------------------------------

    @property
    def crashed(self) -> str:
        """The signal that the firmware made the process end with; empty if it did not. A kill is a power cut."""
        code = None if self.process is None else self.process.exit_code
        if code is None or code >= 0 or -code in (signal.SIGKILL, signal.SIGTERM):
            return ""
        return signal.Signals(-code).name

    def start(
        self,
        provision: Provision | None = None,
        *,
        server: Server | None = None,
        wifi: Network | None = None,
        listening: bool = False,
    ) -> None:
        """Power on; returns when serial and control are there, and SoftAP if the device is in listening mode.

        ``provision`` is for the first time, ``server`` for that and for a new cloud; ``wifi`` stores a network,
        ``listening`` enters listening mode at once. Without them the device is what its state folder holds.

        :raises RigError: it was not ready in time, or runs already
        """
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        air = self.state.with_name(f"{self.state.name}.air.json")
        air.touch(mode=0o600)
        air.write_text(json.dumps([asdict(network) for network in self._air]))
        argv = [str(self.executable), "--state", str(self.state), "--air", str(air)]
        argv += ["--softap-tcp-port", str(self._ports[0]), "--softap-http-port", str(self._ports[1])]
        if provision is not None:
            argv += ["--device-id", provision.device_id, "--device-key", str(provision.device_key)]
            argv += ["--firmware", str(provision.firmware)]
            if provision.wired_to:
                argv += ["--wired-to", provision.wired_to]
            if provision.device_os:
                argv += ["--device-os", provision.device_os]
        if server is not None:
            argv += ["--server-key", str(server.key), "--server", f"{server.host}:{server.port}"]
        if wifi is not None:
            argv += ["--wifi", f"{wifi.ssid}:{wifi.password}"]
        if listening:
            argv.append("--listening")
        if self._wires is not None:
            argv += ["--peripherals", json.dumps(self._wires.spec())]
        ready = self.launch(argv, self.log, _READY)
        self.device_id, self.serial_port, self.control_path = ready["id"], ready["serial"], ready["control"]
        self._ports = (int(ready["softap_tcp"]), int(ready["softap_http"]))

    # --- hands and wires --------------------------------------------------------------------------------------------

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do something a bench does with hands and wires, and return the answer.

        :raises LinkLost: the device has no power
        :raises RigError: it cannot do that
        """
        return ask(self.control_path, request, device=self.device_id)

    def status(self) -> dict[str, Any]:
        """Everything the device knows of itself: mode, listening, wifi, cloud, led, claimed and so on.

        Waits while the device is in the middle of a reset.

        :raises LinkLost: the device has no power
        """
        return self._through_reset({"do": "status"})

    @contextmanager
    def pressed(self, button: Literal["setup_button", "reset"]) -> Iterator[None]:
        """The button is pressed inside the block; waits while the device is in the middle of a reset.

        :raises LinkLost: the device has no power, or loses it meanwhile
        :raises RigError: it is pressed already, or in the device's state it cannot be
        """
        self._through_reset({"do": button, "pressed": True})
        try:
            yield
        finally:
            self._through_reset({"do": button, "pressed": False})

    @property
    def application(self) -> str:
        """SHA-256 of the application that runs, in hexadecimal; empty if none does.

        :raises LinkLost: the device has no power
        """
        if not self.status()["application_running"]:
            return ""
        modules = self.control({"do": "module_info"})["describe"]["m"]
        return next((str(each["u"]).lower() for each in modules if each["f"] == "u" and each["l"] == "m"), "")

    @property
    def listening(self) -> bool:
        """Whether it is in listening mode.

        :raises LinkLost: the device has no power
        """
        return bool(self.status()["listening"])

    def uptime(self) -> float:
        """Seconds since its last reset.

        :raises LinkLost: the device has no power
        """
        return float(self.status()["uptime_ms"]) / 1000

    def led(self) -> str:
        """What the RGB LED does, as a person would say it: ``cyan breathe``.

        :raises LinkLost: the device has no power
        """
        shown = self.status()["led"]
        return f"{_COLORS.get(shown['color'], shown['color'])} {shown['pattern']}"

    def _through_reset(self, request: dict[str, Any]) -> dict[str, Any]:
        def asked() -> dict[str, Any]:
            try:
                return self.control(request)
            except LinkLost:
                if not self.alive:
                    raise
                return {}

        return self._clock.wait_until(asked, _READY, f"{self.name} back from its reset")

    def set_air(self, networks: Sequence[Network]) -> None:
        """Change which access points are in the air, now and after power cuts."""
        self._air = list(networks)
        self.control({"do": "air", "networks": [asdict(network) for network in self._air]})

    def networks(self) -> tuple[str, ...]:
        """Names of the access points in the air."""
        return tuple(network.ssid for network in self._air)

    def parts(self) -> dict[str, dict[str, float]]:
        """Parts of the shade it moves, as its model has them; none, if it is wired to nothing."""
        try:
            return dict(self.control({"do": "world"})["parts"])
        except RigError:
            return {}

    # --- peripherals ------------------------------------------------------------------------------------------------

    def attach(self, model: Peripheral) -> None:
        """Wire a model to the device, which may be without power; see :mod:`photonrig.peripherals`.

        :raises UsageError: what the model is wired to is taken
        """
        self._wires = self._wires or Wires(self.name)
        self._wires.add(model)
        if self.alive:
            try:
                self._connect(self._wires.spec())
            except RigError as error:
                self._wires.remove(model)
                raise UsageError(f"{type(model).__name__} cannot be attached to {self.name}: {error}") from None
            self._wires.settle()

    def detach(self, model: Peripheral) -> None:
        """Take a model off.

        :raises RigError: one of its methods had raised an exception, which is the cause
        """
        if self._wires is None:
            return
        try:
            self._wires.remove(model)
        finally:
            if self._wires.free:
                self.unwire()
            elif self.alive:
                self._connect(self._wires.spec())

    def unwire(self) -> None:
        """Take all models off."""
        wires, self._wires = self._wires, None
        if wires is not None:
            if self.alive:
                self._connect({})
            wires.close()

    def _connect(self, spec: dict[str, Any]) -> None:
        self._through_reset({"do": "peripherals", **spec})

    @property
    def softap_ports(self) -> tuple[int, int]:
        """TCP and HTTP port of SoftAP on 127.0.0.1; connections are taken in listening mode."""
        return self._ports

    @property
    def slot(self) -> Slot:
        """This device as a slot of a bench."""
        return Slot(
            name=self.name,
            device_id=self.device_id,
            serial=_Serial(self),
            softap_link=_SoftAp(self),
            power=_Power(self),
            setup_button=_SetupButton(self),
            reset=_Reset(self),
            monitor=self,
            pins=_Pins(self),
            peripherals=self,
        )


@dataclass(frozen=True, slots=True)
class _Serial:
    photon: VirtualPhoton

    @property
    def port(self) -> str:
        # The link of one without power may lead to a pseudo-terminal that is somebody else's by now.
        if not self.photon.alive:
            raise LinkLost("the virtual Photon has no power", device=self.photon.device_id)
        return self.photon.serial_port

    @property
    def present(self) -> bool:
        return self.photon.alive


@dataclass(frozen=True, slots=True)
class _SoftAp:
    photon: VirtualPhoton

    @contextmanager
    def joined(self) -> Iterator[None]:
        if not (self.photon.alive and self.photon.status()["listening"]):
            raise NotReached("its network is not in the air: not in listening mode", device=self.photon.device_id)
        yield

    def tcp(self) -> SoftAp:
        return SoftAp(TcpSoftAp("127.0.0.1", self.photon.softap_ports[0]), device=self.photon.device_id)

    def http(self) -> SoftAp:
        return SoftAp(HttpSoftAp("127.0.0.1", self.photon.softap_ports[1]), device=self.photon.device_id)


@dataclass(frozen=True, slots=True)
class _Power:
    photon: VirtualPhoton

    def on(self) -> None:
        if not self.photon.alive:
            self.photon.start()

    def off(self) -> None:
        self.photon.kill()


@dataclass(frozen=True, slots=True)
class _SetupButton:
    photon: VirtualPhoton

    def held(self) -> AbstractContextManager[None]:
        return self.photon.pressed("setup_button")

    def hold(self, seconds: float) -> None:
        self.photon.control({"do": "setup_button", "hold_ms": round(seconds * 1000)})


@dataclass(frozen=True, slots=True)
class _Pins:
    photon: VirtualPhoton

    def drive(self, pin: str, level: int) -> None:
        number = pin_number(pin)
        if not 0 <= level <= 4095:
            raise UsageError(f"a pin's level is 0 or 1, or 0 to 4095 for an analog one, not {level}")
        self.photon.control({"do": "pin", "pin": number, "level": level})

    def level(self, pin: str) -> int:
        number = pin_number(pin)
        return next((int(each["level"]) for each in self.photon.status()["pins"] if each["pin"] == number), 0)


@dataclass(frozen=True, slots=True)
class _Reset:
    photon: VirtualPhoton

    def press(self) -> None:
        self.photon.control({"do": "reset"})

    def held(self) -> AbstractContextManager[None]:
        return self.photon.pressed("reset")
