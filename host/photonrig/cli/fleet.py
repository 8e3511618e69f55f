"""``photonrig fleet``: commands and options for moving many devices."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from photonrig.build.toolchain import Toolchain, step
from photonrig.cli.command import Group
from photonrig.cli.values import FILE, FOLDER, TEXT, Number, Whole
from photonrig.clock import SYSTEM
from photonrig.errors import UsageError
from photonrig.exits import ExitCode
from photonrig.invocation import command, quiet

if TYPE_CHECKING:
    from rich.console import Console

    from photonrig.fleet.journal import Journal
    from photonrig.fleet.operator import Operator
    from photonrig.fleet.plan import FleetPlan

_Callback = TypeVar("_Callback", bound=Callable[..., Any])
_MANY = Whole(0, 1_000_000)

_PLAN = click.option("--plan", type=FILE, default="fleet.plan.json", help="The plan, a file that fleet plan wrote.")
_CONFIG = click.option(
    "--config",
    type=FILE,
    default="fleet.toml",
    help="File that names cloud, account and clients; fleet plan shows one.",
)
_PRODUCTION = click.option(
    "--production",
    type=TEXT,
    metavar="ACCOUNT",
    help="The account to act on, spelled out, when the cloud is Particle's own.",
)
_VERBOSE = click.option("--verbose", is_flag=True, help="Print every device, not only what needs a look.")
_JOURNAL = click.option("--journal", type=FILE, help="Journal of the move.  [default: the plan's name with .journal]")
_PACE = (
    click.option("--canary", type=_MANY, default=5, help="Devices of the first wave."),
    click.option("--wave", type=Whole(1, 1_000_000), default=200, help="Devices of every other wave."),
    click.option("--at-once", type=Whole(1, 64), default=8, help="Devices in transfer concurrently."),
    click.option("--stop-at", type=Number(0, 1), default=0.05, help="Share of a wave that may fail before it stops."),
    click.option(
        "--patience", type=Number(0, 1_000_000), default=60, help="Seconds a wave waits for devices that are offline."
    ),
    _JOURNAL,
)


def _pace(callback: _Callback) -> _Callback:
    """The options of :data:`_PACE`, in that order."""
    for option in reversed(_PACE):
        callback = option(callback)
    return callback


@click.group(
    cls=Group,
    examples=(
        "fleet plan --source devices.csv",
        "fleet apply --tokens customers.tokens",
        "fleet verify",
        "fleet demo --devices 50",
    ),
)
def fleet() -> None:
    """Move many devices to their customers.

    `plan` reads the assignments and changes nothing; `apply` carries the plan out in waves, with a journal for
    interruptions; `status` reads it meanwhile; `verify` proves the end state; `report` writes a page about all of it;
    `rollback` returns devices by the journal.
    """


@fleet.command(
    examples=(
        "fleet plan --source devices.csv",
        'fleet plan --source users.sqlite \\\n    --query "SELECT id AS device, email AS customer FROM devices"',
        "fleet plan --diff fleet.plan.json",
    )
)
@click.option(
    "--source", type=TEXT, help="A CSV file, or with --query the URL of a database or the path of an SQLite file."
)
@click.option(
    "--query",
    type=TEXT,
    metavar="SQL",
    help="SQL that gives the columns device and customer (also: product, into, name).",
)
@_CONFIG
@click.option("--plan", type=FILE, default="fleet.plan.json", help="The file to write.")
@click.option(
    "--firmware",
    type=FILE,
    help="Give the devices this firmware image instead of new owners; the source may be a list of ids alone.",
)
@click.option("--allow-customer", is_flag=True, help="Also transfer devices owned by other customers.")
@click.option("--approve-quarantined", is_flag=True, help="Also import devices that wait in quarantine.")
@click.option("--import-unknown", is_flag=True, help="Also try to import devices that were not found.")
@click.option("--any-customer-name", is_flag=True, help="Accept customer names other than e-mail addresses.")
@click.option(
    "--diff", type=FILE, help="Only print the changes since this plan was made; exit code 1 if there are any."
)
@_PRODUCTION
@_VERBOSE
@click.option("--json", "as_json", is_flag=True, help="Print the plan, or with --diff the changes, as one JSON object.")
def plan(
    source: str | None,
    query: str | None,
    config: Path,
    plan: Path,
    firmware: Path | None,
    allow_customer: bool,
    approve_quarantined: bool,
    import_unknown: bool,
    any_customer_name: bool,
    diff: Path | None,
    production: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Plan the action for each device.

    Changes nothing. fleet.toml names secret files beside it, readable by their owner only (chmod 600):

    \b
    api = "https://api.particle.io"
    account = "central@example.com"
    token-file = "central.token"
    [[client]]
    product = 20001
    id = "lab-7"
    secret-file = "client-20001.secret"
    """
    from photonrig.fleet.assignments import read_assignments
    from photonrig.fleet.journal import begun_plan
    from photonrig.fleet.owner_change import Permit
    from photonrig.fleet.plan import make_plan
    from photonrig.fleet.rollout import read_image
    from photonrig.fleet.snapshot import snapshot
    from photonrig.report.fleet_plan import print_plan

    if (source is None) == (diff is None):
        raise UsageError("--source or --diff: one of them")
    if source is None:
        assert diff is not None
        _diff(diff, _operator(config, production), as_json)
        return
    assignments = read_assignments(source, query, ids_suffice=firmware is not None, any_customer_name=any_customer_name)
    image = read_image(firmware) if firmware else None
    operator = _operator(config, production)
    named = {each for assignment in assignments for each in (assignment.product, assignment.into) if each is not None}
    products = named | set(operator.config.clients) | ({image.product} if image else set())
    begun = SYSTEM.now()
    with step(f"looking at products {', '.join(map(str, sorted(products)))}"):
        seen = snapshot(operator.team, operator.config.account, products)
    answer = (SYSTEM.now() - begun) / max(operator.throttle.calls, 1)
    permit = Permit(allow_customer, approve_quarantined, import_unknown)
    made = make_plan(assignments, seen, operator.config, permit, image=image)
    journal = plan.with_suffix(".journal")
    if begun_plan(journal) not in (None, made.digest):
        raise UsageError(
            f"{plan} was begun, and is needed to continue or roll back ({journal}); name this plan with --plan"
        )
    made.write(plan)
    if as_json:
        click.echo(made.text(), nl=False)
        return
    window = 0.0 if operator.config.offers.atomic else 2 * answer  # from the release to the claim's answer
    print_plan(made, _console(), window=window, verbose=verbose)
    then = f"; read it, then: {command(f'fleet apply --plan {plan} --config {config}')}" if made.acting else ""
    click.echo(f"written to {plan}{then}")


