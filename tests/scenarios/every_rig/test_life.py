"""The life of a Photon, for every variant on the rig: flashed, set up, controlled, handed on.

What concerns the shade needs the variants' bench console; all else is as true of any firmware. Only the plugin's
fixtures are used, so that these run on real slots as they run on virtual ones: ``photonrig hil``.
"""

from __future__ import annotations

import pytest

from photonrig.bench.lab import TRAVEL_MS
from photonrig.build.variants import calibration
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities
from photonrig.particle.claim_code import generate_claim_code
from photonrig.particle.cli import ParticleCli
from photonrig.particle.cloud_errors import NotFoundOrForbidden, OwnedByAnother
from photonrig.particle.events import Event
from photonrig.testing import CloudTarget, Customer, Events, Photon, new_customer


def transfer(photon: Photon, cloud: CloudTarget, to: Customer, *others: Customer) -> Progress:
    """Give the device to a customer by the flow for it."""
    keys = Identities(cloud.team, cloud.team.username())
    for each in (to, *others):
        keys.add(Account.customer(each.email, cloud.product_id), each.cloud)
    account = Account.customer(to.email, cloud.product_id)
    return take(Plan("to-customer", photon.id, cloud.product_id, account), keys)


@pytest.mark.cli
@pytest.mark.needs("bench_console")
def test_the_particle_cli_flashes_it(photon: Photon, particle_cli: ParticleCli, events: Events) -> None:
    listed = particle_cli.list().text
    assert photon.id in listed
    inspected = particle_cli.inspect(photon.firmware.image).text
    assert "photon" in inspected
    with photon.console() as console:
        photon.flash_with(particle_cli)
        assert console.expect_event("reset", timeout=60)["reason"] == "update"
    for status in ("started ", "success "):
        events.expect(lambda event, status=status: _flash(event, status), timeout=60)
    photon.wait_online()
    info = photon.ask("info")
    assert (info["variant"], info["version"]) == (photon.variant, photon.firmware.version)
    assert photon.seen_by_cloud().firmware_version == photon.firmware.version


@pytest.mark.needs("bench_console")
def test_serial_and_cloud_tell_the_same(photon: Photon) -> None:
    info = photon.ask("info")
    assert info["id"] == photon.id
    assert info["variant"] == photon.variable("variant") == photon.variant
    assert info["fw"] == photon.variable("fw")
    assert photon.ask("status")["position"] == photon.variable("position")


@pytest.mark.needs("softap_link", "setup_button", owner="nobody", network=False)
def test_set_up_makes_it_the_customers(photon: Photon, customer: Customer, cloud: CloudTarget, events: Events) -> None:
    photon.set_up(customer.claim_code())
    events.expect(lambda event: (event.name, event.data) == ("spark/status", "online"), timeout=60)
    photon.wait_owner(customer.email)
    assert customer.owned() == {photon.id}
    assert photon.id not in {device.id for device in cloud.team.devices()}
    assert reached(photon, customer)


@pytest.mark.needs("softap_link", "setup_button", owner="nobody", network=False)
def test_set_up_with_a_worthless_code_loses_nothing(photon: Photon, customer: Customer) -> None:
    photon.set_up(generate_claim_code())
    photon.wait_online()
    assert photon.owner is None
    customer.cloud.claim(photon.id)
    assert photon.owner == customer.email


@pytest.mark.needs("reset", "setup_button", "softap_link", owner="nobody", network=False)
def test_it_remembers_that_it_is_claimed(photon: Photon, customer: Customer) -> None:
    photon.set_up(customer.claim_code())
    photon.wait_owner(customer.email)
    photon.listen()
    with photon.softap() as softap:
        assert softap.device_id().claimed
    photon.reset()
    photon.wait_online()
    assert photon.owner == customer.email


