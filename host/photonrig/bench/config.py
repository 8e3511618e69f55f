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

Every complaint names file, line and key.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from photonrig.bench.config_file import Section, read_toml
from photonrig.errors import UsageError
from photonrig.invocation import command

__all__ = [
    "ACCOUNT_VARIABLE",
    "SLOT_NAME",
    "Ask",
    "Commands",
    "Gpio",
    "HubPort",
    "LocalCloudConfig",
    "RigConfig",
    "SlotConfig",
    "Timeouts",
    "WifiConfig",
    "load_config",
]

# Names the account that may be touched; only a match with the file's opens Particle's cloud to a run.
ACCOUNT_VARIABLE: Final = "PHOTONRIG_ACCOUNT"

SLOT_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}"
_USB: Final = r"\d+-\d+(\.\d+)*"
_DEVICE_ID: Final = r"[0-9a-f]{24}"
_URL: Final = r"(rfc2217|socket)://[^/\s]+:\d+"


@dataclass(frozen=True, slots=True)
class HubPort:
    """A port of a USB hub whose power ``uhubctl`` switches: hub location as ``1-1.4``, port from 1."""

    hub: str
    port: int


@dataclass(frozen=True, slots=True)
class Commands:
    """A pair of commands, each a program with its arguments, run without a shell: on and off, or press and release."""

    begin: tuple[str, ...]
    end: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gpio:
    """A line of a GPIO chip; pressed is low unless ``active_low`` is false."""

    chip: str
    line: int
    active_low: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """A person presses when asked."""


@dataclass(frozen=True, slots=True)
class WifiConfig:
    """How the host joins the device's network: by which adapter and which program.

    ``ssid`` is None when it is to be found among the networks in the air by asking each for its device id.
    """

    adapter: str
    by: Literal["networkmanager", "wpa_supplicant", "networksetup"]
    ssid: str | None = None


@dataclass(frozen=True, slots=True)
class SlotConfig:
    """One place on the bench.

    ``usb`` is the physical path as in ``1-1.4``; ``serial`` a URL for a board at another host; ``place`` a labgrid
    place that brings both; ``device_id`` 24 lower-case hex digits, which is also its USB serial number.
    """

    name: str
    variant: str
    virtual: bool = False
    usb: str | None = None
    serial: str | None = None
    place: str | None = None
    device_id: str | None = None
    tags: tuple[str, ...] = ()
    power: HubPort | Commands | None = None
    setup: Gpio | Commands | Ask | None = None
    reset: Gpio | Commands | Ask | None = None
    wifi: WifiConfig | None = None


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: back on USB after a reset, online after that, joined to its network, flashed, another run done."""

    enumeration: float = 15.0
    online: float = 60.0
    join: float = 30.0
    flash: float = 180.0
    lock: float = 0.0


@dataclass(frozen=True, slots=True)
class LocalCloudConfig:
    """Where boards reach the local cloud, and the folder that keeps it; None: a folder that goes with the run."""

    host: str = "127.0.0.1"
    api_port: int = 0
    device_port: int = 0
    state: Path | None = None


@dataclass(frozen=True, slots=True)
class RigConfig:
    """A whole bench.

    ``account`` and ``product`` name what a run may touch at Particle's cloud; ``wifi_ssid`` is the network devices
    join, ``wifi_password_variable`` names the environment variable with its password. ``labgrid`` is where the
    coordinator of its places is, HOST:PORT.
    """

    path: Path
    cloud: Literal["local", "particle"]
    slots: tuple[SlotConfig, ...]
    account: str | None = None
    product: int | None = None
    wifi_ssid: str | None = None
    wifi_password_variable: str | None = None
    local_cloud: LocalCloudConfig = field(default_factory=LocalCloudConfig)
    labgrid: str | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.path.stem

    def slot(self, name: str) -> SlotConfig:
        """A slot by its name.

        :raises UsageError: there is none
        """
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise UsageError(f"{self.path} has no slot {name!r}; there are: {', '.join(slot.name for slot in self.slots)}")

    def allow_account(self, named: str | None = None, environment: Mapping[str, str] = os.environ) -> None:
        """Let a run touch the account at Particle's cloud, if somebody named it for this run.

        ``named`` is what the command line said; else the environment variable PHOTONRIG_ACCOUNT counts.

        :raises UsageError: nobody named it, or named another one
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
    """Read and check a ``rig.toml``; ``variants`` are those there is firmware for, without them any name will do.

    :raises UsageError: the first thing that is wrong with it, with file, line and key
    """
    top = read_toml(path, f"{command(f'doctor --rig {path} --write')} makes one")
    cloud = top.choice("cloud", ("local", "particle"), "local")
    account = product = None
    if cloud == "particle":
        account = top.text("account", like=r"[^@\s]+@[^@\s]+", means="the user name of the account, an e-mail address")
        product = top.number("product", least=1, most=10**9)
    elif "account" in top:
        raise top.error("account", 'goes with cloud = "particle"; the local cloud makes its own')
    ssid, password = _network(top.section("network"))
    timeouts = _timeouts(top.section("timeouts"))
    local = _local_cloud(top.section("local_cloud"), path)
    coordinator = _labgrid(top.section("labgrid"))
    sections = top.sections("slot")
    top.finish()
    if not sections:
        raise top.error(
            None, f"there is no [[slot]]; {command(f'doctor --rig {path} --write')} adds every Photon that is attached"
        )
    slots = tuple(_slot(section) for section in sections)
    _refuse_twice(sections, slots)
    for section, slot in zip(sections, slots, strict=True):
        if variants is not None:
            section.choice("variant", variants)
        if slot.virtual and cloud == "particle":
            raise section.error("virtual", "a virtual Photon has no place at Particle's cloud")
        if slot.place is not None and coordinator is None:
            raise section.error("place", "needs [labgrid] with its coordinator")
    return RigConfig(
        path=path,
        cloud="particle" if cloud == "particle" else "local",
        slots=slots,
        account=account,
        product=product,
        wifi_ssid=ssid,
        wifi_password_variable=password,
        local_cloud=local,
        labgrid=coordinator,
        timeouts=timeouts,
    )


