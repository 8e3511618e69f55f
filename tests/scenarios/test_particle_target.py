"""The matrix against Particle's cloud, with a local cloud in its part: opt-in, limits, budget and clean-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from photonrig.bench.lab import USERNAME, Lab
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.cli.opt_in import opt_in
from photonrig.errors import ExpectationFailed, UsageError
from photonrig.history import NOT_RUN
from photonrig.particle.cloud import product
from photonrig.scenarios.matrix import BudgetSpent, observe
from photonrig.scenarios.matrix_cells import cells
from photonrig.scenarios.particle_target import Budget, OptIn, particle_target
from photonrig.testing import FakeClock


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    tools = Toolchain(Path(__file__).resolve().parents[2])
    firmware = {"roller": build_variant(tools, "roller")}
    folder = tmp_path_factory.mktemp("particle")
    with Lab(folder / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=2) as lab:
        for photon in lab.fielded():
            lab.team.call(photon.device_id, "calibrate", "500,500")
        yield lab


@pytest.fixture
def chosen(lab: Lab) -> OptIn:
    device = lab.fielded()[0].device_id
    return OptIn(lab.local_cloud.api, USERNAME, USERNAME, lab.central, lab.product.id, lab.client, [device])


def owners(lab: Lab) -> dict[str, str | None]:
    return {each.id: each.owner_name for each in lab.team.devices(product(lab.product.id))}


def test_it_asks_within_its_list_and_leaves_everything_as_it_was(lab: Lab, chosen: OptIn) -> None:
    before, sent = owners(lab), []
    with particle_target(chosen) as target:
        target.cloud.before_each(sent.append)
        seen = list(observe(target, [cell for cell in cells() if cell.era == "today"]))
    asked = [each for each in seen if each.outcome != NOT_RUN]
    assert len(asked) > 200
    assert [each for each in asked if each.differs] == []
    assert owners(lab) == before
    assert lab.team.customers(lab.product.id) == ()
    bystander = lab.fielded()[1].device_id
    assert not any(bystander in path for path in sent)
    # What no token or device is at hand for is not run, and taking a device out of the product is never tried.
    assert {each.cell.token for each in seen if each.outcome == NOT_RUN} >= {"V", "S", "D", "O", "F"}
    assert all(each.outcome == NOT_RUN for each in seen if each.cell.family == "product-remove")


def test_a_spent_budget_ends_the_questions_and_not_the_cleaning_up(lab: Lab, chosen: OptIn) -> None:
    before = owners(lab)
    with particle_target(replace(chosen, requests=120)) as target:
        seen = list(observe(target, [cell for cell in cells() if cell.era == "today"]))
    assert any("budget of 120 requests is spent" in each.text for each in seen)
    assert any(each.outcome != NOT_RUN for each in seen)
    assert target.budget.used <= 120
    assert owners(lab) == before
    assert lab.team.customers(lab.product.id) == ()


def test_a_run_that_breaks_off_is_cleaned_up_too(lab: Lab, chosen: OptIn) -> None:
    before = owners(lab)
    with pytest.raises(KeyboardInterrupt), particle_target(chosen) as target:
        target.arrange("customer-owned")
        assert owners(lab) != before
        raise KeyboardInterrupt
    assert owners(lab) == before
    assert lab.team.customers(lab.product.id) == ()


def test_what_could_not_be_cleaned_up_is_named(lab: Lab, chosen: OptIn) -> None:
    with pytest.raises(ExpectationFailed, match="left behind") as left, particle_target(chosen) as target:
        target.arrange("customer-owned")

        def gone(path: str) -> None:
            raise httpx.ConnectError("the network is gone")

        target.cloud.before_each(gone)
    assert chosen.devices[0] in str(left.value)
    assert "customer" in str(left.value)
    for each in lab.team.customers(lab.product.id):
        lab.team.remove_customer(lab.product.id, each.username)
    lab.team.claim(chosen.devices[0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"confirm": ""}, "once more to confirm"),
        ({"confirm": "another@example.com"}, "both must be the same"),
        ({"account": "another@example.com", "confirm": "another@example.com"}, "the token belongs to"),
        ({"devices": []}, "name the devices"),
        ({"requests": 10}, "do not suffice"),
    ],
)
def test_without_an_opt_in_in_so_many_words_nothing_is_changed(
    lab: Lab, chosen: OptIn, change: dict[str, object], words: str
) -> None:
    before = owners(lab)
    with pytest.raises(UsageError, match=words), particle_target(replace(chosen, **change)):  # type: ignore[arg-type]
        pytest.fail("it went ahead")
    assert owners(lab) == before


def test_a_device_of_somebody_else_is_left_alone(lab: Lab, chosen: OptIn) -> None:
    jane = lab.cloud.using(lab.cloud.create_customer(lab.product.id, "jane@example.com", client=lab.client))
    other = lab.fielded()[1].device_id
    lab.team.release(other, product(lab.product.id))
    jane.claim(other)
    with (
        pytest.raises(UsageError, match="belongs to customer jane"),
        particle_target(replace(chosen, devices=[other])),
    ):
        pytest.fail("it went ahead")
    lab.team.remove_customer(lab.product.id, "jane@example.com")
    lab.team.claim(other)


def test_the_budget_keeps_to_the_documented_pace() -> None:
    clock = FakeClock()
    budget = Budget(1000, clock)
    for _ in range(200):
        budget.take("/oauth/token")
    # 100 token requests in five minutes are documented; this goes no faster than 66.
    assert clock.now() >= 2 * 300
    assert budget.tokens_used == 200
    budget.keep(100)
    for _ in range(700):
        budget.take("/v1/devices")
    with pytest.raises(BudgetSpent):
        budget.take("/v1/devices")
    budget.keep(0)
    budget.take("/v1/devices")


def test_the_command_line_takes_no_secrets_and_no_names_for_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARTICLE_TOKEN", raising=False)
    with pytest.raises(UsageError, match="PARTICLE_TOKEN"):
        opt_in("https://api.particle.io", "me@example.com", "me@example.com", 1, "client", "0" * 24, 1000)
    monkeypatch.setenv("PARTICLE_TOKEN", "t" * 40)
    monkeypatch.setenv("PARTICLE_CLIENT_SECRET", "s" * 40)
    with pytest.raises(UsageError, match="is not a device id"):
        opt_in("https://api.particle.io", "me@example.com", "me@example.com", 1, "client", "living room", 1000)
    made = opt_in("https://api.particle.io", "me@example.com", "me@example.com", 1, "client", "A" * 24, 1000)
    assert made.devices == ["a" * 24]
    assert "t" * 40 not in repr(made)
    assert "s" * 40 not in repr(made)
