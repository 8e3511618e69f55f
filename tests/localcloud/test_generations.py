"""Photons of every generation in one product: enrolled on first contact, controlled, asked, and updated over the air.

Virtual Photons that play Device OS 0.6.3 (the old protocol engine) to 3.3.1 (describe in blocks), over real sockets.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.process import ReadyProcess
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.build.toolchain import Toolchain
from photonrig.clock import SystemClock
from photonrig.particle.cloud import USER, Cloud, product
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.events import EventStream
from photonrig.particle.keys import generate_device_key, private_key_der

from ..patience import PATIENCE

TOOLS = Toolchain(Path(__file__).parents[2])
RELEASES = ("0.6.3", "0.7.0", "1.5.2", "2.3.1", "3.3.1")
WITHOUT_DIAGNOSTICS = ("0.6.3", "0.7.0")
CLOCK = SystemClock()
PRODUCT = 20001  # the first product of a fresh cloud

APP = """
#include "Particle.h"
PRODUCT_ID({product})
PRODUCT_VERSION({version})
int count = -2;
double ratio = 1.5;
bool on = true;
String word = "zzzzz";
String heard = "nothing";
int ask(String name) {{ return Particle.publish(name, PRIVATE); }}
int add(String text) {{ count += text.toInt(); Particle.publish("added", text, PRIVATE); return count; }}
void listen(const char* name, const char* data) {{ heard = String(name) + "=" + String(data); }}
{more}
void setup() {{
  Particle.variable("count", count);
  Particle.variable("ratio", ratio);
  Particle.variable("on", on);
  Particle.variable("word", word);
  Particle.variable("heard", heard);
  Particle.function("add", add);
  Particle.function("ask", ask);
  Particle.subscribe("news", listen, MY_DEVICES);
  Particle.subscribe("particle/device/name", listen, MY_DEVICES);
{setup}
}}
void loop() {{}}
"""


def source(version: int) -> dict[str, bytes]:
    """The application; version 2 has so many functions that 3.x describes them in several blocks."""
    names = [f"function{number:02d}" for number in range(40)] if version == 2 else []
    more = "\n".join(f"int {name}(String) {{ return 1; }}" for name in names)
    setup = "\n".join(f'  Particle.function("{name}", {name});' for name in names)
    return {"main.cpp": APP.format(product=PRODUCT, version=version, more=more, setup=setup).encode()}


@dataclass
class Family:
    """A cloud, its maker's client, and one device of each release."""

    maker: Cloud
    devices: dict[str, str]


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    folder = tmp_path_factory.mktemp("generations")
    cloud = LocalCloud(folder / "cloud", sdk=TOOLS.sdk(), admit_unknown=True)
    processes: list[ReadyProcess] = []
    try:
        cloud.start()
        with Cloud(cloud.api) as anybody:
            anybody.create_user("maker@example.com", "secret")
            maker = anybody.using(anybody.log_in("maker@example.com", "secret"))
            assert maker.create_product("generations").id == PRODUCT
            # Made for the oldest, an application runs on all; one made for a later release would wait for that.
            images = {
                version: maker.download_binary(maker.compile(source(version), target_version=RELEASES[0]))
                for version in (1, 2)
            }
            (folder / "v1.bin").write_bytes(images[1])
            devices = {release: f"{number:x}".rjust(24, "c") for number, release in enumerate(RELEASES)}

            def power_on(release: str) -> ReadyProcess:
                state = folder / release
                key = folder / f"{release}.key"
                key.write_bytes(private_key_der(generate_device_key()))
                argv = [str(TOOLS.vphoton), "--state", str(state), "--device-id", devices[release]]
                argv += ["--device-key", str(key), "--firmware", str(folder / "v1.bin"), "--device-os", release]
                argv += ["--server-key", str(cloud.key_file), "--server", f"127.0.0.1:{cloud.device_port}"]
                argv += ["--wifi", f"{AIR[0].ssid}:{AIR[0].password}"]
                return ReadyProcess(argv, name=release, log=folder / f"{release}.log", timeout=PATIENCE)

            with ThreadPoolExecutor(2) as pool:
                processes = list(pool.map(power_on, RELEASES))
            for device in devices.values():
                CLOCK.wait_until(lambda device=device: claimed(maker, device), 30, f"{device} enrolled and claimed")
            maker.import_devices(PRODUCT, list(devices.values()))
            for version, image in images.items():
                maker.upload_firmware(PRODUCT, version, image)
            yield Family(maker, devices)
    finally:
        for process in processes:
            process.kill()
        cloud.kill()


