"""A demo fleet: a local cloud, fielded devices on one central account, and a database of users.

fleet.toml      configuration of photonrig fleet, with its secrets beside it
users.sqlite    users, and the devices each of them bought
cloud/, …       the local cloud and the devices
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photonrig.bench.lab import USERNAME, Lab
from photonrig.bench.local_cloud import LocalCloud
from photonrig.bench.resources import allow_files
from photonrig.bench.simulated_devices_process import SimulatedDevices
from photonrig.bench.slots.virtual.photon import Server
from photonrig.files import replace
from photonrig.particle.cloud import ClientCredentials, Cloud, Token
from photonrig.particle.keys import generate_device_key, public_key_pem

QUERY: Final = "SELECT device_id AS device, email AS customer FROM devices JOIN users ON users.id = devices.user_id"

_AT_ONCE: Final = 8
_FILES_BESIDES: Final = 200


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """A running fleet; ``source`` is the users' database as a URL."""

    folder: Path
    config: Path
    source: str
    cloud: LocalCloud
    device_ids: tuple[str, ...]
    device_processes: tuple[int, ...]


@contextmanager
def virtual_fleet(
    folder: Path, devices: int, *, vphoton: Path, sdk: Path, firmware: Mapping[str, Path]
) -> Iterator[DemoFleet]:
    """Virtual Photons with real firmware, online and claimed to the central user; runs inside a ``with`` block.

    :raises PhotonrigError: something did not start
    """
    with Lab(folder, vphoton=vphoton, sdk=sdk, firmware=firmware, photons=devices) as lab:
        ids = tuple(photon.device_id for photon in lab.fielded())
        config = _write_config(folder, lab.local_cloud.api, lab.central, lab.product.id, lab.client)
        source = _write_users(folder, ids)
        pids = tuple(photon.pid for photon in lab.fielded())
        yield DemoFleet(folder, config, source, lab.local_cloud, ids, pids)


@contextmanager
def simulated_fleet(folder: Path, devices: int) -> Iterator[DemoFleet]:
    """Simulated devices in one process; see :mod:`photonrig.bench.simulated_devices`.

    :raises PhotonrigError: something did not start
    """
    allow_files(devices + _FILES_BESIDES)  # one connection per device, in the cloud and in the devices' process
    ids = tuple(secrets.token_hex(12) for _ in range(devices))
    key = generate_device_key()
    with LocalCloud(folder / "cloud") as local, Cloud(local.api) as anybody:
        password = secrets.token_urlsafe(12)
        anybody.create_user(USERNAME, password)
        token = anybody.log_in(USERNAME, password, expires_in=0)
        team = anybody.using(token)
        product = team.create_product("light fleet")
        client = team.create_client("fleet", product=product.id)
        pem = public_key_pem(key)

        def enrol(device: str) -> None:
            team.provision(device, pem)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(enrol, ids))
            for first in range(0, devices, 1000):
                team.import_devices(product.id, list(ids[first : first + 1000]))
            list(pool.map(team.claim, ids))
        server = Server(local.key_file, local.device_host, local.device_port)
        with SimulatedDevices(folder, ids, key=key, server=server, product=product.id) as light:
            config = _write_config(folder, local.api, token, product.id, client)
            yield DemoFleet(folder, config, _write_users(folder, ids), local, ids, (light.pid,))


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
