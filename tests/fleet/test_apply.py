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
from .conftest import CENTRAL, PASSWORD, RULES, Quiet, World, all_given, outcomes

Assignments = Callable[[int], list[Transfer]]
MakeJournal = Callable[[FleetPlan], Journal]


def carry_out(world: World, plan: FleetPlan, memory: Journal, rules: Rules = RULES, **more: object) -> MoveResult:
    operator = Operator.of(world.config(plan.api))
    try:
        with memory:
            return apply(plan, operator, memory, rules, Quiet(), **more)  # type: ignore[arg-type]
    finally:
        operator.close()


def test_a_fleet_goes_to_its_customers_in_waves_after_the_canaries(
    world: World, assignments: Assignments, journal: MakeJournal
) -> None:
    wanted = assignments(25)
    plan = world.plan(wanted)
    operator, watcher = Operator.of(world.config()), Quiet()
    with journal(plan) as memory:
        carried = apply(plan, operator, memory, RULES, watcher)
    assert watcher.waves == [2, 10, 10, 3]
    assert carried.complete and outcomes(carried) == {"done": 25}
    assert all_given(world, wanted)
    assert len(carried.windows) == 25 and all(window > 0 for window in carried.windows)
    # Every customer was new, so none needed a request for a token.
    assert operator.throttle.tokens == 0
    operator.close()


def test_a_second_start_finds_nothing_left_to_do(world: World, assignments: Assignments, journal: MakeJournal) -> None:
    wanted = assignments(4)
    plan = world.plan(wanted)
    assert carry_out(world, plan, journal(plan)).complete
    with BadCloud(world.local.api, seed=0, share=0) as counted:
        operator = Operator.of(world.config(counted.api))
        moved = structs.replace(plan, api=counted.api)
        with Journal(journal(plan).path, digest=plan.digest, plan="") as memory:
            again = apply(moved, operator, memory, RULES, Quiet())
        operator.close()
    assert again.complete and not again.transfers and len(again.already) == 4
    assert {method for method, _, _ in counted.requests} == {"GET"}


