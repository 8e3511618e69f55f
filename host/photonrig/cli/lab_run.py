"""Work of ``photonrig lab``: a virtual lab in the foreground, described for people or programs."""

from __future__ import annotations

import contextlib
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.lab_record import LabRecord
from photonrig.bench.panic import PanicLogs, explain
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.cli.values import writable
from photonrig.particle.cli import ParticleCli
from photonrig.report.lab import print_lab
from photonrig.report.panic import print_panic


def run_lab(
    tools: Toolchain,
    *,
    photons: int,
    fresh: int,
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

    :raises UsageError: ``state`` cannot be used
    :raises PhotonrigError: the lab did not start, or failed
    """
    if state is not None:
        writable(state, "--state")
        LabRecord.read(state)  # a folder of something else is refused before anything is made
    tools.native()
    tools.particle_cli()
    firmware = {variant: build_variant(tools, variant) for variant in VARIANTS}
    with ExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
        lab = Lab(
            state.absolute(),
            vphoton=tools.vphoton,
            sdk=tools.sdk(),
            firmware=firmware,
            photons=photons,
            fresh=fresh,
            api_port=api_port,
            device_port=device_port,
            admit_unknown=admit_unknown,
            era=era,
            rate_limits=rate_limits,
            extensions=extensions,
        )
        panics = PanicLogs(lab.state / "devices")
        console = Console(stderr=as_json)

        def look() -> None:
            for name, record in panics.new():
                if (panic := explain(record, [tools.work / "firmware", tools.work / "user_part"])) is not None:
                    print_panic(name, panic, console)

        with step(f"starting the local cloud and {photons + fresh} virtual Photons"):
            try:
                stack.enter_context(lab)
            finally:
                look()  # a firmware that panics as it starts keeps its lab from coming up
        script = particle_script(tools, lab)
        described = lab.describe()
        with contextlib.suppress(KeyboardInterrupt):  # the normal end
            if as_json:
                print(json.dumps(described), flush=True)  # noqa: T201
            else:
                print_lab(described, script, console)
            lab.run_until_interrupt(look)


def particle_script(tools: Toolchain, lab: Lab) -> Path:
    """Write a script that runs the Particle CLI as the central user, with the lab's Photons on its USB; its path."""
    plugged_in = usb_environment(photon.control_path for photon in lab.photons.values())
    cli = ParticleCli(tools.node, tools.cli_script, lab.state / "home", lab.local_cloud.api, equipment=plugged_in)
    cli.use(USERNAME, lab.central.access_token)
    script = lab.state / "particle"
    cli.write_script(script)
    return script
