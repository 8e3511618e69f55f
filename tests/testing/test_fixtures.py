"""The fixtures on a virtual rig, as any project has them."""

from __future__ import annotations

import pytest

from photonrig.bench.diagnosis import Readings
from photonrig.errors import ExpectationFailed, NetworkError, UsageError
from photonrig.testing import CloudTarget, Customer, Events, Photon
from photonrig.testing.bench import Bench, TestRun

pytestmark = pytest.mark.variant("roller")


@pytest.mark.needs("softap_link", "setup_button")
def test_no_secret_reaches_a_log(
    photon: Photon, customer: Customer, cloud: CloudTarget, photonrig_run: TestRun
) -> None:
    code = customer.claim_code()
    photon.release()
    photon.listen()
    photon.set_up(code)
    photon.wait_owner(customer.email)
    logs = {path.name: path.read_text() for path in photonrig_run.recorder.folder.iterdir()}
    assert {"http.log", "softap.log", "event.log", "rig.log"} <= set(logs)
    assert "configure-ap" in logs["softap.log"] and "device_claims" in logs["http.log"]
    assert customer.cloud.token is not None
    secrets = [code, customer.cloud.token.access_token, cloud.central.access_token, cloud.client.secret, cloud.wifi[1]]
    assert not [name for name, text in logs.items() for secret in secrets if secret in text]


def test_every_test_finds_the_device_as_it_is_said_to_be(
    photon: Photon, cloud: CloudTarget, photonrig_bench: Bench
) -> None:
    photon.release()
    photon.listen()
    photonrig_bench.prepare(photon, photonrig_bench.declared(photonrig_bench._slots["roller"]))
    assert photon.owner == cloud.team.username()
    assert photon.variable("variant") == "roller"


@pytest.mark.needs("softap_link", "setup_button", owner="nobody", network=False)
def test_a_state_is_declared(photon: Photon) -> None:
    assert photon.owner is None
    with photon.softap() as softap:
        assert softap.device_id().device_id == photon.id


@pytest.mark.needs(owner="customer")
def test_the_customer_may_own_it_from_the_start(photon: Photon, customer: Customer) -> None:
    assert (photon.owner, customer.owned()) == (customer.email, {photon.id})


def test_healthy_all_the_way(
    photon: Photon, cloud: CloudTarget, photonrig_bench: Bench, photonrig_run: TestRun
) -> None:
    photon.ask("ping 1")
    found = photonrig_bench.diagnose(photonrig_run, AssertionError())
    photonrig_run.diagnosis = None  # it did not fail
    assert {said for _, _, said in found.proofs()} == {"proved"}
    looked_at = {name for name in Readings.__slots__ if getattr(found.readings, name) is not None}
    # SoftAP, too, if the test before left the device without its network.
    assert set(Readings.__slots__) - looked_at == {"softap"} - photonrig_run.concerns()


def test_a_silence_counts_on_a_live_stream_only(photon: Photon, events: Events, photonrig_bench: Bench) -> None:
    events.assert_silent("shade/moved", within=0.1)
    with pytest.raises(ExpectationFailed, match=r"unexpected event .*: none"):
        photon.call("move", "stop")
        photon.call("calibrate", "500,500")
        photon.call("move", "open" if photon.variable("position") < 50 else "close")
        events.assert_silent("shade/moved", within=3)
    with pytest.raises(UsageError, match="cannot be"):
        events.assert_silent("shade/moved", within=-1)
    # Nobody publishes the canary: the stream is alive, but has not shown it.
    with pytest.raises(NetworkError, match="proves nothing"):
        photonrig_bench.stream.assert_silent("shade/other", 0, lambda name: None, timeout=0.2)


def test_customers_are_gone_afterwards(cloud: CloudTarget, request: pytest.FixtureRequest) -> None:
    from photonrig.testing import new_customer

    with new_customer(cloud) as made:
        assert made.email in {each.username for each in cloud.team.customers(cloud.product_id)}
    assert made.email not in {each.username for each in cloud.team.customers(cloud.product_id)}
