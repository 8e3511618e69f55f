"""The local cloud as a child process, which can be stopped, killed and restarted on the same ports."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from photonrig.bench.local_cloud_admin import LocalAdmin
from photonrig.bench.process import Child
from photonrig.errors import RigError
from photonrig.particle.cloud_types import Token

_READY: Final = 60.0


class LocalCloud(Child):
    """A local cloud over a state folder; runs inside a ``with`` block, or between :meth:`start` and :meth:`stop`.

    ``era`` names a set of rules, see :mod:`photonrig.localcloud.era_names`; ``extensions`` adds features Particle's
    cloud never had; ``rate_limits`` enforces the documented limits of Particle's API.
    """

    what = "the local cloud"
    # : The interpreter's arguments that run it.
    program: Sequence[str] = ("-m", "photonrig.localcloud")

    def __init__(
        self,
        state: Path,
        *,
        sdk: Path | None = None,
        era: str = "today",
        rate_limits: bool = False,
        extensions: bool = False,
        api_port: int = 0,
        device_port: int = 0,
        admit_unknown: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        """``sdk``: what firmware is built with; port 0 means any free one, kept over restarts.

        ``host``: the address to listen on; boards must be able to reach it.
        """
        self.state = state
        self.era = era
        self.rate_limits = rate_limits
        self.extensions = extensions
        self._sdk = sdk
        self._api_port = api_port
        self._device_port = device_port
        self._admit_unknown = admit_unknown
        self._host = host
        self.api = ""
        self.device_host = ""
        self.device_port = 0
        self.key_file = Path()

    def start(self) -> None:
        """Start; returns when HTTP API and device service accept connections.

        :raises RigError: it was not ready in time, or runs already
        """
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = [sys.executable, *self.program, "--state", str(self.state)]
        argv += ["--rate-limits"] if self.rate_limits else []
        argv += ["--era", self.era, *(["--extensions"] if self.extensions else [])]
        argv += ["--api-port", str(self._api_port), "--device-port", str(self._device_port)]
        if self._sdk is not None:
            argv += ["--sdk", str(self._sdk)]
        if self._admit_unknown:
            argv.append("--admit-unknown")
        if self._host != "127.0.0.1":
            argv += ["--host", self._host, "--allow-remote"]
        log = self.state.with_name(f"{self.state.name}.log")
        ready = self.launch(argv, log, _READY)
        self.api = ready["api"]
        server = ready["device_server"]
        self.device_host, self.device_port, self.key_file = server["host"], server["port"], Path(server["key_file"])
        self._api_port, self._device_port = int(self.api.rsplit(":", 1)[1]), self.device_port

    @property
    def admin_token_file(self) -> Path:
        """File with the token for ``/admin``."""
        return self.state / "admin.token"

    def admin(self) -> LocalAdmin:
        """A client for its /admin API; close it when done.

        :raises RigError: it was never started
        """
        if not self.api:
            raise RigError("the local cloud was not started")
        return LocalAdmin(self.api, Token(self.admin_token_file.read_text().strip()))

    def restart(self) -> None:
        """Kill it and start it again on the same state and ports."""
        self.kill()
        self.start()
