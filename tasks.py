"""Tasks of ./rig for maintainers, by invoke; other commands go to the photonrig program."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during the imports ends them without a traceback

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import click
from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import ParseError
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.program import Program
from invoke.tasks import task

from photonrig import __version__
from photonrig.build.toolchain import Toolchain, step
from photonrig.cli.command import help_last, nearest
from photonrig.cli.program import photonrig, run
from photonrig.cli.tool import run_to_end
from photonrig.cli.values import shown
from photonrig.errors import FirmwareError, UsageError
from photonrig.exits import ExitCode, flush, one_line
from photonrig.signals import begin

ROOT = Path(__file__).resolve().parent
TOOLS = Toolchain(ROOT)
SCRIPTS = Path(sys.executable).parent
TESTS_FAILED = 1  # exit code of pytest
UNSTEADY = 3  # tests; more than these that fail at once have a common cause


def run_tool(*argv: str) -> None:
    """Run a tool to its end, which must be a good one."""
    judge(argv, run_to_end(argv, cwd=ROOT))


def judge(argv: Sequence[str], code: int) -> None:
    """What a tool's exit code means for the task that ran it."""
    if code in (-signal.SIGINT, -signal.SIGTERM, ExitCode.STOPPED):
        raise KeyboardInterrupt
    if code == 5 and argv[0].endswith("pytest"):
        raise UsageError(f"no test matches {' '.join(argv[1:])}")
    if code != ExitCode.HELD:
        print(f"rig: {Path(argv[0]).name} failed", file=sys.stderr)
        raise SystemExit(ExitCode.NOT_SEEN)


def pytest(*folders: str, only: str) -> None:
    """Tests mostly wait for devices and programs: four workers keep two cores busy. Socket paths must stay short.

    A few that fail beside others are run once more, alone. If all hold then, the run passes and says which they are: a
    test that needs a quiet machine is a fault too, though none of what was changed.
    """
    with tempfile.TemporaryDirectory(prefix="rig-") as temporary:
        words = [str(SCRIPTS / "pytest"), "--basetemp", f"{temporary}/t", *(["-k", only] if only else []), *folders]
        code = run_to_end([*words, "-n", "4", "--dist", "loadfile", "--cache-clear"], cwd=ROOT)
        failed = failed_tests() if code == TESTS_FAILED else []
        if not 0 < len(failed) <= UNSTEADY:
            return judge(words, code)
        print(f"rig: {len(failed)} failed; once more, alone ...", file=sys.stderr, flush=True)
        run_tool(str(SCRIPTS / "pytest"), "--basetemp", f"{temporary}/u", "-n", "0", *failed)
        print("rig: failed beside others and held alone, so mend them: " + " ".join(failed), file=sys.stderr)
    return None


def failed_tests() -> list[str]:
    """The tests that failed in the last run of pytest."""
    path = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
    return sorted(json.loads(path.read_text())) if path.exists() else []


def build_all() -> list[Path]:
    """Build everything stale; returns the variants' modules."""
    from photonrig.build.variants import VARIANTS, build_variant

    TOOLS.native()
    TOOLS.particle_cli()
    return [build_variant(TOOLS, variant) for variant in VARIANTS]


@task
def build(_: Context) -> None:
    """Build what is stale: the virtual Photon, the variants' images, the Particle CLI.

    Example: ./rig build
    """
    for module in build_all():
        print(module.relative_to(ROOT))


