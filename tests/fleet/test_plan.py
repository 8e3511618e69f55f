"""Plans: what is found and what is wished make a verdict; files are read back as written; changes are told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from photonrig.errors import UsageError
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.difference import differences
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import FleetPlan, make_plan
from photonrig.fleet.rollout import Image
from photonrig.fleet.snapshot import Snapshot, moved
from photonrig.fleet.transfer import Transfer
from photonrig.ownership.identities import Account, Offers, Whereabouts
from photonrig.particle.cloud import Token
from photonrig.particle.throttle import LIMITS, Limits
from photonrig.report.fleet_plan import print_plan

ID = "0123456789abcdef01234567"
CENTRAL = Account.user("central@example.com")
JANE = Account.customer("jane@example.com", 1)
BOB = Account.customer("bob@example.com", 1)


def config(limits: Limits = LIMITS["none"], **offers: bool) -> FleetConfig:
    return FleetConfig("http://127.0.0.1:1", CENTRAL.name, Token("t", "user"), {}, Offers(**offers), limits)


def seen(found: Whereabouts | None, *customers: Account) -> Snapshot:
    return Snapshot({} if found is None else {ID: found}, frozenset(customers), ("shade → http://a",), {1: ()})


@pytest.mark.parametrize(
    ("assignment", "found", "permit", "verdict"),
    [
        (Transfer(2, ID, "jane@example.com"), Whereabouts(CENTRAL, 1, True), Permit(), "transfer"),
        (Transfer(2, ID, "jane@example.com"), Whereabouts(None, 1, False), Permit(), "transfer"),
        (Transfer(2, ID, "Jane@Example.com"), Whereabouts(JANE, 1, True), Permit(), "already right"),
        (Transfer(2, ID, "jane@example.com"), Whereabouts(BOB, 1, True), Permit(), "other customer"),
        (Transfer(2, ID, "jane@example.com"), Whereabouts(BOB, 1, True), Permit(allow_customer=True), "transfer"),
        (
            Transfer(2, ID, "jane@example.com"),
            Whereabouts(Account.user("eve@example.com"), 1, True),
            Permit(),
            "foreign",
        ),
        (Transfer(2, ID, "jane@example.com", 2), Whereabouts(CENTRAL, 1, True), Permit(), "elsewhere"),
        (Transfer(2, ID, "jane@example.com", 1), Whereabouts(CENTRAL, None, True), Permit(), "import"),
        (Transfer(2, ID, "jane@example.com"), Whereabouts(CENTRAL, None, True), Permit(), "unknown"),
        (Transfer(2, ID, "jane@example.com"), None, Permit(), "unknown"),
        (Transfer(2, ID, "jane@example.com", 1), None, Permit(import_unknown=True), "import"),
        (Transfer(2, ID, "jane@example.com"), Whereabouts(None, 1, True, quarantined=True), Permit(), "quarantined"),
        (
            Transfer(2, ID, "jane@example.com"),
            Whereabouts(None, 1, True, quarantined=True),
            Permit(approve_quarantined=True),
            "import",
        ),
        (Transfer(2, ID, None, None, 2), Whereabouts(JANE, 1, True), Permit(), "change product"),
        (Transfer(2, ID, None, None, 1), Whereabouts(JANE, 1, True), Permit(), "already right"),
        (Transfer(2, ID, "jane@example.com", None, 2), Whereabouts(JANE, 1, True), Permit(), "change product"),
        (Transfer(2, ID, "jane@example.com", None, 2), Whereabouts(BOB, 1, True), Permit(), "other customer"),
    ],
)
def test_verdicts(assignment: Transfer, found: Whereabouts | None, permit: Permit, verdict: str) -> None:
    (item,) = make_plan([assignment], seen(found), config(), permit).devices
    assert item.verdict == verdict


def test_offline_waits_where_only_online_devices_can_be_claimed() -> None:
    assignment, found = Transfer(2, ID, "jane@example.com"), Whereabouts(CENTRAL, 1, False)
    assert make_plan([assignment], seen(found), config(), Permit()).devices[0].verdict == "transfer"
    assert make_plan([assignment], seen(found), config(claims_offline=False), Permit()).devices[0].verdict == "offline"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Whereabouts(BOB, 1, True, firmware=3), "firmware"),
        (Whereabouts(BOB, 1, True, firmware=7), "already right"),
        (Whereabouts(BOB, 2, True, firmware=3), "elsewhere"),
        (Whereabouts(None, 1, True, quarantined=True), "quarantined"),
        (None, "unknown"),
    ],
)
def test_verdicts_for_an_image_of_version_7_for_product_1(found: Whereabouts | None, verdict: str) -> None:
    image = Image("roller.bin", "0" * 64, 1, 7)
    assert make_plan([Transfer(2, ID)], seen(found), config(), Permit(), image=image).devices[0].verdict == verdict


def test_cost_within_the_documented_limits() -> None:
    ids = [f"{number:024x}" for number in range(5000)]
    customers = frozenset(Account.customer(f"{device}@example.com", 1) for device in ids[:250])
    snapshot = Snapshot({device: Whereabouts(CENTRAL, 1, True) for device in ids}, customers, (), {1: ()})
    plan = make_plan(
        [Transfer(n, d, f"{d}@example.com") for n, d in enumerate(ids)],
        snapshot,
        config(LIMITS["particle"]),
        Permit(),
    )
    # New customers come with a token; only those who exist need a request for one, 100 in five minutes.
    assert (plan.calls, plan.tokens) == (25_000, 250)
    assert plan.seconds == 600


def test_hooks_that_fall_silent_are_named() -> None:
    plan = make_plan([Transfer(2, ID, "jane@example.com")], seen(Whereabouts(CENTRAL, 1, True)), config(), Permit())
    assert plan.silent_hooks == ("shade → http://a",)
    same = make_plan([Transfer(2, ID, "jane@example.com")], seen(Whereabouts(JANE, 1, True)), config(), Permit())
    assert same.silent_hooks == ()


def test_a_file_is_read_back_as_written_and_holds_one_line_a_device(tmp_path: Path) -> None:
    assignments = [Transfer(n, f"{n:024x}", "jane@example.com") for n in range(3)]
    snapshot = Snapshot(
        {assignment.device: Whereabouts(CENTRAL, 1, True) for assignment in assignments},
        frozenset(),
        (),
        {1: ("a → b",)},
    )
    plan = make_plan(assignments, snapshot, config(), Permit())
    path = tmp_path / "plan.json"
    plan.write(path)
    assert FleetPlan.read(path) == plan
    assert path.stat().st_mode & 0o077 == 0
    lines = path.read_text().splitlines()
    assert sum('"device":' in line for line in lines) == 3
    for damaged in ("", "{}", path.read_text().replace("plan 3", "plan 2"), path.read_text()[:-20]):
        path.write_text(damaged)
        with pytest.raises(UsageError):
            FleetPlan.read(path)


def test_what_changed_since_is_told_device_by_device() -> None:
    then = Whereabouts(CENTRAL, 1, True)
    assert moved(then, Whereabouts(CENTRAL, 1, False)) == ""
    assert (
        moved(then, Whereabouts(BOB, 1, True))
        == "belonged to user central@example.com, belongs to customer bob@example.com"
    )
    assert moved(then, Whereabouts(CENTRAL, 2, True)) == "was in product 1, is in product 2"
    assert moved(then, None) == "is not seen any more"
    assert moved(None, then) == "is seen now"
    assert moved(None, None) == ""


@pytest.mark.parametrize(
    ("then", "now", "permit", "said"),
    [
        (Whereabouts(CENTRAL, 1, True), Whereabouts(CENTRAL, 1, False), Permit(), None),
        (
            Whereabouts(CENTRAL, 1, True),
            Whereabouts(BOB, 1, True),
            Permit(),
            "belonged to user central@example.com, belongs to customer bob@example.com: transfer → other customer",
        ),
        (Whereabouts(BOB, 1, True), Whereabouts(BOB, 1, True), Permit(allow_customer=True), None),
        (
            Whereabouts(BOB, 1, True),
            Whereabouts(None, 1, True),
            Permit(allow_customer=True),
            "belonged to customer bob@example.com, belongs to nobody: transfer",
        ),
        (Whereabouts(BOB, 1, True), Whereabouts(CENTRAL, 1, True), Permit(), "other customer → transfer"),
        (Whereabouts(CENTRAL, 1, True), Whereabouts(CENTRAL, 2, True), Permit(), "was in product 1, is in product 2"),
        (Whereabouts(CENTRAL, 1, True), None, Permit(), "is not seen any more: transfer → unknown"),
        (None, None, Permit(import_unknown=True), None),
        (None, Whereabouts(CENTRAL, 1, True), Permit(), "is seen now: unknown → transfer"),
    ],
)
def test_the_difference_between_a_plan_and_the_world(
    then: Whereabouts | None, now: Whereabouts | None, permit: Permit, said: str | None
) -> None:
    plan = make_plan([Transfer(2, ID, "jane@example.com", 1)], seen(then), config(), permit)
    told = [str(change) for change in differences(plan, seen(now), config())]
    assert len(told) == (said is not None)
    assert all(line.startswith(f"{ID} (row 2) ") and str(said) in line for line in told)


def test_a_device_that_came_online_changes_the_step_where_only_those_can_be_claimed() -> None:
    claims_online = config(claims_offline=False)
    plan = make_plan(
        [Transfer(2, ID, "jane@example.com")], seen(Whereabouts(CENTRAL, 1, False, firmware=3)), claims_online, Permit()
    )
    (change,) = differences(plan, seen(Whereabouts(CENTRAL, 1, True, firmware=3)), claims_online)
    assert str(change).endswith("was offline with firmware 3, is online with firmware 3: offline → transfer")


def test_new_customers_are_named_once_in_the_plan_and_counted(tmp_path: Path) -> None:
    ids = [f"{number:024x}" for number in range(5)]
    bob_elsewhere = Account.customer("bob@example.com", 2)
    found = {
        ids[0]: Whereabouts(CENTRAL, 1, True),
        ids[1]: Whereabouts(CENTRAL, 1, True),
        ids[2]: Whereabouts(CENTRAL, 1, True),
        ids[3]: Whereabouts(BOB, 1, True),
        ids[4]: Whereabouts(Account.user("eve@example.com"), 1, True),
    }
    assignments = [
        Transfer(2, ids[0], "jane@example.com"),  # known
        Transfer(3, ids[1], "Jnae@example.com"),  # a typing error
        Transfer(4, ids[2], "jnae@example.com"),
        Transfer(5, ids[3], None, None, 2),  # keeps the device, as a customer of the other product
        Transfer(6, ids[4], "mallory@example.com"),  # nothing will be done
    ]
    plan = make_plan(assignments, Snapshot(found, frozenset((JANE, BOB)), (), {}), config(), Permit())
    assert plan.new_customers == (Account.customer("jnae@example.com", 1), bob_elsewhere)
    plan.write(tmp_path / "plan")
    assert FleetPlan.read(tmp_path / "plan") == plan
    console = Console(file=StringIO(), width=80)
    print_plan(plan, console, window=0.05)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    _, _, new = told.partition("2 new customers, made by this plan")
    assert "jnae@example.com of product 1" in new and "bob@example.com of product 2" in new
    assert "jane@" not in new and "mallory@" not in told
    assert "2  jnae@example.com" in told and told.splitlines()[-1].startswith("plan: 4 to change, 0 to import")
    # One device keeps its owner, and the others are released first.
    assert "unowned in between: 4 devices, about 50 ms each" in told


def test_a_plan_that_does_nothing_says_so() -> None:
    plan = make_plan([Transfer(2, ID, "jane@example.com")], seen(Whereabouts(JANE, 1, True)), config(), Permit())
    console = Console(file=StringIO(), width=100)
    print_plan(plan, console)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert "no changes" in told and "calls" not in told


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda text: text.replace('"row":1', '"row":"one"'), r"line 15, devices\[1\]\.row: expected int, got str"),
        (
            lambda text: text.replace('"row":2', '"rows":2'),
            r"line 16, devices\[2\]: object contains unknown field rows",
        ),
        (lambda text: text.replace('"device":"' + "0" * 23 + '1"', '"device":"x"'), r"line 15, devices\[1\]\.device: "),
        (lambda text: text.replace('"calls": 15', '"calls": []'), r"line 6, calls: expected int, got array"),
        (lambda text: text.replace('"api"', '"apis"'), r"line 3: object contains unknown field apis"),
        (lambda text: text[:-20], r"line 16: input data was truncated"),
        (lambda text: "", r"line 1: input data was truncated"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told_with_file_line_and_key(
    tmp_path: Path, spoil: Callable[[str], str], complaint: str
) -> None:
    assignments = [Transfer(n, f"{n:024x}", "jane@example.com") for n in range(3)]
    found = {each.device: Whereabouts(CENTRAL, 1, True) for each in assignments}
    path = tmp_path / "fleet.plan.json"
    text = make_plan(assignments, Snapshot(found, frozenset(), (), {}), config(), Permit()).text()
    path.write_text(spoil(text))
    assert path.read_text() != text
    with pytest.raises(UsageError, match=rf"{re.escape(str(path))}, {complaint}.*make a plan with"):
        FleetPlan.read(path)


def test_a_plan_of_the_last_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "fleet.plan.json"
    path.write_text(json.dumps({"format": "photonrig fleet plan 2", "api": "http://127.0.0.1:1", "devices": []}))
    with pytest.raises(UsageError, match=r"another version .*plan 2.*roll back .* make a new plan"):
        FleetPlan.read(path)


def test_a_rollout_leaves_owners_names_and_hooks_as_they_are() -> None:
    image = Image("roller.bin", "0" * 64, 1, 7)
    row = Transfer(2, ID, "jane@example.com", None, 2, "living")
    plan = make_plan(
        [row], seen(Whereabouts(CENTRAL, 1, True, firmware=3)), config(), Permit(True, True, True), image=image
    )
    (planned,) = plan.devices
    assert (planned.verdict, planned.ends_in, planned.ends_with, planned.name) == ("firmware", 1, CENTRAL, None)
    assert (plan.new_customers, plan.tokens, plan.silent_hooks) == ((), 0, ())
