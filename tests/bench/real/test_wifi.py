"""Set-up by one adapter alone, although every Photon is 192.168.0.1: real namespaces, real virtual Photons.

A cable (veth) stands for the radio; at its far end, in a namespace of its own, the virtual Photon's SoftAP answers at
192.168.0.1.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.bench.slots.real.command import run
from photonrig.bench.slots.real.namespace import namespace
from photonrig.bench.slots.real.wifi import RealSoftApLink, WpaSupplicantAdapter, _by_device
from photonrig.bench.slots.virtual.photon import Provision, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.errors import ToolError, UsageError
from photonrig.particle.keys import generate_device_key, private_key_der
from photonrig.particle.softap import HTTP_PORT, TCP_PORT, NotReached, SoftAp, TcpSoftAp
from photonrig.testing import check_softap_link, check_softap_out_of_reach

from ...patience import PATIENCE

TOOLS = Toolchain(Path(__file__).parents[3])
PREFIX = f"t{os.getpid() % 100000}"


def _may_make_namespaces() -> str:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need Linux, root and iproute2"
    try:
        with namespace(f"{PREFIX}-try"):
            return ""
    except ToolError as error:
        return f"network namespaces cannot be made here: {error}"


needs_namespaces = pytest.mark.skipif(bool(_why := _may_make_namespaces()), reason=_why)
needs_wpa_supplicant = pytest.mark.skipif(
    shutil.which("wpa_supplicant") is None, reason="wpa_supplicant is not installed"
)


@dataclass
class Cable:
    """An adapter of this host, and the Photon at its other end."""

    adapter: str
    photon: VirtualPhoton


@contextmanager
def cabled(folder: Path, number: int) -> Iterator[Cable]:
    key = folder / f"{number}.der"
    key.write_bytes(private_key_der(generate_device_key()))
    photon = VirtualPhoton(TOOLS.vphoton, folder / f"device-{number}", name=f"photon {number}")
    photon.start(Provision(f"{number:024x}", key, build_variant(TOOLS, "roller")), listening=True)
    near, far = f"{PREFIX}n{number}", f"{PREFIX}f{number}"
    with ExitStack() as stack:
        stack.callback(photon.kill)
        air = stack.enter_context(namespace(f"{PREFIX}-air-{number}"))
        run(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", air.name], 10)
        # It is gone with whichever end goes first.
        stack.callback(lambda: subprocess.run(["ip", "link", "delete", near], capture_output=True, check=False))
        run(["ip", "-n", air.name, "address", "add", "192.168.0.1/24", "dev", far], 10)
        run(["ip", "-n", air.name, "link", "set", far, "up"], 10)
        for port, target in zip((TCP_PORT, HTTP_PORT), photon.softap_ports, strict=True):
            listener = air.inside(lambda port=port: socket.create_server(("192.168.0.1", port)))  # type: ignore[misc]
            stack.enter_context(_forwarding(listener, target))
        yield Cable(near, photon)


@contextmanager
def _forwarding(listener: socket.socket, target: int) -> Iterator[None]:
    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(host: socket.socket) -> None:
        with host:
            try:
                device = socket.create_connection(("127.0.0.1", target), 10)
            except OSError:
                return
            with device:
                back = threading.Thread(target=pump, args=(host, device))
                back.start()
                pump(device, host)
                host.close()
                back.join()

    def accept() -> None:
        while True:
            try:
                host, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(host,)))
            threads[-1].start()

    threads = [threading.Thread(target=accept)]
    threads[0].start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(PATIENCE)


def link_over(cable: Cable, **more: float) -> RealSoftApLink:
    adapter = WpaSupplicantAdapter(cable.adapter, driver="wired")
    return RealSoftApLink(adapter, name=cable.adapter, device_id=cable.photon.device_id, ssid="Photon-AB12", **more)


def test_the_virtual_link_conforms(tmp_path: Path) -> None:
    key = tmp_path / "key.der"
    key.write_bytes(private_key_der(generate_device_key()))
    with VirtualPhoton(TOOLS.vphoton, tmp_path / "device") as photon:
        photon.kill()
        photon.start(Provision("b" * 24, key, build_variant(TOOLS, "roller")), listening=True)
        link = photon.slot.softap_link
        assert link is not None
        check_softap_link(link, "b" * 24)
        photon.kill()
        check_softap_out_of_reach(link)
        photon.start()


@needs_namespaces
@needs_wpa_supplicant
def test_several_photons_with_one_address_are_set_up_at_once(tmp_path: Path) -> None:
    with cabled(tmp_path, 1) as first, cabled(tmp_path, 2) as second, ThreadPoolExecutor() as pool:
        links = [link_over(cable) for cable in (first, second)]
        for result in [
            pool.submit(check_softap_link, link, cable.photon.device_id)
            for link, cable in zip(links, (first, second), strict=True)
        ]:
            result.result(60)
        with links[0].joined(), links[1].joined():
            ids = [link.tcp().device_id().device_id for link in links]
        assert ids == [first.photon.device_id, second.photon.device_id]
        # The host's own network knew nothing of it.
        assert "192.168.0." not in run(["ip", "route", "show", "table", "all"], 10)
        with pytest.raises(UsageError, match="only inside a joined"):
            links[0].tcp()


@needs_namespaces
@needs_wpa_supplicant
def test_what_a_killed_run_left_behind_is_no_obstacle(tmp_path: Path) -> None:
    with cabled(tmp_path, 3) as cable:
        name = f"photonrig-{cable.adapter}"
        run(["ip", "netns", "add", name], 10)
        left = subprocess.Popen(["ip", "netns", "exec", name, "sleep", "600"])
        try:
            inside = ["ip", "netns", "pids", name]
            SystemClock().wait_until(lambda: str(left.pid) in run(inside, 10).split(), 10, "a process left in there")
            check_softap_link(link_over(cable), cable.photon.device_id)
            assert left.wait(PATIENCE) != 0
        finally:
            left.kill()
            left.wait()
        assert name not in run(["ip", "netns", "list"], 10)


@needs_namespaces
def test_sockets_bound_to_an_adapter_need_no_namespace(tmp_path: Path) -> None:
    """The way of NetworkManager and macOS: two adapters of one namespace, both with 192.168.0.1 at the far end."""
    with cabled(tmp_path, 4) as first, cabled(tmp_path, 5) as second:
        for cable in (first, second):
            run(["ip", "address", "add", "192.168.0.200/24", "dev", cable.adapter], 10)
            run(["ip", "link", "set", cable.adapter, "up"], 10)
        for cable in (first, second, first):
            softap = SoftAp(TcpSoftAp(connect=_by_device(cable.adapter)))
            assert softap.device_id().device_id == cable.photon.device_id


@needs_namespaces
@needs_wpa_supplicant
def test_a_device_that_left_its_network_is_not_reached(tmp_path: Path) -> None:
    with cabled(tmp_path, 6) as cable:
        link = link_over(cable)
        with link.joined():
            run(["ip", "netns", "exec", f"{PREFIX}-air-6", "ip", "link", "set", f"{PREFIX}f6", "down"], 10)
            with pytest.raises(NotReached):
                TcpSoftAp(connect=link._by_adapter()).ask("version", b"", timeout=0.3)


@needs_wpa_supplicant
def test_wpa_supplicant_is_told_any_name(tmp_path: Path) -> None:
    text = WpaSupplicantAdapter("wlan1").config('Pho"ton\\ \u00fc', tmp_path)
    assert "ssid=50686f22746f6e5c20c3bc\n key_mgmt=NONE" in text and "ap_scan=1" in text
