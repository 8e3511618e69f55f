"""What ./rig ends with when something goes wrong: one line, and an exit code that says whose fault it was."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from invoke.exceptions import Exit

from photonrig.errors import PhotonrigError

__all__ = ["guarded"]

# 0 everything held, 1 something expected was not seen, 2 wrong words, 3 the bench itself failed, 130 Ctrl-C.
EXIT_CODES = {"test": 1, "firmware": 1, "cloud": 1, "network": 1, "usage": 2, "rig": 3}


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn photonrig's errors into one line and an exit code."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except PhotonrigError as error:
            raise Exit(f"rig: {error.cause} error: {error}", code=EXIT_CODES[error.cause]) from None
        except KeyboardInterrupt:
            raise Exit("rig: stopped", code=130) from None

    return run