@task(help={"fix": "repair what can be repaired"})
def check(_: Context, fix: bool = False) -> None:
    """Formatting, lint, types and import contracts of Python; formatting and lint of C++.

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
    tidy()
    run_tool(str(SCRIPTS / "lint-imports"), "--no-logo", "--no-cache")


def tidy() -> None:
    """clang-tidy over shade and the drivers, as the native tests compile them; its checks: firmware/.clang-tidy."""
    from tests.mutants.campaign import sources

    cpp = [file for file in sources() if file.suffix == ".cpp"]
    folders = [f"-I{ROOT / 'firmware' / each}" for each in ("tests/wiring", "shade/src", "variants", "vphoton")]

    def findings(file: Path) -> str:
        words = [str(SCRIPTS / "clang-tidy"), "--quiet", str(file), "--", "-std=gnu++17", *folders]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr) if done.returncode else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [each for each in pool.map(findings, cpp) if each]
    if found:
        print("".join(found), end="", file=sys.stderr)
        print("rig: clang-tidy failed", file=sys.stderr)
        raise SystemExit(ExitCode.NOT_SEEN)


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
def fuzz(_: Context, minutes: float = 10.0, only: str = "", keep: bool = False) -> None:
    """Fuzz the virtual Photon's parsers of outside bytes (needs clang).

    Example: ./rig fuzz --only softap_http --minutes 1
    """
    from photonrig.build.fuzz import fuzz as run
    from photonrig.build.fuzz import targets

    if not 0.02 <= minutes <= 100_000:
        raise UsageError(f"--minutes {minutes:g}: must be a number from 0.02 to 100,000")
    broken = False
    for target in [only] if only else targets(TOOLS):
        done = run(TOOLS, target, round(minutes * 60), keep=keep)
        broken |= done.finding is not None
        verdict = "nothing found" if done.finding is None else f"broken by {done.finding}"
        print(f"{done.target:16} {done.runs:>10} inputs run, {done.corpus:>4} kept: {verdict}", flush=True)
    if broken:
        raise SystemExit(ExitCode.NOT_SEEN)


@task(help={"write": "put the figures into firmware/size.md, which states a growth"})
def size(_: Context, write: bool = False) -> None:
    """Flash, RAM, stack, heap and loop of every variant on a real Photon; growth over 2 % fails until it is stated.

    Example: ./rig size --write
    """
    from photonrig.build import size as target_size
    from photonrig.build.variants import VARIANTS
    from photonrig.trials.figures import with_run

    table = ROOT / "firmware" / "size.md"
    sizes = with_run(TOOLS, target_size.measure(TOOLS, VARIANTS))
    if write:
        target_size.write_table(table, str(target_size.compiler()), sizes)
    stated_by, stated = target_size.read_table(table)
    for variant, used in sizes.items():
        before = stated.get(variant, used)
        flash = f"flash {used.flash:>6} ({used.flash - before.flash:+d})"
        ram = f"RAM {used.ram:>5} ({used.ram - before.ram:+d})"
        stack = f"stack {used.stack:>5} ({used.stack - before.stack:+d})"
        heap = f"heap {used.heap:>5} ({used.heap - before.heap:+d})"
        print(f"{variant:<10} {flash}  {ram}  {stack}  {heap}  loop {used.loop:>5} ({used.loop - before.loop:+d})")
    if stated_by != target_size.compiler():
        print(f"the table was made with {stated_by}: only the Photon's limits are held")
    if wrong := target_size.compare(sizes, stated_by, stated):
        raise FirmwareError("; ".join(wrong))


@task
def surface(_: Context) -> None:
    """Regenerate docs/surface.md from the firmware's tables.

    Example: ./rig surface
    """
    made = subprocess.run([TOOLS.surface()], capture_output=True, text=True, check=True).stdout
    (ROOT / "docs" / "surface.md").write_text(made)
    print("docs/surface.md")


@task(help={"only": "run only the benchmarks whose file names contain this"})
def bench(_: Context, only: str = "") -> None:
    """Benchmarks, as ratios within one run, because machines differ.

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
    """Remove .rig and report; the next call rebuilds them.

    Example: ./rig clean
    """
    with TOOLS.alone():
        for made in (ROOT / ".rig", ROOT / "report"):
            if made.exists():
                shutil.rmtree(made)


@task
def conformance(_: Context) -> None:
    """Regenerate docs/conformance.md: the local cloud's answers by token and era, as tested.

    Example: ./rig conformance
    """
    run_tool(sys.executable, "-m", "tests.localcloud.conformance")


@task
def coverage(_: Context) -> None:
    """Regenerate docs/wiring-coverage.md: how much of Wiring's interface applications find.

    Example: ./rig coverage
    """
    run_tool(sys.executable, "-m", "tests.build.abi.coverage")


