# ruff: noqa: T201
"""``./rig fleet …``: the words for moving many devices, parsed and handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task
from rich.console import Console

from photonrig.build.toolchain import Toolchain, step
from photonrig.cli.program import Within
from photonrig.errors import UsageError
from photonrig.exits import ExitCode

__all__ = ["fleet_apply", "fleet_demo", "fleet_plan", "fleet_revoke", "fleet_rollback", "fleet_verify"]

_CONFIG = {"config": "fleet.toml, which names cloud, account and clients (default: fleet.toml)"}
_PRODUCTION = {"production": "the account to act on, spelled out, when the cloud is Particle's own"}
_PACE = {
    "canary": "devices of the first wave (default: 5)",
    "wave": "devices of every other wave (default: 200)",
    "at-once": "devices on their way side by side (default: 8)",
    "stop-at": "share of a wave that may fail before the rest is left (default: 0.05)",
    "patience": "seconds a wave waits for devices that cannot go on now (default: 60)",
    "journal": "the memory of the move (default: the plan's name with .journal)",
}
_Devices = Annotated[int, Within(0, 1_000_000)]
_AtOnce = Annotated[int, Within(1, 64)]
_Share = Annotated[float, Within(0, 1)]
_Seconds = Annotated[float, Within(0, 1_000_000)]


def _operator(config: str, production: str) -> Any:
    from photonrig.fleet.apply import Operator
    from photonrig.fleet.config import read_config

    return Operator.of(read_config(Path(config)), production_account=production or None)


def _journal(path: str, plan_file: str) -> Any:
    from photonrig.fleet.journal import Journal
    from photonrig.fleet.plan import FleetPlan

    plan = FleetPlan.read(Path(plan_file))
    where = Path(path) if path else Path(plan_file).with_suffix(".journal")
    return plan, Journal(where, digest=plan.digest, plan=plan.text())


@task(
    help=_CONFIG
    | _PRODUCTION
    | {
        "source": "a CSV file, or with --query the URL of a database or the path of an SQLite file",
        "query": "SQL that gives the columns device and customer (also: product, into, name)",
        "plan": "the file to write (default: fleet.plan.json)",
        "firmware": "give the devices this firmware image instead of new owners; the source may be a list of ids alone",
        "allow-customer": "also take devices from other customers",
        "approve-quarantined": "also import devices that wait in quarantine",
        "import-unknown": "also try to import devices that are seen nowhere",
        "any-customer-name": "customers may be named by anything, not by e-mail addresses alone",
        "diff": "only say what has changed since this plan was made; exit code 1 if anything has",
    }
)
def fleet_plan(
    _: Context,
    source: str = "",
    query: str = "",
    config: str = "fleet.toml",
    plan: str = "fleet.plan.json",
    firmware: str = "",
    allow_customer: bool = False,
    approve_quarantined: bool = False,
    import_unknown: bool = False,
    any_customer_name: bool = False,
    diff: str = "",
    production: str = "",
) -> None:
    """Say for each device what is and what will be done; changes nothing.

    Examples:
    ./rig fleet plan --source devices.csv
    ./rig fleet plan --source sqlite:///users.sqlite --query "SELECT id AS device, email AS customer FROM devices"
    ./rig fleet plan --diff fleet.plan.json

    fleet.toml names files beside it, which only their owner may read (chmod 600):
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
    from photonrig.fleet.plan import Permit, make_plan
    from photonrig.fleet.rollout import read_image
    from photonrig.fleet.snapshot import snapshot
    from photonrig.report.fleet import print_plan

    if bool(source) == bool(diff):
        raise UsageError("--source or --diff: one of them")
    if diff:
        _diff(diff, _operator(config, production))
        return
    assignments = read_assignments(
        source, query or None, ids_suffice=bool(firmware), any_customer_name=any_customer_name
    )
    image = read_image(Path(firmware)) if firmware else None
    operator = _operator(config, production)
    named = {each for assignment in assignments for each in (assignment.product, assignment.into) if each is not None}
    products = named | set(operator.config.clients) | ({image.product} if image else set())
    with step(f"looking at products {', '.join(map(str, sorted(products)))}"):
        seen = snapshot(operator.team, operator.config.account, products)
    permit = Permit(allow_customer, approve_quarantined, import_unknown)
    made = make_plan(assignments, seen, operator.config, permit, image=image)
    journal = Path(plan).with_suffix(".journal")
    if begun_plan(journal) not in (None, made.digest):
        raise UsageError(
            f"{plan} was begun, and is needed to go on or back ({journal}); write this plan elsewhere with --plan"
        )
    made.write(Path(plan))
    print_plan(made, Console())
    then = f"; read it, then: ./rig fleet apply --plan {plan} --config {config}" if made.acting else ""
    print(f"written to {plan}{then}")