def _network(section: Section | None) -> tuple[str | None, str | None]:
    if section is None:
        return None, None
    ssid = section.text("ssid", like=".{1,32}", means="a network's name of 1 to 32 characters")
    if "password" in section:
        raise section.error("password", "does not belong in a file; name its environment variable in password_variable")
    variable = section.text(
        "password_variable", None, like=r"[A-Za-z_]\w*", means="the name of an environment variable"
    )
    section.finish()
    return ssid, variable


def _timeouts(section: Section | None) -> Timeouts:
    usual = Timeouts()
    if section is None:
        return usual
    read = Timeouts(
        enumeration=section.seconds("enumeration", usual.enumeration, least=1, most=120),
        online=section.seconds("online", usual.online, least=1, most=900),
        join=section.seconds("join", usual.join, least=1, most=300),
        flash=section.seconds("flash", usual.flash, least=10, most=1800),
        lock=section.seconds("lock", usual.lock, most=86400),
    )
    section.finish()
    return read


def _local_cloud(section: Section | None, path: Path) -> LocalCloudConfig:
    if section is None:
        return LocalCloudConfig()
    state = section.text("state", None)
    read = LocalCloudConfig(
        host=section.text("host", "127.0.0.1", like=r"[0-9a-fA-F.:]+", means="an IP address of this host"),
        api_port=section.number("api_port", 0, least=0, most=65535),
        device_port=section.number("device_port", 0, least=0, most=65535),
        state=None if state is None else path.absolute().parent / state,
    )
    section.finish()
    return read


def _labgrid(section: Section | None) -> str | None:
    if section is None:
        return None
    coordinator = section.text("coordinator", like=r"[^\s:]+:\d+", means="HOST:PORT of the coordinator")
    section.finish()
    return coordinator


