"""Plans: what is found and what is wished make a verdict; files are read back as written; changes are told."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from photonrig.errors import UsageError
from photonrig.fleet.assignments import Assignment
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.difference import differences, moved
from photonrig.fleet.plan import FleetPlan, Image, Permit, make_plan
from photonrig.fleet.snapshot import Found, Snapshot
from photonrig.ownership.identities import Account, Offers
from photonrig.particle.cloud import Token
from photonrig.particle.throttle import LIMITS, Limits
from photonrig.report.fleet import print_plan

ID = "0123456789abcdef01234567"
CENTRAL = Account.user("central@example.com")
JANE = Account.customer("jane@example.com", 1)
BOB = Account.customer("bob@example.com", 1)


def config(limits: Limits = LIMITS["none"], **offers: bool) -> FleetConfig:
    return FleetConfig("http://127.0.0.1:1", CENTRAL.name, Token("t", "user"), {}, Offers(**offers), limits)


def seen(found: Found | None, *customers: Account) -> Snapshot:
    return Snapshot({} if found is None else {ID: found}, frozenset(customers), ("shade → http://a",), {1: ()})


@pytest.mark.parametrize(
    ("wish", "found", "permit", "verdict"),
    [
        (Assignment(2, ID, "jane@example.com"), Found(1, CENTRAL, True), Permit(), "transfer"),
        (Assignment(2, ID, "jane@example.com"), Found(1, None, False), Permit(), "transfer"),
        (Assignment(2, ID, "Jane@Example.com"), Found(1, JANE, True), Permit(), "already right"),
        (Assignment(2, ID, "jane@example.com"), Found(1, BOB, True), Permit(), "other customer"),
        (Assignment(2, ID, "jane@example.com"), Found(1, BOB, True), Permit(allow_customer=True), "transfer"),
        (Assignment(2, ID, "jane@example.com"), Found(1, Account.user("eve@example.com"), True), Permit(), "foreign"),
        (Assignment(2, ID, "jane@example.com", 2), Found(1, CENTRAL, True), Permit(), "elsewhere"),
        (Assignment(2, ID, "jane@example.com", 1), Found(None, CENTRAL, True), Permit(), "import"),
        (Assignment(2, ID, "jane@example.com"), Found(None, CENTRAL, True), Permit(), "unknown"),
        (Assignment(2, ID, "jane@example.com"), None, Permit(), "unknown"),
        (Assignment(2, ID, "jane@example.com", 1), None, Permit(import_unknown=True), "import"),
        (Assignment(2, ID, "jane@example.com"), Found(1, None, True, quarantined=True), Permit(), "quarantined"),
        (
            Assignment(2, ID, "jane@example.com"),
            Found(1, None, True, quarantined=True),
            Permit(approve_quarantined=True),
            "import",
        ),
        (Assignment(2, ID, None, None, 2), Found(1, JANE, True), Permit(), "change product"),
        (Assignment(2, ID, None, None, 1), Found(1, JANE, True), Permit(), "already right"),
        (Assignment(2, ID, "jane@example.com", None, 2), Found(1, JANE, True), Permit(), "change product"),
        (Assignment(2, ID, "jane@example.com", None, 2), Found(1, BOB, True), Permit(), "other customer"),
    ],
)
def test_verdicts(assignment: Assignment, found: Found | None, permit: Permit, verdict: str) -> None:
    (item,) = make_plan([assignment], seen(found), config(), permit).items
    assert item.verdict == verdict


def test_offline_waits_where_only_online_devices_can_be_claimed() -> None:
    assignment, found = Assignment(2, ID, "jane@example.com"), Found(1, CENTRAL, False)
    assert make_plan([assignment], seen(found), config(), Permit()).items[0].verdict == "transfer"
    assert make_plan([assignment], seen(found), config(claims_offline=False), Permit()).items[0].verdict == "offline"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Found(1, BOB, True, firmware=3), "firmware"),
        (Found(1, BOB, True, firmware=7), "already right"),
        (Found(2, BOB, True, firmware=3), "elsewhere"),
        (Found(1, None, True, quarantined=True), "quarantined"),
        (None, "unknown"),
    ],
)
def test_verdicts_for_an_image_of_version_7_for_product_1(found: Found | None, verdict: str) -> None:
    image = Image("roller.bin", "0" * 64, 1, 7)
    assert make_plan([Assignment(2, ID)], seen(found), config(), Permit(), image=image).items[0].verdict == verdict


def test_cost_within_the_documented_limits() -> None:
    ids = [f"{number:024x}" for number in range(5000)]
    customers = frozenset(Account.customer(f"{device}@example.com", 1) for device in ids[:250])
    snapshot = Snapshot({device: Found(1, CENTRAL, True) for device in ids}, customers, (), {1: ()})
    plan = make_plan(
        [Assignment(n, d, f"{d}@example.com") for n, d in enumerate(ids)],
        snapshot,
        config(LIMITS["particle"]),
        Permit(),
    )
    # New customers come with a token; only those who exist need a request for one, 100 in five minutes.
    assert (plan.calls, plan.tokens) == (25_000, 250)
    assert plan.seconds == 600


def test_hooks_that_fall_silent_are_named() -> None:
    plan = make_plan([Assignment(2, ID, "jane@example.com")], seen(Found(1, CENTRAL, True)), config(), Permit())
    assert plan.silent_hooks == ("shade → http://a",)
    same = make_plan([Assignment(2, ID, "jane@example.com")], seen(Found(1, JANE, True)), config(), Permit())
    assert same.silent_hooks == ()


def test_a_file_is_read_back_as_written_and_holds_one_line_a_device(tmp_path: Path) -> None:
    assignments = [Assignment(n, f"{n:024x}", "jane@example.com") for n in range(3)]
    snapshot = Snapshot(
        {assignment.device: Found(1, CENTRAL, True) for assignment in assignments}, frozenset(), (), {1: ("a → b",)}
    )
    plan = make_plan(assignments, snapshot, config(), Permit())
    path = tmp_path / "plan.json"
    plan.write(path)
    assert FleetPlan.read(path) == plan
    assert path.stat().st_mode & 0o077 == 0
    lines = path.read_text().splitlines()
    assert sum('"device":' in line for line in lines) == 3
    for damaged in ("", "{}", path.read_text().replace("plan 2", "plan 1"), path.read_text()[:-20]):
        path.write_text(damaged)
        with pytest.raises(UsageError):
            FleetPlan.read(path)


def test_what_changed_since_is_told_device_by_device() -> None:
    then = Found(1, CENTRAL, True)
    assert moved(then, Found(1, CENTRAL, False)) == ""
    assert (
        moved(then, Found(1, BOB, True)) == "belonged to user central@example.com, belongs to customer bob@example.com"
    )
    assert moved(then, Found(2, CENTRAL, True)) == "was in product 1, is in product 2"
    assert moved(then, None) == "is not seen any more"
    assert moved(None, then) == "is seen now"
    assert moved(None, None) == ""


@pytest.mark.parametrize(
    ("then", "now", "permit", "said"),
    [
        (Found(1, CENTRAL, True), Found(1, CENTRAL, False), Permit(), None),
        (
            Found(1, CENTRAL, True),
            Found(1, BOB, True),
            Permit(),
            "belonged to user central@example.com, belongs to customer bob@example.com: transfer → other customer",
        ),
        (Found(1, BOB, True), Found(1, BOB, True), Permit(allow_customer=True), None),
        (
            Found(1, BOB, True),
            Found(1, None, True),
            Permit(allow_customer=True),
            "belonged to customer bob@example.com, belongs to nobody: transfer",
        ),
        (Found(1, BOB, True), Found(1, CENTRAL, True), Permit(), "other customer → transfer"),
        (Found(1, CENTRAL, True), Found(2, CENTRAL, True), Permit(), "was in product 1, is in product 2"),
        (Found(1, CENTRAL, True), None, Permit(), "is not seen any more: transfer → unknown"),
        (None, None, Permit(import_unknown=True), None),
        (None, Found(1, CENTRAL, True), Permit(), "is seen now: unknown → transfer"),
    ],
)
def test_the_difference_between_a_plan_and_the_world(
    then: Found | None, now: Found | None, permit: Permit, said: str | None
) -> None:
    plan = make_plan([Assignment(2, ID, "jane@example.com", 1)], seen(then), config(), permit)
    told = [str(change) for change in differences(plan, seen(now), config())]
    assert len(told) == (said is not None)
    assert all(line.startswith(f"{ID} (row 2) ") and str(said) in line for line in told)


def test_a_device_that_came_online_changes_the_step_where_only_those_can_be_claimed() -> None:
    claims_online = config(claims_offline=False)
    plan = make_plan(
        [Assignment(2, ID, "jane@example.com")], seen(Found(1, CENTRAL, False, firmware=3)), claims_online, Permit()
    )
    (change,) = differences(plan, seen(Found(1, CENTRAL, True, firmware=3)), claims_online)
    assert str(change).endswith("was offline with firmware 3, is online with firmware 3: offline → transfer")


def test_new_customers_are_named_once_in_the_plan_and_counted(tmp_path: Path) -> None:
    ids = [f"{number:024x}" for number in range(5)]
    bob_elsewhere = Account.customer("bob@example.com", 2)
    found = {
        ids[0]: Found(1, CENTRAL, True),
        ids[1]: Found(1, CENTRAL, True),
        ids[2]: Found(1, CENTRAL, True),
        ids[3]: Found(1, BOB, True),
        ids[4]: Found(1, Account.user("eve@example.com"), True),
    }
    assignments = [
        Assignment(2, ids[0], "jane@example.com"),  # known
        Assignment(3, ids[1], "Jnae@example.com"),  # a typing error
        Assignment(4, ids[2], "jnae@example.com"),
        Assignment(5, ids[3], None, None, 2),  # keeps the device, as a customer of the other product
        Assignment(6, ids[4], "mallory@example.com"),  # nothing will be done
    ]
    plan = make_plan(assignments, Snapshot(found, frozenset((JANE, BOB)), (), {}), config(), Permit())
    assert plan.new_customers == (Account.customer("jnae@example.com", 1), bob_elsewhere)
    plan.write(tmp_path / "plan")
    assert FleetPlan.read(tmp_path / "plan") == plan
    console = Console(file=StringIO(), width=100)
    print_plan(plan, console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert (
        "2 new customers" in told and "jnae@example.com of product 1" in told and "bob@example.com of product 2" in told
    )
    assert "jane@" not in told and "mallory@" not in told


def test_a_plan_that_does_nothing_says_so() -> None:
    plan = make_plan([Assignment(2, ID, "jane@example.com")], seen(Found(1, JANE, True)), config(), Permit())
    console = Console(file=StringIO(), width=100)
    print_plan(plan, console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "no changes" in told and "calls" not in told
