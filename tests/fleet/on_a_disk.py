"""A fleet on a disk that fails: power is cut, or the disk full, at each change ``fleet apply`` makes to a file.

Run by ``test_disk.py``, in a process whose changes to files can be watched.
"""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from photonrig.errors import RigError
from photonrig.fleet.apply import apply
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.tokens import FileSink, read_tokens
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import Rules
from photonrig.ownership.identities import Account
from photonrig.particle.cloud_types import Token

from .conftest import Quiet, World, all_given
from .disk import Change, Disk, Recording

# One device after another, so that what is done to files comes in one order; who fails waits for nobody.
RULES = Rules(canary=1, wave=1, at_once=1, stop_at=0.0, patience=0.0)

Assignments = Callable[[int], list[Transfer]]


class WatchedJournal(Journal):
    """Notes what it has acknowledged."""

    recording = Recording({})

    def keep(self, transfer: Transfer) -> None:
        super().keep(transfer)
        self.recording.acknowledge(msgspec.json.decode(msgspec.json.encode(transfer), type=Transfer))

    def handed_over(self, customer: str) -> None:
        super().handed_over(customer)
        self.recording.acknowledge(customer)


class WatchedSink(FileSink):
    """Notes what it has acknowledged."""

    recording = Recording({})

    def give(self, customer: Account, token: Token) -> None:
        super().give(customer, token)
        self.recording.acknowledge((customer, token))


@dataclass
class Move:
    """A plan and its folder."""

    world: World
    plan: FleetPlan
    assignments: list[Transfer]
    folder: Path

    @classmethod
    def of(cls, world: World, assignments: list[Transfer], folder: Path) -> Move:
        folder.mkdir()
        return cls(world, world.plan(assignments), assignments, folder)

    def carry_out(self, recording: Recording | None = None) -> None:
        """As ``./rig fleet apply --tokens`` does."""
        operator = Operator.of(self.world.config())
        try:
            sink = WatchedSink(self.folder / "tokens")
            journal = WatchedJournal(self.folder / "journal", digest=self.plan.digest, plan=self.plan.text())
            sink.recording = journal.recording = recording or Recording({})
            with journal:
                carried = apply(self.plan, operator, journal, RULES, Quiet(), sink=sink)
            assert carried.complete, [each.reason for each in carried.transfers.values()]
        finally:
            operator.close()

    def must_have_arrived(self) -> None:
        """Every device is its customer's, whose token is in the file and good; all that was acknowledged is known."""
        assert all_given(self.world, self.assignments)
        tokens = read_tokens(self.folder / "tokens")
        assert {customer.name for customer, _ in tokens} == {assignment.customer for assignment in self.assignments}
        for customer, token in tokens:
            mine = {device.id for device in self.world.team.using(token).devices()}
            assert mine == {
                assignment.device for assignment in self.assignments if assignment.customer == customer.name
            }

    def must_know(self, acknowledged: list[Any], *, next_one: Any = None) -> None:
        """Journal and tokens hold what was acknowledged, and besides at most what was being written."""
        last = {each.device: each for each in acknowledged if isinstance(each, Transfer)}
        given = [each for each in acknowledged if isinstance(each, tuple)]
        assert [each for each in read_tokens(self.folder / "tokens") if each != next_one] == given
        FileSink(self.folder / "tokens")
        assert [each for each in read_tokens(self.folder / "tokens") if each != next_one] == given
        with Journal(self.folder / "journal", digest=self.plan.digest, plan=self.plan.text()) as journal:
            handed = {each for each in acknowledged if isinstance(each, str)}
            assert journal.handed() in (handed, handed | {next_one} if isinstance(next_one, str) else handed)
            known = journal.transfers()
        if isinstance(next_one, Transfer) and known.get(next_one.device) == next_one:
            last[next_one.device] = next_one
        assert known == last

    def put(self, files: dict[str, bytes]) -> None:
        """Find these files, and no others, after a power cut."""
        for path in self.folder.iterdir():
            path.unlink()
        for name, content in files.items():
            (self.folder / name).write_bytes(content)
            (self.folder / name).chmod(0o600)


