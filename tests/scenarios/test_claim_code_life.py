"""A claim code's life on the device: set, presented until it is confirmed, cleared, taken over and taken back."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.bench.lab import Lab
from photonrig.bench.slots.virtual.photon import AIR, VirtualPhoton
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.clock import SystemClock
from photonrig.ownership import flow_steps
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities
from photonrig.particle.cloud import product
from photonrig.particle.softap import SoftAp, SoftApRefused

CLOCK = SystemClock()
SEEN = 60.0


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seconds the cloud's clock is moved by, eight bytes."""
    path = tmp_path_factory.mktemp("clock") / "clock"
    path.write_bytes(struct.pack("d", 0.0))
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, clock: Path) -> Iterator[Lab]:
    tools = Toolchain(Path(__file__).resolve().parents[2])
    firmware = {"roller": build_variant(tools, "roller")}
    state = tmp_path_factory.mktemp("lab") / "lab"
    lab = Lab(state, vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=0, fresh=7)
    launcher = Path(__file__).parents[1] / "ownership" / "spoilt_cloud.py"
    lab.local_cloud.program = (str(launcher), "-", str(clock))  # no bug, and a clock that can be moved
    with lab:
        yield lab


@pytest.fixture(scope="module")
def unused(lab: Lab) -> Iterator[VirtualPhoton]:
    return iter(lab.fresh())


@pytest.fixture
def photon(unused: Iterator[VirtualPhoton]) -> VirtualPhoton:
    """A device out of the box, each test's own."""
    return next(unused)


def keys(lab: Lab) -> Identities:
    return Identities(lab.team, lab.team.username(), clients={lab.product.id: lab.client})


def customer(lab: Lab, name: str) -> Account:
    return Account.customer(f"{name}@example.com", lab.product.id)


def in_hand(photon: VirtualPhoton) -> DeviceInHand:
    return DeviceInHand(photon.slot, AIR[0].ssid, AIR[0].password)


def owner(lab: Lab, photon: VirtualPhoton) -> Account | None:
    return keys(lab).find(photon.device_id, (lab.product.id,), ()).owner


def join(photon: VirtualPhoton, code: str | None = None) -> None:
    with photon.slot.softap() as softap:
        if code is not None:
            softap.set_claim_code(code)
        softap.configure(next(point for point in softap.scan() if point.ssid == AIR[0].ssid), AIR[0].password)
        softap.connect()


def listen(photon: VirtualPhoton) -> None:
    photon.control({"do": "setup_button", "hold_ms": 4000})


def claimed_flag(photon: VirtualPhoton) -> bool:
    with photon.slot.softap() as softap:
        return softap.device_id().claimed


def wait(photon: VirtualPhoton, lab: Lab, **status: object) -> None:
    def there() -> bool:
        now = photon.status()
        return all(now[name] == value for name, value in status.items())

    CLOCK.wait_until(there, SEEN, f"{status}")


def test_a_code_is_kept_until_confirmed_then_cleared_and_the_device_says_claimed(
    lab: Lab, photon: VirtualPhoton
) -> None:
    jane = customer(lab, "jane")
    assert not claimed_flag(photon)
    done = take(Plan("set-up", photon.device_id, lab.product.id, jane), keys(lab), in_hand=in_hand(photon))
    assert done.outcome == "done", done.reason
    assert owner(lab, photon) == jane
    wait(photon, lab, claimed=True, has_claim_code=False)
    # Releasing never touches the flag on the device.
    lab.team.release(photon.device_id, product(lab.product.id))
    listen(photon)
    assert claimed_flag(photon)


def test_a_code_is_presented_again_until_the_cloud_confirms_it(lab: Lab, photon: VirtualPhoton) -> None:
    jane = customer(lab, "jane")
    code = keys(lab).acting_as(jane).create_claim_code(lab.product.id).code
    lab.local_cloud.kill()
    join(photon, code)
    wait(photon, lab, has_claim_code=True, claimed=False)
    lab.local_cloud.start()
    CLOCK.wait_until(lambda: owner(lab, photon) == jane, SEEN, "claimed once there was a cloud to hear it")
    wait(photon, lab, claimed=True, has_claim_code=False)


