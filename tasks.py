"""What ./rig can do. Thin: parse the words, call photonrig, print."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit, ParseError
from invoke.program import Program
from invoke.tasks import task
from rich.console import Console

from photonrig.bench.toolchain import Toolchain, step
from photonrig.errors import PhotonrigError

ROOT = Path(__file__).resolve().parent
TOOLS = Toolchain(ROOT)
SCRIPTS = Path(sys.executable).parent

# 0 everything held, 1 something expected was not seen, 2 wrong words, 3 the bench itself failed, 130 Ctrl-C.
EXIT_CODES = {"test": 1, "firmware": 1, "cloud": 1, "network": 1, "usage": 2, "rig": 3}


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn photonrig's errors into one line and an exit code."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except PhotonrigError as error:
            raise Exit(f"rig: {error.cause} error: {error}", code=EXIT_CODES[error.cause]) from None
        except KeyboardInterrupt:
            raise Exit("rig: stopped", code=130) from None

    return run


def run_tool(*argv: str) -> None:
    done = subprocess.run(argv, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise Exit(f"rig: {Path(argv[0]).name} failed", code=1)


def build_all() -> list[Path]:
    """Bring everything up to date; returns the variants' modules."""
    from photonrig.bench.virtual.variants import VARIANTS, build_variant

    TOOLS.native()
    TOOLS.particle_cli()
    return [build_variant(TOOLS, variant) for variant in VARIANTS]


@task
@guarded
def build(_: Context) -> None:
    """Build what is stale: the virtual Photon, the variants' native modules, the Particle CLI.

    Example: ./rig build
    """
    for module in build_all():
        print(module.relative_to(ROOT))


@task(
    help={
        "report": "folder for the reports (default: report)",
        "story": "run the hand-over story only (more of these run more parts)",
        "flows": "run every flow with its proof of control only",
        "thread": "run the 60 rows of the claim thread only",
        "matrix": "run the matrix only: token × request × device state × era",
        "baseline": "file to compare the matrix with; a change ends with exit code 1",
        "update-baseline": "write the baseline file instead of comparing with it",
        "docs": "write docs/thread.md from the thread's rows",
        "particle": "ask the matrix of Particle's own cloud instead, as this account (token in PARTICLE_TOKEN)",
        "confirm": "the same account once more: yes, that one",
        "product": "with --particle: the product's id",
        "devices": "with --particle: ids of the devices that may be acted on, separated by commas; no others are",
        "client": "with --particle: id of an OAuth client of the product (secret in PARTICLE_CLIENT_SECRET)",
        "requests": "with --particle: how many requests may be sent at most (default: 1000)",
        "api": "with --particle: base address of the cloud (default: https://api.particle.io)",
    }
)
@guarded
def claims(
    _: Context,
    report: str = "report",
    story: bool = False,
    flows: bool = False,
    thread: bool = False,
    matrix: bool = False,
    baseline: str = "",
    update_baseline: bool = False,
    docs: bool = False,
    particle: str = "",
    confirm: str = "",
    product: int = 0,
    devices: str = "",
    client: str = "",
    requests: int = 1000,
    api: str = "https://api.particle.io",
) -> None:
    """A Photon changes hands: story, flows, claim thread and matrix, with nothing attached.

    Builds the roller firmware, starts local clouds of three eras and virtual Photons, flashes with the real Particle
    CLI, sets up, claims, transfers and checks. Exit code 0 only if all of it held, and nothing changed since the
    baseline.

    Examples: ./rig claims --report report
              ./rig claims --thread
              ./rig claims --matrix --baseline docs/baseline.json
              ./rig claims --particle me@example.com --confirm me@example.com --product 123 --client shades-4711
                           --devices 0123456789abcdef01234567
    """
    from photonrig.report.claims import PARTS, Claims, run_claims
    from photonrig.report.opt_in import opt_in

    asked = {"story": story, "flows": flows, "thread": thread, "matrix": matrix}
    chosen = Claims(
        tuple(part for part in PARTS if asked[part]) or PARTS,
        Path(baseline) if baseline else None,
        update_baseline,
        ROOT / "docs" / "thread.md" if docs else None,
        opt_in(api, particle, confirm, product, client, devices, requests) if particle else None,
    )
    if not run_claims(TOOLS, Path(report), chosen):
        raise Exit(code=1)


