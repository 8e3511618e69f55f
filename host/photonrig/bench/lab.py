"""A lab on this machine: a local cloud and virtual Photons, fielded or out of the box.

One state folder, from which the next start continues:

    lab.json        accounts, clients and the list of devices (mode 0600)
    cloud/          the local cloud
    keys/           device keys, as a factory keeps them
    devices/NAME/   the devices' flash

Accounts, products and devices are created through the cloud's HTTP API alone, as any client would.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self

from photonrig.bench.config import Model
from photonrig.bench.lab_record import LabDevice, LabRecord
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.resources import allow_files
from photonrig.bench.running import Announcement, RunningSlot
from photonrig.bench.slots.virtual.photon import AIR, Provision, Server, VirtualPhoton
from photonrig.build.variants import VARIANTS, calibration
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import RigError, UsageError
from photonrig.files import replace
from photonrig.particle.cloud import ClientCredentials, Cloud, CloudDevice, Product, Token, product
from photonrig.particle.cloud_errors import BadCredentials, DeviceOffline, NotFound
from photonrig.particle.keys import generate_device_key, private_key_der, public_key_pem
from photonrig.signals import Interrupts

USERNAME: Final = "central@example.com"

# Travel time of a lab's shade, end to end.
TRAVEL_MS: Final = 1000

_ONLINE: Final = 60.0
_ONLINE_EACH: Final = 0.3
_ENROLLED_AT_ONCE: Final = 64
_AT_ONCE: Final = 8
_LOOK: Final = 1.0
_FILES_BESIDES: Final = 200  # open files other than those of devices


def product_name(variant: str) -> str:
    """Name of a variant's product in a lab."""
    return f"shade {variant}"


