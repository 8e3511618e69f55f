"""``rig.toml``: the slots of a bench, what is wired to each, and the cloud its devices talk to.

    cloud = "local"                                   # or "particle", and then account and product

    [[slot]]
    name = "1"
    variant = "roller"
    usb = "1-1.4"                                     # the place it is plugged into, not the device
    device_id = "3f0022001247343339383037"
    power = { hub = "1-1", port = 4 }                 # uhubctl; or { on = [...], off = [...] }
    setup = { chip = "/dev/gpiochip0", line = 17 }    # or { press = [...], release = [...] }, or { ask = true }
    reset = { chip = "/dev/gpiochip0", line = 27 }
    wifi = { adapter = "wlan1" }

    [[slot]]
    name = "2"
    variant = "roller"
    virtual = true

    [[slot.peripheral]]                               # wired to the virtual Photon, any number
    model = "tests/lm75.py:Lm75"                      # or the name of an entry point in photonrig.peripherals
    celsius = 21.5                                    # a parameter of its constructor

Power, setup and reset may be { driver = NAME, … }; see :mod:`photonrig.plugins`. Every complaint names file, line and
key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import field, structs

from photonrig.errors import UsageError
from photonrig.invocation import command
from photonrig.peripherals import Peripheral
from photonrig.plugins import DRIVERS, PERIPHERALS, Plugin, plugin
from photonrig.toml_file import IN_MEMORY, TAG, Table, Text, Texts, TomlFile, Wrong, seconds, text, whole

# Names the account a run may touch; Particle's cloud is used only if it equals the one in the file.
ACCOUNT_VARIABLE: Final = "PHOTONRIG_ACCOUNT"

SLOT_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}"

_Ssid = Annotated[str, text(".{1,32}", "a network's name of 1 to 32 characters")]
_Port = Annotated[int, whole(0, 65535)]


class HubPort(Table, frozen=True, tag_field=TAG, tag="hub"):
    """A port of a USB hub whose power ``uhubctl`` switches."""

    hub: Annotated[str, text(r"\d+(-\d+(\.\d+)*)?", "a hub's location as uhubctl lists it, as in 1-1.4")]
    port: Annotated[int, whole(1, 32)]


class Switch(Table, frozen=True, tag_field=TAG, tag="on"):
    """A relay or smart plug: a command for on and one for off, each a program with its arguments, without a shell."""

    on: Texts
    off: Texts


class Gpio(Table, frozen=True, tag_field=TAG, tag="chip"):
    """A line of a GPIO chip; pressed is low unless ``active_low`` is false."""

    chip: Annotated[str, text(r"/dev/gpiochip\d+", "a GPIO chip, as in /dev/gpiochip0")]
    line: Annotated[int, whole(0, 1023)]
    active_low: bool = True


class Press(Table, frozen=True, tag_field=TAG, tag="press"):
    """A relay at a button: a command for press and one for release, each a program with its arguments."""

    press: Texts
    release: Texts


class Driver(Table, frozen=True, forbid_unknown_fields=False, tag_field=TAG, tag="driver"):
    """A class of another package or of the project's own; its other keys are the constructor's."""

    driver: Text
    plugin: Any = field(name=IN_MEMORY, default=None)  # see photonrig.plugins.Plugin; there once the file is read

    @property
    def found(self) -> Plugin:
        """The class and its settings."""
        assert isinstance(self.plugin, Plugin)
        return self.plugin


class Model(Table, frozen=True, forbid_unknown_fields=False):
    """A model of a peripheral; its other keys are the constructor's."""

    model: Text
    plugin: Any = field(name=IN_MEMORY, default=None)

    def make(self) -> Peripheral:
        """A new one.

        :raises UsageError: its constructor failed
        """
        assert isinstance(self.plugin, Plugin)
        made = self.plugin.make()
        if not isinstance(made, Peripheral):
            raise UsageError(f"{self.plugin.place}: {self.model} is no photonrig.peripherals.Peripheral")
        return made


class Ask(Table, frozen=True, tag_field=TAG, tag="ask"):
    """A person, asked to press."""

    ask: bool

    def __post_init__(self) -> None:
        if not self.ask:
            raise Wrong("ask", "remove the entry if the button cannot be pressed")


class WifiConfig(Table, frozen=True):
    """How the host joins the device's network: adapter and program.

    ``ssid`` None: found by asking each network in range for its device id.
    """

    adapter: Annotated[str, text(r"[A-Za-z0-9_.-]{1,15}", "a network interface, as in wlan1")]
    by: Literal["networkmanager", "wpa_supplicant", "networksetup"] = (
        "networksetup" if sys.platform == "darwin" else "networkmanager"
    )
    ssid: _Ssid | None = None


_Button = Gpio | Ask | Driver | Press