@task(
    help={
        "rig": "file that describes the bench (default: virtual Photons)",
        "report": "folder for index.html, results.json, junit.xml and the logs of each test (default: report)",
        "only": "pytest's -k: run only tests whose names match",
        "seed": "order of the tests, as an earlier run told it",
        "workers": "tests at once; each worker takes one slot of every variant (default: 1)",
        "retries": "how often what is not the firmware's fault is tried again (default: 1)",
        "known-bad": "file of tests known to fail, with reason and date",
        "destructive": "also tests that may wear out a real device",
    }
)
@guarded
def hil(
    _: Context,
    rig: str = "virtual",
    report: str = "report",
    only: str = "",
    seed: str = "",
    workers: int = 1,
    retries: int = 1,
    known_bad: str = "",
    destructive: bool = False,
) -> None:
    """The scenarios of every rig, on this one: flash, set-up, control, transfer, for each variant present.

    Exit code 1 if a device, the network or the cloud failed, 3 if nothing but the bench itself did.

    Example: ./rig hil --rig lab.toml --workers 4
    """
    from photonrig.report.hil import run_hil

    words = [f"--rig-retries={retries}"]
    words += [f"-k={only}"] if only else []
    words += [f"--rig-seed={seed}"] if seed else []
    words += [f"--known-bad={known_bad}"] if known_bad else []
    words += ["--destructive"] if destructive else []
    if rig == "virtual":
        build_all()
    code = run_hil(ROOT / "tests" / "scenarios" / "every_rig", rig, Path(report), workers, words)
    if code != 0:
        raise Exit(code=code)


@task(
    help={
        "photons": "virtual Photons imported, online and claimed to the central user (default: 1)",
        "fresh": "virtual Photons out of the box, in listening mode (default: 0)",
        "state": "folder that keeps everything; start again with it and the lab goes on where it was",
        "api-port": "port of the HTTP API (default: any free one)",
        "device-port": "port of the device service (default: any free one)",
        "admit-unknown": "enrol a device with an unknown id under the public key it presents",
        "rate-limits": "refuse requests beyond the documented limits of Particle's API",
        "era": "whose rules the cloud goes by: 2016-before, 2016-after or today (default: today)",
        "extensions": "add what Particle's cloud never had: atomic owner change, one URL family for all tokens",
        "json": "print exactly one JSON object on standard output when ready",
    }
)
@guarded
def lab(
    _: Context,
    photons: int = 1,
    fresh: int = 0,
    state: str = "",
    api_port: int = 0,
    device_port: int = 0,
    admit_unknown: bool = False,
    era: str = "today",
    rate_limits: bool = False,
    extensions: bool = False,
    json: bool = False,
) -> None:
    """Local cloud and virtual Photons in the foreground, until Ctrl-C.

    Examples: ./rig lab --photons 2 --fresh 1 --state lab
              ./rig lab --era 2016-before
    """
    from photonrig.report.lab import run_lab

    run_lab(
        TOOLS,
        photons=photons,
        fresh=fresh,
        state=Path(state) if state else None,
        api_port=api_port,
        device_port=device_port,
        admit_unknown=admit_unknown,
        era=era,
        rate_limits=rate_limits,
        extensions=extensions,
        as_json=json,
    )


@task(
    help={
        "rig": "file that describes the bench (default: rig.toml)",
        "slot": "prove this slot only; may be given several times",
        "write": "add every attached Photon to the file instead",
        "account": "the account at Particle's cloud that this run may touch",
        "wait": "seconds to wait for slots that another run holds (default: the file's)",
        "json": "print JSON on standard output",
    },
    iterable=["slot"],
)
@guarded
def doctor(
    _: Context,
    slot: list[str],
    rig: str = "rig.toml",
    write: bool = False,
    account: str = "",
    wait: int = -1,
    json: bool = False,
) -> None:
    """Prove each slot of a bench: every part is made to act, and what that does is looked at elsewhere.

    Devices are restarted, and their power is cut. Exit code 0 only if everything that is wired was proved.

    Example: ./rig doctor --rig lab.toml --write, then ./rig doctor --rig lab.toml
    """
    from photonrig.report.doctor import run_doctor, write_rig

    if write:
        write_rig(Path(rig))
    elif not run_doctor(
        TOOLS, Path(rig), slots=slot, account=account or None, wait=None if wait < 0 else wait, as_json=json
    ):
        raise Exit(code=3)


@task(
    help={
        "variant": "which one, as in roller",
        "slot": "slot of the bench (default: 1)",
        "rig": "file that describes the bench (default: rig.toml; without one, a virtual Photon)",
        "by": "cloud, serial or dfu (default: cloud)",
        "account": "the account at Particle's cloud that this run may touch",
    }
)
@guarded
def flash(_: Context, variant: str, slot: str = "1", rig: str = "", by: str = "cloud", account: str = "") -> None:
    """Build a variant, bring it into the device of a slot, and see it alive there.

    Example: ./rig flash roller --slot 1
    """
    from photonrig.report.flash import run_flash

    run_flash(TOOLS, variant, slot, Path(rig) if rig else None, by=by, account=account or None)


