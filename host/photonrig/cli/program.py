"""The ``photonrig`` program: its commands, and running a command line."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click

from photonrig import __version__
from photonrig.cli.claims import claims
from photonrig.cli.command import Group, usage_error
from photonrig.cli.completion import ASKED, answer, completion
from photonrig.cli.debug import debug
from photonrig.cli.doctor import doctor
from photonrig.cli.explore import explore
from photonrig.cli.flash import flash
from photonrig.cli.fleet import fleet
from photonrig.cli.hil import hil
from photonrig.cli.init import init
from photonrig.cli.lab import lab
from photonrig.cli.logs import logs
from photonrig.cli.measure import measure
from photonrig.cli.monitor import monitor
from photonrig.cli.parity import parity
from photonrig.invocation import command


@click.group(cls=Group, examples=("claims", "lab --photons 2 --fresh 1", "help fleet apply"))
@click.version_option(__version__, prog_name="photonrig", message="%(prog)s %(version)s", help="Print the version.")
def photonrig() -> None:
    """Bench for Particle Photon firmware.

    Flashes firmware, and claims, transfers and verifies devices, on real Photons and on virtual ones. Virtual Photons
    and what they need are built when a command first needs them.

    \b
    Exit codes: 0 everything held, 1 an expectation failed,
    2 usage error, 3 the bench itself failed, 130 Ctrl-C.
    """


for _command in (
    claims,
    lab,
    init,
    flash,
    explore,
    measure,
    debug,
    monitor,
    logs,
    hil,
    doctor,
    fleet,
    parity,
    completion,
):
    photonrig.add_command(_command)


def run(words: Sequence[str]) -> None:
    """Run a command line; in the environment of a completion script, print completions instead.

    :raises UsageError: usage error
    :raises SystemExit: help was printed, or the command ends with an exit code
    """
    if asked := os.environ.get(ASKED):
        answer(photonrig, asked)
        return
    try:
        with photonrig.make_context(command(), list(words)) as ctx:
            photonrig.invoke(ctx)
    except click.ClickException as error:
        raise usage_error(error) from None
    except click.exceptions.Exit as ended:
        raise SystemExit(ended.exit_code) from None
