"""Opt-in of ``photonrig claims --particle``: options from the command line, secrets from the environment."""

from __future__ import annotations

import os
import re

from photonrig.errors import UsageError
from photonrig.particle.cloud import ClientCredentials, Token
from photonrig.scenarios.particle_target import OptIn


def opt_in(api: str, account: str, confirm: str, product: int, client: str, devices: str, requests: int) -> OptIn:
    """What may be acted on; secrets come from PARTICLE_TOKEN and PARTICLE_CLIENT_SECRET only.

    :raises UsageError: something is missing, or not a device id
    """
    token, secret = os.environ.get("PARTICLE_TOKEN", ""), os.environ.get("PARTICLE_CLIENT_SECRET", "")
    missing = [
        name
        for name, value in (
            ("--product", product),
            ("--client", client),
            ("--devices", devices),
            ("PARTICLE_TOKEN", token),
            ("PARTICLE_CLIENT_SECRET", secret),
        )
        if not value
    ]
    if missing:
        raise UsageError(f"to ask Particle's cloud, give also {', '.join(missing)}")
    ids = [each.strip().lower() for each in devices.split(",") if each.strip()]
    wrong = [each for each in ids if not re.fullmatch("[0-9a-f]{24}", each)]
    if wrong:
        raise UsageError(f"{wrong[0]!r} is not a device id: 24 hex digits")
    return OptIn(api, account, confirm, Token(token), product, ClientCredentials(client, secret), ids, requests)
