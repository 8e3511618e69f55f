"""Whether a cloud that does not answer is down, or only out of reach."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit

from photonrig.bench.diagnosis import Readings
from photonrig.bench.local_cloud import LocalCloud
from photonrig.errors import CloudError, PhotonrigError
from photonrig.particle.cloud import Cloud

__all__ = ["read_cloud"]

_REACH: Final = 5.0  # seconds for a TCP connection to be taken or refused


def read_cloud(team: Cloud, local: LocalCloud | None) -> Readings:
    """The readings of cloud and network from one question to the API; ``local`` is the cloud if it is on this machine.

    An answer of any kind, and a refused connection too, come from the other end: the way there is well. A local cloud
    has no way to it that could fail.
    """
    try:
        team.username()
    except CloudError as error:
        return Readings(cloud_answers=str(error), api_path="")
    except PhotonrigError as error:
        if local is not None:
            process = "" if local.alive else "the local cloud has ended"
            return Readings(cloud_process=process, cloud_answers=str(error))
        way = _way_to(team.api)
        return Readings(cloud_answers=str(error), api_path="") if way is None else Readings(api_path=f"{error}; {way}")
    return Readings(cloud_answers="", api_path="")


def _way_to(api: str) -> str | None:
    """What is wrong with the way to an API's host; None if the host itself was heard."""
    address = urlsplit(api)
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.hostname or "", port), _REACH).close()
    except ConnectionRefusedError:
        return None
    except OSError as error:
        return f"{address.hostname} is out of reach: {error}"
    return None
