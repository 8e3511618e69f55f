"""Customers' tokens on their way to whoever serves the customers: into a private file, or to a command.

Each is one line of JSON: ``{"customer": …, "product": …, "access_token": …, "refresh_token": …, "expires_in": …}``.
Tokens are nowhere else: not in a plan, a journal or a report.
"""

from __future__ import annotations

import json
import os
import shlex
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from photonrig.errors import ToolError, UsageError
from photonrig.ownership.keyring import Account
from photonrig.particle.cloud_types import Token

__all__ = ["CommandSink", "FileSink", "TokenSink", "read_tokens"]


class TokenSink(Protocol):
    """Where tokens go."""

    def give(self, customer: Account, token: Token) -> None:
        """Hand one over; it has arrived when this returns.

        :raises PhotonrigError: it has not
        """


def _line(customer: Account, token: Token) -> bytes:
    fields = {
        "customer": customer.name,
        "product": customer.product,
        "access_token": token.access_token,
        "refresh_token": token.refresh_token,
        "expires_in": token.expires_in,
    }
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


class FileSink:
    """Appends to a file that nobody else can read."""

    def __init__(self, path: Path) -> None:
        """Makes the file.

        :raises UsageError: it cannot be made, or others can read it
        """
        try:
            path.touch(mode=0o600)
            if stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise UsageError(f"{path} can be read by others; chmod 600 {path}")
        except OSError as error:
            raise UsageError(f"{path} cannot be made: {error.strerror}") from None
        self.path = path
        self._lock = threading.Lock()

    def give(self, customer: Account, token: Token) -> None:
        """Append one line, and wait until it is on the disk."""
        with self._lock:
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                os.write(file, _line(customer, token))
                os.fsync(file)
            finally:
                os.close(file)


class CommandSink:
    """Runs a command for each, with the line on its standard input; exit code 0 says that it has arrived."""

    def __init__(self, command: str, *, timeout: float = 30.0) -> None:
        """``command`` is split as a shell would, and run without one."""
        self._argv = shlex.split(command)
        self._timeout = timeout
        if not self._argv:
            raise UsageError("the command for tokens is empty")

    def give(self, customer: Account, token: Token) -> None:
        """Run the command.

        :raises ToolError: it could not be run, took too long or failed
        """
        try:
            done = subprocess.run(
                self._argv,
                input=_line(customer, token),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{self._argv[0]} did not take the token of {customer}: {error}") from None
        if done.returncode != 0:
            raise ToolError(f"{self._argv[0]} did not take the token of {customer}: exit code {done.returncode}")


def read_tokens(path: Path) -> Iterator[tuple[Account, Token]]:
    """What a :class:`FileSink` wrote.

    :raises UsageError: no such file, or something else in it
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            token = Token(
                fields["access_token"], "customer", fields["refresh_token"], fields["expires_in"], fields["customer"]
            )
            yield Account.customer(fields["customer"], fields["product"]), token
        except (ValueError, KeyError, TypeError):
            raise UsageError(f"{path}, line {number}, holds no token") from None
