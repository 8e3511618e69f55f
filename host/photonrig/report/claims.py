"""``./rig claims``: the hand-over story on a virtual lab, with every report of it."""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from photonrig.bench.clock import SystemClock
from photonrig.bench.toolchain import Toolchain, step
from photonrig.bench.virtual.lab import USERNAME, Lab
from photonrig.bench.virtual.photon import AIR
from photonrig.bench.virtual.variants import build_variant, variant_project, with_version
from photonrig.ownership.handover import HandOver, Stage
from photonrig.ownership.steps import StepResult
from photonrig.particle.cli import ParticleCli
from photonrig.report.junit import write_junit
from photonrig.report.page import write_page
from photonrig.report.run import Run, commit, duration
from photonrig.report.terminal import STYLE, print_run

__all__ = ["run_claims", "staged"]

_VARIANT = "roller"
_NEW_VERSION = 2


def run_claims(tools: Toolchain, report: Path) -> bool:
    """Run the story, print it, write ``index.html`` and ``junit.xml`` into ``report``; True if every step held.

    :raises PhotonrigError: the bench could not be made ready; the story did not begin
    """
    begun, started = time.monotonic(), datetime.now(UTC)
    cli = tools.particle_cli()
    tools.native()
    with staged(tools) as stage:
        facts = _facts(tools, cli, stage)
        story = HandOver(stage)
        steps: list[StepResult] = []
        with Console(stderr=True).status("") as status:
            for result in story.run(lambda title: status.update(f"{len(steps) + 1}. {escape(title)}")):
                line = Text(
                    f"{result.verdict:>7}  {result.title}  {duration(result.seconds)}", style=STYLE[result.verdict]
                )
                status.console.print(line, soft_wrap=True)
                steps.append(result)
    run = Run("A Photon changes hands", started, time.monotonic() - begun, facts, steps)
    print_run(run, Console(width=None if sys.stdout.isatty() else 160))
    write_page(run, report / "index.html")
    write_junit(run, report / "junit.xml")
    print(f"report: {report / 'index.html'}, {report / 'junit.xml'}", file=sys.stderr)  # noqa: T201
    return run.held


@contextmanager
def staged(tools: Toolchain) -> Iterator[Stage]:
    """A virtual lab with one fielded and one fresh device, ready for the story; gone when the block ends."""
    firmware = {_VARIANT: build_variant(tools, _VARIANT)}
    with tempfile.TemporaryDirectory(prefix="photonrig-") as folder:
        work = Path(folder)
        project = with_version(variant_project(tools, _VARIANT), work / _VARIANT, _NEW_VERSION)
        with step("starting the local cloud and two virtual Photons"):
            lab = Lab(work / "lab", vphoton=tools.vphoton, sdk=tools.sdk, firmware=firmware, photons=1, fresh=1)
            lab.start()
        try:
            cli = ParticleCli(tools.node, tools.cli_script, work / "home", lab.local_cloud.api)
            cli.use(USERNAME, lab.central.access_token)

            def restart_cloud() -> str:
                lab.restart_cloud()
                return "the local cloud's process was killed (SIGKILL) and a new one started on the same state folder"

            lab.cloud.take_exchanges()  # making the lab ready is no part of the story
            yield Stage(
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
                clock=SystemClock(),
            )
            lab.stop()
        finally:
            lab.kill()


def _facts(tools: Toolchain, cli: Path, stage: Stage) -> tuple[tuple[str, str], ...]:
    node = stage.cli.node_version()
    return (
        ("target", f"local cloud {stage.cloud.api}, virtual Photons"),
        ("Particle CLI", f"{stage.cli.version().text.strip()} on Node {node} ({cli.relative_to(tools.root)})"),
        ("firmware", f"{_VARIANT}, then version {_NEW_VERSION}"),
        ("commit", commit(tools.root)),
        ("host", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
    )