@pytest.mark.needs("bench_console")
def test_it_is_controlled(photon: Photon, events: Events) -> None:
    assert photon.call("calibrate", calibration(photon.variant, TRAVEL_MS)) == 0
    for target in (100, 40):
        mark = events.mark()
        returned = photon.call("move", str(target))
        assert returned == target, f"call('move', '{target}'): expected {target} (the target in %); seen: {returned}"
        moved = events.expect("shade/moved", since=mark).json()
        seen = f"expected shade/moved: arrived, {target} % within 2 %; seen: {moved['cause']}, {moved['position']} %"
        assert moved["cause"] == "arrived", seen
        assert abs(moved["position"] - target) <= 2, seen
        by_cloud, on_serial = photon.variable("position"), photon.ask("status")["position"]
        assert by_cloud == on_serial == moved["position"], (
            f"expected {moved['position']} % as in shade/moved; seen: {by_cloud} % by cloud, {on_serial} % on serial"
        )


@pytest.mark.needs("bench_console")
def test_it_refuses_what_makes_no_sense(photon: Photon, events: Events) -> None:
    before = photon.variable("position")
    for word in ("101", "-1", "up", ""):
        returned = photon.call("move", word)
        assert returned == -1, f"call('move', '{word}'): expected -1 (refused, nothing changed); seen: {returned}"
    result = photon.ask("move sideways")["result"]
    assert result == -1, f"move sideways on serial: expected -1 (refused, nothing changed); seen: {result}"
    # A device just online may still say that it booted, or ask whether it has an owner.
    events.assert_silent(lambda event: event.name in ("shade/moved", "shade/fault"), within=0.2)
    assert photon.variable("position") == before


@pytest.mark.needs("bench_console")
def test_transfer_from_the_central_account(
    photon: Photon, customer: Customer, cloud: CloudTarget, events: Events
) -> None:
    assert transfer(photon, cloud, customer).outcome == "done"
    assert photon.owner == customer.email
    assert photon.call("calibrate", calibration(photon.variant, TRAVEL_MS), who=customer.cloud) == 0
    assert photon.call("move", "60", who=customer.cloud) == 60
    events.expect("shade/moved")
    assert photon.variable("variant") == photon.variant  # the team still reads it through the product
    assert customer.owned() == {photon.id}
    assert photon.id not in {device.id for device in cloud.team.devices()}
    assert photon.seen_by_cloud().online


@pytest.mark.needs(owner="customer")
def test_transfer_between_customers(photon: Photon, customer: Customer, cloud: CloudTarget) -> None:
    with new_customer(cloud) as second:
        with pytest.raises(OwnedByAnother):
            second.cloud.claim(photon.id)
        assert photon.owner == customer.email
        assert transfer(photon, cloud, second, customer).outcome == "done"
        assert (customer.owned(), second.owned()) == (set(), {photon.id})
        with pytest.raises(NotFoundOrForbidden):
            customer.cloud.variable(photon.id, "position")
        assert reached(photon, second)


@pytest.mark.needs("bench_console", owner="customer")
def test_events_are_its_owners(photon: Photon, customer: Customer, cloud: CloudTarget) -> None:
    assert photon.call("calibrate", calibration(photon.variant, TRAVEL_MS)) == 0

    def provoke(canary: str) -> None:
        photon.call("move", "75", who=customer.cloud)
        heard.expect(lambda event: event.name == "shade/moved" and event.coreid == photon.id, timeout=60)
        cloud.team.publish(canary)

    with cloud.events(customer.cloud) as heard, cloud.events(cloud.team) as others:
        others.assert_silent(lambda event: event.coreid == photon.id, within=0, canary=provoke)


@pytest.mark.needs("power", owner="customer")
def test_a_power_cut_changes_no_owner(photon: Photon, customer: Customer) -> None:
    photon.power_cycle()
    photon.wait_online()
    assert photon.owner == customer.email
    if photon.slot.bench_console:
        assert photon.ask("ping alive") == {"pong": "alive"}


def reached(photon: Photon, by: Customer) -> bool:
    """Whether its owner reaches it; of firmware that is not the variants', whether its owner sees it online."""
    if photon.slot.bench_console:
        return bool(photon.variable("variant", who=by.cloud) == photon.variant)
    return by.cloud.device(photon.id).online


def _flash(event: Event, status: str) -> bool:
    return event.name == "spark/flash/status" and (event.data or "").startswith(status)
