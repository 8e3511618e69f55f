"""fleet.toml: which cloud, as whom, and with which products' clients. Secrets lie in files of their own.

api = "http://127.0.0.1:8080"
account = "central@example.com"      # the user who owns the fleet now, a member of every product's team
token-file = "central.token"

[[client]]                           # of every product that gets customers
product = 20001
id = "lab-7"
secret-file = "client-20001.secret"

[cloud]                              # only where the target differs from Particle's cloud of today
atomic = false                       # it changes the owner in one transaction
limits = "particle"                  # "particle" or "none"; without it: none on this machine, else particle's
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from photonrig.bench.config_file import Section, read_toml
from photonrig.errors import UsageError
from photonrig.files import file_error
from photonrig.ownership.identities import Offers
from photonrig.particle.cloud_http import host_of
from photonrig.particle.cloud_types import ClientCredentials, Token
from photonrig.particle.throttle import LIMITS, Limits

__all__ = ["FleetConfig", "read_config"]


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """What fleet.toml says, secrets read."""

    api: str
    account: str
    token: Token
    clients: dict[int, ClientCredentials]
    offers: Offers
    limits: Limits


def read_config(path: Path) -> FleetConfig:
    """Read fleet.toml and the secrets it names, whose paths are relative to it.

    :raises UsageError: missing, unknown or wrong keys, with file and line; or a secret that others can read
    """
    top = read_toml(path, "./rig fleet plan --help shows one")
    api, account = top.text("api"), top.text("account")
    try:
        host = host_of(api)
    except UsageError as error:
        raise top.error("api", str(error)) from None
    clients = {}
    for section in top.sections("client"):
        product = section.number("product", least=1, most=10**9)
        if product in clients:
            raise section.error("product", f"product {product} has a client already")
        clients[product] = ClientCredentials(section.text("id"), _secret(section, "secret-file", path))
        section.finish()
    atomic, name = False, "none" if host in ("127.0.0.1", "::1", "localhost") else "particle"
    if (cloud := top.section("cloud")) is not None:
        atomic = cloud.flag("atomic", False)
        name = cloud.choice("limits", LIMITS, name)
        cloud.finish()
    secret = _secret(top, "token-file", path)
    top.finish()
    return FleetConfig(api, account.lower(), Token(secret, "user"), clients, Offers(atomic=atomic), LIMITS[name])


def _secret(section: Section, key: str, config: Path) -> str:
    path = config.parent / section.text(key)
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"{path} can be read by others; chmod 600 {path}")
        secret = path.read_text().strip()
    except OSError as error:
        raise section.error(key, str(file_error(path, "read", error))) from error
    except ValueError:
        raise section.error(key, f"{path} holds no text") from None
    if not secret or not secret.isascii() or not secret.isprintable():
        raise section.error(key, f"{path} holds no secret of one line")
    return secret
