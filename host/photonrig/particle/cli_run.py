"""Running the Particle CLI: what a call is given, what comes back, and what counts as failure.

ToolError (photonrig.errors)
└── CliFailed          any failed call; carries the result
    ├── CliTimedOut    it had to be killed; its exit code would say nothing
    ├── CliRefused     it ended with a failure
    └── CliUnproven    it ended well, without the sentence that says so
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from photonrig.errors import ProtocolError, ToolError

__all__ = ["CliFailed", "CliRefused", "CliResult", "CliTimedOut", "CliUnproven", "kill_group", "plain"]

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class CliResult:
    """One finished call; secrets are masked in all texts, control sequences are gone.

    ``seconds`` is how long it took.
    """

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return self.stdout + self.stderr

    @property
    def value(self) -> str:
        """The last line of the results: what ``get`` and ``call`` are about; empty if there was none."""
        lines = [line.strip() for line in self.stdout.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def json(self) -> Any:
        """The results read as JSON, for calls that print it.

        :raises ProtocolError: they are none
        """
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise ProtocolError(f"{' '.join(self.argv)} printed no JSON: {self.stdout[:120]!r}") from None


class CliFailed(ToolError):
    """A call of the Particle CLI failed; ``result`` holds what it printed."""

    def __init__(self, why: str, result: CliResult) -> None:
        said = "; ".join(line.strip() for line in result.text.splitlines() if line.strip())
        super().__init__(f"{' '.join(result.argv)} {why}: {said[-400:] or 'nothing printed'}")
        self.result = result


class CliTimedOut(CliFailed):
    """The call did not end within its time limit and was killed."""


class CliRefused(CliFailed):
    """The call ended with a failure; its message says why."""


class CliUnproven(CliFailed):
    """The call ended with exit code 0, but did not print the sentence of success."""


def plain(output: bytes, secrets: Mapping[str, str]) -> str:
    """Output without control sequences, each secret replaced by its mask."""
    text = _CONTROL.sub("", output.decode("utf-8", "replace")).replace("\r\n", "\n")
    for secret, mask in secrets.items():
        text = text.replace(secret, mask)
    return text


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads its own group, with all of the group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
