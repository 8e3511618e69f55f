"""Delivery of customers' tokens: to a private file, or to a command.

Each is one line of JSON: ``{"customer":…,"product":…,"access_token":…,"refresh_token":…,"expires_in":…}``. Plans,
journals and reports contain no tokens.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from photonrig.errors import ToolError, UsageError
from photonrig.files import Lines
from photonrig.ownership.identities import Account
from photonrig.particle.cloud_types import Token


class TokenSink(Protocol):
    """Destination of tokens."""

    def give(self, customer: Account, token: Token) -> None:
        """Deliver one token; returns once it has arrived.

        :raises PhotonrigError: it has not
        """


class _Line(Struct):
    customer: str
    product: int
    access_token: str
    refresh_token: str | None
    expires_in: int | None


def _line(customer: Account, token: Token) -> bytes:
    line = _Line(customer.name, customer.product or 0, token.access_token, token.refresh_token, token.expires_in)
    return msgspec.json.encode(line)


def _is_token(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


class FileSink:
    """Appends to a private file; a token has arrived when its line was read back from the disk."""

    def __init__(self, path: Path) -> None:
        """Create the file, or cut off a line torn by a power cut, whose token counts as not delivered.

        :raises UsageError: it cannot be created, others can read it, or it has other content
        :raises RigError: the disk failed
        """
        self._lines = _lines(path)
        self._lines.make()

    def give(self, customer: Account, token: Token) -> None:
        """Append one line; returns once it is on the disk.

        :raises RigError: the disk failed; the file ends with the token before
        """
        self._lines.append(_line(customer, token))


class CommandSink:
    """Runs a command per token, with the line on its standard input; exit code 0 confirms the delivery."""

    def __init__(self, command: str, *, timeout: float = 30.0) -> None:
        """``command`` is split as a shell would, and run without a shell.

        :raises UsageError: it names no program
        """
        try:
            self._argv = shlex.split(command)
        except ValueError as error:
            raise UsageError(f"the command for tokens, {command}, cannot be read: {error}") from None
        self._timeout = timeout
        if not self._argv or shutil.which(self._argv[0]) is None:
            raise UsageError(f"the command for tokens, {command}, is not a program that can be run")

    def give(self, customer: Account, token: Token) -> None:
        """Run the command.

        :raises ToolError: it could not be run, took too long or failed
        """
        try:
            done = subprocess.run(
                self._argv,
                input=_line(customer, token) + b"\n",
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=self._timeout,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ToolError(f"{self._argv[0]} did not take the token of {customer}: {error}") from None
        if done.returncode != 0:
            raise ToolError(f"{self._argv[0]} did not take the token of {customer}: exit code {done.returncode}")


def read_tokens(path: Path) -> list[tuple[Account, Token]]:
    """The tokens in a :class:`FileSink`'s file, without a line torn by a power cut.

    :raises UsageError: no such file, or it has other content
    """
    found = [msgspec.json.decode(line, type=_Line) for line in _lines(path).read()]
    return [
        (
            Account.customer(each.customer, each.product),
            Token(each.access_token, "customer", each.refresh_token, each.expires_in, each.customer),
        )
        for each in found
    ]


def _lines(path: Path) -> Lines:
    return Lines(path, begin=b'{"customer":', whole=_is_token)
