"""The local cloud in a process of its own, to be stopped, killed and started again."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from ..patience import PATIENCE


class Process:
    """A local cloud in its own process, known by its ready line."""

    def __init__(self, state: Path, *words: str) -> None:
        command = [sys.executable, "-m", "photonrig.localcloud", "--state", str(state), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, self.errors = self.process.communicate(timeout=PATIENCE)
            return
        self.ready: dict[str, Any] = json.loads(line)
        self.http = httpx.Client(base_url=self.ready["api"], timeout=PATIENCE)

    def end(self, number: int) -> int:
        self.http.close()
        self.process.send_signal(number)
        self.rest, self.errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode

    def ok(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self.http.request(method, path, headers=headers, **more)
        assert answer.is_success, answer.text
        return answer.json()


@contextlib.contextmanager
def running(state: Path, *words: str) -> Iterator[Process]:
    cloud = Process(state, *words)
    try:
        yield cloud
    finally:
        if cloud.process.poll() is None:
            cloud.end(signal.SIGKILL)