class SlotConfig(Table, frozen=True):
    """One place on the bench.

    ``usb`` is the physical path as in ``1-1.4``; ``serial`` a URL for a board at another host; ``place`` a labgrid
    place that provides both; ``device_id`` 24 lower-case hex digits, which is also its USB serial number.
    """

    name: Annotated[str, text(SLOT_NAME, "a name of 1 to 32 letters, digits, dots, dashes or underscores")]
    variant: Annotated[str, text(r"[a-z][a-z0-9_]*", "the name of a variant, as in roller")]
    virtual: bool = False
    usb: Annotated[str, text(r"\d+-\d+(\.\d+)*", "a USB path, as in 1-1.4")] | None = None
    serial: (
        Annotated[str, text(r"(rfc2217|socket)://[^/\s]+:\d+", "rfc2217://HOST:PORT or socket://HOST:PORT")] | None
    ) = None
    place: Annotated[str, text(r"[\w.-]+", "the name of a labgrid place")] | None = None
    device_id: Annotated[str, text(r"[0-9a-f]{24}", "24 lower-case hexadecimal digits")] | None = None
    tags: Texts = ()
    power: HubPort | Driver | Switch | None = None
    setup: _Button | None = None
    reset: _Button | None = None
    wifi: WifiConfig | None = None
    peripherals: tuple[Model, ...] = field(name="peripheral", default=())

    def __post_init__(self) -> None:
        if self.virtual:
            for key in ("usb", "serial", "place", "device_id", "power", "setup", "reset", "wifi"):
                if getattr(self, key) is not None:
                    raise Wrong(key, "a virtual slot has nothing wired to it")
        elif sum(means is not None for means in (self.usb, self.serial, self.place)) != 1:
            raise Wrong((), "needs exactly one of usb, serial, place or virtual = true")
        elif self.peripherals:
            raise Wrong(("peripheral", 0), "is for virtual slots; a board is wired to real ones")

    def claims(self) -> dict[str, object]:
        """Exclusive resources of this slot, by the keys that name them."""
        claimed = {"name": self.name, "usb": self.usb, "serial": self.serial, "place": self.place}
        claimed |= {"device_id": self.device_id}
        found: dict[str, object] = {key: (key, value) for key, value in claimed.items() if value is not None}
        if isinstance(self.power, HubPort):
            found["power"] = ("power", self.power.hub, self.power.port)
        # One GPIO line cannot be both buttons.
        for key, button in (("setup", self.setup), ("reset", self.reset)):
            if isinstance(button, Gpio):
                found[key] = ("line", button.chip, button.line)
        return found


class Timeouts(Table, frozen=True):
    """Time limits in seconds: back on USB after a reset, online, joined to the device's network, flashed, slot free."""

    enumeration: Annotated[float, seconds(1, 120)] = 15.0
    online: Annotated[float, seconds(1, 900)] = 60.0
    join: Annotated[float, seconds(1, 300)] = 30.0
    flash: Annotated[float, seconds(10, 1800)] = 180.0
    lock: Annotated[float, seconds(0, 86400)] = 0.0


class LocalCloudConfig(Table, frozen=True):
    """The local cloud's address for boards, and its state folder, relative to the file; None: temporary."""

    host: Annotated[str, text(r"[0-9a-fA-F.:]+", "an IP address of this host")] = "127.0.0.1"
    api_port: _Port = 0
    device_port: _Port = 0
    state: Annotated[str, text(".+", "the path of a folder")] | None = None


class NetworkConfig(Table, frozen=True):
    """The network that devices join; ``password_variable`` names the environment variable with its password."""

    refused: ClassVar[Mapping[str, str]] = {
        "password": "does not belong in a file; name its environment variable in password_variable"
    }

    ssid: _Ssid
    password_variable: Annotated[str, text(r"[A-Za-z_]\w*", "the name of an environment variable")] | None = None


class LabgridConfig(Table, frozen=True):
    """Address of labgrid's coordinator."""

    coordinator: Annotated[str, text(r"[^\s:]+:\d+", "HOST:PORT of the coordinator")]


class _RigFile(Table, frozen=True):
    """The file's content; ``account`` and ``product`` name what a run may touch on Particle's cloud."""

    cloud: Literal["local", "particle"] = "local"
    account: Annotated[str, text(r"[^@\s]+@[^@\s]+", "the user name of the account, an e-mail address")] | None = None
    product: Annotated[int, whole(1, 10**9)] | None = None
    network: NetworkConfig | None = None
    timeouts: Timeouts = Timeouts()
    local_cloud: LocalCloudConfig = LocalCloudConfig()
    labgrid: LabgridConfig | None = None
    slots: tuple[SlotConfig, ...] = field(name="slot", default=())

    def __post_init__(self) -> None:
        for key in ("account", "product"):
            if self.cloud == "local" and getattr(self, key) is not None:
                raise Wrong(key, 'goes with cloud = "particle"; the local cloud makes its own')
            if self.cloud == "particle" and getattr(self, key) is None:
                raise Wrong((), f"{key} is missing")
        owners: dict[object, str] = {}
        for number, slot in enumerate(self.slots):
            for key, claim in slot.claims().items():
                if claim in owners:
                    raise Wrong(("slot", number, key), f"is that of slot {owners[claim]} already")
                owners[claim] = slot.name
            if slot.virtual and self.cloud == "particle":
                raise Wrong(("slot", number, "virtual"), "a virtual Photon has no place at Particle's cloud")
            if slot.place is not None and self.labgrid is None:
                raise Wrong(("slot", number, "place"), "needs [labgrid] with its coordinator")


