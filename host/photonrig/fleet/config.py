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
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from photonrig.errors import UsageError
from photonrig.fleet.metered import LIMITS, Limits
from photonrig.ownership.keyring import Offers
from photonrig.particle.cloud_types import ClientCredentials, Token

__all__ = ["FleetConfig", "read_config"]

_KEYS = {"api", "account", "token-file", "client", "cloud"}
_CLIENT_KEYS = {"product", "id", "secret-file"}
_CLOUD_KEYS = {"atomic", "limits"}


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

    :raises UsageError: missing or unknown keys, or a secret that others can read
    """
    try:
        fields = tomllib.loads(path.read_text())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}; see ./rig fleet plan --help") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is no TOML: {error}") from None
    _only(path, "", fields, _KEYS)
    clients = {}
    for number, client in enumerate(fields.get("client", []), 1):
        _only(path, f"client {number}: ", client, _CLIENT_KEYS)
        product = _text(path, client, "product", f"client {number}: ", int)
        secret = _secret(path, _text(path, client, "secret-file", f"client {number}: "))
        clients[product] = ClientCredentials(_text(path, client, "id", f"client {number}: "), secret)
    cloud = fields.get("cloud", {})
    _only(path, "cloud: ", cloud, _CLOUD_KEYS)
    api = _text(path, fields, "api")
    name = cloud.get("limits", "none" if urlsplit(api).hostname in ("127.0.0.1", "::1", "localhost") else "particle")
    if name not in LIMITS:
        raise UsageError(f"{path}: cloud: limits is one of {', '.join(LIMITS)}, not {name!r}")
    return FleetConfig(
        api=api,
        account=_text(path, fields, "account").lower(),
        token=Token(_secret(path, _text(path, fields, "token-file")), "user"),
        clients=clients,
        offers=Offers(atomic=bool(cloud.get("atomic", False))),
        limits=LIMITS[name],
    )


def _only(path: Path, where: str, fields: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(fields) - known)
    if unknown:
        raise UsageError(f"{path}: {where}unknown key {unknown[0]!r}; there are {', '.join(sorted(known))}")


def _text(path: Path, fields: dict[str, Any], key: str, where: str = "", kind: type = str) -> Any:
    value = fields.get(key)
    if not isinstance(value, kind) or value == "":
        raise UsageError(f"{path}: {where}{key} is missing, or is no {'number' if kind is int else 'text'}")
    return value


def _secret(config: Path, name: str) -> str:
    path = config.parent / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"{path} can be read by others; chmod 600 {path}")
        return path.read_text().strip()
    except OSError as error:
        raise UsageError(f"{path}, named in {config}, cannot be read: {error.strerror}") from None