def test_a_code_outlives_a_power_cut_of_the_device(lab: Lab, photon: VirtualPhoton) -> None:
    jane = customer(lab, "jane")
    code = keys(lab).acting_as(jane).create_claim_code(lab.product.id).code
    lab.local_cloud.kill()
    join(photon, code)
    photon.kill()
    photon.start()
    assert photon.status()["has_claim_code"]
    lab.local_cloud.start()
    CLOCK.wait_until(lambda: owner(lab, photon) == jane, SEEN, "claimed after the power cut")


def test_another_owners_code_takes_the_device_over(lab: Lab, photon: VirtualPhoton) -> None:
    jane, john = customer(lab, "jane"), customer(lab, "john")
    all_keys = keys(lab)
    assert (
        take(Plan("set-up", photon.device_id, lab.product.id, jane), all_keys, in_hand=in_hand(photon)).outcome
        == "done"
    )
    over = take(Plan("take-over", photon.device_id, lab.product.id, john), all_keys, in_hand=in_hand(photon))
    assert over.outcome == "done", over.reason
    assert owner(lab, photon) == john
    assert photon.device_id not in {each.id for each in all_keys.acting_as(jane).devices()}


def test_an_expired_code_claims_nothing_and_the_device_is_not_lost(
    lab: Lab, photon: VirtualPhoton, clock: Path
) -> None:
    jane = customer(lab, "jane")
    code = keys(lab).acting_as(jane).create_claim_code(lab.product.id).code
    with clock.open("r+b") as file:
        file.write(struct.pack("d", 3601.0))
    join(photon, code)
    CLOCK.wait_until(
        lambda: keys(lab).find(photon.device_id, (lab.product.id,), ()).online, SEEN, "online in spite of it"
    )
    assert owner(lab, photon) is None
    assert photon.status()["has_claim_code"]
    with clock.open("r+b") as file:
        file.write(struct.pack("d", 0.0))
    # A remote claim does what the code could not.
    assert take(Plan("claim", photon.device_id, lab.product.id, jane), keys(lab)).outcome == "done"
    assert owner(lab, photon) == jane


def test_a_set_up_that_was_refused_leaves_no_code_behind(
    lab: Lab, photon: VirtualPhoton, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: SoftAp) -> bool:
        raise SoftApRefused("connect-ap", -1)

    jane, all_keys = customer(lab, "jane"), keys(lab)
    with monkeypatch.context() as patched:
        patched.setattr(SoftAp, "connect", refuse)
        undone = take(Plan("set-up", photon.device_id, lab.product.id, jane), all_keys, in_hand=in_hand(photon))
    assert undone.outcome == "undone"
    join(photon)
    CLOCK.wait_until(lambda: all_keys.find(photon.device_id, (lab.product.id,), ()).online, SEEN, "online")
    # It presents its code before it answers anything.
    assert lab.team.variable(photon.device_id, "position", product(lab.product.id)) == 0
    assert owner(lab, photon) is None


def test_a_code_is_not_given_up_while_the_device_that_has_it_cannot_be_seen(
    lab: Lab, photon: VirtualPhoton, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: SoftAp) -> bool:
        photon.kill()
        raise SoftApRefused("connect-ap", -1)

    all_keys = keys(lab)
    plan = Plan("set-up", photon.device_id, lab.product.id, customer(lab, "jane"))
    with monkeypatch.context() as patched:
        patched.setattr(SoftAp, "connect", refuse)
        patched.setattr(flow_steps, "_ONLINE", 0.5)
        waiting = take(plan, all_keys, in_hand=in_hand(photon))
    assert (waiting.outcome, waiting.heading) == ("waiting", "back")
    assert "may still come with the code" in waiting.reason
    # With power it joins the network it was told, and comes with its code.
    photon.start()
    undone = take(plan, all_keys, in_hand=in_hand(photon), progress=waiting)
    assert (undone.outcome, owner(lab, photon)) == ("undone", None)
    wait(photon, lab, claimed=True, has_claim_code=False)