class RigConfig(_RigFile, frozen=True, kw_only=True):
    """A whole bench: the file's content and its path."""

    path: Path

    @property
    def name(self) -> str:
        """Name in reports."""
        return self.path.stem

    @property
    def real(self) -> bool:
        """Whether it has real boards, which tests can wear out."""
        return not all(slot.virtual for slot in self.slots)

    @property
    def variants(self) -> tuple[str, ...]:
        """Variants of its slots, in file order."""
        return tuple(dict.fromkeys(slot.variant for slot in self.slots))

    @property
    def state(self) -> Path | None:
        """The local cloud's persistent state folder."""
        kept = self.local_cloud.state
        return None if kept is None else self.path.absolute().parent / kept

    @property
    def wifi(self) -> tuple[str, str]:
        """SSID and password of the network boards join; the password is empty for an open one."""
        if self.network is None:
            return "", ""
        variable = self.network.password_variable
        return self.network.ssid, os.environ.get(variable, "") if variable else ""

    def only(self, variants: Collection[str]) -> RigConfig:
        """The bench with the slots of these variants alone, or of its first where there are none of them."""
        wanted = set(self.variants) & set(variants) or set(self.variants[:1])
        return structs.replace(self, slots=tuple(slot for slot in self.slots if slot.variant in wanted))

    def slot(self, name: str) -> SlotConfig:
        """A slot by name.

        :raises UsageError: there is none
        """
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise UsageError(f"{self.path} has no slot {name!r}; there are: {', '.join(slot.name for slot in self.slots)}")

    def allow_account(self, named: str | None = None, environment: Mapping[str, str] = os.environ) -> None:
        """Permit the run to touch the account at Particle's cloud, if this run names it.

        ``named`` is the command line's account; without it the environment variable PHOTONRIG_ACCOUNT counts.

        :raises UsageError: no account named, or another one
        """
        if self.cloud == "local":
            return
        said = named or environment.get(ACCOUNT_VARIABLE)
        if said != self.account:
            raise UsageError(
                f"{self.path} works on the account {self.account} at Particle's own cloud, and "
                f"{f'{said} was named' if said else 'nobody named it'} for this run; "
                f"say --account {self.account} or set {ACCOUNT_VARIABLE} to it"
            )


def load_config(path: Path, variants: Collection[str] | None = None) -> RigConfig:
    """Read and validate a ``rig.toml``; ``variants`` are the accepted variant names, None accepts any.

    :raises UsageError: the first error, with file, line and key
    """
    writes = command(f"doctor --rig {path} --write")
    file = TomlFile(path, f"{writes} makes one")
    read = file.convert(_RigFile)
    if not read.slots:
        raise file.error((), f"there is no [[slot]]; {writes} adds every Photon that is attached")
    for number, slot in enumerate(read.slots):
        if variants is not None:
            file.choice(("slot", number, "variant"), slot.variant, variants)
    slots = tuple(_with_plugins(file, number, slot) for number, slot in enumerate(read.slots))
    return RigConfig(**structs.asdict(structs.replace(read, slots=slots)), path=path)


# What a driver must have, by the key that names it.
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "power": ("on", "off"),
    "setup": ("press", "release"),
    "reset": ("press", "release"),
}


def _with_plugins(file: TomlFile, number: int, slot: SlotConfig) -> SlotConfig:
    found: dict[str, Any] = {}
    for key, methods in _METHODS.items():
        means = getattr(slot, key)
        if isinstance(means, Driver):
            made = plugin(file, ("slot", number, key), "driver", means.driver, DRIVERS, methods)
            found[key] = structs.replace(means, plugin=made)
    models = []
    for place, model in enumerate(slot.peripherals):
        where = ("slot", number, "peripheral", place)
        made = plugin(file, where, "model", model.model, PERIPHERALS, ("pin_changed",))
        models.append(structs.replace(model, plugin=made))
    return structs.replace(slot, **found, peripherals=tuple(models)) if found or models else slot


def virtual_config(path: Path, slots: Mapping[str, str]) -> RigConfig:
    """A generated bench: one virtual slot per variant, and a local cloud.

    Locks and quarantine use ``path`` as if the file existed.
    """
    return RigConfig(
        path=path, slots=tuple(SlotConfig(name=name, variant=variant, virtual=True) for name, variant in slots.items())
    )
