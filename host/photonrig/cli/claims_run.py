"""Work of ``photonrig claims``: handover story, flows, forum thread of 2016 and permission matrix, on virtual slots."""

from __future__ import annotations

import json
import platform
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import msgspec
from rich.console import Console

from photonrig import __version__
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.slots.virtual.photon import AIR
from photonrig.build.size import stated
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import build_variant, variant_project, with_version
from photonrig.cli.values import writable
from photonrig.clock import SYSTEM, utc
from photonrig.errors import UsageError
from photonrig.history import TREND, History, Record, Since, changes, trend
from photonrig.invocation import quiet
from photonrig.particle.cli import ParticleCli
from photonrig.report.claims import ClaimsRun, claims_json, print_claims, write_claims
from photonrig.report.compared import Compared
from photonrig.report.forum_2016 import VERDICT_STYLE, write_forum
from photonrig.report.matrix import MatrixRun
from photonrig.report.page import write_index
from photonrig.report.progress import Progress
from photonrig.report.run import Run, commit, duration
from photonrig.report.terminal import STYLE, print_findings, print_verdict
from photonrig.scenarios.flow_cases import run_flows
from photonrig.scenarios.forum_2016 import RowResult, run_forum
from photonrig.scenarios.forum_2016_rows import ROWS, Row
from photonrig.scenarios.forum_2016_target import ForumTarget
from photonrig.scenarios.handover_story import HandoverStory, StoryTarget
from photonrig.scenarios.hook_receiver import HookReceiver
from photonrig.scenarios.matrix import MatrixTarget, Observation, observe
from photonrig.scenarios.matrix_cells import cells
from photonrig.scenarios.particle_target import OptIn, particle_target
from photonrig.scenarios.story import StepResult
from photonrig.scenarios.virtual_target import STATES, extended, virtual_target

Part = Literal["story", "flows", "thread", "matrix"]
PARTS: Final[tuple[Part, ...]] = ("story", "flows", "thread", "matrix")

_VARIANT: Final = "roller"
_NEW_VERSION: Final = 2
_SIZES: Final = ("flash", "ram", "stack", "heap")


@dataclass(frozen=True, slots=True)
class Claims:
    """What to run: the parts, what to compare with (a baseline, or ``since``, an earlier run), and files to write.

    ``particle``: ask only the matrix, of Particle's own cloud. ``as_json``: print the results as one JSON object.
    ``verbose``: print everything, not only what failed or changed.
    """

    parts: tuple[Part, ...] = PARTS
    baseline: Path | None = None
    update_baseline: bool = False
    since: str | None = None
    thread_page: Path | None = None
    particle: OptIn | None = None
    as_json: bool = False
    verbose: bool = False

    def earlier(self, history: History) -> Since | None:
        """What to compare with.

        :raises UsageError: the options contradict each other, or there is nothing to compare with
        """
        if self.baseline is not None and self.since is not None:
            raise UsageError("--baseline and --since: one of them")
        if self.update_baseline and self.baseline is None:
            raise UsageError("--update-baseline needs --baseline FILE, the file to write")
        if self.thread_page is not None and "thread" not in self.parts:
            raise UsageError("--thread-page is the thread's: add --thread")
        found = None
        if self.since is not None:
            found = history.since(self.since)
        elif self.baseline is not None and not self.update_baseline:
            record = Record.read(self.baseline)
            found = Since(record.recorded, record)
        if found is not None:
            found.must_share(("matrix",) if self.particle else self.parts)
        return found


@dataclass(slots=True)
class _Seen:
    """Results so far; ``progress`` shows what runs, and with ``verbose`` each result."""

    progress: Progress
    verbose: bool
    steps: list[StepResult] = field(default_factory=list)
    rows: list[RowResult] = field(default_factory=list)
    matrix: MatrixRun | None = None
    facts: tuple[tuple[str, str], ...] = ()
    took: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, part: Part, of: int = 0) -> Iterator[None]:
        """Run one part, and keep how long it takes."""
        begun = SYSTEM.now()
        self.progress.begins(part, of)
        yield
        self.took[f"{part}, s"] = SYSTEM.now() - begun

    def watch(self, part: Part, results: Callable[[Callable[[str], None]], Iterable[StepResult]]) -> None:
        """Run steps."""
        with self.part(part):
            for result in results(self.progress.at):
                if self.verbose:
                    line = f"{result.verdict:>7}  {result.title}  {duration(result.seconds)}"
                    self.progress.line(line, STYLE[result.verdict])
                self.steps.append(replace(result, key=f"{part} / {result.title}"))

    def watch_rows(self, results: Callable[[Callable[[Row], None]], Iterable[RowResult]]) -> None:
        """Run rows of the forum thread."""
        with self.part("thread", len(ROWS)):
            for result in results(lambda row: self.progress.at(row.asked, row.number)):
                if self.verbose:
                    row = f"row {result.row.number}  {result.row.asked}  {duration(result.seconds)}"
                    self.progress.line(f"{result.verdict:>11}  {row}", VERDICT_STYLE[result.verdict])
                self.rows.append(result)

    def ask(self, targets: Iterable[MatrixTarget]) -> None:
        """Ask the matrix."""
        begun, started, targets = SYSTEM.now(), utc(SYSTEM), list(targets)
        observed: list[Observation] = []
        with self.part("matrix", len(cells())):
            for target in targets:
                for each in observe(target, cells()):
                    self.progress.at(each.cell.key)
                    observed.append(each)
        self.matrix = MatrixRun(targets[0].name, started, SYSTEM.now() - begun, observed)


