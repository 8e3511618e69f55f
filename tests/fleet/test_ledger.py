"""Ledger of a move: read from the journal while an operator is at work and after, and written as page and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from photonrig.errors import UsageError
from photonrig.fleet.apply import apply
from photonrig.fleet.journal import Journal
from photonrig.fleet.ledger import Ledger
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.rollback import rollback
from photonrig.fleet.tokens import FileSink
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.verify import verify, write_report
from photonrig.report.fleet_ledger import print_status, write_ledger

from .conftest import CENTRAL, RULES, Quiet, World

Open = Callable[[FleetPlan], Journal]


def told(ledger: Ledger, **more: Any) -> str:
    out = io.StringIO()
    print_status(ledger, Console(file=out, width=80), **more)
    return out.getvalue()


def test_a_move_and_its_rollback_are_told_from_the_journal(
    world: World, assignments: Callable[[int], list[Transfer]], journal: Open, tmp_path: Path
) -> None:
    plan = world.plan([*assignments(4), Transfer(9, "f" * 24, "=cmd@example.com")])
    operator, memory, report = Operator.of(world.config()), journal(plan), tmp_path / "fleet.report"
    path = tmp_path / "fleet.journal"
    with pytest.raises(UsageError, match="no such file; photonrig fleet apply makes it"):
        Ledger.read(path)
    during: list[Ledger] = []

    class Watching(Quiet):
        def settled(self, transfer: Transfer) -> None:
            during.append(Ledger.read(path))

    with memory:
        assert Ledger.read(path).counts == {"not begun": 4, "left alone": 1}
        apply(plan, operator, memory, RULES, Watching(), sink=FileSink(tmp_path / "tokens"))
    assert all(each.holder is not None and sum(each.counts.values()) == 5 for each in during)
    assert during[0].counts["moved"] < during[-1].counts["moved"] == 4
    done = Ledger.read(path)
    assert done.counts == {"moved": 4, "left alone": 1} and done.holder is None and len(done.windows) == 4
    assert [(each.former, each.wanted, each.token) for each in done.entries[:4]] == [
        (CENTRAL, each.customer, "delivered") for each in plan.acting
    ]

    write_report(report, plan, verify(plan, operator, sample=0), {})
    proved = Ledger.read(path, report)
    assert all(each.verified is not None and each.verified.held for each in proved.entries[:4])
    device = plan.acting[0].device
    with memory:
        rollback(plan, operator, memory, RULES, Quiet(), devices=[device])
    operator.close()
    back = Ledger.read(path, report)
    assert back.counts == {"rolled back": 1, "moved": 3, "left alone": 1}
    # The proof is older than the rollback.
    assert back.entries[0].verified is None and back.entries[1].verified is not None
    assert back.entries[0].token == "delivered; its device was taken back"
    lines = told(back, verbose=True).splitlines()
    assert lines[-1].startswith("1 rolled back, 3 moved, 1 left alone, last change 20")
    assert sum(line.startswith(("rolled back: ", "moved: ", "left alone: ")) for line in lines) == 5
    assert max(map(len, lines)) <= 80

    page, table = tmp_path / "fleet.html", tmp_path / "fleet.csv"
    write_ledger(back, page, table)
    html = page.read_text()
    assert html.count("<circle") == 4 and "3 of 4 devices moved" in html and "not verified" not in html
    assert html.index('id="exceptions"') < html.index("<nav")
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert [row["state"] for row in rows] == ["rolled back", "moved", "moved", "moved", "left alone"]
    assert rows[4]["to"] == "'=cmd@example.com"
    assert (page.stat().st_mode | table.stat().st_mode) & 0o077 == 0


def test_a_report_of_another_plan_is_refused(
    world: World, assignments: Callable[[int], list[Transfer]], journal: Open, tmp_path: Path
) -> None:
    plan, other = world.plan(assignments(1)), world.plan(assignments(1))
    with journal(plan):
        pass
    write_report(tmp_path / "fleet.report", other, (), {})
    with pytest.raises(UsageError, match="is the report of another plan"):
        Ledger.read(tmp_path / "fleet.journal", tmp_path / "fleet.report")
    (tmp_path / "fleet.report").write_text("nothing")
    with pytest.raises(UsageError, match="is not a report of a verification"):
        Ledger.read(tmp_path / "fleet.journal", tmp_path / "fleet.report")