@task(help={"fix": "repair what can be repaired"})
def check(_: Context, fix: bool = False) -> None:
    """Formatting, lint and types of Python and C++.

    Example: ./rig check --fix
    """
    cpp = [
        str(path)
        for pattern in ("*.h", "*.cpp")
        for path in sorted((ROOT / "firmware").rglob(pattern))
        if not any(parent.is_symlink() for parent in path.parents)
    ]
    run_tool(str(SCRIPTS / "ruff"), "format", *([] if fix else ["--check"]), ".")
    run_tool(str(SCRIPTS / "ruff"), "check", *(["--fix"] if fix else []), ".")
    run_tool(str(SCRIPTS / "clang-format"), *(["-i"] if fix else ["--dry-run", "--Werror"]), *cpp)
    run_tool(str(SCRIPTS / "mypy"))


@task(
    help={
        "only": "pytest's -k: run only tests whose names match",
        "next-cli": "also with the Particle CLI of today, installed if missing; once there, it is always tried",
        "sanitized": "only the virtual Photon's tests from outside, against a build with AddressSanitizer and UBSan",
    }
)
@guarded
def test(context: Context, only: str = "", next_cli: bool = False, sanitized: bool = False) -> None:
    """Everything that must pass: check, native tests, Python tests, flows start to finish.

    Example: ./rig test --only softap
    """
    build_all()
    if next_cli:
        TOOLS.particle_cli_next()
    if sanitized:
        os.environ["PHOTONRIG_VPHOTON"] = str(TOOLS.sanitized() / "vphoton")
        run_tool(str(SCRIPTS / "pytest"), "tests/vphoton", *(["-k", only] if only else []))
        return
    if not only:
        with step("checking format, lint and types"):
            check(context)
        run_tool(str(TOOLS.work / "build" / "firmware_tests"))
        run_tool(str(SCRIPTS / "ctest"), "--test-dir", str(TOOLS.sanitized()), "--output-on-failure", "--parallel", "2")
    # Tests mostly wait for devices and programs: four at once keep two cores busy. Paths of sockets must stay short.
    with tempfile.TemporaryDirectory(prefix="rig-") as folder:
        words = ["-n", "4", "--dist", "loadfile", "--basetemp", f"{folder}/t", *(["-k", only] if only else [])]
        run_tool(str(SCRIPTS / "pytest"), *words)


@task(
    help={
        "minutes": "for each target (default: 10)",
        "only": "one target",
        "keep": "put the reduced inputs into the tree",
    }
)
@guarded
def fuzz(_: Context, minutes: float = 10.0, only: str = "", keep: bool = False) -> None:
    """Fuzz everything in the virtual Photon that reads bytes from outside (needs clang).

    Example: ./rig fuzz --only softap_http --minutes 1
    """
    from photonrig.bench.fuzz import fuzz as run
    from photonrig.bench.fuzz import targets

    broken = False
    for target in [only] if only else targets(TOOLS):
        done = run(TOOLS, target, round(minutes * 60), keep=keep)
        broken |= done.finding is not None
        verdict = "nothing found" if done.finding is None else f"broken by {done.finding}"
        print(f"{done.target:16} {done.runs:>10} inputs run, {done.corpus:>4} kept: {verdict}", flush=True)
    if broken:
        raise Exit(code=1)


@task(help={"write": "put the figures into firmware/size.md, which states a growth"})
@guarded
def size(_: Context, write: bool = False) -> None:
    """Flash and static RAM of every variant on a real Photon; growth over 2 % fails until it is stated.

    Example: ./rig size --write
    """
    from photonrig.bench import target_size
    from photonrig.bench.virtual.variants import VARIANTS

    table = ROOT / "firmware" / "size.md"
    sizes = target_size.measure(TOOLS, VARIANTS)
    if write:
        target_size.write_table(table, str(target_size.compiler()), sizes)
    stated_by, stated = target_size.read_table(table)
    for variant, used in sizes.items():
        before = stated.get(variant, used)
        flash = f"flash {used.flash:>6} ({used.flash - before.flash:+d})"
        print(f"{variant:<10} {flash}  RAM {used.ram:>5} ({used.ram - before.ram:+d})")
    if stated_by != target_size.compiler():
        print(f"the table was made with {stated_by}: only the Photon's limits are held")
    if wrong := target_size.compare(sizes, stated_by, stated):
        raise Exit("\n".join(f"rig: firmware error: {line}" for line in wrong), code=1)


