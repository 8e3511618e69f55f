"""``photonrig lab``: command and options."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Command
from photonrig.cli.values import FILE, FOLDER, PORT, OneOf, Whole


def _eras() -> Iterable[str]:
    from photonrig.localcloud.era_names import ERA_NAMES

    return ERA_NAMES


@click.command(
    cls=Command,
    examples=(
        "lab --photons 2 --fresh 1 --state lab",
        "lab --firmware firmware/blind",
        "lab --rig lab.toml",
        "lab --era 2016-before",
        "lab --json --quiet",
    ),
)
@click.option(
    "--photons",
    type=Whole(0, 10_000),
    help="Virtual Photons imported, online and claimed to the central user.  [default: 1]",
)
@click.option("--fresh", type=Whole(0, 10_000), default=0, help="Virtual Photons out of the box, in listening mode.")
@click.option(
    "--firmware",
    type=FILE,
    metavar="PATH",
    help="What new Photons run: a project's folder, a source file or a .bin.  [default: the four variants in turn]",
)
@click.option(
    "--libraries",
    type=FOLDER,
    metavar="FOLDER",
    help="Where libraries are that the project depends on and does not hold in lib.",
)
@click.option("--rig", type=FILE, help="A bench: its boards and its virtual slots, in place of --photons.")
@click.option(
    "--state",
    type=FOLDER,
    help="Persistent state folder; the next start continues from it.  [default: a new one, removed at the end]",
)
@click.option(
    "--api-port", type=PORT, default=0, show_default=False, help="Port of the HTTP API.  [default: any free one]"
)
@click.option(
    "--device-port",
    type=PORT,
    default=0,
    show_default=False,
    help="Port of the device service.  [default: any free one]",
)
@click.option(
    "--admit-unknown", is_flag=True, help="Enrol a device with an unknown id under the public key it presents."
)
@click.option("--rate-limits", is_flag=True, help="Refuse requests beyond the documented limits of Particle's API.")
@click.option(
    "--era",
    type=OneOf(_eras),
    metavar="ERA",
    default="today",
    help="Rules of the cloud: 2016-before, 2016-after or today.",
)
@click.option(
    "--extensions",
    is_flag=True,
    help="Add extensions: atomic owner change, one URL family for all tokens.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output when ready.")
def lab(
    photons: int | None,
    fresh: int,
    firmware: Path | None,
    libraries: Path | None,
    rig: Path | None,
    state: Path | None,
    api_port: int,
    device_port: int,
    admit_unknown: bool,
    rate_limits: bool,
    era: str,
    extensions: bool,
    as_json: bool,
) -> None:
    """A local cloud and virtual Photons, until Ctrl-C."""
    from photonrig.cli.lab_run import run_lab

    run_lab(
        Toolchain.found(),
        photons=photons,
        fresh=fresh,
        firmware=firmware,
        libraries=libraries,
        rig=rig,
        state=state,
        api_port=api_port,
        device_port=device_port,
        admit_unknown=admit_unknown,
        era=era,
        rate_limits=rate_limits,
        extensions=extensions,
        as_json=as_json,
    )