def _diff(plan_file: str, operator: Any) -> None:
    from photonrig.fleet.difference import differences
    from photonrig.fleet.plan import FleetPlan
    from photonrig.fleet.snapshot import snapshot
    from photonrig.report.fleet import print_differences

    plan = FleetPlan.read(Path(plan_file))
    changes = differences(plan, snapshot(operator.team, plan.account, plan.products), operator.config)
    print_differences(changes, len(plan.devices), Console())
    if changes:
        raise Exit(code=ExitCode.NOT_SEEN)


@task(
    help=_CONFIG
    | _PRODUCTION
    | _PACE
    | {
        "plan": "the plan to carry out (default: fleet.plan.json)",
        "tokens": "append the customers' tokens to this file (mode 600)",
        "tokens-to": "run this command for each customer's token, which it gets on standard input",
        "watch": "go on until every device has come online and arrived",
    }
)
def fleet_apply(
    _: Context,
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    journal: str = "",
    tokens: str = "",
    tokens_to: str = "",
    canary: _Devices = 5,
    wave: Annotated[int, Within(1, 1_000_000)] = 200,
    at_once: _AtOnce = 8,
    stop_at: _Share = 0.05,
    patience: _Seconds = 60.0,
    watch: bool = False,
    production: str = "",
) -> None:
    """Carry a plan out, or go on where it stopped: killed at any instant, started again, it loses and repeats nothing.

    Example: ./rig fleet apply --plan fleet.plan.json --tokens customers.tokens
    """
    from photonrig.fleet.apply import Misfit, apply
    from photonrig.fleet.tokens import CommandSink, FileSink
    from photonrig.fleet.waves import Rules
    from photonrig.report.fleet import FleetProgress, print_carried

    if tokens and tokens_to:
        raise UsageError("--tokens and --tokens-to: one of them")
    rules = Rules(canary, wave, at_once, stop_at, patience)
    sink = FileSink(Path(tokens)) if tokens else CommandSink(tokens_to) if tokens_to else None
    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    console = Console()
    try:
        with memory, FleetProgress(console, "fleet") as progress:
            carried = apply(wanted, operator, memory, rules, progress, sink=sink, watch=watch)
    except Misfit as misfit:
        raise UsageError(f"{misfit}\nall of it: ./rig fleet plan --diff {plan} --config {config}") from None
    print_carried(
        carried,
        operator.throttle,
        console,
        done="with their new firmware" if wanted.image else "with their new owners",
    )
    if not carried.complete:
        print(f"what is left goes on with the same command; back with: ./rig fleet rollback --plan {plan}")
        raise Exit(code=ExitCode.NOT_SEEN)


