"""Into a Photon's own network and out again, with one adapter, while the host's network stays up.

What differs between systems is the adapter's program, one class each; sockets are bound to the adapter in any case.
"""

from __future__ import annotations

import os
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

from photonrig.bench.config import WifiConfig
from photonrig.bench.lock import hold
from photonrig.bench.slots.real.command import Run, run
from photonrig.bench.slots.real.namespace import Namespace, namespace
from photonrig.clock import SYSTEM, Clock, NotSeen
from photonrig.errors import RigError, ToolError, UsageError
from photonrig.particle.softap import Connect, HttpSoftAp, NotReached, SoftAp, TcpSoftAp

# Device OS 2.3.1, device_code.cpp: prefix, dash, four or six characters without 0, 1, I and O.
PHOTON_SSID: Final = re.compile(r"Photon-[2-9A-HJ-NP-Z]{4}(?:[2-9A-HJ-NP-Z]{2})?")

# A free address in the device's network: its DHCP server may be slow, or gone with the first client.
_HOST_ADDRESS: Final = "192.168.0.200/24"
_QUICK: Final = 10.0
_SCAN: Final = 30.0
_SO_BINDTODEVICE: Final = 25  # Linux, asm-generic/socket.h
_IP_BOUND_IF: Final = 25  # macOS, netinet/in.h


class Adapter(Protocol):
    """One Wi-Fi adapter and the program that moves it."""

    def networks(self) -> tuple[str, ...]:
        """Names of the networks in the air, found by a new scan.

        :raises ToolError: the program failed
        """

    def joined(self, ssid: str, timeout: float) -> AbstractContextManager[Connect]:
        """In an open network inside the block; gives what opens connections by this adapter alone.

        :raises NotReached: it did not let the adapter in within ``timeout`` seconds
        :raises ToolError: the program failed
        """


class NetworkManagerAdapter:
    """By ``nmcli``: a connection that is kept nowhere, never the default route, gone after the block."""

    def __init__(self, adapter: str, *, run: Run = run) -> None:
        self._adapter = adapter
        self._run = run

    def networks(self) -> tuple[str, ...]:
        """Names of the networks in the air."""
        argv = ["nmcli", "--terse", "--escape", "no", "--fields", "SSID", "device", "wifi", "list"]
        listing = self._run([*argv, "ifname", self._adapter, "--rescan", "yes"], _SCAN)
        return tuple(dict.fromkeys(name for name in listing.splitlines() if name))

    @contextmanager
    def joined(self, ssid: str, timeout: float) -> Iterator[Connect]:
        """In the network inside the block."""
        name = f"photonrig-{self._adapter}"
        self._run(["nmcli", *self.connection(ssid)], _QUICK)
        try:
            try:
                self._run(["nmcli", "--wait", f"{timeout:.0f}", "connection", "up", name], timeout + _QUICK)
            except ToolError as error:
                raise NotReached(f"{self._adapter} does not get into {ssid}: {error}") from None
            yield _by_device(self._adapter)
        finally:
            self._run(["nmcli", "connection", "delete", name], _QUICK)

    def connection(self, ssid: str) -> list[str]:
        """The words that make the connection."""
        words = ["connection", "add", "save", "no", "type", "wifi", "ifname", self._adapter]
        words += ["con-name", f"photonrig-{self._adapter}", "ssid", ssid]
        words += ["connection.autoconnect", "no", "ipv4.method", "manual", "ipv4.addresses", _HOST_ADDRESS]
        words += ["ipv4.never-default", "yes", "ipv6.method", "disabled"]
        return words


class WpaSupplicantAdapter:
    """By ``wpa_supplicant`` and ``iw``, with the adapter in a network namespace of its own inside the block."""

    def __init__(self, adapter: str, *, driver: str = "nl80211", run: Run = run, clock: Clock = SYSTEM) -> None:
        """``driver`` is wpa_supplicant's; with ``wired`` the adapter is a cable, which is what tests have."""
        self._adapter = adapter
        self._driver = driver
        self._run = run
        self._clock = clock

    def networks(self) -> tuple[str, ...]:
        """Names of the networks in the air."""
        self._run(["ip", "link", "set", self._adapter, "up"], _QUICK)
        listing = self._run(["iw", "dev", self._adapter, "scan"], _SCAN)
        return tuple(dict.fromkeys(re.findall(r"^\s+SSID: (.+)$", listing, re.MULTILINE)))

    @contextmanager
    def joined(self, ssid: str, timeout: float) -> Iterator[Connect]:
        """In the network inside the block."""
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-wpa-")))
            space = stack.enter_context(namespace(f"photonrig-{self._adapter}", run=self._run))
            there, back = self._moves(space)
            self._run(there, _QUICK)
            stack.callback(lambda: self._run(back, _QUICK))
            config = folder / "wpa_supplicant.conf"
            config.write_text(self.config(ssid, folder))
            pid_file = folder / "pid"
            words = ["wpa_supplicant", "-B", "-P", str(pid_file), "-i", self._adapter, "-D", self._driver]
            self._run(space.command(*words, "-c", str(config)), _QUICK)
            ask = ["wpa_cli", "-p", str(folder), "-i", self._adapter]
            stack.callback(lambda: self._run(space.command(*ask, "terminate"), _QUICK))
            try:
                self._clock.wait_until(
                    lambda: "wpa_state=COMPLETED" in self._run(space.command(*ask, "status"), _QUICK).splitlines(),
                    timeout,
                    f"{self._adapter} in {ssid}",
                )
            except NotSeen as error:
                raise NotReached(f"{self._adapter} does not get into {ssid}: {error}") from None
            self._run(["ip", "-n", space.name, "address", "add", _HOST_ADDRESS, "dev", self._adapter], _QUICK)
            self._run(["ip", "-n", space.name, "link", "set", self._adapter, "up"], _QUICK)
            yield space.connect

    def config(self, ssid: str, folder: Path) -> str:
        """What wpa_supplicant is told; the network's name in hexadecimal, so that it may hold anything."""
        network = f"ssid={ssid.encode().hex()}\n key_mgmt=NONE\n scan_ssid=1"
        return f"ctrl_interface={folder}\nap_scan={int(self._driver != 'wired')}\nnetwork={{\n {network}\n}}\n"

    def _moves(self, space: Namespace) -> tuple[list[str], list[str]]:
        """How the adapter gets into the namespace, and back into this process's."""
        home = str(os.getpid())
        if self._driver == "wired":
            move = ["link", "set", self._adapter, "netns"]
            return ["ip", *move, space.name], ["ip", "-n", space.name, *move, home]
        # A radio moves as a whole; its interface cannot leave it.
        try:
            phy = Path("/sys/class/net", self._adapter, "phy80211", "name").read_text().strip()
        except OSError:
            raise RigError(f"there is no Wi-Fi adapter {self._adapter}") from None
        move = ["iw", "phy", phy, "set", "netns"]
        return [*move, "name", space.name], space.command(*move, home)


