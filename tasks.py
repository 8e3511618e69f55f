"""What ./rig can do. Thin: parse the words, call photonrig, print."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit, ParseError
from invoke.program import Program
from invoke.tasks import task

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


@task(help={"report": "folder for index.html and junit.xml (default: report)"})
@guarded
def claims(_: Context, report: str = "report") -> None:
    """A Photon changes hands, start to finish, with nothing attached.

    Builds the roller firmware, starts the local cloud and two virtual Photons, flashes with the real Particle CLI, sets
    up, claims, transfers and checks. Exit code 0 only if every step held.

    Example: ./rig claims --report report
    """
    from photonrig.report.claims import run_claims

    if not run_claims(TOOLS, Path(report)):
        raise Exit(code=1)


@task(
    help={
        "photons": "virtual Photons imported, online and claimed to the central user (default: 1)",
        "fresh": "virtual Photons out of the box, in listening mode (default: 0)",
        "state": "folder that keeps everything; start again with it and the lab goes on where it was",
        "api-port": "port of the HTTP API (default: any free one)",
        "device-port": "port of the device service (default: any free one)",
        "admit-unknown": "enrol a device with an unknown id under the public key it presents",
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
    json: bool = False,
) -> None:
    """Local cloud and virtual Photons in the foreground, until Ctrl-C.

    Example: ./rig lab --photons 2 --fresh 1 --state lab
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
        as_json=json,
    )


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
    run_tool(str(SCRIPTS / "pytest"), *(["-k", only] if only else []))


@task(
    help={
        "minutes": "for each target (default: 10)",
        "only": "one target",
        "keep": "put the reduced inputs into the tree",
    }
)
@guarded
def fuzz(_: Context, minutes: float = 10, only: str = "", keep: bool = False) -> None:
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


@task
def clean(_: Context) -> None:
    """Remove what ./rig made (.rig and report); the next call makes it again.

    Example: ./rig clean
    """
    for made in (".rig", "report"):
        shutil.rmtree(ROOT / made, ignore_errors=True)


class Rig(Program):
    """The program behind ./rig: invoke, with wrong words as exit code 2 and never a traceback."""

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except (ParseError, ValueError) as error:
            raise Exit(f"rig: {error}; ./rig --list names the tasks, ./rig TASK --help their options", code=2) from None


if __name__ == "__main__":
    Rig(name="rig", binary="./rig", namespace=Collection.from_module(sys.modules["__main__"])).run()