def claimed(maker: Cloud, device: str) -> bool:
    """Claim as soon as the device has come, which enrols it."""
    try:
        maker.claim(device)
    except ApiError:
        return False
    return True


def test_diagnostics(family: Family) -> None:
    for release, device in family.devices.items():
        if release in WITHOUT_DIAGNOSTICS:
            with pytest.raises(ApiError, match="vitals"):
                family.maker.vitals(device)
        else:
            vitals = family.maker.vitals(device)
            assert vitals["cloud"] == {"connection": {"status": "connected"}}
            assert 0 <= vitals["system"]["uptime"] < 600


def test_groups_and_webhooks_by_the_client(family: Family) -> None:
    maker, scope, device = family.maker, product(PRODUCT), family.devices["2.3.1"]
    maker.set_groups(device, ["beta", "field"], scope)
    assert maker.request("GET", scope.device(device))["groups"] == ["beta", "field"]
    maker.set_groups(device, [], scope)
    for where in (USER, scope):
        made = maker.create_webhook("shade/", "http://127.0.0.1:9/", scope=where, settings={"disabled": True})
        assert maker.webhooks(where) == (made,)
        assert (made.event, made.url) == ("shade/", "http://127.0.0.1:9/")
        maker.delete_webhook(made.id, where)
        assert maker.webhooks(where) == ()


@pytest.mark.parametrize("release", RELEASES)
def test_variables_functions_events_light_and_ping(family: Family, release: str) -> None:
    device, maker = family.devices[release], family.maker
    assert maker.device(device).system_version == release
    assert maker.variable(device, "ratio") == 1.5
    assert maker.variable(device, "on") is True
    assert maker.variable(device, "word") == "zzzzz"
    before = maker.variable(device, "count")
    with EventStream(maker, f"/v1/devices/{device}/events") as events:
        assert maker.call(device, "add", "5") == before + 5
        assert events.expect("added", timeout=PATIENCE).data == "5"
        assert maker.variable(device, "count") == before + 5
        maker.publish("news/today", release)
        CLOCK.wait_until(lambda: maker.variable(device, "heard") == f"news/today={release}", 15, "the news")
    maker.rename(device, f"photon-{release}")
    maker.call(device, "ask", "particle/device/name")
    told = f"particle/device/name=photon-{release}"
    CLOCK.wait_until(lambda: maker.variable(device, "heard") == told, 15, "the device's own name")
    maker.signal(device, True)
    maker.signal(device, False)
    assert maker.ping(device)


def test_a_release_updates_them_all_at_once(family: Family) -> None:
    """The first of each generation is locked to the new version; then it may be released, and the rest follows."""
    maker, scope = family.maker, product(PRODUCT)
    first = family.devices["2.3.1"]
    with EventStream(maker, f"/v1/products/{PRODUCT}/events/spark") as events:
        maker.lock_firmware(first, 2, scope, at_once=True)
        events.expect(lambda event: event.coreid == first and event.data == "auto-update", timeout=PATIENCE)
        wait_for_version(maker, first)
        maker.lock_firmware(first, None, scope)
        maker.release_firmware(PRODUCT, 2, at_once=True)
        for device in family.devices.values():
            wait_for_version(maker, device)
            events.expect(
                lambda event, device=device: event.coreid == device and is_success(event.data), timeout=PATIENCE
            )
    (newest, oldest) = maker.firmware_versions(PRODUCT)
    assert (newest.version, newest.product_default, newest.device_count) == (2, True, len(RELEASES))
    assert (oldest.version, oldest.device_count) == (1, 0)
    for device in family.devices.values():
        functions = maker.device(device, scope).functions
        assert set(functions) == {"add", "ask", *(f"function{number:02d}" for number in range(40))}
        assert maker.call(device, "function39") == 1


def wait_for_version(maker: Cloud, device: str) -> None:
    def updated() -> bool:
        seen = maker.device(device, product(PRODUCT))
        return seen.online and seen.firmware_version == 2

    CLOCK.wait_until(updated, 60, f"{device} with version 2")


def is_success(data: str | None) -> bool:
    return data is not None and data.startswith("success")
