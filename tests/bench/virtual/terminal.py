"""A program at a terminal, and the person before it: for what asks questions and wants a TTY."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Sequence
from typing import Self

from ...patience import PATIENCE

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Starts the program inside a ``with`` block; ``transcript`` is what was on the screen."""

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv
        self._unread = self.transcript = ""

    def __enter__(self) -> Self:
        self._master, slave = pty.openpty()
        self._process = subprocess.Popen(
            self._argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={"TERM": "xterm", "PATH": "/usr/bin:/bin"},
        )
        os.close(slave)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._master)

    def expect(self, *texts: str, patience: float = PATIENCE) -> str:
        """Wait until one of the texts is on the screen, behind what was expected before; which one it is."""
        until = time.monotonic() + patience
        while not (found := [text for text in texts if text in self._unread]):
            assert self._read(until - time.monotonic()), f"waited in vain for {texts} after:\n{self.transcript}"
        self._unread = self._unread.partition(found[0])[2]
        return found[0]

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and type the answer."""
        self.expect(question)
        os.write(self._master, text.encode() + b"\r")

    def type(self, data: bytes) -> None:
        """Type keys as they are."""
        os.write(self._master, data)

    def end(self) -> int:
        """Wait until the program ends; its exit code."""
        until = time.monotonic() + PATIENCE
        while self._read(until - time.monotonic()):
            pass
        return self._process.wait(PATIENCE)

    def _read(self, patience: float) -> bool:
        if patience <= 0 or not select.select([self._master], [], [], patience)[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # the other end is closed
            return False
        shown = _CONTROL.sub("", data.decode("utf-8", "replace"))
        self.transcript += shown
        self._unread += shown
        return bool(data)