def _slot(section: Section) -> SlotConfig:
    name = section.text("name", like=SLOT_NAME, means="a name of 1 to 32 letters, digits, dots, dashes or underscores")
    variant = section.text("variant", like=r"[a-z][a-z0-9_]*", means="the name of a variant, as in roller")
    tags = section.texts("tags", ())
    virtual = section.flag("virtual", False)
    if virtual:
        for key in ("usb", "serial", "place", "device_id", "power", "setup", "reset", "wifi"):
            if key in section:
                raise section.error(key, "a virtual slot has nothing wired to it")
        section.finish()
        return SlotConfig(name, variant, virtual=True, tags=tags)
    usb = section.text("usb", None, like=_USB, means="a USB path, as in 1-1.4")
    serial = section.text("serial", None, like=_URL, means="rfc2217://HOST:PORT or socket://HOST:PORT")
    place = section.text("place", None, like=r"[\w.-]+", means="the name of a labgrid place")
    if sum(means is not None for means in (usb, serial, place)) != 1:
        raise section.error(None, "needs exactly one of usb, serial, place or virtual = true")
    slot = SlotConfig(
        name,
        variant,
        usb=usb,
        serial=serial,
        place=place,
        device_id=section.text("device_id", None, like=_DEVICE_ID, means="24 lower-case hexadecimal digits"),
        tags=tags,
        power=_power(section.section("power")),
        setup=_button(section.section("setup")),
        reset=_button(section.section("reset")),
        wifi=_wifi(section.section("wifi")),
    )
    section.finish()
    return slot


def _power(section: Section | None) -> HubPort | Commands | None:
    if section is None:
        return None
    power: HubPort | Commands
    if "hub" in section:
        hub = section.text("hub", like=r"\d+(-\d+(\.\d+)*)?", means="a hub's location as uhubctl lists it, as in 1-1.4")
        power = HubPort(hub, section.number("port", least=1, most=32))
    else:
        power = Commands(section.texts("on"), section.texts("off"))
    section.finish()
    return power


def _button(section: Section | None) -> Gpio | Commands | Ask | None:
    if section is None:
        return None
    button: Gpio | Commands | Ask
    if "ask" in section:
        if not section.flag("ask", False):
            raise section.error("ask", "leave the whole entry out if nobody can press it")
        button = Ask()
    elif "chip" in section:
        button = Gpio(
            section.text("chip", like=r"/dev/gpiochip\d+", means="a GPIO chip, as in /dev/gpiochip0"),
            section.number("line", least=0, most=1023),
            section.flag("active_low", True),
        )
    else:
        button = Commands(section.texts("press"), section.texts("release"))
    section.finish()
    return button


def _wifi(section: Section | None) -> WifiConfig | None:
    if section is None:
        return None
    usual = "networksetup" if sys.platform == "darwin" else "networkmanager"
    by = section.choice("by", ("networkmanager", "wpa_supplicant", "networksetup"), usual)
    wifi = WifiConfig(
        adapter=section.text("adapter", like=r"[A-Za-z0-9_.-]{1,15}", means="a network interface, as in wlan1"),
        by=by,  # type: ignore[arg-type]
        ssid=section.text("ssid", None, like=".{1,32}", means="a network's name of 1 to 32 characters"),
    )
    section.finish()
    return wifi


def _refuse_twice(sections: Sequence[Section], slots: Sequence[SlotConfig]) -> None:
    seen: dict[tuple[str, object], str] = {}
    for section, slot in zip(sections, slots, strict=True):
        places = {
            "name": slot.name,
            "usb": slot.usb,
            "serial": slot.serial,
            "place": slot.place,
            "device_id": slot.device_id,
            "power": slot.power if isinstance(slot.power, HubPort) else None,
            "setup": slot.setup if isinstance(slot.setup, Gpio) else None,
            "reset": slot.reset if isinstance(slot.reset, Gpio) else None,
        }
        for key, value in places.items():
            if value is None:
                continue
            # One line cannot be two buttons either.
            kind = "line" if isinstance(value, Gpio) else key
            marked = (kind, (value.chip, value.line) if isinstance(value, Gpio) else value)
            if marked in seen:
                raise section.error(key, f"is that of slot {seen[marked]} already")
            seen[marked] = slot.name