class NetworkSetupAdapter:
    """By macOS ``networksetup``, which joins and leaves but does not list networks."""

    def __init__(self, adapter: str, *, run: Run = run) -> None:
        self._adapter = adapter
        self._run = run

    def networks(self) -> tuple[str, ...]:
        """Names of the networks in the air, which this program does not tell.

        :raises UsageError: always
        """
        raise UsageError(f"macOS does not list networks; name the device's in rig.toml: wifi.ssid of {self._adapter}")

    @contextmanager
    def joined(self, ssid: str, timeout: float) -> Iterator[Connect]:
        """In the network inside the block."""
        # It ends well even if it did not get in, and says so.
        said = self._run(["networksetup", "-setairportnetwork", self._adapter, ssid], timeout)
        if said.strip():
            raise NotReached(f"{self._adapter} does not get into {ssid}: {said.strip()}")
        try:
            yield _by_device(self._adapter)
        finally:
            self._run(["networksetup", "-removepreferredwirelessnetwork", self._adapter, ssid], _QUICK)


def adapter_for(config: WifiConfig) -> Adapter:
    """The adapter a ``rig.toml`` describes."""
    if config.by == "networkmanager":
        return NetworkManagerAdapter(config.adapter)
    if config.by == "wpa_supplicant":
        return WpaSupplicantAdapter(config.adapter)
    return NetworkSetupAdapter(config.adapter)


class RealSoftApLink:
    """The network of the device in a slot; one slot at a time may use an adapter, others wait."""

    def __init__(
        self, adapter: Adapter, *, name: str, device_id: str, ssid: str | None = None, timeout: float = 30.0
    ) -> None:
        """``name`` is the adapter's, for its lock; without ``ssid`` every Photon's network is asked for it."""
        self._adapter = adapter
        self._name = name
        self._device_id = device_id
        self._ssid = ssid
        self._timeout = timeout
        self._connect: Connect | None = None

    @contextmanager
    def joined(self) -> Iterator[None]:
        """In the device's network inside the block.

        :raises NotReached: it is not in the air, or does not let the host in
        :raises Busy: another slot's setup goes on with the same adapter
        """
        with hold(f"wifi:{self._name}", wait=self._timeout):
            if self._ssid is None:
                self._ssid = self._find()
            with self._adapter.joined(self._ssid, self._timeout) as connect:
                self._connect = connect
                try:
                    yield
                finally:
                    self._connect = None

    def tcp(self) -> SoftAp:
        """Set-up over the TCP service, inside the block."""
        return SoftAp(TcpSoftAp(connect=self._by_adapter()), device=self._device_id)

    def http(self) -> SoftAp:
        """Set-up over the HTTP service, inside the block."""
        return SoftAp(HttpSoftAp(connect=self._by_adapter()), device=self._device_id)

    def _by_adapter(self) -> Connect:
        if self._connect is None:
            raise UsageError("the host is in the device's network only inside a joined() block", device=self._device_id)
        return self._connect

    def _find(self) -> str:
        seen = [name for name in self._adapter.networks() if PHOTON_SSID.fullmatch(name)]
        for ssid in seen:
            with self._adapter.joined(ssid, self._timeout) as connect:
                if SoftAp(TcpSoftAp(connect=connect)).device_id().device_id == self._device_id:
                    return ssid
        among = f"is none of those in the air ({', '.join(seen)})" if seen else "is not in the air, nor is any other's"
        raise NotReached(f"the device's network {among}; is it in listening mode?", device=self._device_id)


def _by_device(adapter: str) -> Connect:
    """Connections that leave by one adapter, whatever the routing table says."""

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        link = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            link.settimeout(timeout)
            if hasattr(socket, "SO_BINDTODEVICE"):
                link.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, adapter.encode() + b"\0")
            else:
                link.setsockopt(socket.IPPROTO_IP, _IP_BOUND_IF, socket.if_nametoindex(adapter))
            link.connect(address)
        except BaseException:
            link.close()
            raise
        return link

    return connect