def run_claims(tools: Toolchain, report: Path, claims: Claims = Claims()) -> bool:
    """Run the parts, print and write the reports; True if all held and nothing changed since the earlier run.

    :raises PhotonrigError: the bench could not be prepared, or there is nothing to compare with; nothing was run
    """
    begun, started = SYSTEM.now(), utc(SYSTEM)
    history = History(report, "claims")
    earlier = claims.earlier(history)
    if claims.update_baseline and claims.baseline is not None:
        writable(claims.baseline.parent, "--baseline")
    if claims.thread_page is not None:
        writable(claims.thread_page.parent, "--thread-page")
    writable(report, "--report")
    title, figures = "Ownership changes of a Photon", {}
    with Progress(Console(stderr=True, quiet=quiet())) as progress:
        seen = _Seen(progress, claims.verbose)
        if claims.particle is not None:
            with particle_target(claims.particle) as target:
                seen.ask([target])
            used = (
                f"{target.budget.used} requests, {target.budget.tokens_used} of them for tokens; cleaned up, verified"
            )
            seen.facts = (("target", target.name), ("account", claims.particle.account), ("used", used))
            title = f"The matrix on {target.name}"
        else:
            _on_virtual_slots(tools, claims, seen)
            seen.facts = (*seen.facts, *_facts(tools))
            sizes = stated(variant_project(tools, _VARIANT), _VARIANT)
            figures = {
                f"{name} of {_VARIANT}, bytes": sizes[name] for name in ("flash", "ram", "stack") if name in sizes
            }
    run = Run(title, started, SYSTEM.now() - begun, seen.facts, seen.steps)
    done = ClaimsRun(run, seen.rows, seen.matrix)
    return report_claims(done, seen.took | figures, history, earlier, claims)


def _on_virtual_slots(tools: Toolchain, claims: Claims, seen: _Seen) -> None:
    tools.native()
    if "story" in claims.parts:
        cli = tools.particle_cli()
        with story_target(tools) as story:
            seen.facts = _story_facts(tools, cli, story)
            seen.watch("story", lambda started: HandoverStory(story).run(started))
    if set(claims.parts) - {"story"}:
        with tempfile.TemporaryDirectory(prefix="photonrig-") as folder, ExitStack() as stack:
            _on_virtual_targets(tools, claims, Path(folder), stack, seen)


def _on_virtual_targets(tools: Toolchain, claims: Claims, work: Path, stack: ExitStack, seen: _Seen) -> None:
    firmware = build_variant(tools, _VARIANT)
    wanted = tuple(STATES) if {"thread", "matrix"} & set(claims.parts) else ("today",)
    targets = {}
    for era in wanted:
        with step(f"starting a local cloud of {era} and virtual Photons ({len(STATES[era]) + 1})"):
            targets[era] = stack.enter_context(virtual_target(tools, era, work / era, firmware))
    if {"thread", "flows"} & set(claims.parts):
        more = stack.enter_context(extended(work / "extended"))
        hooks = stack.enter_context(HookReceiver())
        network, clock = AIR[0], SYSTEM
    if "flows" in claims.parts:
        wifi = (network.ssid, network.password)
        seen.watch("flows", lambda started: run_flows(targets["today"], more, hooks, wifi, clock, started))
    if "thread" in claims.parts:
        eras = (targets["2016-before"], targets["2016-after"], targets["today"])
        forum = ForumTarget(*eras, more, hooks, network.ssid, network.password, clock)
        seen.watch_rows(lambda started: run_forum(forum, started))
    if "matrix" in claims.parts:
        seen.ask(targets.values())


def report_claims(
    done: ClaimsRun, figures: dict[str, float], history: History, earlier: Since | None, claims: Claims
) -> bool:
    """Compare, write, print; whether it held."""
    run = done.run
    steps = done.everything.steps
    record = Record(
        run.facts[0][1] if done.matrix is None else done.matrix.target,
        run.started.isoformat(timespec="seconds"),
        done.cases,
        failed=done.failed,
        seconds={"": round(run.seconds, 3)} | {each.key: round(each.seconds, 3) for each in steps if each.seconds},
        figures={"the run, s": round(run.seconds, 3)} | {name: round(value, 3) for name, value in figures.items()},
    )
    found = () if earlier is None else changes(earlier.record, record)
    record = msgspec.structs.replace(record, changed=len(found))
    trends = trend(list(history.runs().values())[-TREND:], record)
    compared = Compared("" if earlier is None else earlier.name, found, trends)
    folder = history.begin()
    written = write_claims(done, folder, compared)
    history.end(folder, record)
    write_index(history.folder.parent)
    if claims.update_baseline and claims.baseline is not None:
        record.as_baseline().write(claims.baseline)
        written.append(claims.baseline)
    if claims.thread_page is not None:
        write_forum(done.rows, claims.thread_page)
        written.append(claims.thread_page)
    if claims.as_json:
        print(json.dumps(claims_json(done, record, compared, written), ensure_ascii=False))  # noqa: T201
        return record.held
    console = Console()
    if claims.verbose:
        print_claims(done, console)
    print_findings(done.findings(folder), compared, console)
    others = [path for path in written[2:] if path.suffix != ".json" or path == claims.baseline]
    print_verdict(record, compared.since, [written[0], *others], console)
    return record.held


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
            with step("starting the local cloud and virtual Photons (2)"):
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
