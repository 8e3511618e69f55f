"""Every fleet task after every other one, whole, in part, refused or cut off: owners are read from the cloud's disk."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from photonrig.errors import UsageError
from photonrig.fleet.apply import PlanOutdated, apply
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.rollback import rollback
from photonrig.fleet.tokens import FileSink, read_tokens
from photonrig.fleet.transfer import Transfer, Way
from photonrig.fleet.verify import verify
from photonrig.fleet.waves import MoveResult, Rules
from photonrig.ownership.engine import Progress
from photonrig.particle.cloud import product
from photonrig.particle.cloud_errors import AuthError

from .bad_cloud import BadCloud
from .conftest import CENTRAL, Quiet, World

RULES = Rules(canary=0, wave=10, at_once=1, stop_at=1.0, patience=0.0)


def on_disk(world: World, device: str) -> tuple[str | None, int | None]:
    """Owner and product of a device in the cloud's database."""
    path = world.local.state / "cloud.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        row = database.execute(
            "SELECT coalesce(users.username, customers.email), devices.product_id FROM devices"
            " LEFT JOIN users ON owner_kind = 'user' AND owner_id = users.id"
            " LEFT JOIN customers ON owner_kind = 'customer' AND owner_id = customers.id WHERE devices.id = ?",
            (device,),
        ).fetchone()
    return str(row[0]) if row[0] is not None else None, row[1]


class Cut(BaseException):
    """The process is killed."""


class Mortal(Journal):
    """A journal whose process is killed instead of writing what ``fatal`` names; nothing is written after that."""

    fatal: Callable[[Progress, Way], bool] = staticmethod(lambda progress, way: False)
    dead = False

    def keep(self, transfer: Transfer) -> None:
        assert transfer.progress and transfer.way
        self.dead = self.dead or self.fatal(transfer.progress, transfer.way)
        if self.dead:
            raise Cut
        super().keep(transfer)


@dataclass
class Session:
    """One operator with one plan and one journal; each method is what a call of ./rig fleet does."""

    world: World
    plan: FleetPlan
    folder: Path
    tokens: bool = False
    api: str | None = None
    fatal: Callable[[Progress, Way], bool] = lambda progress, way: False
    carried: MoveResult | None = None

    @property
    def devices(self) -> list[str]:
        return [item.device for item in self.plan.devices]

    def apply(self) -> MoveResult:
        sink = FileSink(self.folder / "tokens") if self.tokens else None
        return self._do(lambda plan, at, kept: apply(plan, at, kept, RULES, Quiet(), sink=sink))

    def rollback(self, devices: Sequence[str] | None = None) -> MoveResult:
        return self._do(lambda plan, at, kept: rollback(plan, at, kept, RULES, Quiet(), devices=devices))

    def _do(self, what: Callable[[FleetPlan, Operator, Journal], MoveResult]) -> MoveResult:
        # On a cloud that fails the plan is the same but for the address; the journal belongs to the plan as it was.
        plan = self.plan if self.api is None else replace(self.plan, api=self.api)
        operator = Operator.of(self.world.config(plan.api))
        journal = Mortal(self.folder / "journal", digest=self.plan.digest, plan=self.plan.text())
        journal.fatal = self.fatal  # type: ignore[method-assign]
        try:
            with journal:
                return what(plan, operator, journal)
        finally:
            operator.close()

    @contextmanager
    def refusing(self, refuses: Callable[[str, str, str], bool]) -> Iterator[None]:
        """What is refused is refused for good."""
        with BadCloud(self.world.local.api, seed=1, share=0, refuses=refuses) as bad:
            self.api = bad.api
            try:
                yield
            finally:
                self.api = None

    @contextmanager
    def broken(self, method: str) -> Iterator[None]:
        """Requests of this method are answered with 500 and do nothing."""
        spare = lambda sent, _: sent != method  # noqa: E731
        with BadCloud(self.world.local.api, seed=1, share=1, spare=spare, faults=("500",)) as bad:
            self.api = bad.api
            try:
                yield
            finally:
                self.api = None

    @contextmanager
    def cut(self, fatal: Callable[[Progress, Way], bool]) -> Iterator[None]:
        """Killed where ``fatal`` says, if it comes there."""
        self.fatal = fatal
        with suppress(Cut):
            yield
        self.fatal = lambda progress, way: False

    def where(self) -> list[tuple[str | None, int | None]]:
        return [on_disk(self.world, device) for device in self.devices]

    def owners(self) -> str:
        """A letter for each device: its central user's, its customer's, nobody's, or wrong."""
        letters = ""
        for item, (owner, _) in zip(self.plan.devices, self.where(), strict=True):
            assert item.to is not None
            letters += {CENTRAL: "C", item.to.name: "M", None: "N"}.get(owner, "?")
        return letters


