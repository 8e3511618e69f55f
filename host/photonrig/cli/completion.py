"""``photonrig completion``: scripts that make a shell complete the words of photonrig.

Such a script calls the program with :data:`ASKED` in the environment; :func:`answer` then prints what may follow.
"""

from __future__ import annotations

from typing import Any, Final

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from photonrig.cli.command import Command
from photonrig.cli.values import OneOf

__all__ = ["ASKED", "answer", "completion"]

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
    """Print what may follow the words in the environment; ``asked`` is what such a script says, "bash_complete"."""
    click.echo(_completer(program, asked.partition("_")[0]).complete())


def _completer(program: click.Command, shell: str) -> ShellComplete:
    settings: dict[str, Any] = {}
    return _SHELLS[shell](program, settings, _PROGRAM, ASKED)
