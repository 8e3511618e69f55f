"""Health of a cloud that does not answer: down, or only unreachable."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from photonrig.bench.diagnosis import Proof, Readings
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.target import CloudTarget
from photonrig.errors import CloudError, PhotonrigError
from photonrig.particle.cloud import Cloud, Token

_REACH: Final = 5.0  # seconds until a TCP connection is accepted or refused
_LOCAL: Final = 2.0  # seconds for any answer from this machine
_NONCE: Final = 40  # bytes a device service sends first (Device OS 2.3.1, handshake)


def read_cloud(target: CloudTarget, local: LocalCloud | None, pid: int = 0) -> Readings:
    """Cloud and network readings; ``local`` is the cloud if it runs on this machine, ``pid`` its process at the start.

    Any answer, also a refused connection, shows that the network path works. A local cloud is also checked at its own
    port, bypassing whatever lies between it and the tests.
    """
    path, answers = _asked(target.cloud.api, target.central, _LOCAL if local else _REACH), ""
    if isinstance(path, CloudError):
        path, answers = None, str(path)
    if local is None:
        if path is None:
            return Readings(cloud_answers=answers, api_path="")
        way = _way_to(target.cloud.api)
        return Readings(cloud_answers=str(path), api_path="") if way is None else Readings(api_path=f"{path}; {way}")
    process = "" if local.pid == pid else "the local cloud was started anew"
    return Readings(
        cloud_process=process if local.alive else "the local cloud has ended",
        cloud_answers=answers or door_trouble(local, target.central),
        api_path="" if path is None else str(path),
        device_path=None if target.device_server is None else _greets(*target.device_server),
    )


def door_trouble(local: LocalCloud, central: Token) -> str:
    """Why a local cloud does not answer at its own port; empty if it does."""
    error = _asked(local.api, central, _LOCAL)
    return "" if error is None else str(error)


def _asked(api: str, central: Token, timeout: float) -> PhotonrigError | None:
    with Cloud(api, central, timeout=timeout) as cloud:
        try:
            cloud.username()
        except PhotonrigError as error:
            return error
    return None


def _way_to(api: str) -> str | None:
    """The problem on the network path to an API's host; None if the host answered."""
    address = urlsplit(api)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), _REACH).close()
    except ConnectionRefusedError:
        return None
    except OSError as error:
        return f"{address.hostname} is out of reach: {error}"
    return None


def _greets(host: str, port: int) -> Proof:
    """Whether a device service sends its handshake nonce there."""
    received = b""
    try:
        with socket.create_connection((host, port), _LOCAL) as link:
            while len(received) < _NONCE:
                chunk = link.recv(_NONCE)
                if not chunk:
                    return f"the device service at {host}:{port} hung up at once"
                received += chunk
    except OSError as error:
        return f"no device service at {host}:{port}: {error}"
    return ""
