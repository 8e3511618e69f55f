"""Runs of the Particle CLI: their result, and their failures.

ToolError (photonrig.errors)
└── CliFailed          any failed call; carries the result
    ├── CliTimedOut    killed at the time limit; the exit code says nothing
    ├── CliRefused     nonzero exit code or reported failure
    └── CliUnproven    exit code 0 without the expected success message
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

_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class CliResult:
    """One finished call; secrets masked, control sequences removed; ``seconds`` is its duration."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def text(self) -> str:
        """The whole output."""
        return self.stdout + self.stderr

    @property
    def value(self) -> str:
        """Last line of the results, the value of ``get`` and ``call``; empty if none."""
        lines = [line.strip() for line in self.stdout.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def json(self) -> Any:
        """The results parsed as JSON.

        :raises ProtocolError: not JSON
        """
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise ProtocolError(f"{' '.join(self.argv)} printed no JSON: {self.stdout[:120]!r}") from None


class CliFailed(ToolError):
    """A failed call of the Particle CLI; ``result`` holds its output."""

    def __init__(self, why: str, result: CliResult) -> None:
        output = "; ".join(line.strip() for line in result.text.splitlines() if line.strip())
        super().__init__(f"{' '.join(result.argv)} {why}: {output[-400:] or 'nothing printed'}")
        self.result = result


class CliTimedOut(CliFailed):
    """Killed at the time limit."""


class CliRefused(CliFailed):
    """The call failed; the message has its output."""


class CliUnproven(CliFailed):
    """Exit code 0 without the expected success message."""


def plain(output: bytes, secrets: Mapping[str, str]) -> str:
    """Output without control sequences, secrets masked."""
    text = _CONTROL.sub("", output.decode("utf-8", "replace")).replace("\r\n", "\n")
    for secret, mask in secrets.items():
        text = text.replace(secret, mask)
    return text


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process group by its leader."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