def _diff(file: Path, operator: Operator, as_json: bool) -> None:
    from photonrig.fleet.difference import differences
    from photonrig.fleet.plan import FleetPlan
    from photonrig.fleet.snapshot import snapshot
    from photonrig.report.fleet_plan import differences_json, print_differences

    wanted = FleetPlan.read(file)
    changes = differences(wanted, snapshot(operator.team, wanted.account, wanted.products), operator.config)
    if as_json:
        click.echo(json.dumps(differences_json(changes, len(wanted.devices)), ensure_ascii=False))
    else:
        print_differences(changes, len(wanted.devices), _console())
    if changes:
        raise SystemExit(ExitCode.NOT_SEEN)


@fleet.command(
    examples=("fleet apply --tokens customers.tokens", "fleet apply --plan fleet.plan.json --at-once 4 --watch")
)
@_PLAN
@_CONFIG
@click.option("--tokens", type=FILE, help="Append the customers' tokens to this file (mode 600).")
@click.option(
    "--tokens-to",
    type=TEXT,
    metavar="COMMAND",
    help="Run this command for each customer's token, which it gets on standard input.",
)
@_pace
@click.option("--watch", is_flag=True, help="Retry until every device has come online and arrived.")
@_PRODUCTION
@_VERBOSE
def apply(
    plan: Path,
    config: Path,
    tokens: Path | None,
    tokens_to: str | None,
    canary: int,
    wave: int,
    at_once: int,
    stop_at: float,
    patience: float,
    journal: Path | None,
    watch: bool,
    production: str | None,
    verbose: bool,
) -> None:
    """Carry a plan out, or continue it.

    Devices move in waves, each step written to a journal first. Killed at any instant and
    started again, it loses and repeats nothing.
    """
    from photonrig.fleet.apply import PlanOutdated
    from photonrig.fleet.apply import apply as carry_out
    from photonrig.fleet.tokens import CommandSink, FileSink
    from photonrig.fleet.waves import Rules
    from photonrig.report.fleet import FleetProgress, print_result

    if tokens and tokens_to:
        raise UsageError("--tokens and --tokens-to: one of them")
    rules = Rules(canary, wave, at_once, stop_at, patience)
    sink = FileSink(tokens) if tokens else CommandSink(tokens_to) if tokens_to else None
    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    try:
        with memory, FleetProgress(_console(progress=True), "fleet") as progress:
            result = carry_out(wanted, operator, memory, rules, progress, sink=sink, watch=watch)
    except PlanOutdated as outdated:
        hint = command(f"fleet plan --diff {plan} --config {config}")
        raise UsageError(f"{outdated}\nall of it: {hint}") from None
    done = "with their new firmware" if wanted.image else "with their new owners"
    print_result(result, operator.throttle, _console(), done=done, verbose=verbose)
    if not result.complete:
        back = command(f"fleet rollback --plan {plan}")
        click.echo(f"what is left goes on with the same command; back with: {back}", err=True)
        raise SystemExit(ExitCode.NOT_SEEN)


