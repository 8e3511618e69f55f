"""Declared state on a virtual slot: what is gets read, the difference repaired, the result proved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.bench.config import load_config
from photonrig.bench.device_state import Declared, establish, read_state
from photonrig.bench.lab import USERNAME
from photonrig.bench.session import BenchSession, open_bench
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import Firmware
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_project, variant_project, with_version

TOOLS = Toolchain(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchSession]:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTONRIG_LOCKS", str(folder / "locks"))
        (folder / "rig.toml").write_text('[[slot]]\nname = "1"\nvariant = "roller"\nvirtual = true\n')
        with open_bench(load_config(folder / "rig.toml"), TOOLS) as opened:
            yield opened


@pytest.fixture
def declared(bench: BenchSession) -> Declared:
    firmware = Firmware("roller", bench.firmware["roller"], variant_project(TOOLS, "roller"), 1)
    return Declared(in_product=True, owner=bench.target.team, firmware=firmware, network=True)


@pytest.fixture
def slot(bench: BenchSession, declared: Declared) -> Slot:
    """The same state before each test, whatever the one before it left."""
    slot = bench.slots["1"]
    establish(slot, bench.target, declared)
    return slot


def test_what_holds_is_left_alone(slot: Slot, bench: BenchSession, declared: Declared) -> None:
    held = establish(slot, bench.target, declared)
    assert held.repaired == ()
    assert held.before == held.after == read_state(slot, bench.target)
    assert (held.after.owner, held.after.firmware) == (USERNAME, ("roller", 1))
    assert establish(slot, bench.target, Declared()).repaired == ()


def test_an_owner_is_changed_and_only_the_owner(slot: Slot, bench: BenchSession) -> None:
    target = bench.target
    customer = target.cloud.using(
        target.cloud.create_customer(target.product_id, "one@example.com", client=target.client)
    )
    given = establish(slot, target, Declared(in_product=True, owner=customer, network=True))
    assert given.repaired == ("owner",) and given.after.owner == "one@example.com"
    nobodys = establish(slot, target, Declared(owner=None))
    assert nobodys.repaired == ("owner",) and nobodys.after.owner is None and nobodys.after.online
    back = establish(slot, target, Declared(owner=target.team))
    assert (back.before.owner, back.after.owner) == (None, USERNAME)


def test_another_firmware_is_brought_in_over_the_air(slot: Slot, bench: BenchSession, tmp_path: Path) -> None:
    project = with_version(variant_project(TOOLS, "roller"), tmp_path / "roller", 7)
    firmware = Firmware("roller", build_project(TOOLS, "roller-declared", project), project, 7)
    changed = establish(slot, bench.target, Declared(firmware=firmware))
    assert changed.repaired == ("firmware",)
    assert (changed.before.firmware, changed.after.firmware) == (("roller", 1), ("roller", 7))


def test_a_device_forgets_its_networks_and_learns_one_again(slot: Slot, bench: BenchSession) -> None:
    lost = establish(slot, bench.target, Declared(network=False))
    assert lost.repaired == ("network",) and lost.after.listening and not lost.after.online
    found = establish(slot, bench.target, Declared(network=True, owner=bench.target.team))
    assert found.repaired == ("network",) and found.after.online


def test_a_claim_code_is_written_and_presented(slot: Slot, bench: BenchSession) -> None:
    target = bench.target
    customer = target.cloud.using(
        target.cloud.create_customer(target.product_id, "two@example.com", client=target.client)
    )
    establish(slot, target, Declared(owner=None))
    code = customer.create_claim_code(target.product_id).code
    claimed = establish(slot, target, Declared(claim_code=code, owner=customer, network=True))
    assert claimed.repaired == ("claim code",)  # the code made the owner; nothing else had to
    assert claimed.after.owner == "two@example.com"
