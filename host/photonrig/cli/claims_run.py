"""Work of ``photonrig claims``: handover story, flows, forum thread of 2016 and permission matrix, on virtual slots.

index.html, junit.xml   everything that was done and seen
matrix.html, .json      permissions, cell by cell
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from photonrig import __version__
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_variant, variant_project, with_version
from photonrig.cli.values import writable
from photonrig.clock import SYSTEM, utc
from photonrig.errors import UsageError
from photonrig.invocation import quiet
from photonrig.particle.cli import ParticleCli
from photonrig.report.forum_2016 import VERDICT_STYLE, print_forum, write_forum
from photonrig.report.junit import write_junit
from photonrig.report.matrix import MatrixRun, matrix_json, print_matrix, write_matrix
from photonrig.report.page import write_page
from photonrig.report.run import Run, commit, duration, run_json
from photonrig.report.terminal import STYLE, print_run
from photonrig.scenarios.flow_cases import run_flows
from photonrig.scenarios.forum_2016 import RowResult, run_forum
from photonrig.scenarios.forum_2016_rows import Row
from photonrig.scenarios.forum_2016_target import ForumTarget
from photonrig.scenarios.handover_story import HandoverStory, StoryTarget
from photonrig.scenarios.hook_receiver import HookReceiver
from photonrig.scenarios.matrix import MatrixTarget, Observation, observe
from photonrig.scenarios.matrix_baseline import Baseline, changes
from photonrig.scenarios.matrix_cells import cells
from photonrig.scenarios.particle_target import OptIn, particle_target
from photonrig.scenarios.story import StepResult, Verdict
from photonrig.scenarios.virtual_target import STATES, extended, virtual_target
from photonrig.trace import Moment

Part = Literal["story", "flows", "thread", "matrix"]
PARTS: Final[tuple[Part, ...]] = ("story", "flows", "thread", "matrix")

_VARIANT: Final = "roller"
_NEW_VERSION: Final = 2


@dataclass(frozen=True, slots=True)
class Claims:
    """What to run: the parts, the baseline to compare the matrix with or to write, and the forum page to write.

    ``particle``: ask only the matrix, of Particle's own cloud. ``as_json``: print the results as one JSON object.
    """

    parts: tuple[Part, ...] = PARTS
    baseline: Path | None = None
    update_baseline: bool = False
    thread_page: Path | None = None
    particle: OptIn | None = None
    as_json: bool = False


@dataclass(slots=True)
class _Seen:
    """Results so far, printed as they come."""

    console: Console
    steps: list[StepResult] = field(default_factory=list)
    rows: list[RowResult] = field(default_factory=list)
    matrix: MatrixRun | None = None
    facts: tuple[tuple[str, str], ...] = ()

    def watch(self, results: Callable[[Callable[[str], None]], Iterable[StepResult]]) -> None:
        """Run steps, printing a line when each is done."""
        with self.console.status("") as status:
            for result in results(lambda title: status.update(escape(title))):
                line = f"{result.verdict:>7}  {result.title}  {duration(result.seconds)}"
                self.console.print(Text(line, style=STYLE[result.verdict]), soft_wrap=True)
                self.steps.append(result)

    def watch_rows(self, results: Callable[[Callable[[Row], None]], Iterable[RowResult]]) -> None:
        """Run rows of the forum thread, printing a line when each is done."""
        with self.console.status("") as status:
            for result in results(lambda row: status.update(f"row {row.number}: {escape(row.asked)}")):
                line = f"{result.verdict:>11}  row {result.row.number}  {result.row.asked}  {duration(result.seconds)}"
                self.console.print(Text(line, style=VERDICT_STYLE[result.verdict]), soft_wrap=True)
                self.rows.append(result)


def run_claims(tools: Toolchain, report: Path, claims: Claims = Claims()) -> bool:
    """Run the parts, print them, write the reports; True if all held and nothing changed since the baseline.

    :raises PhotonrigError: the bench could not be prepared, or the baseline cannot be read; nothing was run
    """
    begun, started = SYSTEM.now(), utc(SYSTEM)
    if claims.update_baseline and claims.baseline is None:
        raise UsageError("--update-baseline needs --baseline FILE, the file to write")
    if claims.baseline is not None and "matrix" not in claims.parts:
        raise UsageError("--baseline is the matrix's: add --matrix")
    if claims.thread_page is not None and "thread" not in claims.parts:
        raise UsageError("--thread-page is the thread's: add --thread")
    before = None
    if claims.baseline is not None and not claims.update_baseline:
        before = Baseline.read(claims.baseline)
    if claims.update_baseline and claims.baseline is not None:
        writable(claims.baseline.parent, "--baseline")
    if claims.thread_page is not None:
        writable(claims.thread_page.parent, "--thread-page")
    writable(report, "--report")
    seen = _Seen(Console(stderr=True, quiet=quiet()))
    if claims.particle is not None:
        with particle_target(claims.particle) as target:
            seen.matrix = _matrix(seen.console, [target], before)
        used = f"{target.budget.used} requests, {target.budget.tokens_used} of them for tokens; cleaned up, verified"
        seen.facts = (("target", target.name), ("account", claims.particle.account), ("used", used))
        title = f"The matrix on {target.name}"
        run = Run(title, started, SYSTEM.now() - begun, seen.facts, _everything(seen))
        _output(run, seen, claims, report)
        return _good(run, seen)
    tools.native()
    if "story" in claims.parts:
        cli = tools.particle_cli()
        with story_target(tools) as story:
            seen.facts = _story_facts(tools, cli, story)
            seen.watch(lambda started: HandoverStory(story).run(started))
    if set(claims.parts) - {"story"}:
        with tempfile.TemporaryDirectory(prefix="photonrig-") as folder, ExitStack() as stack:
            _on_virtual_targets(tools, claims, Path(folder), stack, seen, before)
    facts = (*seen.facts, *_facts(tools))
    run = Run("Ownership changes of a Photon", started, SYSTEM.now() - begun, facts, _everything(seen))
    _output(run, seen, claims, report)
    return _good(run, seen)


def _on_virtual_targets(
    tools: Toolchain, claims: Claims, work: Path, stack: ExitStack, seen: _Seen, before: Baseline | None
) -> None:
    firmware = build_variant(tools, _VARIANT)
    wanted = tuple(STATES) if {"thread", "matrix"} & set(claims.parts) else ("today",)
    targets = {}
    for era in wanted:
        with step(f"starting a local cloud of {era} and {len(STATES[era]) + 1} virtual Photons"):
            targets[era] = stack.enter_context(virtual_target(tools, era, work / era, firmware))
    if {"thread", "flows"} & set(claims.parts):
        more = stack.enter_context(extended(work / "extended"))
        hooks = stack.enter_context(HookReceiver())
        network, clock = AIR[0], SYSTEM
    if "flows" in claims.parts:
        wifi = (network.ssid, network.password)
        seen.watch(lambda started: run_flows(targets["today"], more, hooks, wifi, clock, started))
    if "thread" in claims.parts:
        eras = (targets["2016-before"], targets["2016-after"], targets["today"])
        forum = ForumTarget(*eras, more, hooks, network.ssid, network.password, clock)
        seen.watch_rows(lambda started: run_forum(forum, started))
    if "matrix" in claims.parts:
        seen.matrix = _matrix(seen.console, targets.values(), before)


def _matrix(console: Console, targets: Iterable[MatrixTarget], before: Baseline | None) -> MatrixRun:
    begun, started = SYSTEM.now(), utc(SYSTEM)
    targets = list(targets)
    observed: list[Observation] = []
    with console.status("") as status:
        for target in targets:
            for each in observe(target, cells()):
                status.update(escape(f"cell {len(observed) + 1} of {len(cells())}: {each.cell.key}"))
                observed.append(each)
    changed = None if before is None else changes(before, observed)
    return MatrixRun(targets[0].name, started, SYSTEM.now() - begun, observed, before, changed)


# --- output -----------------------------------------------------------------------------------------------------------


def _everything(seen: _Seen) -> list[StepResult]:
    rows = [
        StepResult(
            "Forum thread of 2016, row by row",
            f"Row {each.row.number}, {each.row.era}: {each.row.who}: {each.row.asked}",
            each.row.happened,
            f"{each.verdict}: {each.evidence}",
            (),
            each.seconds,
            "failed" if each.failed else "held",
            "test" if each.failed else None,
        )
        for each in seen.rows
    ]
    return [*seen.steps, *rows, *_blocks(seen.matrix)]


def _blocks(matrix: MatrixRun | None) -> Iterator[StepResult]:
    for era, state, columns, lines in () if matrix is None else matrix.blocks():
        asked = [each for _, row in lines for each in row.values()]
        wrong = [each for each in asked if each.differs]
        verdict: Verdict = "failed" if wrong else "held"
        summary = f"{len(asked)} cells, {len(wrong)} not as expected"
        evidence = tuple(
            Moment(0.0, "http", f"{each.cell.key}: {each.outcome}, expected {each.cell.expected.outcome}: {each.text}")
            for each in wrong
        )
        title = f"{era}: {state}, {len(lines)} requests by {len(columns)} tokens"
        yield StepResult(
            "Permission matrix", title, "every cell as the table says", summary, evidence, 0.0, verdict,
            "test" if wrong else None,
        )  # fmt: skip


def _output(run: Run, seen: _Seen, claims: Claims, report: Path) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160, quiet=claims.as_json)
    if seen.steps:
        print_run(Run(run.title, run.started, run.seconds, run.facts, seen.steps), console)
    if seen.rows:
        print_forum(seen.rows, console)
    written = [report / "index.html", report / "junit.xml"]
    if seen.matrix is not None:
        print_matrix(seen.matrix, console)
        written += write_matrix(seen.matrix, report)
        if claims.update_baseline and claims.baseline is not None:
            Baseline.of(seen.matrix.target, seen.matrix.observations).write(claims.baseline)
            written.append(claims.baseline)
    if claims.thread_page is not None and seen.rows:
        write_forum(seen.rows, claims.thread_page)
        written.append(claims.thread_page)
    style = "bold green" if run.held else "bold red"
    counts = f"{run.count('held')} held, {run.count('failed')} failed, {run.count('not run')} not run"
    console.print(Text(f"{_counted(seen)}: {counts}, in {duration(run.seconds)}", style=style))
    write_page(run, report / "index.html")
    write_junit(run, report / "junit.xml")
    if claims.as_json:
        summary = run_json(run) | {
            "held": _good(run, seen),
            "matrix": None if seen.matrix is None else matrix_json(seen.matrix),
            "reports": [str(path) for path in written],
        }
        print(json.dumps(summary, ensure_ascii=False))  # noqa: T201
    seen.console.print(f"report: {', '.join(map(str, written))}", markup=False, highlight=False, soft_wrap=True)


def _good(run: Run, seen: _Seen) -> bool:
    return run.held and not (seen.matrix is not None and seen.matrix.changes)


def _counted(seen: _Seen) -> str:
    flows = sum(each.chapter.startswith("Flows") for each in seen.steps)
    parts = [
        (len(seen.steps) - flows, "steps of the story"),
        (flows, "flows"),
        (len(seen.rows), "rows of the forum thread of 2016"),
        (0 if seen.matrix is None else len(seen.matrix.observations), "cells of the matrix"),
    ]
    return ", ".join(f"{number} {what}" for number, what in parts if number)


# --- target of the story ----------------------------------------------------------------------------------------------


@contextmanager
def story_target(tools: Toolchain) -> Iterator[StoryTarget]:
    """A virtual lab with one fielded and one fresh device for the story; removed when the block ends."""
    firmware = {_VARIANT: build_variant(tools, _VARIANT)}
    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        work = Path(folder)
        project = with_version(variant_project(tools, _VARIANT), work / _VARIANT, _NEW_VERSION)
        lab = Lab(work / "lab", vphoton=tools.vphoton, sdk=tools.sdk(), firmware=firmware, photons=1, fresh=1)
        try:
            with step("starting the local cloud and two virtual Photons"):
                lab.start()
            cli = ParticleCli(tools.node, tools.cli_script, work / "home", lab.local_cloud.api)
            cli.use(USERNAME, lab.central.access_token)

            def restart_cloud() -> str:
                lab.local_cloud.restart()
                return "the local cloud's process was killed (SIGKILL) and a new one started on the same state folder"

            yield StoryTarget(
                cloud=lab.cloud,
                central=lab.central,
                product_id=lab.product.id,
                client=lab.client,
                cli=cli,
                fielded=lab.fielded()[0].slot,
                fresh=lab.fresh()[0].slot,
                wifi_ssid=AIR[0].ssid,
                wifi_password=AIR[0].password,
                new_firmware=project,
                new_version=_NEW_VERSION,
                work=work,
                restart_cloud=restart_cloud,
                clock=SYSTEM,
            )
            lab.stop()
        finally:
            lab.kill()


def _story_facts(tools: Toolchain, cli: Path, target: StoryTarget) -> tuple[tuple[str, str], ...]:
    node = target.cli.node_version()
    return (
        ("Particle CLI", f"{target.cli.version().text.strip()} on Node {node} ({cli.relative_to(tools.work)})"),
        ("firmware", f"{_VARIANT}, then version {_NEW_VERSION}"),
    )


def _facts(tools: Toolchain) -> tuple[tuple[str, str], ...]:
    return (
        ("target", "local cloud, virtual Photons"),
        ("commit", commit(tools.root)) if tools.made is None else ("photonrig", __version__),
        ("host", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
    )