@task(help={"sample": "so many at random (default: all, an hour or more)", "seed": "of the sample (default: 1)"})
def mutants(_: Context, sample: int = 0, seed: int = 1) -> None:
    """Regenerate docs/mutants.md: what the native tests find of one-operator changes in shade and the variants.

    Example: ./rig mutants --sample 400
    """
    if sample < 0:
        raise UsageError(f"--sample {sample}: must be 0 (all) or more")
    run_tool(sys.executable, "-m", "tests.mutants", str(sample), str(seed))


class Number(Argument):
    """A task's option whose value is a number, whole if its default is."""

    def set_value(self, value: Any, cast: bool = True) -> None:
        """Parse the number.

        :raises UsageError: it is none
        """
        try:
            super().set_value(value, cast)
        except ValueError:
            kind = "whole number" if self.kind is int else "number"
            raise UsageError(f"--{self.names[0]} {shown(value)}must be a {kind}") from None


class TaskCollection(Collection):
    """Tasks whose options with a number name themselves in errors; invoke's own would say only what int() says."""

    def to_contexts(self, ignore_unknown_help: bool | None = None) -> list[ParserContext]:
        """Tasks and their options for the parser."""
        contexts: list[ParserContext] = super().to_contexts(ignore_unknown_help)
        for option in (option for context in contexts for option in context.args.values()):
            if option.kind in (int, float):
                option.__class__ = Number  # invoke has no other way to choose the class
        return contexts


class Tasks(Program):
    """invoke with photonrig's error handling: one line, and an exit code that names the cause."""

    def parse_tasks(self) -> None:
        """Parse the arguments.

        :raises UsageError: usage error
        """
        try:
            super().parse_tasks()
        except (ParseError, ValueError) as error:
            raise UsageError(f"{error}; ./rig {self.argv[1]} --help says more") from None

    def execute(self) -> None:
        """Run the task; invoke itself would end with 1 at Ctrl-C."""
        with one_line():
            super().execute()


def collection() -> Collection:
    """All tasks."""
    words = TaskCollection.from_module(sys.modules[__name__])
    for each in words.tasks.values():
        each.auto_shortflags = False  # short flags would differ between tasks
    return words


def overview(tasks: Collection) -> str:
    """Overview of all commands."""
    text = click.HelpFormatter()
    text.write_usage("./rig", "COMMAND [OPTIONS]")
    room = text.width - 16
    products = [(name, photonrig.commands[name].get_short_help_str(room)) for name in photonrig.commands]
    maintainers = [(name, str(each.__doc__).partition("\n")[0]) for name, each in sorted(tasks.tasks.items())]
    for title, rows in (("Commands of photonrig, run in this checkout", products), ("Maintenance", maintainers)):
        with text.section(title):
            text.write_dl(rows)
    text.write_paragraph()
    text.write_text("./rig COMMAND --help says more.")
    return text.getvalue().rstrip()


def do(tasks: Collection, words: list[str]) -> None:
    """Run a command line: a task of this file by invoke, everything else by the photonrig program.

    :raises UsageError: usage error
    :raises SystemExit: it ends with an exit code
    """
    words = help_last(words) or ["--help"]
    if words[0] in tasks.task_names:
        Tasks(version=__version__, namespace=tasks, name="photonrig", binary="./rig").run(["./rig", *words])
    elif words == ["--help"]:
        print(overview(tasks))
    elif words[0] in photonrig.commands or words[0].startswith("-"):
        run(words)
    else:
        guess = nearest(words[0], [*tasks.task_names, *photonrig.commands])
        raise UsageError(f"there is no ./rig {words[0]}{guess}; ./rig --help lists what there is")


def main() -> NoReturn:
    """Run the command line, and end with its exit code."""
    begin()
    code: object = 0
    try:
        with one_line():
            do(collection(), sys.argv[1:])
    except SystemExit as ended:
        code = ended.code
    raise SystemExit(flush() or code)


if __name__ == "__main__":
    main()
