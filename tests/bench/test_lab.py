"""The lab with everything real in it: local cloud, virtual Photons, roller firmware."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.slots.virtual.photon import AIR, Network, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.clock import SystemClock
from photonrig.errors import LinkLost, NetworkError, RigError, UsageError
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.events import Event, EventStream
from photonrig.particle.softap import AccessPoint, NotReached, SoftApRefused

from ..patience import PATIENCE

TOOLS = Toolchain(Path(__file__).parents[2])
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def firmware() -> dict[str, Path]:
    return {"roller": build_variant(TOOLS, "roller")}


def make(state: Path, firmware: dict[str, Path], **more: Any) -> Lab:
    return Lab(state, vphoton=TOOLS.vphoton, sdk=TOOLS.sdk(), firmware=firmware, **more)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, firmware: dict[str, Path]) -> Iterator[Lab]:
    with make(tmp_path_factory.mktemp("lab") / "state", firmware, photons=2, fresh=1) as running:
        yield running


def test_the_description_is_all_a_client_needs(lab: Lab) -> None:
    told = json.loads(json.dumps(lab.describe()))
    keys = ["api", "era", "admin_token_file", "device_server", "user", "product", "products", "wifi", "photons"]
    assert list(told) == [*keys, "vphoton", "firmware"]
    assert set(told["device_server"]) == {"host", "port", "key_file"}
    assert len(Path(told["device_server"]["key_file"]).read_bytes()) == 294
    assert [photon["name"] for photon in told["photons"]] == ["photon-1", "photon-2", "fresh-1"]
    assert [photon["owner"] for photon in told["photons"]] == [USERNAME, USERNAME, None]
    shown = {"id", "name", "state", "serial", "softap_tcp", "softap_http", "control", "variant", "owner"}
    for photon in told["photons"]:
        assert set(photon) == shown
        assert Path(photon["state"]).is_dir() and Path(photon["control"]).is_socket()
    with Cloud(told["api"]) as cloud:
        user = cloud.using(cloud.log_in(told["user"]["username"], told["user"]["password"]))
        assert {device.name for device in user.devices()} == {"photon-1", "photon-2"}
        assert all(device.online for device in user.devices())


def test_secrets_are_for_their_owner_alone(lab: Lab) -> None:
    for path in (lab.state / "lab.json", *(lab.state / "keys").iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(lab.state.stat().st_mode) == 0o700


def test_serial_and_cloud_are_the_same_device(lab: Lab) -> None:
    photon = lab.fielded()[0]
    with photon.slot.console() as console:
        info = console.ask("info")
    assert (info["id"], info["variant"]) == (photon.device_id, lab.team.variable(photon.device_id, "variant"))
    with EventStream(lab.team, "/v1/devices/events") as events:
        assert lab.team.call(photon.device_id, "identify", "1") >= 0
        lab.team.publish("canary")
        events.expect("canary", timeout=PATIENCE)


def test_set_up_by_both_services_and_refusals(lab: Lab) -> None:
    slot = lab.fresh()[0].slot
    link = slot.need("softap_link", slot.softap_link)
    for device in (link.tcp(), link.http()):
        assert device.device_id().device_id == slot.device_id
        assert [network.ssid for network in device.scan()] == ["photonrig"]
        with pytest.raises(SoftApRefused) as refused:
            device.configure(AccessPoint("nobody's network"), "password")
        assert refused.value.code == -2


def test_a_wrong_password_brings_the_device_back_to_listening(lab: Lab) -> None:
    photon = lab.fresh()[0]
    with photon.slot.softap() as device:
        device.configure(device.scan()[0], "not the password")
        device.connect()
    CLOCK.wait_until(lambda: photon.status()["listening"], 20, "listening mode after a wrong password")
    assert photon.status()["cloud"] != "connected"


def test_reset_and_setup_button(lab: Lab) -> None:
    photon = lab.fielded()[1]
    slot = photon.slot
    slot.need("reset", slot.reset).press()
    CLOCK.wait_until(lambda: photon.status()["reset_reason"] == "pin_reset", 20, "a reset by its pin")
    slot.hold_setup(4)
    CLOCK.wait_until(lambda: photon.status()["listening"], 20, "listening mode by the button")
    slot.hold_setup(4)
    CLOCK.wait_until(lambda: not photon.status()["listening"], 20, "listening mode left by the button")


def test_a_power_cut_is_no_end(lab: Lab) -> None:
    photon = lab.fielded()[1]
    power = photon.slot.need("power", photon.slot.power)
    serial = photon.serial_port
    power.off()
    with pytest.raises(LinkLost):
        photon.status()
    with pytest.raises(NotReached), photon.slot.softap() as device:
        device.version()
    power.on()
    assert photon.serial_port == serial
    CLOCK.wait_until(lambda: lab.team.ping(photon.device_id), 20, "the device back after a power cut")
    power.on()  # on already: nothing happens
    with pytest.raises(RigError, match="running already"):
        photon.start()


def test_control_refuses_what_it_does_not_know(lab: Lab) -> None:
    with pytest.raises(RigError, match="dance"):
        lab.fielded()[0].control({"do": "dance"})


def test_the_air_is_the_benchs(lab: Lab) -> None:
    photon = lab.fresh()[0]
    photon.set_air([Network("elsewhere", "12345678", rssi=-80)])
    try:
        with photon.slot.softap() as device:
            assert [(network.ssid, network.rssi) for network in device.scan()] == [("elsewhere", -80)]
    finally:
        photon.set_air(AIR)  # other tests use the same lab


def test_devices_come_back_to_a_cloud_that_was_killed(lab: Lab) -> None:
    device = lab.fielded()[0].device_id
    lab.local_cloud.restart()
    CLOCK.wait_until(lambda: lab.team.device(device).online, 30, "the device back on the restarted cloud")
    assert lab.team.device(device, product(lab.product.id)).owner_name == USERNAME


def test_a_lab_goes_on_where_it_was(tmp_path: Path, firmware: dict[str, Path]) -> None:
    with make(tmp_path / "lab", firmware, photons=1) as first:
        told = first.describe()
    with make(tmp_path / "lab", firmware, photons=2) as second:
        again = second.describe()
        assert second.team.ping(again["photons"][0]["id"])
    for key in ("api", "device_server", "product", "wifi"):
        assert again[key] == told[key]
    assert again["user"]["password"] == told["user"]["password"]
    first_device, second_device = again["photons"]
    for key in ("id", "name", "state", "serial", "control", "variant", "owner"):
        assert first_device[key] == told["photons"][0][key]
    assert second_device["owner"] == USERNAME


def test_devices_follow_their_cloud_to_another_port(tmp_path: Path, firmware: dict[str, Path]) -> None:
    with make(tmp_path / "lab", firmware) as first:
        before = first.local_cloud.device_port
    with make(tmp_path / "lab", firmware, device_port=_free_port(before)) as second:
        assert second.local_cloud.device_port != before
        assert second.team.ping(second.fielded()[0].device_id)


def _free_port(other: int) -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    assert port != other
    return port


def test_a_foreign_lab_file_is_refused(tmp_path: Path, firmware: dict[str, Path]) -> None:
    (tmp_path / "lab.json").write_text('{"devices": 7}')
    with pytest.raises(UsageError, match="choose another state folder"):
        make(tmp_path, firmware)


def test_a_lab_that_cannot_come_up_leaves_nothing_running(tmp_path: Path, firmware: dict[str, Path]) -> None:
    broken = tmp_path / "broken.bin"
    broken.write_bytes(b"no module")
    lab = make(tmp_path / "lab", {"roller": broken})
    with pytest.raises(RigError), lab:
        pass
    assert not lab.local_cloud.alive and not any(photon.alive for photon in lab.photons.values())


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_until_interrupted(tmp_path: Path, firmware: dict[str, Path], ending: signal.Signals) -> None:
    script = """
