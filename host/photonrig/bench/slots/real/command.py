"""Running the tools a real bench is made of: uhubctl, nmcli, ip, relay commands and so on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence

from photonrig.errors import ToolError

# Takes a command and seconds, gives what it printed; the seam for recorded output.
Run = Callable[[Sequence[str], float], str]


def run(argv: Sequence[str], timeout: float) -> str:
    """What a command printed on standard output; at most ``timeout`` seconds.

    :raises ToolError: it is not installed, failed, or had to be killed; its last words are in the message
    """
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise ToolError(f"{argv[0]} is not installed, or not on the PATH") from None
    except OSError as error:
        raise ToolError(f"{argv[0]} cannot be started: {error}") from None
    except subprocess.TimeoutExpired:
        raise ToolError(f"{' '.join(argv)} did not end within {timeout:g} s and was killed") from None
    if done.returncode != 0:
        said = " ".join((done.stderr + done.stdout).split())[-400:] or "nothing printed"
        raise ToolError(f"{' '.join(argv)} failed with exit code {done.returncode}: {said}")
    return done.stdout
