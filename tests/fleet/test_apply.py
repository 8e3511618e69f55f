"""Plans carried out on a real local cloud: what arrives, what is left alone, what stops a move, and the way back."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from photonrig.clock import SystemClock
from photonrig.errors import UsageError
from photonrig.fleet.apply import PlanOutdated, apply
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import FleetPlan, make_plan
from photonrig.fleet.rollback import rollback
from photonrig.fleet.snapshot import snapshot
from photonrig.fleet.tokens import CommandSink, FileSink, read_tokens
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.verify import verify, write_report
from photonrig.fleet.waves import MoveResult, Rules
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.cloud_errors import AuthError

from ..patience import PATIENCE
from .bad_cloud import BadCloud
from .conftest import CENTRAL, PASSWORD, RULES, Estate, Quiet, all_given, outcomes

Wishes = Callable[[int], list[Transfer]]
MakeJournal = Callable[[FleetPlan], Journal]


def carry_out(estate: Estate, plan: FleetPlan, memory: Journal, rules: Rules = RULES, **more: object) -> MoveResult:
    operator = Operator.of(estate.config(plan.api))
    try:
        with memory:
            return apply(plan, operator, memory, rules, Quiet(), **more)  # type: ignore[arg-type]
    finally:
        operator.close()


def test_a_fleet_goes_to_its_customers_in_waves_after_the_canaries(
    estate: Estate, assignments: Wishes, journal: MakeJournal
) -> None:
    wanted = assignments(25)
    plan = estate.plan(wanted)
    operator, watcher = Operator.of(estate.config()), Quiet()
    with journal(plan) as memory:
        carried = apply(plan, operator, memory, RULES, watcher)
    assert watcher.waves == [2, 10, 10, 3]
    assert carried.complete and outcomes(carried) == {"done": 25}
    assert all_given(estate, wanted)
    assert len(carried.windows) == 25 and all(window > 0 for window in carried.windows)
    # Every customer was new, so none needed a request for a token.
    assert operator.throttle.tokens == 0
    operator.close()


def test_a_second_start_finds_nothing_left_to_do(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    wanted = assignments(4)
    plan = estate.plan(wanted)
    assert carry_out(estate, plan, journal(plan)).complete
    with BadCloud(estate.local.api, seed=0, share=0) as counted:
        operator = Operator.of(estate.config(counted.api))
        moved = structs.replace(plan, api=counted.api)
        with Journal(journal(plan).path, digest=plan.digest, plan="") as memory:
            again = apply(moved, operator, memory, RULES, Quiet())
        operator.close()
    assert again.complete and not again.transfers and len(again.already) == 4
    assert {method for method, _, _ in counted.requests} == {"GET"}


def test_tokens_are_handed_over_once_and_nowhere_else(
    estate: Estate, assignments: Wishes, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(3)
    wanted[1] = Transfer(wanted[1].row, wanted[1].device, wanted[0].customer)
    plan = estate.plan(wanted)
    sink = FileSink(tmp_path / "tokens")
    carry_out(estate, plan, journal(plan), sink=sink)
    carry_out(estate, plan, journal(plan), sink=sink)
    tokens = dict(read_tokens(tmp_path / "tokens"))
    assert sorted(each.name for each in tokens) == sorted({str(assignment.customer) for assignment in wanted})
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o600
    for customer, token in tokens.items():
        mine = {device.id for device in estate.team.using(token).devices()}
        assert mine == {assignment.device for assignment in wanted if assignment.customer == customer.name}
        assert token.access_token.encode() not in journal(plan).path.read_bytes()
        assert token.access_token not in plan.text()


def test_tokens_go_to_a_command_and_are_offered_again_when_it_fails(
    estate: Estate, assignments: Wishes, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(1)
    plan = estate.plan(wanted)
    with pytest.raises(Exception, match="exit code 1"):
        carry_out(estate, plan, journal(plan), sink=CommandSink("false"))
    assert all_given(estate, wanted)
    carry_out(estate, plan, journal(plan), sink=CommandSink(f"tee {tmp_path / 'taken'}"))
    assert json.loads((tmp_path / "taken").read_text())["customer"] == wanted[0].customer


def test_a_plan_that_no_longer_fits_is_refused_whole(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    wanted = assignments(3)
    plan = estate.plan(wanted)
    estate.team.release(wanted[1].device)
    estate.customer("somebody-else@example.com").claim(wanted[1].device)
    with pytest.raises(PlanOutdated, match=f"{wanted[1].device} .*belongs to customer somebody-else") as misfit:
        carry_out(estate, plan, journal(plan))
    assert len(misfit.value.changed) == 1
    assert [estate.owner(assignment.device) for assignment in wanted] == [CENTRAL, "somebody-else@example.com", CENTRAL]


def test_another_clouds_plan_is_refused(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    plan = estate.plan(assignments(1), api="http://127.0.0.1:9")
    operator = Operator.of(estate.config())
    with journal(plan) as memory, pytest.raises(UsageError, match=r"the plan is for .* on http://127.0.0.1:9"):
        apply(plan, operator, memory, RULES, Quiet())
    operator.close()


def test_devices_of_other_customers_only_when_allowed(
    estate: Estate, assignments: Wishes, journal: MakeJournal
) -> None:
    wanted = assignments(1)
    other = estate.customer("first@example.com")
    estate.team.release(wanted[0].device)
    other.claim(wanted[0].device)
    assert estate.plan(wanted).acting == ()
    plan = estate.plan(wanted, Permit(allow_customer=True))
    assert carry_out(estate, plan, journal(plan)).complete
    assert all_given(estate, wanted)


def test_devices_outside_products_are_imported_first_and_named(
    estate: Estate, assignments: Wishes, journal: MakeJournal
) -> None:
    (assignment,) = assignments(1)
    estate.team.remove_device(estate.product, assignment.device)
    named = Transfer(2, assignment.device, assignment.customer, estate.product, None, "living room")
    plan = estate.plan([named])
    assert plan.devices[0].verdict == "import"
    assert carry_out(estate, plan, journal(plan)).complete
    device = estate.team.device(assignment.device, product(estate.product))
    assert (device.owner_name, device.name) == (assignment.customer, "living room")
    operator = Operator.of(estate.config())
    with journal(plan) as memory:
        assert rollback(plan, operator, memory, RULES, Quiet()).complete
    operator.close()
    back = estate.team.device(assignment.device)
    assert back.product_id is None


def test_to_another_product_and_back(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    wanted = assignments(2)
    into = estate.products[1].id
    moves = [
        Transfer(2, wanted[0].device, wanted[0].customer, None, into),
        Transfer(3, wanted[1].device, None, None, into),
    ]
    plan = estate.plan(moves)
    assert carry_out(estate, plan, journal(plan)).complete
    assert [estate.owner(assignment.device, into) for assignment in moves] == [wanted[0].customer, CENTRAL]
    operator = Operator.of(estate.config())
    with journal(plan) as memory:
        assert rollback(plan, operator, memory, RULES, Quiet()).complete
    operator.close()
    assert [estate.owner(assignment.device) for assignment in wanted] == [CENTRAL, CENTRAL]


def test_a_wave_that_fails_stops_the_rest(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    wanted = assignments(8)
    plan = estate.plan(wanted)
    never = BadCloud(estate.local.api, seed=1, share=1, spare=lambda method, _: method != "DELETE", faults=("500",))
    with never as broken:
        # Nothing is ever released: the canaries wait, and nobody else is begun.
        moved = structs.replace(plan, api=broken.api)
        carried = carry_out(estate, moved, journal(moved), Rules(2, 3, 2, 0.0, 0.5))
    assert "canary group" in carried.stopped
    assert len(carried.left) == 6
    operator = Operator.of(estate.config())
    with Journal(journal(moved).path, digest=moved.digest, plan="") as memory:
        finished = apply(structs.replace(moved, api=estate.local.api), operator, memory, RULES, Quiet())
    operator.close()
    assert finished.complete and all_given(estate, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_a_cloud_that_fails_loses_and_doubles_nothing(
    estate: Estate, assignments: Wishes, journal: MakeJournal, seed: int
) -> None:
    wanted = assignments(20)
    plan = estate.plan(wanted)
    with BadCloud(
        estate.local.api, seed=seed, share=0.3, spare=lambda method, path: method == "GET" and "page=" in path
    ) as bad:
        moved = structs.replace(plan, api=bad.api)
        # An unlucky device comes to rest where it was: then the same command goes on, as a person would have it.
        for _ in range(10):
            carried = carry_out(estate, moved, journal(moved), Rules(2, 10, 4, 1.0, PATIENCE))
            if carried.complete:
                break
    assert set(bad.done) > {"429", "500", "dropped before", "dropped after", "slow"}
    assert carried.complete, [each.reason for each in carried.with_outcome("undone", "stuck", "waiting")]
    assert all_given(estate, wanted)


def test_half_of_a_fleet_goes_back(estate: Estate, assignments: Wishes, journal: MakeJournal) -> None:
    wanted = assignments(10)
    plan = estate.plan(wanted)
    carry_out(estate, plan, journal(plan))
    half = [assignment.device for assignment in wanted[::2]]
    operator = Operator.of(estate.config())
    with journal(plan) as memory:
        back = rollback(plan, operator, memory, RULES, Quiet(), devices=half)
        assert back.complete and len(back.transfers) == 5
        again = rollback(plan, operator, memory, RULES, Quiet(), devices=half)
        assert again.complete and not again.transfers and len(again.already) == 5
        with pytest.raises(UsageError, match="does nothing with"):
            rollback(plan, operator, memory, RULES, Quiet(), devices=["f" * 24])
    operator.close()
    assert [estate.owner(device) for device in half] == [CENTRAL] * 5
    assert all_given(estate, wanted[1::2])


def test_verification_tells_what_holds_and_reports_it(
    estate: Estate, assignments: Wishes, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(4)
    plan = estate.plan(wanted)
    carry_out(estate, plan, journal(plan))
    estate.team.release(wanted[2].device, product(estate.product))
    operator = Operator.of(estate.config())
    records = verify(plan, operator)
    operator.close()
    assert [record.held for record in records] == [True, True, False, True]
    assert records[2].verified is not None
    wrong = [proof.name for proof in records[2].verified.proofs if not proof.held]
    assert wrong == ["it belongs to the customer", "the customer's token lists it"]
    path = tmp_path / "report"
    write_report(path, plan, records, {"calls": 1})
    head, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert (head["plan"], head["devices"], head["calls"]) == (plan.digest, 4, 1)
    assert [(line["device"], line["verified"]["held"]) for line in lines] == [
        (assignment.device, assignment is not wanted[2]) for assignment in wanted
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_devices_that_come_online_later_are_picked_up(
    estate: Estate, assignments: Wishes, journal: MakeJournal, light: Callable[[list[str]], None]
) -> None:
    wanted = assignments(4)
    config = estate.config(claims_offline=False)
    operator = Operator.of(config)
    seen = snapshot(operator.team, CENTRAL, [estate.product])
    plan = make_plan(wanted, seen, config, Permit())
    assert plan.totals == {"offline": 4}
    rules = Rules(1, 2, 2, 0.0, 0.1)
    with journal(plan) as memory:
        left = apply(plan, operator, memory, rules, Quiet())
        assert not left.complete and outcomes(left) == {"waiting": 4}
        assert [estate.owner(assignment.device) for assignment in wanted] == [CENTRAL] * 4
        watching = Quiet()
        with ThreadPoolExecutor() as pool:
            end = pool.submit(apply, plan, operator, memory, rules, watching, watch=True)
            light([assignment.device for assignment in wanted])
            assert end.result(60).complete
    operator.close()
    assert all_given(estate, wanted)


def test_watching_ends_when_nothing_more_will_be_heard(
    estate: Estate, assignments: Wishes, journal: MakeJournal
) -> None:
    wanted = assignments(1)
    with Cloud(estate.local.api) as anybody:
        token = anybody.log_in(CENTRAL, PASSWORD, expires_in=0)
        config = replace(estate.config(claims_offline=False), token=token)
        operator, watcher = Operator.of(config), Quiet()
        plan = make_plan(wanted, snapshot(operator.team, CENTRAL, [estate.product]), config, Permit())
        with journal(plan) as memory, ThreadPoolExecutor() as pool:
            end = pool.submit(apply, plan, operator, memory, Rules(1, 2, 2, 0.0, 0.1), watcher, watch=True)
            SystemClock().wait_until(lambda: watcher.outcomes, 30, "a device that waits")
            anybody.using(token).revoke()
            # The stream is refused first, or a device that was being tried again.
            with suppress(AuthError):
                assert not end.result(60).complete
        operator.close()
    assert estate.owner(wanted[0].device) == CENTRAL


def test_production_has_to_be_named(estate: Estate) -> None:
    config = estate.config("https://api.particle.io")
    with pytest.raises(UsageError, match="name the account"):
        Operator.of(config)
    with pytest.raises(UsageError, match=r"names someone@example\.com"):
        Operator.of(config, production_account="someone@example.com")