import json, sys
from pathlib import Path
from photonrig.bench.lab import Lab
state, vphoton, sdk, roller = map(Path, sys.argv[1:])
try:
    with Lab(state, vphoton=vphoton, sdk=sdk, firmware={"roller": roller}) as lab:
        print(json.dumps(lab.describe()), flush=True)
        lab.run_until_interrupt()
except KeyboardInterrupt:
    print("interrupted before it began to wait")
"""
    argv = [sys.executable, "-c", script, tmp_path / "lab", TOOLS.vphoton, TOOLS.sdk(), firmware["roller"]]
    with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stderr is not None
        told = json.loads(running.stdout.readline())
        os.kill(running.pid, ending)
        assert running.wait(PATIENCE) == 0, running.stderr.read().decode()
    for socket_path in (told["photons"][0]["control"], told["photons"][0]["serial"]):
        assert not os.path.lexists(socket_path)
    with Cloud(told["api"]) as cloud, pytest.raises(NetworkError):
        cloud.devices()


@pytest.mark.parametrize("target", [77, 40])
def test_every_variant_goes_where_it_is_sent(four: Lab, target: int) -> None:
    with EventStream(four.team, "/v1/devices/events/shade/moved") as events:
        for photon in four.fielded():
            assert four.team.call(photon.device_id, "move", str(target)) == target
        for photon in four.fielded():
            moved = json.loads(events.expect(_of(photon), timeout=20).data)
            assert moved == {"position": target, "target": target, "cause": "arrived"}
    for photon in four.fielded():
        # A timed position is as good as the machine the test runs on is punctual.
        assert abs(_lift(photon) - target) <= 15, photon.name


def _of(photon: VirtualPhoton) -> Callable[[Event], bool]:
    return lambda event: event.coreid == photon.device_id


def _lift(photon: VirtualPhoton) -> float:
    """Where the model of the photon's shade stands, in percent."""
    return float(photon.control({"do": "world"})["parts"]["lift"]["position"])


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    firmware = {variant: build_variant(TOOLS, variant) for variant in VARIANTS}
    with make(tmp_path_factory.mktemp("four") / "state", firmware, photons=4) as running:
        yield running


def test_a_calibration_of_the_users_is_kept(tmp_path: Path, firmware: dict[str, Path]) -> None:
    state = tmp_path / "state"
    with make(state, firmware) as lab:
        device = lab.devices[0].id
        assert json.loads(lab.team.variable(device, "health"))["calibrated"] is True
        assert lab.team.call(device, "calibrate", "reset") == 0
    with make(state, firmware) as lab:
        assert json.loads(lab.team.variable(device, "health"))["calibrated"] is False
