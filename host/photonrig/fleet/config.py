"""fleet.toml: the cloud, the account, and the products' clients. Secrets are in files of their own.

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
from typing import Annotated, Literal

from msgspec import field

from photonrig.errors import UsageError
from photonrig.files import file_error
from photonrig.invocation import command
from photonrig.ownership.identities import Offers
from photonrig.particle.cloud_http import host_of
from photonrig.particle.cloud_types import ClientCredentials, Token
from photonrig.particle.throttle import LIMITS, Limits
from photonrig.toml_file import Table, Text, TomlFile, Wrong, whole


class _Client(Table, frozen=True):
    product: Annotated[int, whole(1, 10**9)]
    id: Text
    secret_file: Text = field(name="secret-file")


class _Cloud(Table, frozen=True):
    atomic: bool = False
    limits: Literal["none", "particle"] | None = None


class _FleetFile(Table, frozen=True, kw_only=True):
    api: Text
    account: Text
    token_file: Text = field(name="token-file")
    clients: tuple[_Client, ...] = field(name="client", default=())
    cloud: _Cloud = _Cloud()

    def __post_init__(self) -> None:
        try:
            host_of(self.api)
        except UsageError as error:
            raise Wrong("api", str(error)) from None
        products = [client.product for client in self.clients]
        for number, product in enumerate(products):
            if product in products[:number]:
                raise Wrong(("client", number, "product"), f"product {product} has a client already")


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """fleet.toml with its secrets."""

    api: str
    account: str
    token: Token
    clients: dict[int, ClientCredentials]
    offers: Offers
    limits: Limits


def read_config(path: Path) -> FleetConfig:
    """Read fleet.toml and its secret files, whose paths are relative to it.

    :raises UsageError: missing, unknown or wrong keys, with file and line; or a secret that others can read
    """
    file = TomlFile(path, f"{command('fleet plan --help')} shows one")
    read = file.convert(_FleetFile)
    usual = "none" if host_of(read.api) in ("127.0.0.1", "::1", "localhost") else "particle"
    clients = {
        client.product: ClientCredentials(
            client.id, _secret(file, ("client", number, "secret-file"), client.secret_file)
        )
        for number, client in enumerate(read.clients)
    }
    return FleetConfig(
        api=read.api,
        account=read.account.lower(),
        token=Token(_secret(file, ("token-file",), read.token_file), "user"),
        clients=clients,
        offers=Offers(atomic=read.cloud.atomic),
        limits=LIMITS[read.cloud.limits or usual],
    )


def _secret(file: TomlFile, where: tuple[str | int, ...], name: str) -> str:
    path = file.path.parent / name
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(f"{path} can be read by others; chmod 600 {path}")
        secret = path.read_text().strip()
    except OSError as error:
        raise file.error(where, str(file_error(path, "read", error))) from error
    except ValueError:
        raise file.error(where, f"{path} holds no text") from None
    if not secret or not secret.isascii() or not secret.isprintable():
        raise file.error(where, f"{path} holds no secret of one line")
    return secret
