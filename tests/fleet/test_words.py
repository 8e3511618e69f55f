"""``./rig fleet`` as a person starts it: what it prints, what it ends with, and Ctrl-C."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from photonrig.fleet.wishes import Wish

from .conftest import Estate, all_given, begun, rig_fleet

PATIENCE = 120.0
Wishes = Callable[[int], list[Wish]]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=PATIENCE)[0]
    return process.returncode, said


def test_what_has_changed_since_a_plan_was_made(estate: Estate, wishes: Wishes, tmp_path: Path) -> None:
    wanted = wishes(14)
    file, config = tmp_path / "fleet.plan.json", estate.write_config(tmp_path)
    plan = estate.plan(wanted)
    plan.write(file)
    words = ["plan", "--diff", str(file), "--config", str(config)]
    code, said = ended(rig_fleet(*words))
    assert (code, "14 devices, as in the plan" in said) == (0, True), said

    other = estate.customer("someone-new@example.com")
    for wish in wanted[:12]:
        estate.team.release(wish.device)
        other.claim(wish.device)
    estate.team.remove_device(estate.product, wanted[12].device)
    code, refused = ended(rig_fleet("apply", "--plan", str(file), "--config", str(config)))
    assert code == 2 and "and 3 more" in refused
    command = f"./rig fleet {' '.join(words)}"
    assert command in refused
    code, said = ended(rig_fleet(*words))
    assert code == 1
    lines = {line.split(" ")[0]: line for line in said.splitlines()}
    for wish in wanted[:12]:
        assert lines[wish.device].endswith("belongs to customer someone-new@example.com: transfer → other customer")
    assert f"was in product {estate.product}, is in no product: transfer" in lines[wanted[12].device]
    assert wanted[13].device not in said
    assert "13 of 14 devices differ from the plan" in said


def test_a_plan_needs_a_source_or_an_earlier_plan() -> None:
    code, said = ended(rig_fleet("plan"))
    assert (code, "--source or --diff" in said) == (2, True)


def test_ctrl_c_half_way_ends_with_130_and_a_second_start_finishes(
    estate: Estate, wishes: Wishes, tmp_path: Path
) -> None:
    wanted = wishes(60)
    file, journal = tmp_path / "fleet.plan.json", tmp_path / "fleet.plan.journal"
    estate.plan(wanted).write(file)
    words = ["apply", "--plan", str(file), "--config", str(estate.write_config(tmp_path)), "--at-once", "2"]
    tool = rig_fleet(*words)
    deadline = time.monotonic() + PATIENCE
    while begun(journal) < 300:
        assert tool.poll() is None and time.monotonic() < deadline, tool.communicate()[0]
        time.sleep(0.001)
    tool.send_signal(signal.SIGINT)
    code, said = ended(tool)
    assert code == 130 and "Traceback" not in said, said
    with closing(sqlite3.connect(journal)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        arrived = {
            device
            for (device,) in database.execute('SELECT device FROM devices WHERE progress LIKE \'%"outcome": "done"%\'')
        }
    # What it says to be done is done, and there is something left to do.
    assert 0 < len(arrived) < len(wanted)
    assert all_given(estate, [wish for wish in wanted if wish.device in arrived])
    code, said = ended(rig_fleet(*words))
    assert code == 0, said
    assert f"{len(wanted)} devices with their new owners" in said
    assert all_given(estate, wanted)
