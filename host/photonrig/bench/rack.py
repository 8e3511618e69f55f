"""A rack: many virtual Photons with one firmware in one process, for fleets of tens of thousands.

Every device is a folder named by its id. They share one private key, have no serial port and no SoftAP ports, and call
``loop()`` every two seconds at rest; everything else is as in :mod:`photonrig.bench.slots.virtual`.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.bench.process import Child
from photonrig.bench.slots.virtual.photon import AIR, Server
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import LinkLost
from photonrig.files import replace
from photonrig.particle.keys import private_key_der

_READY: Final = 60.0
_READY_EACH: Final = 0.05
_CONTROL: Final = 30.0


class PhotonRack(Child):
    """Online inside a ``with`` block, or between :meth:`start` and :meth:`stop`."""

    what = "the rack of virtual Photons"

    def __init__(
        self,
        executable: Path,
        folder: Path,
        device_ids: Sequence[str],
        *,
        key: rsa.RSAPrivateKey,
        firmware: Path,
        server: Server,
        wired_to: str = "",
        clock: Clock = SYSTEM,
    ) -> None:
        """``folder`` is made if need be and holds the devices; beside it lie the key (mode 0600) and the log.

        ``firmware`` is an ARM module, ``wired_to`` as in :class:`~photonrig.bench.slots.virtual.photon.Provision`.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for device in device_ids:
            (folder / device).mkdir(mode=0o700, exist_ok=True)
        self._devices = len(device_ids)
        self._clock = clock
        self._log = folder.with_name(f"{folder.name}.log")
        key_file = folder.with_name(f"{folder.name}.der")
        replace(key_file, private_key_der(key), private=True)
        self._argv = [str(executable), "--rack", str(self._devices), "--state", str(folder)]
        self._argv += ["--device-key", str(key_file), "--firmware", str(firmware)]
        self._argv += ["--server-key", str(server.key), "--server", f"{server.host}:{server.port}"]
        self._argv += ["--wifi", f"{AIR[0].ssid}:{AIR[0].password}"]
        if wired_to:
            self._argv += ["--wired-to", wired_to]
        self.control_path = ""

    def start(self) -> None:
        """Start; returns when all devices are online.

        :raises RigError: not in time
        """
        timeout = _READY + _READY_EACH * self._devices
        self.control_path = self.launch(self._argv, self._log, _READY)["control"]
        self._clock.wait_until(lambda: self.online() == self._devices, timeout, "all devices of the rack online")

    def online(self) -> int:
        """How many devices have a session with the cloud.

        :raises LinkLost: the rack does not answer
        """
        return int(self.control({"do": "status"})["online"])

    def control(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request; with ``device``, the number in the order of ids, it is that device's.

        :raises LinkLost: the rack does not answer
        """
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(_CONTROL)
                link.connect(self.control_path)
                link.sendall(json.dumps(request).encode() + b"\n")
                with link.makefile() as lines:
                    answer: dict[str, Any] = json.loads(lines.readline())
                    return answer
        except (OSError, json.JSONDecodeError) as error:
            raise LinkLost(f"{self.what} does not answer: {error}") from error