@task
@guarded
def surface(_: Context) -> None:
    """Write docs/surface.md anew from the firmware's own tables.

    Example: ./rig surface
    """
    TOOLS.native()
    made = subprocess.run([TOOLS.work / "build" / "surface"], capture_output=True, text=True, check=True).stdout
    (ROOT / "docs" / "surface.md").write_text(made)
    print("docs/surface.md")


@task(help={"only": "run only the benchmarks whose file names contain this"})
@guarded
def bench(_: Context, only: str = "") -> None:
    """Benchmarks; every figure beside another of the same run, because machines differ.

    Example: ./rig bench --only handshakes
    """
    build_all()
    for script in sorted((ROOT / "tests" / "bench").glob("*.py")):
        if only in script.stem and not script.stem.startswith("_"):
            print(f"\n== {script.stem} ==", flush=True)
            run_tool(sys.executable, str(script))


# --- fleets -----------------------------------------------------------------------------------------------------------

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
        "source": "a CSV file, or with --query the URL of a database",
        "query": "SQL that gives the columns device and customer (also: product, into, name)",
        "plan": "the file to write (default: fleet.plan.json)",
        "firmware": "give the devices this firmware image instead of new owners",
        "allow-customer": "also take devices from other customers",
        "approve-quarantined": "also import devices that wait in quarantine",
        "import-unknown": "also try to import devices that are seen nowhere",
    }
)
@guarded
def fleet_plan(
    _: Context,
    source: str,
    query: str = "",
    config: str = "fleet.toml",
    plan: str = "fleet.plan.json",
    firmware: str = "",
    allow_customer: bool = False,
    approve_quarantined: bool = False,
    import_unknown: bool = False,
    production: str = "",
) -> None:
    """Say for each device what is and what will be done; changes nothing.

    Examples:
    ./rig fleet plan --source devices.csv
    ./rig fleet plan --source sqlite:///users.sqlite --query "SELECT id AS device, email AS customer FROM devices"
    """
    from photonrig.fleet.experimental import read_image
    from photonrig.fleet.plan import Permit, make_plan
    from photonrig.fleet.survey import survey
    from photonrig.fleet.wishes import read_wishes
    from photonrig.report.fleet import print_plan

    wishes = read_wishes(source, query or None)
    image = read_image(Path(firmware)) if firmware else None
    operator = _operator(config, production)
    named = {each for wish in wishes for each in (wish.product, wish.into) if each is not None}
    products = named | set(operator.config.clients) | ({image.product} if image else set())
    with step(f"looking at products {', '.join(map(str, sorted(products)))}"):
        seen = survey(operator.team, operator.config.account, products)
    permit = Permit(allow_customer, approve_quarantined, import_unknown)
    made = make_plan(wishes, seen, operator.config, permit, image=image)
    made.write(Path(plan))
    print_plan(made, Console())
    print(f"written to {plan}; read it, then: ./rig fleet apply --plan {plan} --config {config}")


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
@guarded
def fleet_apply(
    _: Context,
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    journal: str = "",
    tokens: str = "",
    tokens_to: str = "",
    canary: int = 5,
    wave: int = 200,
    at_once: int = 8,
    stop_at: float = 0.05,
    patience: float = 60.0,
    watch: bool = False,
    production: str = "",
) -> None:
    """Carry a plan out, or go on where it stopped: killed at any instant, started again, it loses and repeats nothing.

    Example: ./rig fleet apply --plan fleet.plan.json --tokens customers.tokens
    """
    from photonrig.fleet.apply import apply
    from photonrig.fleet.carry import Rules
    from photonrig.fleet.tokens import CommandSink, FileSink
    from photonrig.report.fleet import FleetProgress, print_carried

    if tokens and tokens_to:
        raise Exit("rig: --tokens and --tokens-to: one of them", code=2)
    rules = Rules(canary, wave, at_once, stop_at, patience)
    sink = FileSink(Path(tokens)) if tokens else CommandSink(tokens_to) if tokens_to else None
    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    console = Console()
    with memory, FleetProgress(console, len(wanted.acting), "fleet") as progress:
        carried = apply(wanted, operator, memory, rules, progress, sink=sink, watch=watch)
    print_carried(carried, operator.meter, console, done="devices with their new owners")
    if not carried.complete:
        print(f"what is left goes on with the same command; back with: ./rig fleet rollback --plan {plan}")
        raise Exit(code=1)


