"""``./rig lab``: a virtual lab in the foreground, told to a person or to a program."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.usb_shim import usb_environment
from photonrig.build.toolchain import Toolchain, step
from photonrig.build.variants import VARIANTS, build_variant
from photonrig.errors import UsageError
from photonrig.localcloud.era_names import ERA_NAMES
from photonrig.particle.cli import ParticleCli
from photonrig.report.run import writable

__all__ = ["particle_script", "run_lab"]


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
    """Bring a lab up, say what is in it, stay until Ctrl-C; without ``state`` nothing of it remains.

    :raises UsageError: a number of devices below 0, a port above 65535, or an era that never was
    :raises PhotonrigError: the lab did not come up, or broke down
    """
    if min(photons, fresh) < 0:
        raise UsageError(f"--photons {photons} --fresh {fresh}: there cannot be fewer than 0 devices")
    for option, port in (("--api-port", api_port), ("--device-port", device_port)):
        if not 0 <= port <= 65535:
            raise UsageError(f"{option} {port}: ports go from 0 (any free one) to 65535")
    if era not in ERA_NAMES:
        raise UsageError(f"--era {era}: there is {', '.join(ERA_NAMES)}")
    if state is not None:
        writable(state, "--state")
    tools.native()
    tools.particle_cli()
    firmware = {variant: build_variant(tools, variant) for variant in VARIANTS}
    with ExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="photonrig-")))
        lab = Lab(
            state.absolute(),
            vphoton=tools.vphoton,
            sdk=tools.sdk,
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
        with step(f"starting the local cloud and {photons + fresh} virtual Photons"):
            stack.enter_context(lab)
        script = particle_script(tools, lab)
        described = lab.describe()
        with contextlib.suppress(KeyboardInterrupt):  # which is how it ends
            if as_json:
                print(json.dumps(described), flush=True)  # noqa: T201
            else:
                _tell(described, script)
            lab.run_until_interrupt()


def particle_script(tools: Toolchain, lab: Lab) -> Path:
    """A command that is the Particle CLI, logged in as the central user, the lab's Photons on its USB; its path."""
    plugged_in = usb_environment(photon.control_path for photon in lab.photons.values())
    cli = ParticleCli(tools.node, tools.cli_script, lab.state / "home", lab.local_cloud.api, equipment=plugged_in)
    cli.use(USERNAME, lab.central.access_token)
    script = lab.state / "particle"
    cli.write_script(script)
    return script


def _tell(lab: dict[str, Any], script: Path) -> None:
    console = Console(file=sys.stdout)
    for photon in lab["photons"]:
        owner = photon["owner"] or "nobody's"
        console.print(
            Text(f"{photon['name']}  {photon['id']}  {photon['variant']}, {owner}", style="bold"), soft_wrap=True
        )
        softap = f"SoftAP: {photon['softap_tcp']} (TCP), {photon['softap_http']} (HTTP)"
        console.print(Text(f"    {softap}, serial: {photon['serial']}"), soft_wrap=True)
    server = lab["device_server"]
    for label, text in (
        ("API", lab["api"]),
        ("device server", f"{server['host']}:{server['port']}, key {server['key_file']}"),
        ("rules", f"of {lab['era']}; administration by the token in {lab['admin_token_file']}"),
        ("user", f"{lab['user']['username']} (password and token: ./rig lab --json)"),
        ("products", ", ".join(f"{made['id']} {made['slug']}" for made in lab["products"])),
        ("Wi-Fi", ", ".join(f"{network['ssid']} / {network['password']}" for network in lab["wifi"])),
        ("Particle CLI", f"{script} list"),
        ("over USB", f"{script} usb list"),
    ):
        console.print(Text(f"{label:>14}  {text}"), soft_wrap=True)
    console.print("Ctrl-C ends it.", style="dim")
