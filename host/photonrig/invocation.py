"""How this program was started: as ``photonrig``, or as ``./rig`` of a checkout, which sets the environment variable.

Messages use the user's name for the program and for commands to type next; child programs inherit it. Standard library
only: ``host/environment.py`` uses it before there is a virtual environment.
"""

from __future__ import annotations

import os
from typing import Final

CALLED: Final = "PHOTONRIG_CALLED"  # : environment variable: the program as the user typed it, such as ``./rig``
QUIET: Final = "PHOTONRIG_QUIET"  # : environment variable: 1 suppresses progress lines on standard error


def command(words: str = "") -> str:
    """A command as the user types it: ``command("fleet verify")`` is ``photonrig fleet verify``."""
    return f"{os.environ.get(CALLED) or 'photonrig'} {words}".rstrip()


def program() -> str:
    """The program's name, prefix of its lines on standard error."""
    return command().rpartition("/")[2]


def quiet() -> bool:
    """Whether progress lines are suppressed."""
    return os.environ.get(QUIET) == "1"
