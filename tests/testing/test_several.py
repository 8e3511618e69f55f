"""Several devices of one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from photonrig.bench.config import load_config
from photonrig.bench.diagnosis import Readings
from photonrig.bench.lock import hold
from photonrig.bench.session import open_bench
from photonrig.build.toolchain import Toolchain
from photonrig.errors import UsageError
from photonrig.testing import Customer, Events, Photon
from photonrig.testing.bench import Bench, TestRun

Several = Callable[[int], list[Photon]]
TOOLS = Toolchain(Path(__file__).parents[2])
pids: list[int] = []


@pytest.mark.variant("roller")
@pytest.mark.parametrize("time", ["first", "again"])
def test_each_is_a_device_of_its_own(
    photon: Photon, photons: Several, events: Events, photonrig_bench: Bench, time: str
) -> None:
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]  # those of the test before
    one, two, three = photons(3)
    pids[:] = [each.slot.monitor.pid for each in (two, three) if each.slot.monitor is not None]
    assert (one, len({one.id, two.id, three.id}), len(pids)) == (photon, 3, 2)
    assert {each.owner for each in (one, two, three)} == {photonrig_bench.target.team.username()}
    assert [each.ask("info")["id"] for each in (one, two, three)] == [one.id, two.id, three.id]
    two.call("calibrate", "500,500")
    two.call("move", "open")
    assert events.expect("shade/moved").coreid == two.id
    assert (two.variable("position"), three.variable("position")) == (100, 0)
    two.call("move", "close")
    assert events.expect("shade/moved", since=events.mark()).coreid == two.id
    three.release()  # put right for the next test
    with pytest.raises(UsageError, match=r"photons\(2\): a test asks for its devices once"):
        photons(2)


@pytest.mark.variant("roller")
@pytest.mark.needs(owner="customer")
def test_needs_hold_for_all_and_a_sick_one_is_named(
    photons: Several, customer: Customer, photonrig_bench: Bench, photonrig_run: TestRun
) -> None:
    two = photons(2)[1]
    assert len(customer.owned()) == 2
    two.slot.need("power", two.slot.power).off()
    found = photonrig_bench.diagnose(photonrig_run, AssertionError())
    photonrig_run.diagnosis = None  # it did not fail
    assert (found.cause, found.why) == ("rig", f"slot {two.slot.name}: the device has no power")
    assert found.readings.troubles() != Readings().troubles()


def test_a_bench_has_so_many_boards_or_says_so(tmp_path: Path) -> None:
    slot = '[[slot]]\nname = "{0}"\nvariant = "roller"\nserial = "socket://127.0.0.1:{0}"\ndevice_id = "{0:024d}"\n'
    (tmp_path / "rig.toml").write_text('[network]\nssid = "x"\n' + "".join(map(slot.format, (91, 92, 93))))
    with open_bench(load_config(tmp_path / "rig.toml"), TOOLS, slots=["91"]) as bench:
        with bench.more("91", 2) as made:
            assert [slot.name for slot, _ in made] == ["92", "93"]
            with pytest.raises(UsageError, match=r"^4 devices .* has 3 boards of roller, 1 of them free"):
                bench.more("91", 3).__enter__()
        with hold("serial:socket://127.0.0.1:92"), bench.more("91", 1) as made:
            assert [slot.name for slot, _ in made] == ["93"]
