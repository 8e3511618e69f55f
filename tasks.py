"""What ./rig can do. Thin: parse the words, call photonrig, print."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends them without a traceback

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from photonrig.build.toolchain import Toolchain, step
from photonrig.cli import fleet as fleet_tasks
from photonrig.cli.program import PORT, Within, main
from photonrig.cli.tool import run_to_end
from photonrig.errors import FirmwareError, UsageError
from photonrig.exits import ExitCode
from photonrig.signals import begin

ROOT = Path(__file__).resolve().parent
TOOLS = Toolchain(ROOT)
SCRIPTS = Path(sys.executable).parent


def run_tool(*argv: str) -> None:
    """Run a tool to its end."""
    code = run_to_end(argv, cwd=ROOT)
    if code in (-signal.SIGINT, -signal.SIGTERM, ExitCode.STOPPED):
        raise KeyboardInterrupt
    if code == 5 and argv[0].endswith("pytest"):
        raise UsageError(f"no test matches {' '.join(argv[1:])}")
    if code != ExitCode.HELD:
        print(f"rig: {Path(argv[0]).name} failed", file=sys.stderr)
        raise Exit(code=ExitCode.NOT_SEEN)


def pytest(*folders: str, only: str) -> None:
    """Tests mostly wait for devices and programs: four at once keep two cores busy. Socket names must stay short."""
    with tempfile.TemporaryDirectory(prefix="rig-") as temporary:
        words = ["-n", "4", "--dist", "loadfile", "--basetemp", f"{temporary}/t", *(["-k", only] if only else [])]
        run_tool(str(SCRIPTS / "pytest"), *words, *folders)


def build_all() -> list[Path]:
    """Bring everything up to date; returns the variants' modules."""
    from photonrig.build.variants import VARIANTS, build_variant

    TOOLS.native()
    TOOLS.particle_cli()
    return [build_variant(TOOLS, variant) for variant in VARIANTS]


