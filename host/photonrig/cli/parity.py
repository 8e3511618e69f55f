"""``photonrig parity``: commands and options."""

from __future__ import annotations

from pathlib import Path

import click

from photonrig.build.device_os import LATEST, RELEASES
from photonrig.build.toolchain import Toolchain
from photonrig.cli.command import Group
from photonrig.cli.particle_options import particle_options
from photonrig.cli.values import FILE, TEXT, OneOf
from photonrig.exits import ExitCode

_RECORDING = click.argument("recording", type=FILE)


@click.group(
    cls=Group,
    examples=(
        "parity record --rig lab.toml --slot 1 --out board.parity",
        "parity replay board.parity",
        "parity diff board.parity virtual.parity",
    ),
)
def parity() -> None:
    """Hold a real Photon and Particle's cloud against ours.

    The same black-box programme is asked of either and written down, signed and without secrets.
    """


@parity.command(
    examples=(
        "parity record --out virtual.parity",
        "parity record --device-os 0.6.3 --out old.parity",
        "parity record --rig lab.toml --slot 1 --watch --out board.parity",
        "parity record --particle me@example.com --confirm me@example.com \\\n"
        "    --product 123 --client shades-4711 --devices 0123456789abcdef01234567 \\\n"
        "    --out cloud.parity",
    )
)
@click.option("--out", type=FILE, required=True, help="File to write the recording to.")
@click.option("--rig", type=FILE, help="File that describes the bench.  [default: a virtual Photon and a local cloud]")
@click.option("--slot", type=TEXT, help="Slot of the bench.  [default: its only one]")
@click.option("--device-os", type=OneOf(lambda: RELEASES), help=f"Release of the virtual Photon.  [default: {LATEST}]")
@click.option("--watch", is_flag=True, help="Ask a person at this terminal what the LED does.")
@click.option("--own-build", is_flag=True, help="A board, too, gets the firmware of photonrig's own build.")
@click.option("--account", type=TEXT, help="The account at Particle's cloud that the bench of --rig may touch.")
@particle_options("Also ask Particle's own cloud", requests=2000)
def record(
    out: Path,
    rig: Path | None,
    slot: str | None,
    device_os: str | None,
    watch: bool,
    own_build: bool,
    account: str | None,
    particle: str | None,
    confirm: str | None,
    product: int | None,
    devices: str | None,
    client: str | None,
    requests: int,
    api: str,
) -> None:
    """Ask the programme, and write the answers down.

    Without --rig and --particle: of a virtual Photon and a local cloud. --rig asks a bench's board, which gets the
    programme's firmware, enters listening mode, and joins its network again; it keeps that firmware. --particle asks
    the account's cloud, and leaves owners and customers as they were. Both together make one recording of an evening.

    Further tokens let more be asked: PARTICLE_TOKEN_O of another user, PARTICLE_TOKEN_V, _S and _D of team members
    (view-only, support, developer), PARTICLE_TOKEN_T and _U with PARTICLE_PASSWORD_T and _U of accounts to be deleted.
    What cannot be asked is recorded as skipped, with what it needs.
    """
    from photonrig.cli.opt_in import opt_in
    from photonrig.cli.parity_run import Bench, run_record

    bench = Bench(rig, slot or "", device_os or LATEST, watch, own_build, account)
    asked = particle and opt_in(api, particle, confirm or "", product or 0, client or "", devices or "", requests)
    run_record(Toolchain.found(), out, None if particle and rig is None else bench, asked or None)


@parity.command(examples=("parity diff board.parity virtual.parity", "parity diff a.parity b.parity --json"))
@click.argument("a", type=FILE)
@click.argument("b", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
def diff(a: Path, b: Path, as_json: bool) -> None:
    """Name each difference of two recordings, by chapter.

    Signatures are verified first. Exit code 0 if there is no difference.
    """
    from photonrig.cli.parity_run import run_diff

    if not run_diff(a, b, as_json=as_json):
        raise SystemExit(ExitCode.NOT_SEEN)


@parity.command(examples=("parity replay board.parity", "parity replay board.parity --out ours.parity"))
@_RECORDING
@click.option("--out", type=FILE, help="Also write the recording of ours.")
def replay(recording: Path, out: Path | None) -> None:
    """Ask a recording's chapters of ours, and compare.

    Ours are a virtual Photon with the recording's Device OS, and a local cloud. Exit code 0 if there is no difference.
    """
    from photonrig.cli.parity_run import run_replay

    if not run_replay(Toolchain.found(), recording, out):
        raise SystemExit(ExitCode.NOT_SEEN)
