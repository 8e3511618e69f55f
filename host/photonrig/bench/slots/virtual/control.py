"""One request on a virtual Photon's control socket, and its answer."""

from __future__ import annotations

import json
import socket
from typing import Any, Final

from photonrig.errors import LinkLost, RigError

_PATIENCE: Final = 5.0


def ask(control: str, request: dict[str, Any], *, device: str = "") -> dict[str, Any]:
    """Send a request to the socket at the path ``control``; ``device`` is the device's name in messages.

    :raises LinkLost: the device has no power
    :raises RigError: it cannot do that
    """
    received = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(_PATIENCE)
            link.connect(control)
            link.sendall(json.dumps(request).encode() + b"\n")
            while not received.endswith(b"\n"):
                chunk = link.recv(65536)
                if not chunk:
                    break
                received += chunk
    except OSError as error:
        raise LinkLost(f"no answer on {control}: {error}", device=device) from None
    try:
        answer = json.loads(received)
    except ValueError:
        raise LinkLost(f"control broke off during {request.get('do')}", device=device) from None
    if not isinstance(answer, dict) or answer.get("ok") is False:
        raise RigError(f"control refused {request.get('do')}: {answer}", device=device)
    return answer
