"""docs/interrupted.md: every flow, cut off at every request in every way, and how it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from .interruptions import HOWS, Interruption

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "interrupted.md"
Row = Mapping[str, str]  # by how the flow was cut off, and under "lost" the number of devices lost

_INTRODUCTION = """\
# Every flow, interrupted at every request

A flow moves a device from one owner or product to another. Here each flow is interrupted at each of its requests to the
cloud and each of its SoftAP commands to the device, once in each of these ways, and then continued:

| interruption | means |
|---|---|
| request lost | the connection breaks before the request arrives |
| answer lost | the request arrives, and the connection breaks before the answer |
| killed before, after | the flow's process gets SIGKILL before or after the request; another one has only the journal |
| refused | the request does not arrive, and the answer is a refusal |
| power cut before, after | the device loses its power before or after the request, and gets it again |

Done: the device is at its destination. Undone: it is with its former owner, in its former product. In either case the
owner lists the device and can use it, and the central account can claim a device without an owner. Every other end
counts as a lost device. A request repeated until it succeeds counts once; the event stream of a set-up is not
interrupted.

Written by `benchmarks/interrupted_flows.py --docs`; `./rig test` repeats a part of it, `.rig/venv/bin/pytest -m soak
tests/ownership` the rest.
"""


def cell(seen: Iterable[Interruption]) -> str:
    """How often each outcome was seen: "3 done, 4 undone"."""
    counts = Counter(each.outcome for each in seen)
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items()))


def total(rows: Mapping[str, Row]) -> str:
    """The sum of all rows, in words."""
    parts = [part for row in rows.values() for how in HOWS if row[how] for part in row[how].split(", ")]
    lost = sum(int(row["lost"]) for row in rows.values())
    return f"{sum(int(part.split()[0]) for part in parts)} interruptions, {lost} devices lost"


def page(rows: Mapping[str, Row]) -> str:
    """The page; ``rows`` by the title of the case."""
    columns = (*HOWS, "lost")
    lines = [f"| flow | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {title} | {' | '.join(row[each] or '–' for each in columns)} |" for title, row in rows.items()]
    return "\n".join([_INTRODUCTION, f"{total(rows)}.", "", *lines, ""])


def read(text: str) -> dict[str, Row]:
    """The rows of a page."""
    table = text[text.index("| flow |") :].splitlines()
    columns = [name.strip() for name in table[0].strip("|").split("|")][1:]
    rows: dict[str, Row] = {}
    for line in table[2:]:
        title, *cells = (each.strip() for each in line.strip("|").split("|"))
        rows[title] = {name: "" if text == "–" else text for name, text in zip(columns, cells, strict=True)}
    return rows