@task(
    help=_CONFIG
    | _PRODUCTION
    | {
        "plan": "the plan that was carried out (default: fleet.plan.json)",
        "report": "the file of what was seen (default: the plan's name with .report)",
        "tokens": "use the customers' tokens in this file instead of new ones",
        "sample": "devices whose function, event and webhooks are tried too (default: 3)",
    }
)
def fleet_verify(
    _: Context,
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    report: str = "",
    tokens: str = "",
    sample: _Devices = 3,
    production: str = "",
) -> None:
    """Prove the end state device by device, and write down what was seen when.

    Example: ./rig fleet verify --plan fleet.plan.json
    """
    from photonrig.fleet.plan import FleetPlan
    from photonrig.fleet.tokens import read_tokens
    from photonrig.fleet.verify import verify, write_report
    from photonrig.report.fleet import FleetProgress, print_records

    where = Path(report) if report else Path(plan).with_suffix(".report")
    operator = _operator(config, production)
    for customer, token in read_tokens(Path(tokens)) if tokens else ():
        operator.keys.add(customer, operator.team.using(token))
    wanted = FleetPlan.read(Path(plan))
    console = Console()
    with FleetProgress(console, "looking") as progress:
        progress.begins(len(wanted.acting))
        records = verify(wanted, operator, sample=sample, settled=progress.settled)
    write_report(where, wanted, records, {"calls": operator.throttle.calls, "token_requests": operator.throttle.tokens})
    print_records(records, console)
    print(f"written to {where}")
    if not all(record.held for record in records):
        raise Exit(code=ExitCode.NOT_SEEN)


@task(
    help=_CONFIG
    | _PRODUCTION
    | _PACE
    | {
        "plan": "the plan that was carried out (default: fleet.plan.json)",
        "device": "only these devices (can be given more than once)",
    },
    iterable=["device"],
)
def fleet_rollback(
    _: Context,
    device: list[str],
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    journal: str = "",
    canary: _Devices = 5,
    wave: Annotated[int, Within(1, 1_000_000)] = 200,
    at_once: _AtOnce = 8,
    stop_at: _Share = 0.05,
    patience: _Seconds = 60.0,
    production: str = "",
) -> None:
    """Give devices back to whom they came from, by the journal; with the same guarantees as the way there.

    Example: ./rig fleet rollback --plan fleet.plan.json --device 2b9e96f8870c9f263e023624
    """
    from photonrig.fleet.rollback import rollback
    from photonrig.fleet.waves import Rules
    from photonrig.report.fleet import FleetProgress, print_carried

    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    console = Console()
    rules = Rules(canary, wave, at_once, stop_at, patience)
    with memory, FleetProgress(console, "back") as progress:
        carried = rollback(wanted, operator, memory, rules, progress, devices=device or None)
    print_carried(carried, operator.throttle, console, done="back where they came from")
    if not carried.complete:
        raise Exit(code=ExitCode.NOT_SEEN)


@task(help=_CONFIG | _PRODUCTION | {"tokens": "the file ./rig fleet apply wrote (default: customers.tokens)"})
def fleet_revoke(
    _: Context, tokens: str = "customers.tokens", config: str = "fleet.toml", production: str = ""
) -> None:
    """Revoke the customers' tokens that were handed over in a file.

    Example: ./rig fleet revoke --tokens customers.tokens
    """
    from photonrig.fleet.tokens import read_tokens
    from photonrig.particle.cloud_errors import AuthError

    operator = _operator(config, production)
    revoked = gone = 0
    for _customer, token in read_tokens(Path(tokens)):
        try:
            operator.team.using(token).revoke()
            revoked += 1
        except AuthError:
            gone += 1
    print(f"{revoked} tokens revoked, {gone} were worthless already")


@task(
    help={
        "devices": "how many (default: 50)",
        "light": "devices of nothing but the cloud session instead of virtual Photons with real firmware",
        "state": "folder to work in (default: a new one, removed at the end)",
        "stay": "leave everything up until Ctrl-C, to try the tool by hand",
    }
)
def fleet_demo(
    _: Context,
    devices: Annotated[int, Within(1, 1_000_000)] = 50,
    light: bool = False,
    state: str = "",
    stay: bool = False,
) -> None:
    """A fleet on one central account goes to its users: users' database, plan, apply, verify.

    Example: ./rig fleet demo --devices 1105
    """
    from photonrig.cli.fleet_demo import run_demo

    if not run_demo(Toolchain.found(), devices, light=light, state=Path(state) if state else None, stay=stay):
        raise Exit(code=ExitCode.NOT_SEEN)
