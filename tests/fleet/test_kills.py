"""Tool, cloud and devices are killed at random instants, again and again; whatever was begun is finished, once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.transfer import Transfer

from ..patience import wait_for
from .conftest import World, all_given, begun, rig_fleet
from .powered_fleet import Field

PATIENCE = 120.0
DEVICES = 60
RUNS = 8


class Witness:
    """Inside a ``with`` block the cloud's database notes every change of a device's owner, in the same transaction."""

    def __init__(self, world: World) -> None:
        self._path = world.local.state / "cloud.sqlite"

    def __enter__(self) -> Self:
        self._do(
            "CREATE TABLE witnessed (device TEXT, owner TEXT)",
            "CREATE TRIGGER witness AFTER UPDATE ON devices WHEN NEW.owner_id IS NOT OLD.owner_id"
            " BEGIN INSERT INTO witnessed VALUES (NEW.id, NEW.owner_kind); END",
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._do("DROP TRIGGER witness", "DROP TABLE witnessed")

    def changes(self) -> dict[str, list[str | None]]:
        """Kinds of owners that each device got, in turn; None is nobody."""
        found: dict[str, list[str | None]] = {}
        with closing(sqlite3.connect(self._path, timeout=PATIENCE)) as database:
            for device, owner in database.execute("SELECT device, owner FROM witnessed ORDER BY rowid"):
                found.setdefault(device, []).append(owner)
        return found

    def _do(self, *statements: str) -> None:
        with closing(sqlite3.connect(self._path, timeout=PATIENCE)) as database, database:
            for statement in statements:
                database.execute(statement)


@pytest.mark.parametrize(
    "fleets",
    [
        1,
        pytest.param(24, marks=[pytest.mark.soak, pytest.mark.timeout(7200)]),
    ],
)
def test_killed_and_resumed_every_device_arrives_once(
    world: World,
    assignments: Callable[[int], list[Transfer]],
    tmp_path_factory: pytest.TempPathFactory,
    fleets: int,
) -> None:
    """Of one fleet the tool is killed eight times, on its way now and then the cloud and devices too."""
    chance = random.Random(fleets)
    done: Counter[str] = Counter()
    for _ in range(fleets):
        move(world, assignments(DEVICES), tmp_path_factory.mktemp("k"), chance, done)
    print(f"killed at {done.total()} random instants: {dict(done)}; {fleets * DEVICES} devices arrived once each")
    assert done.keys() == {"tool", "cloud", "device"}
    assert done["tool"] == RUNS * fleets and done.total() >= 12 * fleets


def move(world: World, wanted: list[Transfer], folder: Path, chance: random.Random, done: Counter[str]) -> None:
    plan = world.plan(wanted)
    file = folder / "fleet.plan.json"
    plan.write(file)
    journal = folder / "fleet.plan.journal"
    words = [
        "apply",
        "--plan",
        str(file),
        "--config",
        str(world.write_config(folder)),
        "--at-once",
        "2",
        "--stop-at",
        "1",
    ]
    with (
        Field(
            world, [assignment.device for assignment in wanted], folder, photons=4, seed=chance.randrange(1000)
        ) as field,
        Witness(world) as witness,
    ):
        for _ in range(RUNS):
            tool = rig_fleet(*words)
            others = [victim for victim in ("cloud", "device", "device") if chance.random() < 0.3]
            chance.shuffle(others)
            for victim in (*others, "tool"):
                # By steps, not by seconds: starting takes longer than moving. There are more than 600 of them.
                wait_for_steps(journal, begun(journal) + chance.randrange(25), tool)
                done[victim] += 1
                match victim:
                    case "cloud":
                        world.local.restart()
                    case "device":
                        field.kill()
                    case "tool":
                        os.kill(tool.pid, signal.SIGKILL)
            tool.communicate()
        tool = rig_fleet(*words)
        said = tool.communicate()[0]
        assert tool.returncode == 0, said
        field.wait_online()
        changes = witness.changes()
    assert all_given(world, wanted)
    # Released once and claimed once, by the cloud's own word and by the journal's.
    assert changes == {assignment.device: [None, "customer"] for assignment in wanted}
    with closing(sqlite3.connect(journal)) as database:
        claimed = database.execute(
            "SELECT device, count(*) FROM steps"
            " WHERE step = 'claim' AND phase = 'done' AND outcome IS NULL GROUP BY device"
        ).fetchall()
    assert len(claimed) == len(wanted) and {count for _, count in claimed} == {1}
    assert FleetPlan.read(file) == plan


def wait_for_steps(journal: Path, steps: int, tool: subprocess.Popen[str]) -> None:
    wait_for(f"step {steps}", lambda: begun(journal) >= steps or tool.poll() is not None, PATIENCE)
    assert tool.poll() is None, tool.communicate()[0]
