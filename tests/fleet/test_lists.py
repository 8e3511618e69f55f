"""Lists of virtual Photons get experimental firmware or another product, there and back, as a person would do it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.build.variants import build_project, build_variant, variant_project, with_version
from photonrig.clock import SystemClock
from photonrig.fleet.config import read_config
from photonrig.fleet.demo import DemoFleet, demo_fleet
from photonrig.particle.cloud import Cloud, Scope, product

from .conftest import TOOLS, rig_fleet

VERSION = 7
PATIENCE = 300.0
ONLINE = 60.0


@pytest.fixture
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoFleet]:
    folder = tmp_path_factory.mktemp("x")
    with demo_fleet(folder, 3, vphoton=TOOLS.vphoton, firmware=build_variant(TOOLS, "roller")) as running:
        yield running


@pytest.fixture
def image(tmp_path: Path) -> Path:
    project = with_version(variant_project(TOOLS, "roller"), tmp_path / "next", VERSION, experimental=True)
    return build_project(TOOLS, "roller-experimental", project)


def told(process: subprocess.Popen[str], expected: int = 0) -> str:
    said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == expected, said
    return said


def runs(team: Cloud, device: str, at: Scope) -> str:
    """What the device itself says that it runs; it may be in the middle of a reset."""
    SystemClock().wait_until(lambda: team.device(device, at).online, ONLINE, f"{device} online")
    return str(team.variable(device, "fw", at))


def test_experimental_firmware_on_two_of_three_and_back(fleet: DemoFleet, image: Path) -> None:
    config = read_config(fleet.config)
    (product_id,) = config.clients
    chosen, other = fleet.device_ids[:2], fleet.device_ids[2]
    source, plan = fleet.folder / "chosen.csv", fleet.folder / "experiment.json"
    source.write_text("device\n" + "\n".join(chosen) + "\n")
    common = ["--plan", str(plan), "--config", str(fleet.config)]
    with Cloud(config.api, config.token) as team:
        at = product(product_id)
        # What devices go back to, their product has to keep.
        former = (TOOLS.work / "firmware" / "roller.bin").read_bytes()
        team.request(
            "POST",
            f"/v1/products/{product_id}/firmware",
            data={"version": "1"},
            files=[("file", ("roller.bin", former))],
        )
        assert [runs(team, device, at) for device in fleet.device_ids] == ["roller 1"] * 3

        said = told(rig_fleet("plan", "--source", str(source), "--firmware", str(image), *common))
        assert "firmware" in said and runs(team, chosen[0], at) == "roller 1"

        assert "2 devices with their new firmware" in told(rig_fleet("apply", *common))
        assert [runs(team, device, at) for device in chosen] == [f"roller {VERSION} experimental"] * 2
        assert runs(team, other, at) == "roller 1"
        assert [team.device(device, at).raw["development"] for device in fleet.device_ids] == [True, True, False]
        assert "2 of 2 devices are where they should be" in told(rig_fleet("verify", *common))

        # A second start has nothing to do, and neither has a second plan.
        assert "no changes: 2 devices with their new firmware already" in told(rig_fleet("apply", *common))
        again = ["--plan", str(fleet.folder / "again.json"), "--config", str(fleet.config)]
        assert "already right" in told(rig_fleet("plan", "--source", str(source), "--firmware", str(image), *again))

        told(rig_fleet("rollback", *common))
        assert [runs(team, device, at) for device in fleet.device_ids] == ["roller 1"] * 3
        assert not any(team.device(device, at).raw["development"] for device in fleet.device_ids)
        said = told(rig_fleet("verify", *common), 1)
        assert (
            "0 of 2 devices are where they should be" in said and "2 of the others are as the plan found them" in said
        )
        assert "no changes: 2 devices back where they came from already" in told(rig_fleet("rollback", *common))

        # There and back again, in part too.
        assert "2 devices with their new firmware in" in told(rig_fleet("apply", *common))
        assert "1 device back" in told(rig_fleet("rollback", *common, "--device", chosen[0]))
        new, old = f"roller {VERSION} experimental", "roller 1"
        assert [runs(team, device, at) for device in fleet.device_ids] == [old, new, old]
        assert "2 devices with their new firmware; 1 of them moved now" in told(rig_fleet("apply", *common))
        assert [runs(team, device, at) for device in fleet.device_ids] == [new, new, old]
        assert "2 devices back" in told(rig_fleet("rollback", *common))
        assert [runs(team, device, at) for device in fleet.device_ids] == [old] * 3


def test_a_list_moves_to_another_product_and_back(fleet: DemoFleet) -> None:
    config = read_config(fleet.config)
    (product_id,) = config.clients
    moving, staying = fleet.device_ids[:2], fleet.device_ids[2]
    source, plan = fleet.folder / "moving.csv", fleet.folder / "move.json"
    common = ["--plan", str(plan), "--config", str(fleet.config)]
    with Cloud(config.api, config.token) as team:
        into = team.create_product("new shades").id
        source.write_text("device,into\n" + "".join(f"{device},{into}\n" for device in moving))
        assert "change product" in told(rig_fleet("plan", "--source", str(source), *common))
        told(rig_fleet("apply", *common))
        assert "2 of 2 devices are where they should be" in told(rig_fleet("verify", *common))
        assert {device.id for device in team.devices(product(into))} == set(moving)
        assert [device.id for device in team.devices(product(product_id))] == [staying]
        assert [runs(team, device, product(into)) for device in moving] == ["roller 1"] * 2
        told(rig_fleet("rollback", *common))
        assert team.devices(product(into)) == ()
        assert [runs(team, device, product(product_id)) for device in fleet.device_ids] == ["roller 1"] * 3
        assert {device.id for device in team.devices()} == set(fleet.device_ids)
