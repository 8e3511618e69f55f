"""Simulated devices as a child process, which can be stopped, killed and restarted with the same devices."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.bench.process import Child
from photonrig.bench.slots.virtual.photon import Server
from photonrig.files import replace
from photonrig.particle.keys import private_key_der

_READY: Final = 60.0
_READY_EACH: Final = 0.02


class SimulatedDevices(Child):
    """Many devices that share one key; online inside a ``with`` block, or between :meth:`start` and :meth:`stop`.

    See :mod:`photonrig.bench.simulated_devices` for what they do.
    """

    what = "the simulated devices"

    def __init__(
        self, folder: Path, device_ids: Sequence[str], *, key: rsa.RSAPrivateKey, server: Server, product: int
    ) -> None:
        """``folder`` receives the process's input files, the private key among them (mode 0600)."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = folder / "devices.log"
        self._timeout = _READY + _READY_EACH * len(device_ids)
        key_file, ids = folder / "devices.der", folder / "devices.ids"
        replace(key_file, private_key_der(key), private=True)
        ids.write_text("\n".join(device_ids))
        self._argv = [sys.executable, "-m", "photonrig.bench.simulated_devices", "--ids", str(ids)]
        self._argv += ["--device-key", str(key_file), "--server-key", str(server.key), "--product", str(product)]
        self._argv += ["--server", f"{server.host}:{server.port}"]

    def start(self) -> None:
        """Start; returns when all are online.

        :raises RigError: not in time
        """
        self.launch(self._argv, self._log, self._timeout)
