"""Fleet demo as a terminal session: the commands a user would type, and their output."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.text import Text

from photonrig.bench.resources import memory
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_variant
from photonrig.cli.values import writable
from photonrig.clock import SYSTEM
from photonrig.fleet.apply import apply
from photonrig.fleet.assignments import read_assignments
from photonrig.fleet.config import read_config
from photonrig.fleet.demo import QUERY, DemoFleet, demo_fleet
from photonrig.fleet.journal import Journal
from photonrig.fleet.operator import Operator
from photonrig.fleet.owner_change import Permit
from photonrig.fleet.plan import make_plan
from photonrig.fleet.snapshot import snapshot
from photonrig.fleet.tokens import FileSink
from photonrig.fleet.verify import verify, write_report
from photonrig.fleet.waves import Rules
from photonrig.invocation import command, quiet
from photonrig.ownership.proof import Probe
from photonrig.report.fleet import FleetProgress, print_records, print_result
from photonrig.report.fleet_plan import print_plan
from photonrig.report.run import duration

_VARIANT = "roller"


def run_demo(tools: Toolchain, devices: int, *, state: Path | None, stay: bool) -> bool:
    """Build a fleet and move it; True if no device was lost and each belongs to its user."""
    if state is not None:
        writable(state, "--state")
    console = Console()
    place: AbstractContextManager[str] = (
        tempfile.TemporaryDirectory(prefix="photonrig-fleet-") if state is None else nullcontext(str(state))
    )
    with place as folder, _fleet(tools, Path(folder), devices) as fleet:
        console.print(
            f"{devices} virtual Photons with the roller firmware, online, all on one account", highlight=False
        )
        held = _story(fleet, console)
        if stay:
            words = f"fleet plan --config {fleet.config} --source {fleet.source} --query '{QUERY}'"
            console.print(Text(f"try it: {command(words)}"), soft_wrap=True)
            console.print("until Ctrl-C")
            threading.Event().wait()
        return held


def _fleet(tools: Toolchain, folder: Path, devices: int) -> AbstractContextManager[DemoFleet]:
    tools.native()
    return _timed(demo_fleet(folder, devices, vphoton=tools.vphoton, firmware=build_variant(tools, _VARIANT)), devices)


class _timed(AbstractContextManager[DemoFleet]):  # noqa: N801
    """The same fleet, printing how long it takes to start."""

    def __init__(self, fleet: AbstractContextManager[DemoFleet], devices: int) -> None:
        self._fleet, self._devices = fleet, devices

    def __enter__(self) -> DemoFleet:
        with step(f"making {self._devices} devices and bringing them online"):
            return self._fleet.__enter__()

    def __exit__(self, *what: object) -> bool | None:
        return self._fleet.__exit__(*what)  # type: ignore[arg-type]


def _story(fleet: DemoFleet, console: Console) -> bool:
    operator = Operator.of(read_config(fleet.config))
    file = fleet.folder / "fleet.plan.json"
    _typed(console, f"fleet plan --source {fleet.source.rsplit('/', 1)[1]} --query '{QUERY}'")
    assignments = read_assignments(fleet.source, QUERY)
    begun = SYSTEM.now()
    plan = make_plan(
        assignments,
        snapshot(operator.team, operator.config.account, operator.config.clients),
        operator.config,
        Permit(),
    )
    plan.write(file)
    print_plan(plan, console, window=2 * (SYSTEM.now() - begun) / max(operator.throttle.calls, 1))
    console.print(f"planned in {duration(SYSTEM.now() - begun)}", highlight=False)

    _typed(console, "fleet apply --tokens customers.tokens")
    journal = Journal(file.with_suffix(".journal"), digest=plan.digest, plan=plan.text())
    sink = FileSink(fleet.folder / "customers.tokens")
    with journal, FleetProgress(Console(quiet=quiet()), "fleet") as progress:
        result = apply(plan, operator, journal, Rules(), progress, sink=sink)
    print_result(result, operator.throttle, console, done="with their new owners")

    _typed(console, "fleet verify")
    begun = SYSTEM.now()
    with FleetProgress(Console(quiet=quiet()), "looking") as progress:
        progress.begins(len(plan.acting))
        records = verify(plan, operator, probe=Probe(), settled=progress.settled)
    write_report(file.with_suffix(".report"), plan, records, {"calls": operator.throttle.calls})
    print_records(records, console)
    console.print(f"verified in {duration(SYSTEM.now() - begun)}", highlight=False)
    lost = len(fleet.device_ids) - sum(record.held for record in records)
    console.print(Text(f"lost: {lost}", style="bold red" if lost else "bold green"))
    _print_memory(fleet, console)
    operator.close()
    return result.complete and lost == 0


def _print_memory(fleet: DemoFleet, console: Console) -> None:
    parts = {"cloud": (fleet.cloud.pid,), "devices": (fleet.rack_pid,), "tool": (os.getpid(),)}
    held = {name: memory(pids) for name, pids in parts.items()}
    if all(held.values()):
        text = ", ".join(f"{name} {kib / 1024:.0f} MiB" for name, kib in held.items() if kib)
        console.print(f"memory: {text}", highlight=False)


def _typed(console: Console, words: str) -> None:
    console.print()
    console.print(Text(f"$ {command(words)}", style="bold"), soft_wrap=True)
