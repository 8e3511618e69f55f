"""``photonrig completion``: shell completion scripts.

A script calls the program with :data:`ASKED` in the environment; :func:`answer` then prints the completions.
"""

from __future__ import annotations

from typing import Any, Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from photonrig.cli.command import Command
from photonrig.cli.values import OneOf

ASKED: Final = "_PHOTONRIG_COMPLETE"

_PROGRAM: Final = "photonrig"
_SHELLS: Final[dict[str, type[ShellComplete]]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command(
    cls=Command,
    examples=(
        "completion bash >> ~/.bashrc",
        "completion zsh > ~/.zfunc/_photonrig",
        "completion fish > ~/.config/fish/completions/photonrig.fish",
    ),
)
@click.argument("shell", type=OneOf(lambda: _SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script that completes photonrig in a shell.

    The shell is bash, zsh or fish.
    """
    click.echo(_completer(ctx.find_root().command, shell).source())


def answer(program: click.Command, asked: str) -> None:
    """Print completions of the command line in the environment; ``asked`` is the script's request, "bash_complete"."""
    click.echo(_completer(program, asked.partition("_")[0]).complete())


def _completer(program: click.Command, shell: str) -> ShellComplete:
    settings: dict[str, Any] = {}
    return _SHELLS[shell](program, settings, _PROGRAM, ASKED)
