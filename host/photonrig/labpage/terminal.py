"""Changes of a lab in words, for the terminal."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.text import Text

from photonrig.labpage.changes import Change
from photonrig.trace import printable


def lines_of(change: Change) -> tuple[list[str], str]:
    """Lines, and the style of the first; no line for what a terminal need not tell."""
    match change["kind"], change.get("name"), change.get("data"):
        case "panic", _, _:
            return [change["title"], *change["lines"]], "bold red"
        case "event", "spark/status", "offline":
            return ["dropped off the cloud"], "yellow"
        case "event", "spark/status", "online":
            return ["is online"], ""
        case "owner", _, _:
            by = f", by {change['by']}" if change["by"] else ""
            if change["owner"] is None:
                return [f"is unowned, was {change['before']}'s{by}"], "yellow"
            if change["before"] is None:
                return [f"was claimed: now {change['owner']}'s{by}"], ""
            return [f"changed hands: {change['before']} → {change['owner']}{by}"], ""
        case ("serial" | "log") as kind, _, _:
            return [f"{kind}  {change['line']}"], ""
    return [], ""


def print_change(change: Change, console: Console, *, slot: str = "") -> None:
    """Print a change with its time, and its slot if one is given."""
    lines, style = lines_of(change)
    at = datetime.fromisoformat(change["at"]).astimezone()
    head = f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  " + (f"{slot}  " if slot else "")
    for number, line in enumerate(lines):
        text = f"    {line}" if number else head + line
        console.print(Text(printable(text), style=style if number == 0 else ""), soft_wrap=True)