@fleet.command(examples=("fleet verify", "fleet verify --plan fleet.plan.json --tokens customers.tokens --json"))
@_PLAN
@_CONFIG
@click.option("--report", type=FILE, help="Report file.  [default: the plan's name with .report]")
@click.option("--tokens", type=FILE, help="Use the customers' tokens in this file instead of new ones.")
@click.option("--sample", type=_MANY, default=3, help="Devices whose function, event and webhooks are tested too.")
@_PRODUCTION
@_VERBOSE
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON object.")
def verify(
    plan: Path,
    config: Path,
    report: Path | None,
    tokens: Path | None,
    sample: int,
    production: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Prove the end state device by device.

    Writes observations and times into a report.
    """
    from photonrig.fleet.plan import FleetPlan
    from photonrig.fleet.tokens import read_tokens
    from photonrig.fleet.verify import verify as prove
    from photonrig.fleet.verify import write_report
    from photonrig.report.fleet import FleetProgress, print_records, records_json

    where = report or plan.with_suffix(".report")
    operator = _operator(config, production)
    for customer, token in read_tokens(tokens) if tokens else ():
        operator.keys.add(customer, operator.team.using(token))
    wanted = FleetPlan.read(plan)
    with FleetProgress(_console(progress=True, as_json=as_json), "looking") as progress:
        progress.begins(len(wanted.acting))
        records = prove(wanted, operator, sample=sample, settled=progress.settled)
    write_report(where, wanted, records, {"calls": operator.throttle.calls, "token_requests": operator.throttle.tokens})
    if as_json:
        click.echo(json.dumps(records_json(records), ensure_ascii=False))
    else:
        click.echo(f"written to {where}")
        print_records(records, _console(), verbose=verbose)
    if not all(record.held for record in records):
        raise SystemExit(ExitCode.NOT_SEEN)


@fleet.command(examples=("fleet rollback --plan fleet.plan.json", "fleet rollback --device 2b9e96f8870c9f263e023624"))
@_PLAN
@_CONFIG
@click.option("--device", type=TEXT, metavar="ID", multiple=True, help="Only this device; may be repeated.")
@_pace
@_PRODUCTION
@_VERBOSE
def rollback(
    plan: Path,
    config: Path,
    device: Sequence[str],
    canary: int,
    wave: int,
    at_once: int,
    stop_at: float,
    patience: float,
    journal: Path | None,
    production: str | None,
    verbose: bool,
) -> None:
    """Return devices to their former owners, by the journal.

    Can be killed at any instant and started again, as apply.
    """
    from photonrig.fleet.rollback import rollback as carry_back
    from photonrig.fleet.waves import Rules
    from photonrig.report.fleet import FleetProgress, print_result

    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    rules = Rules(canary, wave, at_once, stop_at, patience)
    with memory, FleetProgress(_console(progress=True), "back") as progress:
        result = carry_back(wanted, operator, memory, rules, progress, devices=device or None)
    print_result(result, operator.throttle, _console(), done="back where they came from", verbose=verbose)
    if not result.complete:
        raise SystemExit(ExitCode.NOT_SEEN)


@fleet.command(examples=("fleet status", "fleet status --plan fleet.plan.json --verbose"))
@_PLAN
@_JOURNAL
@_VERBOSE
def status(plan: Path, journal: Path | None, verbose: bool) -> None:
    """Print how far a move is, by its journal.

    Asks no cloud; also while apply or rollback is at work.
    """
    from photonrig.fleet.ledger import Ledger
    from photonrig.report.fleet_ledger import print_status

    print_status(Ledger.read(journal or plan.with_suffix(".journal")), _console(), verbose=verbose)


@fleet.command(examples=("fleet report", "fleet report --plan fleet.plan.json --html fleet.html"))
@_PLAN
@_JOURNAL
@click.option("--html", type=FILE, help="The page.  [default: the plan's name with .html]")
@click.option("--csv", type=FILE, help="The table.  [default: the plan's name with .csv]")
def report(plan: Path, journal: Path | None, html: Path | None, csv: Path | None) -> None:
    """Write one page and a CSV file about a move.

    From whom to whom, when, proofs, exceptions, unowned times, what a rollback did, and what became of tokens; by the
    journal and the report of fleet verify.
    """
    from photonrig.fleet.ledger import Ledger
    from photonrig.report.fleet_ledger import print_status, write_ledger

    page, table = html or plan.with_suffix(".html"), csv or plan.with_suffix(".csv")
    ledger = Ledger.read(journal or plan.with_suffix(".journal"), plan.with_suffix(".report"))
    write_ledger(ledger, page, table)
    click.echo(f"written to {page} and {table}")
    print_status(ledger, _console())


@fleet.command(examples=("fleet revoke --tokens customers.tokens",))
@click.option("--tokens", type=FILE, default="customers.tokens", help="The file that fleet apply wrote.")
@_CONFIG
@_PRODUCTION
def revoke(tokens: Path, config: Path, production: str | None) -> None:
    """Revoke the customers' tokens of a file."""
    from photonrig.fleet.tokens import read_tokens
    from photonrig.particle.cloud_errors import AuthError

    operator = _operator(config, production)
    revoked = gone = 0
    for _customer, token in read_tokens(tokens):
        try:
            operator.team.using(token).revoke()
            revoked += 1
        except AuthError:
            gone += 1
    click.echo(f"{revoked} tokens revoked, {gone} were worthless already")


@fleet.command(examples=("fleet demo --devices 50", "fleet demo --devices 10000", "fleet demo --state fleet --stay"))
@click.option("--devices", type=Whole(1, 1_000_000), default=50, help="Number of devices.")
@click.option("--state", type=FOLDER, help="Folder to work in.  [default: a new one, removed at the end]")
@click.option("--stay", is_flag=True, help="Keep everything running until Ctrl-C, to try the commands by hand.")
def demo(devices: int, state: Path | None, stay: bool) -> None:
    """Move a demo fleet from one central account to its users.

    A users' database, then plan, apply and verify, on a local cloud. The devices are virtual Photons with the roller's
    firmware, all in one process.
    """
    from photonrig.cli.fleet_demo import run_demo

    if not run_demo(Toolchain.found(), devices, state=state, stay=stay):
        raise SystemExit(ExitCode.NOT_SEEN)


def _console(*, progress: bool = False, as_json: bool = False) -> Console:
    """Console on standard output; ``progress`` output is suppressed by ``--quiet`` and with JSON."""
    from rich.console import Console

    return Console(quiet=progress and (as_json or quiet()))


def _operator(config: Path, production: str | None) -> Operator:
    from photonrig.fleet.config import read_config
    from photonrig.fleet.operator import Operator

    return Operator.of(read_config(config), production_account=production)


def _journal(path: Path | None, file: Path) -> tuple[FleetPlan, Journal]:
    from photonrig.fleet.journal import Journal
    from photonrig.fleet.plan import FleetPlan

    plan = FleetPlan.read(file)
    return plan, Journal(path or file.with_suffix(".journal"), digest=plan.digest, plan=plan.text())
