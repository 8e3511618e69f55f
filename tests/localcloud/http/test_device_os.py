"""Device OS as the local cloud hands it out: releases, and modules that stand in for bootloader and system parts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from photonrig.build.device_os import RELEASES, system_images
from photonrig.errors import ModuleError
from photonrig.particle.module import STAND_IN_OFFSET, Dependency, build_stand_in, parse_module

from ..world import world


async def test_releases_by_number_module_version_and_name(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        listed = await there.ok("GET", "/v1/device-os/versions", params={"platform_id": 6, "per_page": 100})
        assert [each["version"] for each in listed["versions"]] == list(RELEASES)
        for wanted, release in {"latest": "2.3.1", "3.3.1": "3.3.1", "2302": "2.3.1", "109": "0.6.3"}.items():
            answer = await there.ok("GET", f"/v1/device-os/versions/{wanted}", params={"platform_id": 6})
            assert answer["version"] == release
        # 61441 is what stand-ins need; 2304 is a release, but none for a Photon.
        for unknown in ("9.9.9", "2304", "61441", "999999999"):
            answer = await there.call("GET", f"/v1/device-os/versions/{unknown}", params={"platform_id": 6})
            assert (answer.status_code, answer.json()["error"]) == (404, "Device OS version not found")


async def test_only_for_the_photon(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        assert (await there.ok("GET", "/v1/device-os/versions", params={"platform_id": 10}))["versions"] == []
        assert (await there.call("GET", "/v1/device-os/versions/2.3.1", params={"platform_id": 10})).status_code == 404


async def test_modules_are_downloaded_without_a_token_and_are_as_described(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        release = await there.ok("GET", "/v1/device-os/versions/3.3.1")
        for described in release["modules"]:
            address = f"{release['base_url']}/{described['filename']}"
            answer = await there.call("GET", address[address.index("/v1/") :])
            module = parse_module(answer.content)
            prefix = described["prefixInfo"]
            assert module.crc_ok and f"{module.crc_stored:08x}" == described["crc"]["storedCrc"]
            assert (module.function, module.index) == (prefix["moduleFunction"], prefix["moduleIndex"])
            assert module.module_version == prefix["moduleVersion"]
        assert [module["prefixInfo"]["moduleVersion"] for module in release["modules"][1:]] == [3302, 3302]
        unknown = await there.call("GET", "/v1/device-os/versions/3.3.1/modules/photon-system-part1@3.3.1.bin")
        assert unknown.status_code == 404


@pytest.mark.parametrize("release", RELEASES)
def test_no_photon_can_be_harmed_by_a_stand_in(release: str) -> None:
    for image in system_images(release):
        module = parse_module(image.content)
        assert Dependency("system_part", 2, 61441) in module.dependencies, (
            "a real Photon has no such system version, so its Device OS refuses the module"
        )
        assert module.start >= 0x08000000 + STAND_IN_OFFSET >= 0x08100000, "its flash ends at 0x08100000"
        assert module.platform_id == 6


def test_what_a_photon_does_not_have_is_not_packed() -> None:
    with pytest.raises(ModuleError, match="system_part 3"):
        build_stand_in("system_part", 3, 2302, b"")


async def test_all_that_the_virtual_photon_plays_is_offered(tmp_path: Path) -> None:
    vphoton = Path(__file__).parents[3] / ".rig" / "build" / "vphoton"

    words = ["--state", str(tmp_path / "device"), "--device-os", "0.0.0"]
    process = await asyncio.create_subprocess_exec(vphoton, *words, stderr=asyncio.subprocess.PIPE)
    text = (await process.communicate())[1].decode()
    assert all(release in text for release in RELEASES), text
    assert text.count(", ") == len(RELEASES) - 1, text
