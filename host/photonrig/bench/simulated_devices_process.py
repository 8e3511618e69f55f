"""Light devices as a process of their own, which can be stopped, killed and started again as the same devices."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.bench.process import Ended, ReadyProcess
from photonrig.bench.slots.virtual.photon import Server
from photonrig.errors import RigError
from photonrig.files import replace
from photonrig.particle.keys import private_key_der

__all__ = ["SimulatedDevices"]

_READY: Final = 60.0
_READY_EACH: Final = 0.02


class SimulatedDevices(Ended):
    """Many devices that share one key; online inside a ``with`` block, or between :meth:`start` and :meth:`stop`.

    See :mod:`photonrig.bench.simulated_devices` for what they can do.
    """

    def __init__(
        self, folder: Path, device_ids: Sequence[str], *, key: rsa.RSAPrivateKey, server: Server, product: int
    ) -> None:
        """``folder`` gets what the process needs, the private key among it (mode 0600)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = folder / "light.log"
        self._timeout = _READY + _READY_EACH * len(device_ids)
        key_file, ids = folder / "light.der", folder / "light.ids"
        replace(key_file, private_key_der(key), private=True)
        ids.write_text("\n".join(device_ids))
        self._argv = [sys.executable, "-m", "photonrig.bench.simulated_devices", "--ids", str(ids)]
        self._argv += ["--device-key", str(key_file), "--server-key", str(server.key), "--product", str(product)]
        self._argv += ["--server", f"{server.host}:{server.port}"]
        self._process: ReadyProcess | None = None

    @property
    def pid(self) -> int:
        """Process id.

        :raises RigError: they have no power
        """
        if self._process is None:
            raise RigError("the light devices have no power")
        return self._process.pid

    def start(self) -> None:
        """Power on; returns when all of them are online.

        :raises RigError: they were not in time
        """
        self._process = ReadyProcess(self._argv, name="the light devices", log=self._log, timeout=self._timeout)

    def stop(self) -> None:
        """End the process in order.

        :raises RigError: it did not end by itself
        """
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """Pull everybody's plug."""
        if self._process is not None:
            self._process.kill()