@task(
    help=_CONFIG
    | _PRODUCTION
    | {
        "plan": "the plan that was carried out (default: fleet.plan.json)",
        "report": "the file of what was seen (default: the plan's name with .report)",
        "check": "only check that a report is as it was written",
        "tokens": "use the customers' tokens in this file instead of new ones",
        "sample": "devices whose function, event and webhooks are tried too (default: 3)",
    }
)
@guarded
def fleet_verify(
    _: Context,
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    report: str = "",
    check: bool = False,
    tokens: str = "",
    sample: int = 3,
    production: str = "",
) -> None:
    """Prove the end state device by device, and write down what was seen when.

    Example: ./rig fleet verify --plan fleet.plan.json
    """
    from photonrig.fleet.plan import FleetPlan
    from photonrig.fleet.tokens import read_tokens
    from photonrig.fleet.verify import check_report, verify, write_report
    from photonrig.report.fleet import FleetProgress, print_records

    where = Path(report) if report else Path(plan).with_suffix(".report")
    if check:
        print(f"{where}: {check_report(where)} records, as they were written")
        return
    operator = _operator(config, production)
    for customer, token in read_tokens(Path(tokens)) if tokens else ():
        operator.keys.add(customer, operator.team.using(token))
    wanted = FleetPlan.read(Path(plan))
    console = Console()
    with FleetProgress(console, len(wanted.acting), "looking") as progress:
        records = verify(wanted, operator, sample=sample, settled=progress.looked)
    write_report(where, wanted, records, {"calls": operator.meter.calls, "token_requests": operator.meter.tokens})
    print_records(records, console)
    print(f"written to {where}; ./rig fleet verify --check --report {where} says whether it is untouched")
    if not all(record.held for record in records):
        raise Exit(code=1)


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
@guarded
def fleet_rollback(
    _: Context,
    device: list[str],
    plan: str = "fleet.plan.json",
    config: str = "fleet.toml",
    journal: str = "",
    canary: int = 5,
    wave: int = 200,
    at_once: int = 8,
    stop_at: float = 0.05,
    patience: float = 60.0,
    production: str = "",
) -> None:
    """Give devices back to whom they came from, by the journal; with the same guarantees as the way there.

    Example: ./rig fleet rollback --plan fleet.plan.json --device 2b9e96f8870c9f263e023624
    """
    from photonrig.fleet.carry import Rules
    from photonrig.fleet.rollback import rollback
    from photonrig.report.fleet import FleetProgress, print_carried

    operator = _operator(config, production)
    wanted, memory = _journal(journal, plan)
    console = Console()
    rules = Rules(canary, wave, at_once, stop_at, patience)
    with memory, FleetProgress(console, len(device or wanted.acting), "back") as progress:
        carried = rollback(wanted, operator, memory, rules, progress, devices=device or None)
    print_carried(carried, operator.meter, console, done="devices back where they came from")
    if not carried.complete:
        raise Exit(code=1)


@task(help=_CONFIG | _PRODUCTION | {"tokens": "the file ./rig fleet apply wrote (default: customers.tokens)"})
@guarded
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
@guarded
def fleet_demo(_: Context, devices: int = 50, light: bool = False, state: str = "", stay: bool = False) -> None:
    """A fleet on one central account goes to its users: users' database, plan, apply, verify.

    Example: ./rig fleet demo --devices 1105
    """
    from photonrig.report.fleet_demo import run_demo

    if not run_demo(TOOLS, devices, light=light, state=Path(state) if state else None, stay=stay):
        raise Exit(code=1)


@task
def clean(_: Context) -> None:
    """Remove what ./rig made (.rig and report); the next call makes it again.

    Example: ./rig clean
    """
    for made in (".rig", "report"):
        shutil.rmtree(ROOT / made, ignore_errors=True)


@task
@guarded
def conformance(_: Context) -> None:
    """Write docs/conformance.md: what the local cloud answers to whom in each era, as the tests see it.

    Example: ./rig conformance
    """
    run_tool(sys.executable, "-m", "tests.localcloud.conformance")


class Rig(Program):
    """The program behind ./rig: invoke, with wrong words as exit code 2 and never a traceback."""

    def normalize_argv(self, argv: list[str] | None) -> None:
        super().normalize_argv(argv)
        # "fleet plan" and its like are written as two words.
        words = self.argv
        if words[1:2] == ["fleet"]:
            words[1:3] = ["-".join(words[1:3])] if words[2:3] and not words[2].startswith("-") else ["--list"]

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except (ParseError, ValueError) as error:
            raise Exit(f"rig: {error}; ./rig --list names the tasks, ./rig TASK --help their options", code=2) from None


if __name__ == "__main__":
    Rig(name="rig", binary="./rig", namespace=Collection.from_module(sys.modules["__main__"])).run()