@task
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
    product: Annotated[int, Within(0, 10**9)] = 0,
    devices: str = "",
    client: str = "",
    requests: Annotated[int, Within(1, 10**9)] = 1000,
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
    from photonrig.cli.claims_run import PARTS, Claims, run_claims
    from photonrig.cli.opt_in import opt_in

    asked = {"story": story, "flows": flows, "thread": thread, "matrix": matrix}
    chosen = Claims(
        tuple(part for part in PARTS if asked[part]) or PARTS,
        Path(baseline) if baseline else None,
        update_baseline,
        ROOT / "docs" / "thread.md" if docs else None,
        opt_in(api, particle, confirm, product, client, devices, requests) if particle else None,
    )
    if not run_claims(TOOLS, Path(report), chosen):
        raise Exit(code=ExitCode.NOT_SEEN)


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
def hil(
    _: Context,
    rig: str = "virtual",
    report: str = "report",
    only: str = "",
    seed: Annotated[int, Within(-1, 10**9)] = -1,
    workers: Annotated[int, Within(1, 64)] = 1,
    retries: Annotated[int, Within(0, 100)] = 1,
    known_bad: str = "",
    destructive: bool = False,
) -> None:
    """The scenarios of every rig, on this one: flash, set-up, control, transfer, for each variant present.

    Exit code 1 if a device, the network or the cloud failed, 3 if nothing but the bench itself did.

    Example: ./rig hil --rig lab.toml --workers 4
    """
    from photonrig.cli.hil_run import run_hil

    words = [f"--rig-retries={retries}"]
    words += [f"-k={only}"] if only else []
    words += [f"--rig-seed={seed}"] if seed >= 0 else []
    words += ["--destructive"] if destructive else []
    code = run_hil(
        ROOT / "tests" / "scenarios" / "every_rig",
        rig,
        Path(report),
        workers,
        words,
        Path(known_bad) if known_bad else None,
    )
    if code != ExitCode.HELD:
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
def lab(
    _: Context,
    photons: Annotated[int, Within(0, 10_000)] = 1,
    fresh: Annotated[int, Within(0, 10_000)] = 0,
    state: str = "",
    api_port: Annotated[int, PORT] = 0,
    device_port: Annotated[int, PORT] = 0,
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
    from photonrig.cli.lab_run import run_lab

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
def doctor(
    _: Context,
    slot: list[str],
    rig: str = "rig.toml",
    write: bool = False,
    account: str = "",
    wait: Annotated[int, Within(-1, 86_400)] = -1,
    json: bool = False,
) -> None:
    """Prove each slot of a bench: every part is made to act, and what that does is looked at elsewhere.

    Devices are restarted, and their power is cut. Exit code 0 only if everything that is wired was proved.

    Example: ./rig doctor --rig lab.toml --write, then ./rig doctor --rig lab.toml
    """
    from photonrig.cli.doctor_run import run_doctor, write_rig

    if write:
        write_rig(Path(rig))
    elif not run_doctor(
        TOOLS, Path(rig), slots=slot, account=account or None, wait=None if wait < 0 else wait, as_json=json
    ):
        raise Exit(code=ExitCode.BENCH)


@task(
    help={
        "variant": "which one, as in roller",
        "slot": "slot of the bench (default: 1)",
        "rig": "file that describes the bench (default: rig.toml; without one, a virtual Photon)",
        "by": "cloud, serial or dfu (default: cloud)",
        "account": "the account at Particle's cloud that this run may touch",
    }
)
def flash(_: Context, variant: str, slot: str = "1", rig: str = "", by: str = "cloud", account: str = "") -> None:
    """Build a variant, bring it into the device of a slot, and see it alive there.

    Example: ./rig flash roller --slot 1
    """
    from photonrig.cli.flash_run import run_flash

    run_flash(TOOLS, variant, slot, Path(rig) if rig else None, by=by, account=account or None)


@task(help={"fix": "repair what can be repaired"})
def check(_: Context, fix: bool = False) -> None:
    """Formatting, lint and types of Python and C++, and who imports whom.

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
    run_tool(str(SCRIPTS / "lint-imports"), "--no-logo", "--no-cache")


@task(
    help={
        "only": "pytest's -k: run only tests whose names match",
        "next-cli": "also with the Particle CLI of today, installed if missing; once there, it is always tried",
        "sanitized": "only the virtual Photon's tests from outside, against a build with AddressSanitizer and UBSan",
    }
)
def test(context: Context, only: str = "", next_cli: bool = False, sanitized: bool = False) -> None:
    """Everything that must pass: check, native tests, Python tests, flows start to finish.

    Example: ./rig test --only softap
    """
    build_all()
    if next_cli:
        TOOLS.particle_cli_next()
    if sanitized:
        os.environ["PHOTONRIG_VPHOTON"] = str(TOOLS.sanitized() / "vphoton")
        pytest("tests/vphoton", only=only)
        return
    if not only:
        with step("checking format, lint and types"):
            check(context)
        run_tool(str(TOOLS.native_tests()))
        run_tool(str(SCRIPTS / "ctest"), "--test-dir", str(TOOLS.sanitized()), "--output-on-failure", "--parallel", "2")
    pytest(only=only)


@task(
    help={
        "minutes": "for each target (default: 10)",
        "only": "one target",
        "keep": "put the reduced inputs into the tree",
    }
)
def fuzz(
    _: Context, minutes: Annotated[float, Within(0.02, 100_000)] = 10.0, only: str = "", keep: bool = False
) -> None:
    """Fuzz everything in the virtual Photon that reads bytes from outside (needs clang).

    Example: ./rig fuzz --only softap_http --minutes 1
    """
    from photonrig.build.fuzz import fuzz as run
    from photonrig.build.fuzz import targets

    broken = False
    for target in [only] if only else targets(TOOLS):
        done = run(TOOLS, target, round(minutes * 60), keep=keep)
        broken |= done.finding is not None
        verdict = "nothing found" if done.finding is None else f"broken by {done.finding}"
        print(f"{done.target:16} {done.runs:>10} inputs run, {done.corpus:>4} kept: {verdict}", flush=True)
    if broken:
        raise Exit(code=ExitCode.NOT_SEEN)


@task(help={"write": "put the figures into firmware/size.md, which states a growth"})
def size(_: Context, write: bool = False) -> None:
    """Flash and static RAM of every variant on a real Photon; growth over 2 % fails until it is stated.

    Example: ./rig size --write
    """
    from photonrig.build import size as target_size
    from photonrig.build.variants import VARIANTS

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
        raise FirmwareError("; ".join(wrong))


@task
def surface(_: Context) -> None:
    """Write docs/surface.md anew from the firmware's own tables.

    Example: ./rig surface
    """
    made = subprocess.run([TOOLS.surface()], capture_output=True, text=True, check=True).stdout
    (ROOT / "docs" / "surface.md").write_text(made)
    print("docs/surface.md")


@task(help={"only": "run only the benchmarks whose file names contain this"})
def bench(_: Context, only: str = "") -> None:
    """Benchmarks; every figure beside another of the same run, because machines differ.

    Example: ./rig bench --only handshakes
    """
    scripts = sorted((ROOT / "benchmarks").glob("*.py"))
    chosen = [script for script in scripts if only in script.stem and not script.stem.startswith("_")]
    if not chosen:
        raise UsageError(f"no benchmark has {only} in its name")
    build_all()
    for script in chosen:
        print(f"\n== {script.stem} ==", flush=True)
        run_tool(sys.executable, str(script))


@task
def clean(_: Context) -> None:
    """Remove what ./rig made (.rig and report); the next call makes it again.

    Example: ./rig clean
    """
    with TOOLS.alone():
        for made in (ROOT / ".rig", ROOT / "report"):
            if made.exists():
                shutil.rmtree(made)


@task
def conformance(_: Context) -> None:
    """Write docs/conformance.md: what the local cloud answers to whom in each era, as the tests see it.

    Example: ./rig conformance
    """
    run_tool(sys.executable, "-m", "tests.localcloud.conformance")


def collection() -> Collection:
    """All tasks there are."""
    words = Collection.from_module(sys.modules[__name__])
    for each in Collection.from_module(fleet_tasks).tasks.values():
        words.add_task(each)
    for each in words.tasks.values():
        each.auto_shortflags = False  # one letter would mean something else in each task
    return words


if __name__ == "__main__":
    begin()
    main(collection())
