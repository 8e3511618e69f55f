"""``photonrig fleet`` as a person starts it: what it prints, what it ends with, and Ctrl-C."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from photonrig.fleet.transfer import Transfer

from ..fleet.conftest import CENTRAL, World, all_given, begun, rig_fleet
from ..patience import wait_for

PATIENCE = 120.0
Assignments = Callable[[int], list[Transfer]]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    said = process.communicate(timeout=PATIENCE)[0]
    return process.returncode, said


def test_what_has_changed_since_a_plan_was_made(world: World, assignments: Assignments, tmp_path: Path) -> None:
    wanted = assignments(14)
    file, config = tmp_path / "fleet.plan.json", world.write_config(tmp_path)
    plan = world.plan(wanted)
    plan.write(file)
    words = ["plan", "--diff", str(file), "--config", str(config)]
    code, said = ended(rig_fleet(*words))
    assert (code, "14 devices, as in the plan" in said) == (0, True), said

    other = world.customer("someone-new@example.com")
    for assignment in wanted[:12]:
        world.team.release(assignment.device)
        other.claim(assignment.device)
    world.team.remove_device(world.product, wanted[12].device)
    code, refused = ended(rig_fleet("apply", "--plan", str(file), "--config", str(config)))
    assert code == 2 and "and 3 more" in refused
    command = f"photonrig fleet {' '.join(words)}"
    assert command in refused
    code, said = ended(rig_fleet(*words))
    assert code == 1
    lines = {line.split(" ")[0]: line for line in said.splitlines()}
    for assignment in wanted[:12]:
        assert lines[assignment.device].endswith(
            "belongs to customer someone-new@example.com: transfer → other customer"
        )
    assert f"was in product {world.product}, is in no product: transfer" in lines[wanted[12].device]
    assert wanted[13].device not in said
    assert "13 of 14 devices differ from the plan" in said


def test_a_plan_needs_a_source_or_an_earlier_plan() -> None:
    code, said = ended(rig_fleet("plan"))
    assert (code, "--source or --diff" in said) == (2, True)


def test_ctrl_c_half_way_ends_with_130_and_a_second_start_finishes(
    world: World, assignments: Assignments, tmp_path: Path
) -> None:
    wanted = assignments(60)
    file, journal = tmp_path / "fleet.plan.json", tmp_path / "fleet.plan.journal"
    world.plan(wanted).write(file)
    words = ["apply", "--plan", str(file), "--config", str(world.write_config(tmp_path)), "--at-once", "2"]
    tool = rig_fleet(*words)
    wait_for("half of the steps", lambda: begun(journal) >= 300 or tool.poll() is not None, PATIENCE)
    tool.send_signal(signal.SIGINT)
    code, said = ended(tool)
    assert code == 130 and "Traceback" not in said, said
    with closing(sqlite3.connect(journal)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        arrived = {
            device
            for (device,) in database.execute('SELECT device FROM transfers WHERE transfer LIKE \'%"outcome":"done"%\'')
        }
    # What it says to be done is done, and there is something left to do.
    assert 0 < len(arrived) < len(wanted)
    assert all_given(world, [assignment for assignment in wanted if assignment.device in arrived])
    code, said = ended(rig_fleet(*words))
    assert code == 0, said
    assert f"{len(wanted)} devices with their new owners; {len(wanted) - len(arrived)} of them moved now, in" in said
    assert all_given(world, wanted)


RATE = re.compile(r"\d+(\.\d+)? a second|\d/s")


def test_tasks_that_find_nothing_to_do_say_so_and_no_rate(
    world: World, assignments: Assignments, tmp_path: Path
) -> None:
    wanted = assignments(4)
    file = tmp_path / "fleet.plan.json"
    world.plan(wanted).write(file)
    words = ["--plan", str(file), "--config", str(world.write_config(tmp_path))]

    def told(*task: str) -> str:
        code, said = ended(rig_fleet(*task, *words))
        assert code == 0, said
        quick = re.search(r" in \d+ ms", said) is not None or "no changes" in said
        assert not (quick and RATE.search(said)), said
        return said

    def owners() -> list[str | None]:
        return [world.owner(assignment.device) for assignment in wanted]

    customers = [assignment.customer for assignment in wanted]
    assert "no changes: 4 devices back where they came from already" in told("rollback")
    assert "4 devices with their new owners in" in told("apply") and owners() == customers
    assert told("apply") == "no changes: 4 devices with their new owners already\n"
    assert "4 devices back where they came from in" in told("rollback") and owners() == [CENTRAL] * 4
    assert told("rollback") == "no changes: 4 devices back where they came from already\n"
    assert "4 devices with their new owners in" in told("apply") and owners() == customers
    assert "1 device back where they came from in" in told("rollback", "--device", wanted[0].device)
    assert owners() == [CENTRAL, *customers[1:]]
    assert "4 devices with their new owners; 1 of them moved now, in" in told("apply") and owners() == customers


def test_a_plan_that_was_begun_is_not_overwritten_and_one_that_was_not_is(
    world: World, assignments: Assignments, tmp_path: Path
) -> None:
    wanted = assignments(2)
    file, source = tmp_path / "fleet.plan.json", tmp_path / "devices.csv"
    source.write_text("device,customer\n" + "".join(f"{each.device},{each.customer}\n" for each in wanted))
    words = ["--plan", str(file), "--config", str(world.write_config(tmp_path))]
    make = ["plan", "--source", str(source), *words]
    code, said = ended(rig_fleet(*make))
    assert code == 0 and "2 new customers" in said, said

    # The world changes, the plan is refused, and a new one takes its place and its journal.
    world.team.release(wanted[0].device)
    assert ended(rig_fleet("apply", *words))[0] == 2
    assert ended(rig_fleet(*make))[0] == 0
    code, said = ended(rig_fleet("apply", *words))
    assert code == 0 and "2 devices with their new owners" in said, said

    before = file.read_bytes()
    code, said = ended(rig_fleet(*make))
    assert code == 2 and "was begun" in said and "--plan" in said and file.read_bytes() == before
    other = str(tmp_path / "other.json")
    code, said = ended(rig_fleet(*make[:3], "--plan", other, *words[2:]))
    assert code == 0 and "no changes" in said and "apply" not in said
    code, said = ended(rig_fleet("apply", "--plan", other, *words[2:]))
    assert (code, said) == (0, "no changes: no device to move\n")
    assert "no device to look at" in ended(rig_fleet("verify", "--plan", other, *words[2:]))[1]
    code, said = ended(rig_fleet("rollback", *words))
    assert code == 0 and [world.owner(assignment.device) for assignment in wanted] == [None, CENTRAL]


def test_customers_who_cannot_be_meant_are_refused_by_row(
    world: World, assignments: Assignments, tmp_path: Path
) -> None:
    one, two = assignments(2)
    source, plan = tmp_path / "devices.csv", tmp_path / "fleet.plan.json"
    source.write_text(f"device,customer\n{one.device},NULL\n{two.device},{two.customer}\n")
    words = ["plan", "--source", str(source), "--plan", str(plan), "--config", str(world.write_config(tmp_path))]
    code, said = ended(rig_fleet(*words))
    assert code == 2 and "row 2: 'NULL' cannot name a customer" in said and "--any-customer-name" in said
    assert not plan.exists()
    code, said = ended(rig_fleet(*words, "--any-customer-name"))
    assert code == 0 and "null of product" in said