@pytest.fixture
def session(world: World, assignments: Callable[[int], list[Transfer]], tmp_path: Path) -> Callable[[int], Session]:
    made = iter(range(1000))

    def make(count: int) -> Session:
        folder = tmp_path / f"s{next(made)}"
        folder.mkdir()
        return Session(world, world.plan(assignments(count)), folder)

    return make


# --- every task after every other -------------------------------------------------------------------------------------

# A device is the central user's (C) or its customer's (M), with "w" where it waits to be released on its way there (Cw)
# or back (Mw); or it is nobody's, on its way there (Nf), turned round on it (Nt), or on its way back (Nb).
Effect = Callable[[str], tuple[str, bool]]  # the state after a task, and whether the process ended with that device


def table(**after: str) -> Effect:
    return lambda state: (after[state].removesuffix("!"), after[state].endswith("!"))


TASKS: dict[str, Effect] = {
    "apply": table(C="M", Cw="M", M="M", Mw="M", Nf="M", Nt="M", Nb="M"),
    "rollback": table(C="C", Cw="C", M="C", Mw="C", Nf="C", Nt="C", Nb="C"),
    # Killed when a device is seen to be released, before that is written down.
    "apply, cut": table(C="Nf!", Cw="Nf!", M="M", Mw="Nf!", Nf="Nf!", Nt="Nf!", Nb="Nf!"),
    "rollback, cut": table(C="C", Cw="C", M="Nb!", Mw="Nb!", Nf="C", Nt="C", Nb="Nb!"),
    # Customers may not claim; the central user may not.
    "apply, refused": table(C="C", Cw="C", M="M", Mw="C", Nf="C", Nt="C", Nb="C"),
    "rollback, refused": table(C="C", Cw="C", M="M", Mw="M", Nf="Nt", Nt="Nt", Nb="M"),
    # Nothing can be released.
    "apply, broken": table(C="Cw", Cw="Cw", M="M", Mw="Mw", Nf="M", Nt="Cw", Nb="Cw"),
    "rollback, broken": table(C="C", Cw="C", M="Mw", Mw="Mw", Nf="C", Nt="C", Nb="C"),
    "verify": lambda state: (state, False),
    "another plan": lambda state: (state, False),
}


def released(progress: Progress) -> bool:
    return (progress.step, progress.phase, progress.heading) == ("release", "done", "forward")


def as_found(record: Transfer) -> bool:
    assert record.verified is not None
    return record.verified.as_found


def perform(task: str, at: Session) -> MoveResult | None:
    central = at.world.token.access_token
    act = at.apply if task.startswith("apply") else at.rollback
    claims = lambda method, path: (method, path) == ("POST", "/v1/devices")  # noqa: E731
    match task:
        case "apply, cut":
            with at.cut(lambda progress, way: way == "forward" and released(progress)):
                return at.apply()
        case "rollback, cut":
            with at.cut(lambda progress, way: way == "back" and released(progress)):
                return at.rollback()
        case "apply, refused":
            with at.refusing(lambda method, path, token: claims(method, path) and token != central):
                return at.apply()
        case "rollback, refused":
            with at.refusing(lambda method, path, token: claims(method, path) and token == central):
                return at.rollback()
        case "apply, broken" | "rollback, broken":
            with at.broken("DELETE"):
                return act()
        case "verify":
            operator = Operator.of(at.world.config())
            records = verify(at.plan, operator)
            operator.close()
            assert "".join("M" if record.held else "-" for record in records) == at.owners().replace("C", "-").replace(
                "N", "-"
            )
            assert [bool(record.verified and record.verified.as_found) for record in records] == [
                owner == "C" for owner in at.owners()
            ]
        case "another plan":
            other = Session(at.world, at.world.plan([Transfer(2, at.devices[0], "other@example.com")]), at.folder)
            with pytest.raises(UsageError, match="belongs to another plan"):
                other.apply()
            with pytest.raises(UsageError, match="belongs to another plan"):
                other.rollback()
        case _:
            return act()
    return None