def test_tokens_are_handed_over_once_and_nowhere_else(
    world: World, assignments: Assignments, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(3)
    wanted[1] = Transfer(wanted[1].row, wanted[1].device, wanted[0].customer)
    plan = world.plan(wanted)
    sink = FileSink(tmp_path / "tokens")
    carry_out(world, plan, journal(plan), sink=sink)
    carry_out(world, plan, journal(plan), sink=sink)
    tokens = dict(read_tokens(tmp_path / "tokens"))
    assert sorted(each.name for each in tokens) == sorted({str(assignment.customer) for assignment in wanted})
    assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o600
    for customer, token in tokens.items():
        mine = {device.id for device in world.team.using(token).devices()}
        assert mine == {assignment.device for assignment in wanted if assignment.customer == customer.name}
        assert token.access_token.encode() not in journal(plan).path.read_bytes()
        assert token.access_token not in plan.text()


def test_tokens_go_to_a_command_and_are_offered_again_when_it_fails(
    world: World, assignments: Assignments, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(1)
    plan = world.plan(wanted)
    with pytest.raises(Exception, match="exit code 1"):
        carry_out(world, plan, journal(plan), sink=CommandSink("false"))
    assert all_given(world, wanted)
    carry_out(world, plan, journal(plan), sink=CommandSink(f"tee {tmp_path / 'taken'}"))
    assert json.loads((tmp_path / "taken").read_text())["customer"] == wanted[0].customer


def test_a_plan_that_no_longer_fits_is_refused_whole(
    world: World, assignments: Assignments, journal: MakeJournal
) -> None:
    wanted = assignments(3)
    plan = world.plan(wanted)
    world.team.release(wanted[1].device)
    world.customer("somebody-else@example.com").claim(wanted[1].device)
    with pytest.raises(PlanOutdated, match=f"{wanted[1].device} .*belongs to customer somebody-else") as misfit:
        carry_out(world, plan, journal(plan))
    assert len(misfit.value.changed) == 1
    assert [world.owner(assignment.device) for assignment in wanted] == [CENTRAL, "somebody-else@example.com", CENTRAL]


def test_another_clouds_plan_is_refused(world: World, assignments: Assignments, journal: MakeJournal) -> None:
    plan = world.plan(assignments(1), api="http://127.0.0.1:9")
    operator = Operator.of(world.config())
    with journal(plan) as memory, pytest.raises(UsageError, match=r"the plan is for .* on http://127.0.0.1:9"):
        apply(plan, operator, memory, RULES, Quiet())
    operator.close()


def test_devices_of_other_customers_only_when_allowed(
    world: World, assignments: Assignments, journal: MakeJournal
) -> None:
    wanted = assignments(1)
    other = world.customer("first@example.com")
    world.team.release(wanted[0].device)
    other.claim(wanted[0].device)
    assert world.plan(wanted).acting == ()
    plan = world.plan(wanted, Permit(allow_customer=True))
    assert carry_out(world, plan, journal(plan)).complete
    assert all_given(world, wanted)


def test_devices_outside_products_are_imported_first_and_named(
    world: World, assignments: Assignments, journal: MakeJournal
) -> None:
    (assignment,) = assignments(1)
    world.team.remove_device(world.product, assignment.device)
    named = Transfer(2, assignment.device, assignment.customer, world.product, None, "living room")
    plan = world.plan([named])
    assert plan.devices[0].verdict == "import"
    assert carry_out(world, plan, journal(plan)).complete
    device = world.team.device(assignment.device, product(world.product))
    assert (device.owner_name, device.name) == (assignment.customer, "living room")
    operator = Operator.of(world.config())
    with journal(plan) as memory:
        assert rollback(plan, operator, memory, RULES, Quiet()).complete
    operator.close()
    back = world.team.device(assignment.device)
    assert back.product_id is None


def test_to_another_product_and_back(world: World, assignments: Assignments, journal: MakeJournal) -> None:
    wanted = assignments(2)
    into = world.products[1].id
    moves = [
        Transfer(2, wanted[0].device, wanted[0].customer, None, into),
        Transfer(3, wanted[1].device, None, None, into),
    ]
    plan = world.plan(moves)
    assert carry_out(world, plan, journal(plan)).complete
    assert [world.owner(assignment.device, into) for assignment in moves] == [wanted[0].customer, CENTRAL]
    operator = Operator.of(world.config())
    with journal(plan) as memory:
        assert rollback(plan, operator, memory, RULES, Quiet()).complete
    operator.close()
    assert [world.owner(assignment.device) for assignment in wanted] == [CENTRAL, CENTRAL]


def test_a_wave_that_fails_stops_the_rest(world: World, assignments: Assignments, journal: MakeJournal) -> None:
    wanted = assignments(8)
    plan = world.plan(wanted)
    never = BadCloud(world.local.api, seed=1, share=1, spare=lambda method, _: method != "DELETE", faults=("500",))
    with never as broken:
        # Nothing is ever released: the canaries wait, and nobody else is begun.
        moved = structs.replace(plan, api=broken.api)
        carried = carry_out(world, moved, journal(moved), Rules(2, 3, 2, 0.0, 0.5))
    assert "canary group" in carried.stopped
    assert len(carried.left) == 6
    operator = Operator.of(world.config())
    with Journal(journal(moved).path, digest=moved.digest, plan="") as memory:
        finished = apply(structs.replace(moved, api=world.local.api), operator, memory, RULES, Quiet())
    operator.close()
    assert finished.complete and all_given(world, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_a_cloud_that_fails_loses_and_doubles_nothing(
    world: World, assignments: Assignments, journal: MakeJournal, seed: int
) -> None:
    wanted = assignments(20)
    plan = world.plan(wanted)
    with BadCloud(
        world.local.api, seed=seed, share=0.3, spare=lambda method, path: method == "GET" and "page=" in path
    ) as bad:
        moved = structs.replace(plan, api=bad.api)
        # An unlucky device comes to rest where it was: then the same command goes on, as a person would have it.
        for _ in range(10):
            carried = carry_out(world, moved, journal(moved), Rules(2, 10, 4, 1.0, PATIENCE))
            if carried.complete:
                break
    assert set(bad.done) > {"429", "500", "dropped before", "dropped after", "slow"}
    assert carried.complete, [each.reason for each in carried.with_outcome("undone", "stuck", "waiting")]
    assert all_given(world, wanted)


def test_half_of_a_fleet_goes_back(world: World, assignments: Assignments, journal: MakeJournal) -> None:
    wanted = assignments(10)
    plan = world.plan(wanted)
    carry_out(world, plan, journal(plan))
    half = [assignment.device for assignment in wanted[::2]]
    operator = Operator.of(world.config())
    with journal(plan) as memory:
        back = rollback(plan, operator, memory, RULES, Quiet(), devices=half)
        assert back.complete and len(back.transfers) == 5
        again = rollback(plan, operator, memory, RULES, Quiet(), devices=half)
        assert again.complete and not again.transfers and len(again.already) == 5
        with pytest.raises(UsageError, match="does nothing with"):
            rollback(plan, operator, memory, RULES, Quiet(), devices=["f" * 24])
    operator.close()
    assert [world.owner(device) for device in half] == [CENTRAL] * 5
    assert all_given(world, wanted[1::2])


def test_verification_tells_what_holds_and_reports_it(
    world: World, assignments: Assignments, journal: MakeJournal, tmp_path: Path
) -> None:
    wanted = assignments(4)
    plan = world.plan(wanted)
    carry_out(world, plan, journal(plan))
    world.team.release(wanted[2].device, product(world.product))
    operator = Operator.of(world.config())
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
    world: World, assignments: Assignments, journal: MakeJournal, switch_on: Callable[[list[str]], None]
) -> None:
    wanted = assignments(4)
    config = world.config(claims_offline=False)
    operator = Operator.of(config)
    seen = snapshot(operator.team, CENTRAL, [world.product])
    plan = make_plan(wanted, seen, config, Permit())
    assert plan.totals == {"offline": 4}
    rules = Rules(1, 2, 2, 0.0, 0.1)
    with journal(plan) as memory:
        left = apply(plan, operator, memory, rules, Quiet())
        assert not left.complete and outcomes(left) == {"waiting": 4}
        assert [world.owner(assignment.device) for assignment in wanted] == [CENTRAL] * 4
        watching = Quiet()
        with ThreadPoolExecutor() as pool:
            end = pool.submit(apply, plan, operator, memory, rules, watching, watch=True)
            switch_on([assignment.device for assignment in wanted])
            assert end.result(60).complete
    operator.close()
    assert all_given(world, wanted)


def test_watching_ends_when_nothing_more_will_be_heard(
    world: World, assignments: Assignments, journal: MakeJournal
) -> None:
    wanted = assignments(1)
    with Cloud(world.local.api) as anybody:
        token = anybody.log_in(CENTRAL, PASSWORD, expires_in=0)
        config = replace(world.config(claims_offline=False), token=token)
        operator, watcher = Operator.of(config), Quiet()
        plan = make_plan(wanted, snapshot(operator.team, CENTRAL, [world.product]), config, Permit())
        with journal(plan) as memory, ThreadPoolExecutor() as pool:
            end = pool.submit(apply, plan, operator, memory, Rules(1, 2, 2, 0.0, 0.1), watcher, watch=True)
            SystemClock().wait_until(lambda: watcher.outcomes, 30, "a device that waits")
            anybody.using(token).revoke()
            # The stream is refused first, or a device that was being tried again.
            with suppress(AuthError):
                assert not end.result(60).complete
        operator.close()
    assert world.owner(wanted[0].device) == CENTRAL


def test_production_has_to_be_named(world: World) -> None:
    config = world.config("https://api.particle.io")
    with pytest.raises(UsageError, match="name the account"):
        Operator.of(config)
    with pytest.raises(UsageError, match=r"names someone@example\.com"):
        Operator.of(config, production_account="someone@example.com")
