"""Work of ``photonrig lab``: a virtual lab in the foreground, described for people or programs."""

from __future__ import annotations

import contextlib
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console

from photonrig.bench.config import LocalCloudConfig, RigConfig, load_config
from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.lab_record import LabRecord
from photonrig.bench.lock import hold
from photonrig.bench.session import lock_path
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.cli.firmware_path import module_of
from photonrig.cli.values import writable
from photonrig.errors import PhotonrigError, UsageError
from photonrig.labpage.boards import boards_of, import_boards
from photonrig.labpage.changes import Change
from photonrig.labpage.logbook import Logbook
from photonrig.labpage.server import LabPage
from photonrig.labpage.terminal import print_change
from photonrig.labpage.watch import LabWatch
from photonrig.particle.cli import ParticleCli
from photonrig.report.lab import print_lab


def run_lab(
    tools: Toolchain,
    *,
    photons: int | None,
    fresh: int,
    firmware: Path | None,
    libraries: Path | None,
    rig: Path | None,
    state: Path | None,
    api_port: int,
    device_port: int,
    admit_unknown: bool,
    era: str,
    rate_limits: bool,
    extensions: bool,
    as_json: bool,
) -> None:
    """Start a lab, print its description, run until Ctrl-C; without ``state`` it is temporary.

    New devices run ``firmware``, a project, a source file or a .bin, or the variants in turn. With the bench ``rig``
    it has that one's virtual slots, and shows its boards.

    :raises UsageError: ``state``, ``firmware`` or ``rig`` cannot be used
    :raises Busy: another run holds a virtual slot of the bench, or its cloud
    :raises PhotonrigError: the lab did not start, or failed
    """
    bench = None if rig is None else _bench(rig, photons, firmware)
    at = LocalCloudConfig() if bench is None else bench.local_cloud
    if bench is not None and bench.state is not None:
        state = bench.state
    if state is not None:
        writable(state, "--state")
        LabRecord.read(state)  # a folder of something else is refused before anything is made
    tools.native()
    tools.particle_cli()
    modules = _modules(tools, firmware, libraries)
    with ExitStack() as stack:
        if bench is not None:
            for slot in bench.slots:
                if slot.virtual:
                    stack.enter_context(hold(lock_path(bench, slot)))
            if state is not None:
                stack.enter_context(hold(f"lab:{state.resolve()}"))  # as other runs of the bench do
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
        wanted: int | dict[str, str] = 1 if photons is None else photons
        boards = []
        if bench is not None:
            wanted = {slot.name: slot.variant for slot in bench.slots if slot.virtual}
            boards = boards_of(bench, lambda: _cli(tools, lab))
        lab = Lab(
            state.absolute(),
            vphoton=tools.vphoton,
            sdk=tools.sdk(),
            firmware=modules,
            photons=wanted,
            fresh=fresh,
            api_port=api_port or at.api_port,
            device_port=device_port or at.device_port,
            admit_unknown=admit_unknown or bool(boards),
            host=at.host,
            rig=rig,
            era=era,
            rate_limits=rate_limits,
            extensions=extensions,
        )
        console = Console(stderr=as_json)
        symbols = [tools.work / "firmware", tools.work / "user_part", *{each.parent for each in modules.values()}]
        watch = LabWatch(lab, symbols, boards)
        happened: SimpleQueue[Change] = SimpleQueue()
        watch.changes.listen(happened.put)
        watch.changes.listen(Logbook(lab.state).note)

        def look() -> None:
            while not happened.empty():
                change = happened.get()
                if change["kind"] not in ("serial", "log"):  # those are for photonrig logs
                    print_change(change, console, slot=change["slot"])

        number = fresh + (wanted if isinstance(wanted, int) else len(wanted))
        with step(f"starting the local cloud and virtual Photons ({number})"):
            try:
                stack.enter_context(lab)
            finally:
                watch.new_panics()
                look()  # a firmware that panics as it starts keeps its lab from coming up
        unknown = import_boards(lab, boards)
        script = particle_script(tools, lab)
        stack.enter_context(watch)
        watch.start()
        while not happened.empty():  # owners of its start are described below
            happened.get()
        page = stack.enter_context(LabPage(lab, watch))
        described = lab.describe() | {"page": page.address}
        with contextlib.suppress(KeyboardInterrupt):  # the normal end
            if as_json:
                print(json.dumps(described), flush=True)  # noqa: T201
            else:
                print_lab(
                    described,
                    {board.slot.name: board.slot.device_id for board in boards},
                    script,
                    page.address,
                    console,
                )

            def look_and_import() -> None:
                look()
                with contextlib.suppress(PhotonrigError):  # the lab says itself when its cloud has ended
                    unknown[:] = import_boards(lab, unknown)

            lab.run_until_interrupt(look_and_import)
            look()


def _bench(rig: Path, photons: int | None, firmware: Path | None) -> RigConfig:
    if photons is not None or firmware is not None:
        raise UsageError("--rig says which Photons there are; leave out --photons and --firmware")
    bench = load_config(rig, VARIANTS)
    if bench.cloud != "local":
        raise UsageError(f'{rig} has cloud = "{bench.cloud}", and a lab is a local cloud; name a bench on a local one')
    return bench


def _modules(tools: Toolchain, firmware: Path | None, libraries: Path | None) -> dict[str, Path]:
    """The modules of a lab by the names of their products.

    :raises UsageError: there is no firmware at the path
    """
    if firmware is None:
        return {variant: build_variant(tools, variant) for variant in VARIANTS}
    return {firmware.resolve().stem: module_of(tools, firmware, libraries)}


def particle_script(tools: Toolchain, lab: Lab) -> Path:
    """Write a script that runs the Particle CLI as the central user, with the lab's Photons on its USB; its path."""
    script = lab.state / "particle"
    _cli(tools, lab).write_script(script)
    return script


def _cli(tools: Toolchain, lab: Lab) -> ParticleCli:
    plugged_in = usb_environment(photon.control_path for photon in lab.photons.values())
    cli = ParticleCli(tools.node, tools.cli_script, lab.state / "home", lab.local_cloud.api, equipment=plugged_in)
    cli.use(USERNAME, lab.central.access_token)
    return cli