def tour(names: Sequence[str]) -> list[str]:
    """A walk in which every name follows every other and itself once: an Eulerian circuit, by Hierholzer."""
    left = {name: list(names) for name in names}
    walk, stack = [], [names[0]]
    while stack:
        if left[stack[-1]]:
            stack.append(left[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[::-1]


def test_every_task_after_every_other_and_itself(session: Callable[[int], Session]) -> None:
    at = session(2)
    walk = tour(list(TASKS))
    assert {(before, after) for before, after in itertools.pairwise(walk)} == {
        (before, after) for before in TASKS for after in TASKS
    }
    states = ["C", "C"]
    perform("apply", at)
    states = ["M", "M"]
    product_id = at.world.product
    for number, task in enumerate(walk):
        before, ended = list(states), False
        carried = perform(task, at)
        for index, state in enumerate(states):
            if not ended:
                states[index], ended = TASKS[task](state)
        told = f"step {number}: {walk[max(0, number - 3) : number + 1]}, from {before}"
        assert at.owners() == "".join(state[0] for state in states), told
        assert [place for _, place in at.where()] == [product_id] * 2, told
        assert (carried is None) == (ended or task in ("verify", "another plan")), told
        if carried is None:
            continue
        wanted = "M" if task.startswith("apply") else "C"
        assert carried.complete == (states == [wanted] * 2), (told, carried)
        # What was there already was not touched, and is not counted as moved.
        assert len(carried.already) == before.count(wanted), (told, carried)
        assert len(carried.transfers) == 2 - before.count(wanted), (told, carried)
    assert len(walk) == len(TASKS) ** 2 + 1


# --- cut off anywhere -------------------------------------------------------------------------------------------------


class Kind(NamedTuple):
    """What is planned for one device, and where that takes it."""

    plan: Callable[[World, str], FleetPlan]
    after: Callable[[World, str], tuple[str | None, int | None]]


def jane(device: str) -> str:
    return f"{device[:10]}@example.com"


def outside(world: World, device: str) -> FleetPlan:
    world.team.remove_device(world.product, device)
    return world.plan([Transfer(2, device, jane(device), world.product, None, f"shade-{device[:8]}")])


def of_a_customer(world: World, device: str) -> FleetPlan:
    world.team.release(device)
    world.customer(f"first-{jane(device)}").claim(device)
    return world.plan([Transfer(2, device, jane(device))], Permit(allow_customer=True))


def unowned(world: World, device: str) -> FleetPlan:
    world.team.release(device)
    return world.plan([Transfer(2, device, jane(device))])


KINDS = {
    "transfer": Kind(
        lambda world, device: world.plan([Transfer(2, device, jane(device))]),
        lambda world, device: (jane(device), world.product),
    ),
    "from a customer": Kind(of_a_customer, lambda world, device: (jane(device), world.product)),
    "unowned": Kind(unowned, lambda world, device: (jane(device), world.product)),
    "import": Kind(outside, lambda world, device: (jane(device), world.product)),
    "other product": Kind(
        lambda world, device: world.plan([Transfer(2, device, None, None, world.products[1].id)]),
        lambda world, device: (CENTRAL, world.products[1].id),
    ),
    "customer of another product": Kind(
        lambda world, device: world.plan([Transfer(2, device, jane(device), None, world.products[1].id)]),
        lambda world, device: (jane(device), world.products[1].id),
    ),
}


@pytest.mark.parametrize(
    ("kind", "stride"),
    [("transfer", 1), *((kind, 5) for kind in KINDS if kind != "transfer")]
    + [pytest.param(kind, 1, marks=pytest.mark.soak) for kind in KINDS if kind != "transfer"],
)
def test_cut_off_at_every_write_there_or_back_the_next_task_gets_it_all(
    world: World, tmp_path: Path, kind: str, stride: int
) -> None:
    """With a ``stride`` above 1, at every so many writes."""
    (device,) = world.enrol(1)
    plan = KINDS[kind].plan(world, device)
    before, after = on_disk(world, device), KINDS[kind].after(world, device)
    assert before != after and [item.acts for item in plan.devices] == [True]
    at = Session(world, plan, tmp_path)
    # The device goes there and back again and again, with one journal: each time cut off one write later.
    for task, other, wanted in ((at.apply, at.rollback, after), (at.rollback, at.apply, before)):
        for resumed in (task, other):
            cuts = 0
            while True:
                carried = None
                with at.cut(Nth(cuts)):
                    carried = task()
                place = on_disk(world, device)
                if carried is not None:
                    assert carried.complete and place == wanted, (cuts, carried)
                assert place[0] in (before[0], after[0], CENTRAL, None), (cuts, place)
                if carried is None:
                    done = resumed()
                    assert done.complete, (cuts, done)
                    assert on_disk(world, device) == (
                        (before if wanted == after else after) if resumed == other else wanted
                    )
                    if resumed == task:
                        assert other().complete
                else:
                    assert other().complete
                    assert on_disk(world, device) == (before if wanted == after else after)
                    break
                cuts += stride
            assert cuts >= 7
        # From there, the other way.
        assert task().complete and on_disk(world, device) == wanted


class Nth:
    """Fatal at the writing of this number, from 0."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, progress: Progress, way: Way) -> bool:
        self._left -= 1
        return self._left < 0


# --- what somebody else did -------------------------------------------------------------------------------------------


def test_what_somebody_else_moved_is_left_to_them(world: World, session: Callable[[int], Session]) -> None:
    at = session(3)
    at.apply()
    taken = at.devices[1]
    world.team.release(taken, product(world.product))
    buyer = f"buyer-{jane(taken)}"
    world.customer(buyer).claim(taken)
    with pytest.raises(PlanOutdated, match=f"{taken} .*belongs to customer {buyer}"):
        at.apply()
    assert at.owners() == "M?M"
    back = at.rollback()
    assert at.owners() == "C?C"
    assert not back.complete and back.transfers[taken].outcome == "stuck"
    assert f"belongs to customer {buyer}; see to it by hand" in back.transfers[taken].reason
    assert len(back.with_outcome("done")) == 2


@pytest.mark.parametrize("phase", ["begun", "done"])
def test_a_device_sold_while_it_was_nobodys_is_not_taken_from_its_new_owner(
    world: World, session: Callable[[int], Session], phase: str
) -> None:
    at = session(1)
    with at.cut(lambda progress, way: (progress.step, progress.phase) == ("release", phase)):
        at.apply()
    if phase == "begun":
        world.team.release(at.devices[0])
    buyer = f"buyer-{jane(at.devices[0])}"
    world.customer(buyer).claim(at.devices[0])
    if phase == "begun":
        with pytest.raises(PlanOutdated, match=buyer):
            at.apply()
    else:
        (stuck,) = at.apply().with_outcome("stuck")
        assert buyer in stuck.reason and "see to it by hand" in stuck.reason
    (stuck,) = at.rollback().with_outcome("stuck")
    assert buyer in stuck.reason and on_disk(world, at.devices[0])[0] == buyer


def test_what_somebody_else_gave_back_is_moved_again_and_not_given_back_twice(
    session: Callable[[int], Session],
) -> None:
    at = session(2)
    at.apply()
    world, device = at.world, at.devices[0]
    world.team.release(device, product(world.product))
    world.team.claim(device)
    back = at.rollback(devices=[device])
    assert back.complete and back.already == (device,) and not back.transfers
    assert at.owners() == "CM"
    again = at.apply()
    assert again.complete and list(again.transfers) == [device] and at.owners() == "MM"


@pytest.mark.parametrize("step", ["look", "key"])
def test_a_device_sold_while_the_tool_was_dead_is_not_taken_from_its_new_owner(
    world: World, session: Callable[[int], Session], step: str
) -> None:
    at = session(1)
    with at.cut(lambda progress, way: (progress.step, progress.phase) == (step, "done")):
        at.apply()
    world.team.release(at.devices[0])
    buyer = f"buyer-{jane(at.devices[0])}"
    world.customer(buyer).claim(at.devices[0])
    with pytest.raises(PlanOutdated, match=buyer):
        at.apply()
    assert not at.rollback().complete
    assert on_disk(world, at.devices[0])[0] == buyer


def test_without_its_journal_a_plan_changes_nothing_and_cannot_go_back(session: Callable[[int], Session]) -> None:
    at = session(2)
    at.apply()
    for file in at.folder.glob("journal*"):
        file.unlink()
    again = at.apply()
    assert again.complete and not again.transfers and len(again.already) == 2
    back = at.rollback()
    assert not back.complete and at.owners() == "MM"
    assert {each.outcome for each in back.transfers.values()} == {"stuck"}
    assert "does not know who had it before" in back.transfers[at.devices[0]].reason


def test_a_plan_after_a_plan_takes_its_devices_back_in_turn(world: World, session: Callable[[int], Session]) -> None:
    first = session(1)
    first.apply()
    folder = first.folder / "second"
    folder.mkdir()
    assignments = [Transfer(2, first.devices[0], "second@example.com")]
    second = Session(world, world.plan(assignments, Permit(allow_customer=True)), folder)
    assert second.apply().complete and second.owners() == "M"
    assert not first.rollback().complete and second.owners() == "M"
    assert second.rollback().complete and first.owners() == "M"
    assert first.rollback().complete and first.owners() == "C"


def test_rollback_of_what_was_never_begun_does_nothing(session: Callable[[int], Session]) -> None:
    at = session(2)
    back = at.rollback()
    assert back.complete and not back.transfers and at.owners() == "CC"


def test_stuck_is_not_called_back(session: Callable[[int], Session]) -> None:
    at = session(1)
    nobody_claims = lambda method, path, token: (method, path) == ("POST", "/v1/devices")  # noqa: E731
    with at.refusing(nobody_claims):
        assert [each.outcome for each in at.apply().transfers.values()] == ["stuck"]
        back = at.rollback()
    assert [each.outcome for each in back.transfers.values()] == ["stuck"] and not back.complete
    assert at.owners() == "N"
    assert at.apply().complete and at.owners() == "M"


# --- names, customers and tokens --------------------------------------------------------------------------------------


def test_a_name_goes_with_the_device_there_and_back(world: World, tmp_path: Path) -> None:
    named, kept = world.enrol(2)
    for device, name in ((named, "shade-1"), (kept, "shade-2")):
        world.team.rename(device, name)
    assignments = [
        Transfer(row, device, jane(device), None, None, "living") for row, device in enumerate((named, kept), 2)
    ]
    at = Session(world, world.plan(assignments), tmp_path)

    def names() -> list[str | None]:
        return [world.team.device(device, product(world.product)).name for device in (named, kept)]

    assert at.apply().complete and names() == ["living", "living"]
    world.team.rename(kept, "her-own", product(world.product))
    assert at.rollback().complete
    # A name that somebody else gave it since stays.
    assert names() == ["shade-1", "her-own"] and at.owners() == "CC"
    assert at.apply().complete and at.owners() == "MM"
    assert names() == ["living", "living"]


def test_customers_get_a_token_again_when_their_devices_come_again(
    world: World, session: Callable[[int], Session]
) -> None:
    at = session(2)
    at.tokens = True
    at.apply()
    (first, one), (second, two) = read_tokens(at.folder / "tokens")
    at.rollback(devices=at.devices[:1])
    for token in (one, two):
        world.team.using(token).revoke()
    at.apply()
    # The device of the second customer never went back, so neither did the token.
    *_, (customer, token) = given = list(read_tokens(at.folder / "tokens"))
    assert len(given) == 3 and customer == first != second
    assert [device.id for device in world.team.using(token).devices()] == at.devices[:1]
    with pytest.raises(AuthError):
        world.team.using(one).devices()
    at.apply()
    assert len(list(read_tokens(at.folder / "tokens"))) == 3


def test_verification_makes_no_customers(world: World, session: Callable[[int], Session]) -> None:
    at = session(2)
    operator = Operator.of(world.config())
    records = verify(at.plan, operator)
    operator.close()
    assert not any(record.held for record in records) and all(
        each.verified and each.verified.as_found for each in records
    )
    made = {customer.username for customer in world.team.customers(world.product)}
    assert not made & {item.to.name for item in at.plan.devices if item.to}
