"""Fleet plan in the terminal, as Terraform prints one: what will change, for whom, and what that costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from photonrig.fleet.difference import Difference
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.transfer import ACTS, Transfer
from photonrig.report.run import duration

_SHOWN = 10
_MARKS = {"import": "+", "already right": "="}


def print_plan(plan: FleetPlan, console: Console, *, window: float = 0.0, verbose: bool = False) -> None:
    """Print the plan; ``window``: expected unowned seconds of a device; ``verbose``: every name and device."""
    page = _Page(console, len(plan.devices) + 1 if verbose else _SHOWN)
    console.print(Text(f"{plan.account} on {plan.api}", style="bold"))
    for verdict, count in plan.totals.items():
        acts = verdict in ACTS
        style = "green" if acts or verdict == "already right" else "yellow"
        console.print(Text(f"  {_MARKS.get(verdict, '~' if acts else '!')} {count:>6} {verdict}", style=style))
    left = [each for each in plan.devices if not each.acts and each.verdict != "already right"]
    page.section("left alone", [f"{each.device} (row {each.row}), {each.verdict}: {_where(each)}" for each in left])
    if verbose:
        page.section("devices", [f"{each.device}  {_owner(each)} → {each.ends_with}" for each in plan.acting])
    per = Counter(each.to.name for each in plan.acting if each.to is not None)
    page.section("customers who get devices", [f"{count:>4}  {name}" for name, count in per.most_common()])
    page.section(
        "new customers, made by this plan (look for typing errors)",
        [f"{each.name} of product {each.product}" for each in plan.new_customers],
    )
    taken_over = any(plan.product_hooks.values())
    alone = "" if taken_over else ": no product webhook takes its place; make one before you apply"
    page.section("will fall silent", [f"webhook {hook} of {plan.account}{alone}" for hook in plan.silent_hooks])
    for product, hooks in plan.product_hooks.items():
        page.section(f"go on for product {product}", [f"webhook {hook}" for hook in hooks])
    if not plan.acting:
        console.print("no changes: the plan does nothing with any device")
        return
    if plan.unowned_between and window:
        text = f"{plan.unowned_between} devices, about {duration(window)} each, from release to claim"
        console.print(f"  unowned in between: {text}", highlight=False)
    cost = f"about {plan.calls} calls and {plan.tokens} token requests"
    console.print(f"  {cost}{f', at least {duration(plan.seconds)}' if plan.seconds else ''}", highlight=False)
    imports, same = plan.totals.get("import", 0), plan.totals.get("already right", 0)
    change = len(plan.acting) - imports
    line = f"plan: {change} to change, {imports} to import, {same} unchanged, {len(left)} left alone"
    console.print(Text(line, style="bold"))


@dataclass(frozen=True, slots=True)
class _Page:
    """Prints lists under titles, at most ``most`` lines of each; nothing of an empty one."""

    console: Console
    most: int

    def section(self, title: str, lines: Sequence[str]) -> None:
        if not lines:
            return
        words = title.replace("customers", "customer", 1) if len(lines) == 1 else title
        self.console.print(Text(f"  {len(lines)} {words}:"))
        for line in lines[: self.most]:
            self.console.print(Text(f"      {line}"))
        if len(lines) > self.most:
            self.console.print(f"      and {len(lines) - self.most} more; --verbose names them all", highlight=False)


def _owner(each: Transfer) -> str:
    return "nobody" if each.found is None or each.found.owner is None else str(each.found.owner)


def _where(each: Transfer) -> str:
    return "seen nowhere" if each.found is None else f"product {each.found.product}, {_owner(each)}'s"


def print_differences(changes: Sequence[Difference], of: int, console: Console) -> None:
    """Print the changes since a plan was made, one line a device, ``of`` so many."""
    for change in changes:
        console.print(Text(str(change), style="yellow"), soft_wrap=True)
    console.print(
        Text(f"{len(changes)} of {of} devices differ from the plan" if changes else f"{of} devices, as in the plan"),
        style="yellow" if changes else "green",
    )


def differences_json(changes: Sequence[Difference], of: int) -> dict[str, Any]:
    """The changes as JSON: ``devices`` of the plan, and per changed device its planned and current action."""
    return {
        "devices": of,
        "changes": [
            {
                "device": change.planned.device,
                "row": change.planned.row,
                "situation": change.situation,
                "planned": change.planned.verdict,
                "now": change.now.verdict,
            }
            for change in changes
        ],
    }