@pytest.fixture(scope="module")
def recorded(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Move, Recording]:
    """A whole move of three devices to two customers."""
    devices = world.enrol(3)
    assignments = [Transfer(row, device, f"{devices[row % 2]}@example.com") for row, device in enumerate(devices)]
    move = Move.of(world, assignments, tmp_path_factory.mktemp("recorded") / "f")
    with Disk(move.folder) as disk:
        move.carry_out(disk.recording)
    move.must_have_arrived()
    return move, disk.recording


def test_power_cut_after_any_change_loses_nothing_that_was_acknowledged(recorded: tuple[Move, Recording]) -> None:
    move, recording = recorded
    kinds = {change.kind for change in recording.changes}
    assert kinds >= {"create", "write", "sync", "rename", "unlink"} and len(recording.changes) > 150
    found = 0
    for changes in range(len(recording.changes) + 1):
        acknowledged = [what for at, what in recording.acknowledged if at <= changes]
        coming = next((what for at, what in recording.acknowledged if at > changes), None)
        states = [recording.after_power_cut(changes, None, all_of_it=each) for each in (False, True)]
        states += [recording.after_power_cut(changes, random.Random(changes * 10 + seed)) for seed in range(4)]
        for number, state in enumerate(states):
            if state in states[:number]:
                continue
            move.put(state)
            if "tokens" not in state:
                assert not any(isinstance(each, tuple) for each in acknowledged)
                FileSink(move.folder / "tokens")
            move.must_know(acknowledged, next_one=coming)
            found += 1
    assert found > 2 * len(recording.changes)
    print(f"{len(recording.changes)} changes, {found} states of the disk after a power cut: nothing lost")


def every(share: int) -> Any:
    """All changes, or in a short run one of so many."""
    return pytest.mark.parametrize(
        "step", [pytest.param(share, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
    )


@every(29)
def test_cut_off_at_any_change_and_started_again_everything_arrives(
    recorded: tuple[Move, Recording], world: World, assignments: Assignments, tmp_path: Path, step: int
) -> None:
    done = 0
    for at in range(0, len(recorded[1].changes), step):
        move = Move.of(world, assignments(2), tmp_path / f"{at}")
        with Disk(move.folder, lambda number, change, at=at: -errno.EIO if number >= at else None) as disk:
            try:
                move.carry_out(disk.recording)
            except RigError:
                done += 1
        acknowledged = [what for _, what in disk.recording.acknowledged]
        chance = random.Random(at)
        move.put(disk.recording.after_power_cut(len(disk.recording.changes), chance if at % 3 else None))
        move.carry_out()
        move.must_have_arrived()
        tokens = read_tokens(move.folder / "tokens")
        assert all(each in tokens for each in acknowledged if isinstance(each, tuple))
    print(f"cut off {done} times, and all arrived")
    assert done > 5


@every(29)
@pytest.mark.parametrize("kind", ["full", "full for a moment", "half a write"])
def test_full_at_any_change_and_with_space_again_everything_arrives(
    recorded: tuple[Move, Recording], world: World, assignments: Assignments, tmp_path: Path, step: int, kind: str
) -> None:
    done = 0
    for at in range(0, len(recorded[1].changes), step):
        move = Move.of(world, assignments(2), tmp_path / f"{at}")

        def fault(number: int, change: Change, at: int = at) -> int | None:
            if number < at or change.kind not in ("create", "write") or (kind != "full" and number > at):
                return None
            return len(change.data) // 2 if kind == "half a write" and len(change.data) > 1 else -errno.ENOSPC

        with Disk(move.folder, fault) as disk:
            try:
                move.carry_out(disk.recording)
            except RigError as error:
                assert "\n" not in str(error) and ("space" in str(error) or "full" in str(error)), error
                done += 1
            acknowledged = [what for _, what in disk.recording.acknowledged]
            if (move.folder / "tokens").exists():
                tokens = read_tokens(move.folder / "tokens")
                assert tokens == [each for each in acknowledged if isinstance(each, tuple)]
        move.carry_out()
        move.must_have_arrived()
    print(f"{kind} {done} times, and all arrived")
