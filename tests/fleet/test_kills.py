"""The tool and the cloud are killed at random instants, again and again; whatever was begun is finished, once."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.wishes import Wish

from .conftest import Estate, all_given

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


def write_config(estate: Estate, folder: Path) -> Path:
    (client,) = (estate.clients[estate.product],)
    for name, text in (("central.token", estate.token.access_token), ("client.secret", client.secret)):
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(text)
    path = folder / "fleet.toml"
    path.write_text(
        f'api = "{estate.local.api}"\naccount = "central@example.com"\ntoken-file = "central.token"\n'
        f'[[client]]\nproduct = {estate.product}\nid = "{client.id}"\nsecret-file = "client.secret"\n'
    )
    return path


def begin(config: Path, plan: Path) -> subprocess.Popen[str]:
    words = ["fleet", "apply", "--plan", str(plan), "--config", str(config), "--at-once", "2", "--stop-at", "1"]
    return subprocess.Popen(
        [sys.executable, str(ROOT / "tasks.py"), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def begun(journal: Path) -> int:
    """Steps that were ever written down."""
    if not journal.exists():
        return 0
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM steps").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


@pytest.mark.parametrize("fleets", [1, pytest.param(40, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])])
@pytest.mark.timeout(300)
def test_killed_and_resumed_every_device_arrives_once(
    estate: Estate, wishes: Callable[[int], list[Wish]], tmp_path: Path, fleets: int
) -> None:
    """Of one fleet, tool and cloud are killed eight times at most: a tool that is done cannot be killed."""
    chance = random.Random(fleets)
    done = {"tool": 0, "cloud": 0}
    for number in range(fleets):
        folder = tmp_path / str(number)
        folder.mkdir()
        move(estate, wishes(60), folder, chance, done)
    print(f"killed: {done}")
    assert sum(done.values()) >= 4 * fleets


def move(estate: Estate, wanted: list[Wish], folder: Path, chance: random.Random, done: dict[str, int]) -> None:
    plan = estate.plan(wanted)
    file = folder / "fleet.plan.json"
    plan.write(file)
    config, journal = write_config(estate, folder), folder / "fleet.plan.journal"
    for _ in range(8):
        tool = begin(config, file)
        # By steps, not by seconds: starting takes longer than moving.
        after = begun(journal) + chance.randrange(60)
        deadline = time.monotonic() + PATIENCE
        while tool.poll() is None and begun(journal) < after:
            assert time.monotonic() < deadline, "the tool does not get on"
            time.sleep(0.001)
        finished = tool.poll() is not None
        if not finished and chance.random() < 0.3:
            done["cloud"] += 1
            estate.local.restart()
        if tool.poll() is None:
            done["tool"] += 1
            os.kill(tool.pid, signal.SIGKILL)
        tool.communicate()
        if finished:
            break
    tool = begin(config, file)
    said = tool.communicate()[0]
    assert tool.returncode == 0, said
    assert all_given(estate, wanted)
    with closing(sqlite3.connect(journal)) as database:
        claimed = database.execute(
            "SELECT device, count(*) FROM steps"
            " WHERE step = 'claim' AND phase = 'done' AND outcome IS NULL GROUP BY device"
        ).fetchall()
    assert len(claimed) == len(wanted) and {count for _, count in claimed} == {1}
    assert FleetPlan.read(file) == plan
