"""A demo fleet: a local cloud, fielded devices on one central account, and a database of users.

fleet.toml      configuration of photonrig fleet, with its secrets beside it
users.sqlite    users, and the devices each of them bought
cloud/, …       the local cloud and the devices
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.bench.lab import USERNAME
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.rack import PhotonRack
from photonrig.bench.resources import allow_files
from photonrig.bench.slots.virtual.photon import Server
from photonrig.files import replace
from photonrig.particle.cloud import ClientCredentials, Cloud, Product, Token
from photonrig.particle.keys import generate_device_key, public_key_pem

QUERY: Final = "SELECT device_id AS device, email AS customer FROM devices JOIN users ON users.id = devices.user_id"

_AT_ONCE: Final = 8
_VARIANT: Final = "roller"
_FILES_BESIDES: Final = 200


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """A running fleet; ``source`` is the users' database as a URL."""

    folder: Path
    config: Path
    source: str
    cloud: LocalCloud
    device_ids: tuple[str, ...]
    rack_pid: int


@contextmanager
def demo_fleet(folder: Path, devices: int, *, vphoton: Path, firmware: Path) -> Iterator[DemoFleet]:
    """Virtual Photons with the roller's image, online and claimed to the central user; runs inside a ``with`` block.

    All are in one process: see :mod:`photonrig.bench.rack`.

    :raises PhotonrigError: something did not start
    """
    key = generate_device_key()
    with _enrolled(folder, devices, key) as (local, token, product, client, ids):
        server = Server(local.key_file, local.device_host, local.device_port)
        rack = PhotonRack(vphoton, folder / "rack", ids, key=key, firmware=firmware, server=server, wired_to=_VARIANT)
        with rack:
            config = _write_config(folder, local.api, token, product.id, client)
            yield DemoFleet(folder, config, _write_users(folder, ids), local, ids, rack.pid)


_Enrolled = tuple[LocalCloud, Token, Product, ClientCredentials, tuple[str, ...]]


@contextmanager
def _enrolled(folder: Path, devices: int, key: rsa.RSAPrivateKey) -> Iterator[_Enrolled]:
    """A local cloud with devices that share one key, claimed by the central user and without power."""
    allow_files(devices + _FILES_BESIDES)  # one connection per device, in the cloud and in the devices' process
    ids = tuple(secrets.token_hex(12) for _ in range(devices))
    with LocalCloud(folder / "cloud") as local, Cloud(local.api) as anybody:
        password = secrets.token_urlsafe(12)
        anybody.create_user(USERNAME, password)
        token = anybody.log_in(USERNAME, password, expires_in=0)
        team = anybody.using(token)
        product = team.create_product("demo fleet")
        client = team.create_client("fleet", product=product.id)
        pem = public_key_pem(key)

        def enrol(device: str) -> None:
            team.provision(device, pem)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(enrol, ids))
            for first in range(0, devices, 1000):
                team.import_devices(product.id, list(ids[first : first + 1000]))
            list(pool.map(team.claim, ids))
        yield local, token, product, client, ids


def _write_config(folder: Path, api: str, token: Token, product: int, client: ClientCredentials) -> Path:
    _private(folder / "central.token", token.access_token.encode())
    _private(folder / "client.secret", client.secret.encode())
    path = folder / "fleet.toml"
    _private(
        path,
        f"""# Written by photonrig fleet demo; the secrets lie beside it.
api = "{api}"
account = "{USERNAME}"
token-file = "central.token"

[[client]]
product = {product}
id = "{client.id}"
secret-file = "client.secret"
""".encode(),
    )
    return path


def _write_users(folder: Path, ids: Sequence[str]) -> str:
    """Users with one to four devices each, as a shop would sell them."""
    path = folder / "users.sqlite"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)")
        database.execute("CREATE TABLE devices (device_id TEXT PRIMARY KEY, user_id INTEGER REFERENCES users)")
        user, left = 0, 0
        for device in ids:
            if left == 0:
                user, left = user + 1, 1 + user % 4
                database.execute("INSERT INTO users VALUES (?, ?)", (user, f"user-{user}@example.com"))
            database.execute("INSERT INTO devices VALUES (?, ?)", (device, user))
            left -= 1
    return f"sqlite:///{path}"


def _private(path: Path, data: bytes) -> None:
    replace(path, data, private=True)