class Lab:
    """A local cloud with virtual Photons; up inside a ``with`` block.

    ``cloud`` carries no token, ``central`` the central user's.
    """

    def __init__(
        self,
        state: Path,
        *,
        vphoton: Path,
        sdk: Path,
        firmware: Mapping[str, Path],
        era: str = "today",
        rate_limits: bool = False,
        extensions: bool = False,
        photons: int | Mapping[str, str] = 1,
        fresh: int = 0,
        api_port: int = 0,
        device_port: int = 0,
        admit_unknown: bool = False,
        host: str = "127.0.0.1",
        rig: Path | None = None,
        device_os: str = "",
        models: Mapping[str, Sequence[Model]] = MappingProxyType({}),
        clock: Clock = SYSTEM,
    ) -> None:
        """``photons`` fielded and ``fresh`` out-of-the-box devices at least; ``firmware``: module files by variant.

        ``photons`` is a number, with variants assigned in turn, or variants by device name. Each variant has its own
        product. If the state folder holds more devices, all of them start. ``rig``: the file of the bench that
        it is part of. ``device_os``: the release that new devices have; empty: the latest.
        ``models``: of the peripherals wired to a device, by its name.
        """
        self.state = state
        self._models = dict(models)
        self._device_os = device_os
        self.vphoton = vphoton
        self.firmware = dict(firmware)
        self._named = {} if isinstance(photons, int) else dict(photons)
        self._photons = self._in_turn("photon", photons) if isinstance(photons, int) else self._named
        self._fresh = self._in_turn("fresh", fresh)
        self._clock = clock
        self._record = LabRecord.read(state) or LabRecord(secrets.token_urlsafe(12))
        self._stopped = False
        self._claimed_later: list[LabDevice] = []
        self._interrupts = Interrupts()
        self._rig = rig
        self._announcement: Announcement | None = None
        # Ports are kept: devices store the address of their cloud.
        self.local_cloud = LocalCloud(
            state / "cloud",
            sdk=sdk,
            era=era,
            rate_limits=rate_limits,
            extensions=extensions,
            api_port=api_port or self._record.api_port,
            device_port=device_port or self._record.device_port,
            admit_unknown=admit_unknown,
            host=host,
        )
        self.devices: list[LabDevice] = []
        self.photons: dict[str, VirtualPhoton] = {}
        # Seconds: enrolling new devices; from the first power-on until all fielded ones were online.
        self.enrolled_in = 0.0
        self.online_in = 0.0
        self._client: Cloud | None = None
        self.central: Token
        self.products: dict[str, Product] = {}
        self.clients: dict[str, ClientCredentials] = {}

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.stop()
        else:
            self.kill()

    # --- up and down ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start cloud and devices; returns when every fielded device is online.

        Until the lab stops, SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt, so that no child process is left.

        :raises PhotonrigError: something did not start
        """
        # Per device one connection in the cloud, one pipe here.
        allow_files(max(len(self._photons) + len(self._fresh), len(self._record.devices)) + _FILES_BESIDES)
        self._interrupts.take()
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.local_cloud.start()
        self._client = Cloud(self.local_cloud.api)
        moved = self._record.device_port not in (0, self.local_cloud.device_port)
        self._record.api_port = int(self.local_cloud.api.rsplit(":", 1)[1])
        self._record.device_port = self.local_cloud.device_port
        # Saved before the account exists: a lab killed at any moment can log in again.
        self._record.write(self.state)
        self._open_accounts()
        begun = self._clock.now()
        self._enrol_devices()
        self.enrolled_in = self._clock.now() - begun
        (self.state / "devices").mkdir(mode=0o700, exist_ok=True)
        begun = self._clock.now()
        self._bring_up(self.devices, moved)
        self.online_in = self._clock.now() - begun
        self._calibrate_devices()

    def add(self, photons: Mapping[str, str], models: Sequence[Model] = ()) -> None:
        """Power on more fielded devices of a lab that is up, variants by name; returns when new ones are online.

        :raises PhotonrigError: one did not start
        """
        self._named = self._photons = {**self._photons, **photons}
        self._models |= dict.fromkeys(photons, models)
        allow_files(len(self._photons) + len(self._fresh) + _FILES_BESIDES)
        self._enrol_devices()
        self._bring_up([device for device in self.devices if device.name in photons], moved=False)
        self._calibrate_devices()

    def cut_power(self, names: Iterable[str]) -> None:
        """Cut the power of devices that run; :meth:`add` gives it back."""
        for name in names:
            if name in self.photons:
                self.photons[name].kill()

    def _bring_up(self, devices: Sequence[LabDevice], moved: bool) -> None:
        new = [device for device in devices if device.name not in self.photons]
        for each in new:
            self.photons[each.name] = VirtualPhoton(self.vphoton, self.state / "devices" / each.name, name=each.name)
            for model in self._models.get(each.name, ()):
                self.photons[each.name].attach(model.make())
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda device: self._power_on(device, moved), devices))
        self._record.write(self.state)
        if self._announcement is not None:
            self._announcement.withdraw()
        self._announcement = Announcement(self.state, map(self._running, self.devices))
        self._wait_online([device for device in new if device.fielded])
        while self._claimed_later:
            self._claim(self._claimed_later.pop())

    def stop(self) -> None:
        """Stop everything in order, devices first.

        :raises RigError: something had to be killed; everything is stopped all the same
        """
        if self._stopped:
            return
        failures = []
        try:
            for process in self._processes():
                try:
                    process.stop()
                except RigError as error:
                    process.kill()
                    failures.append(str(error))
        except BaseException:  # a second Ctrl-C
            self.kill()
            raise
        self._stopped = True
        self._close()
        if failures:
            raise RigError("; ".join(failures))

    def kill(self) -> None:
        """Kill everything."""
        self._stopped = True
        for process in self._processes():
            process.kill()
        self._close()

    def run_until_interrupt(self, look: Callable[[], None] = lambda: None) -> None:
        """Run until Ctrl-C or SIGTERM; ``look`` is called once a second.

        :raises RigError: the local cloud ended by itself
        """
        try:
            while self.local_cloud.alive:
                self._clock.pause(_LOOK)
                look()
            raise RigError(f"the local cloud ended by itself; its log is {self.local_cloud.state}.log")
        except KeyboardInterrupt:
            return

    def _processes(self) -> list[VirtualPhoton | LocalCloud]:
        return [*self.photons.values(), self.local_cloud]

    def _close(self) -> None:
        for photon in self.photons.values():
            photon.unwire()
        if self._announcement is not None:
            self._announcement.withdraw()
            self._announcement = None
        if self._client is not None:
            self._client.close()
        self._interrupts.give_back()

    # --- what is in it ----------------------------------------------------------------------------------------------

    @property
    def cloud(self) -> Cloud:
        """The local cloud, without a token.

        :raises RigError: the lab was never started
        """
        if self._client is None:
            raise RigError("the lab is not up; start it first")
        return self._client

    @property
    def team(self) -> Cloud:
        """The cloud, acting as the central user."""
        return self.cloud.using(self.central)

    @property
    def product(self) -> Product:
        """The product of the first variant."""
        return self.products[self._variants[0]]

    @property
    def client(self) -> ClientCredentials:
        """The client of :attr:`product`."""
        return self.clients[self._variants[0]]

    @property
    def _variants(self) -> list[str]:
        """Variants that have firmware, in the order of :data:`VARIANTS`."""
        known = [variant for variant in VARIANTS if variant in self.firmware]
        return known + sorted(self.firmware.keys() - set(known))

    def _in_turn(self, prefix: str, count: int) -> dict[str, str]:
        variants = self._variants
        return {f"{prefix}-{number + 1}": variants[number % len(variants)] for number in range(count)}

    def fielded(self) -> tuple[VirtualPhoton, ...]:
        """The running devices that are fielded."""
        return tuple(self.photons[device.name] for device in self.devices if device.fielded)

    def fresh(self) -> tuple[VirtualPhoton, ...]:
        """The running devices that are out of the box."""
        return tuple(self.photons[device.name] for device in self.devices if not device.fielded)

    def describe(self) -> dict[str, Any]:
        """Everything a client needs to use the lab, secrets included; JSON types."""
        owners = {device.id: device.owner_name for device in self._product_devices()}
        return {
            "api": self.local_cloud.api,
            "era": self.local_cloud.era,
            "admin_token_file": str(self.local_cloud.admin_token_file),
            "device_server": {
                "host": self.local_cloud.device_host,
                "port": self.local_cloud.device_port,
                "key_file": str(self.local_cloud.key_file),
            },
            "user": {"username": USERNAME, "password": self._record.password, "token": self.central.access_token},
            "product": self._described_product(self._variants[0]),
            "products": [self._described_product(variant) for variant in self._variants],
            "wifi": [{"ssid": network.ssid, "password": network.password} for network in AIR],
            "photons": [self._described(device, owners.get(device.id)) for device in self.devices],
            "vphoton": str(self.vphoton),
            "firmware": {variant: str(module) for variant, module in self.firmware.items()},
        }

    def _running(self, device: LabDevice) -> RunningSlot:
        photon = self.photons[device.name]
        return RunningSlot(
            name=device.name,
            device_id=device.id,
            variant=device.variant,
            control=photon.control_path,
            serial=photon.serial_port,
            log=str(photon.log),
            lab=str(self.state),
            rig="" if self._rig is None else str(self._rig.resolve()),
            firmware=tuple(sorted({str(module.absolute().parent) for module in self.firmware.values()})),
        )

    def _described_product(self, variant: str) -> dict[str, Any]:
        made, client = self.products[variant], self.clients[variant]
        return {
            "id": made.id,
            "slug": made.slug,
            "variant": variant,
            "client_id": client.id,
            "client_secret": client.secret,
        }

    def _described(self, device: LabDevice, owner: str | None) -> dict[str, Any]:
        photon = self.photons[device.name]
        tcp, http = photon.softap_ports
        return {
            "id": device.id,
            "name": device.name,
            "state": str(photon.state),
            "serial": photon.serial_port,
            "softap_tcp": tcp,
            "softap_http": http,
            "control": photon.control_path,
            "variant": device.variant,
            "owner": owner,
        }

    # --- coming up --------------------------------------------------------------------------------------------------

    def _open_accounts(self) -> None:
        record = self._record
        try:
            self.central = self.cloud.log_in(USERNAME, record.password, expires_in=0)
        except BadCredentials:
            self.cloud.create_user(USERNAME, record.password)
            self.central = self.cloud.log_in(USERNAME, record.password, expires_in=0)
        found = {made.name: made for made in self.team.products()}
        # Products of all variants, with or without firmware, so that each gets the id its firmware states.
        for variant in dict.fromkeys((*VARIANTS, *self._variants)):
            name = product_name(variant)
            self.products[variant] = found.get(name) or self.team.create_product(name)
        for variant in self._variants:
            if variant not in record.clients:
                client = self.team.create_client("lab", product=self.products[variant].id)
                record.clients[variant] = (client.id, client.secret)
                record.write(self.state)
            self.clients[variant] = ClientCredentials(*record.clients[variant])

    def _enrol_devices(self) -> None:
        self.devices = self._record.devices
        known = {device.name: device for device in self.devices}
        for name, variant in self._named.items():
            if name in known and known[name].variant != variant:
                raise UsageError(
                    f"{name} of {self.state} is a {known[name].variant}, not a {variant}; choose another state folder"
                )
        new = [
            LabDevice(name, secrets.token_hex(12), variant, fielded)
            for fielded, wanted in ((True, self._photons), (False, self._fresh))
            for name, variant in wanted.items()
            if name not in known
        ]
        (self.state / "keys").mkdir(mode=0o700, exist_ok=True)
        # Saved in batches: a lab killed meanwhile knows all but the last few.
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for first in range(0, len(new), _ENROLLED_AT_ONCE):
                batch = new[first : first + _ENROLLED_AT_ONCE]
                list(pool.map(self._make_key, batch))
                for variant in {device.variant: None for device in batch}:
                    ids = [device.id for device in batch if device.variant == variant]
                    self.team.import_devices(self.products[variant].id, ids)
                list(pool.map(self._hand_over, batch))
                self.devices.extend(batch)
                self._record.write(self.state)

    def _make_key(self, device: LabDevice) -> None:
        key = generate_device_key()
        replace(self._key_path(device), private_key_der(key), private=True)
        self.team.provision(device.id, public_key_pem(key))

    def _hand_over(self, device: LabDevice) -> None:
        if device.fielded:
            try:
                self._claim(device)
            except DeviceOffline:  # no code claims in 2016 while a device is offline
                self._claimed_later.append(device)

    def _claim(self, device: LabDevice) -> None:
        self.team.claim(device.id)
        self.team.rename(device.id, device.name)

    def _key_path(self, device: LabDevice) -> Path:
        return self.state / "keys" / f"{device.id}.der"

    def _power_on(self, device: LabDevice, moved: bool) -> None:
        server = Server(
            key=self.local_cloud.key_file, host=self.local_cloud.device_host, port=self.local_cloud.device_port
        )
        if device.born:
            self.photons[device.name].start(server=server if moved else None)
            return
        self.photons[device.name].start(
            Provision(
                device.id,
                self._key_path(device),
                self.firmware[device.variant],
                wired_to=f"{device.variant}:{TRAVEL_MS}" if device.variant in VARIANTS else "",
                device_os=self._device_os,
            ),
            server=server,
            wifi=AIR[0] if device.fielded else None,
            listening=not device.fielded,
        )
        device.born = True

    def _calibrate_devices(self) -> None:
        new = [device for device in self.devices if device.fielded and not device.calibrated]
        if not new:
            return
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._calibrate, new))
        self._record.write(self.state)

    def _calibrate(self, device: LabDevice) -> None:
        try:
            result = self.team.call(device.id, "calibrate", calibration(device.variant, TRAVEL_MS))
        except NotFound:  # someone else's firmware, without that function
            result = 0
        if result != 0:
            raise RigError(f"it does not take its calibration: {result}", device=device.id)
        device.calibrated = True

    def _wait_online(self, fielded: Sequence[LabDevice]) -> None:
        wanted = {device.id for device in fielded}
        connecting = [self.photons[device.name] for device in fielded]

        def all_there() -> bool:
            # Devices first: listing a large fleet is work for the cloud.
            while connecting and connecting[-1].status()["cloud"] == "connected":
                connecting.pop()
            if connecting:
                return False
            return wanted <= {device.id for device in self._product_devices() if device.online}

        if wanted:
            patience = _ONLINE + _ONLINE_EACH * len(wanted)
            self._clock.wait_until(all_there, patience, f"all {len(wanted)} fielded devices online")

    def _product_devices(self) -> tuple[CloudDevice, ...]:
        used = {device.variant: None for device in self.devices}
        return tuple(device for variant in used for device in self.team.devices(product(self.products[variant].id)))
