"""Forum thread of 2016: its 60 rows in the terminal and as a page of the documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from photonrig.report.terminal import entry
from photonrig.scenarios.forum_2016 import RowResult
from photonrig.scenarios.forum_2016_checks import Verdict

VERDICT_STYLE: dict[Verdict, str] = {
    "held": "green",
    "granted": "green",
    "extension": "cyan",
    "in part": "yellow",
    "not granted": "yellow",
    "context": "dim",
    "failed": "bold red",
}


def forum_summary(rows: Sequence[RowResult]) -> str:
    """Number of rows by verdict."""
    counts = Counter(each.verdict for each in rows)
    return f"{len(rows)} rows: " + ", ".join(f"{counts[each]} {each}" for each in VERDICT_STYLE if counts[each])


def print_forum(rows: Sequence[RowResult], console: Console) -> None:
    """Print every row with verdict and evidence; colour only on a terminal."""
    for each in rows:
        row = each.row
        entry(
            console,
            f"{row.number:>2}  {each.verdict}: {row.asked} ({row.who}, {row.era})",
            VERDICT_STYLE[each.verdict],
            {"thread": row.happened, "evidence": each.evidence},
        )


_HEAD = """\
# Forum thread of 2016, row by row

In spring 2016 a maker of window-covering controllers asked in Particle's community how to move devices from one
central account to customers, remotely ("Remotely Claim or Transfer Device Ownership to a Customer"). What was seen and
wished for in that thread is this product's regression test: 60 rows, each asked of a cloud of its era. This page is
written by `photonrig claims --thread --thread-page docs/thread.md`.

| verdict | means |
|---|---|
| held | the behaviour was seen as the thread states it |
| granted | the wish is fulfilled today: shown |
| in part | part of the wish is fulfilled today |
| extension | Particle does not offer it; the local cloud does, by an extension: shown |
| not granted | neither does |
| context | the row states no behaviour |

M is the central account, O a user of no team, C the owning customer, C2 another customer, F a customer of another
product, P the product's own token, V, S and D team members with the roles view-only, support and developer.

"""


def write_forum(rows: Sequence[RowResult], path: Path) -> None:
    """Write the page, without ids, ports and times of this run, so that it changes only with a verdict."""
    lines = ["| # | era | who | asked | what happened | verdict | shown by |", "|---|---|---|---|---|---|---|"]
    for each in rows:
        row = each.row
        cells = (str(row.number), row.era, row.who, row.asked, row.happened, f"**{each.verdict}**", each.steady)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = f"{_HEAD}{forum_summary(rows)}\n\n" + "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")
