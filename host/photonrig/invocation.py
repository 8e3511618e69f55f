"""How this program was started: as ``photonrig``, or as ``./rig`` of a checkout, which says so in the environment.

Messages name the program, and commands to type next, as the person who reads them started it; programs that it starts
inherit this. Standard library only: ``host/environment.py`` uses it before there is a virtual environment.
"""

from __future__ import annotations

import os
from typing import Final

__all__ = ["CALLED", "QUIET", "command", "program", "quiet"]

CALLED: Final = "PHOTONRIG_CALLED"  #: environment variable: the program as a person types it, such as ``./rig``
QUIET: Final = "PHOTONRIG_QUIET"  #: environment variable: 1 leaves out the lines of progress on standard error


def command(words: str = "") -> str:
    """A command as a person types it: ``command("fleet verify")`` is ``photonrig fleet verify``."""
    return f"{os.environ.get(CALLED) or 'photonrig'} {words}".rstrip()


def program() -> str:
    """The program's name, which stands before its lines on standard error."""
    return command().rpartition("/")[2]


def quiet() -> bool:
    """Whether the lines of progress are left out."""
    return os.environ.get(QUIET) == "1"
