"""Persistent state of the local cloud in one SQLite file.

One process, one connection, one thread: a transaction never spans an ``await``, and a request's changes are committed
before its answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path
from typing import TypeVar

from photonrig.localcloud.store.accounts import Client, Customers, Users
from photonrig.localcloud.store.api_users import ApiUsers
from photonrig.localcloud.store.binaries import Binaries
from photonrig.localcloud.store.challenges import Challenges
from photonrig.localcloud.store.claim_codes import ClaimCodes
from photonrig.localcloud.store.database import Database, Remembered
from photonrig.localcloud.store.devices import Devices
from photonrig.localcloud.store.events import EventTable
from photonrig.localcloud.store.groups import Group, Targets
from photonrig.localcloud.store.hooks import Hooks
from photonrig.localcloud.store.libraries import Libraries
from photonrig.localcloud.store.organizations import Organizations
from photonrig.localcloud.store.product_firmware import ProductFirmware
from photonrig.localcloud.store.products import Products
from photonrig.localcloud.store.rows import Rows
from photonrig.localcloud.store.serial_numbers import SerialNumbers
from photonrig.localcloud.store.telemetry import TelemetryTable
from photonrig.localcloud.store.tokens import Tokens
from photonrig.localcloud.store.transfers import Transfers
from photonrig.localcloud.store.vitals import VitalsTable

__all__ = ["Store"]

_Key = TypeVar("_Key", bound=Hashable)
_Found = TypeVar("_Found")


class Store:
    """The tables of one cloud; ``now`` returns the Unix time used for expiry."""

    def __init__(self, path: Path, now: Callable[[], float], server_key: str | None = None) -> None:
        """Open or create the file, migrating an older one.

        ``server_key`` is the fingerprint of the cloud's key; None skips that check.

        :raises UsageError: the file is not what a cloud with this key left there, or cannot be used by this user
        :raises RigError: the disk cannot be read or written
        """
        self._database = Database(path, server_key)
        self.users = Users(self._database, now)
        self.challenges = Challenges(self._database, now)
        self.api_users = ApiUsers(self._database, now)
        self.clients = Rows(self._database, "clients", Client)
        self.customers = Customers(self._database, now)
        self.organizations = Organizations(self._database, now)
        self.products = Products(self._database, now)
        self.tokens = Tokens(self._database, now)
        self.claim_codes = ClaimCodes(self._database, now)
        self.devices = Devices(self._database, now)
        self.telemetry = TelemetryTable(self._database)
        self.transfers = Transfers(self._database, now)
        self.binaries = Binaries(self._database, now)
        self.hooks = Hooks(self._database, now)
        self.events = EventTable(self._database)
        self.firmware = ProductFirmware(self._database, now)
        self.groups = Rows(self._database, "device_groups", Group)
        self.targets = Targets(self._database)
        self.libraries = Libraries(self._database, now)
        self.serial_numbers = SerialNumbers(self._database)
        self.vitals = VitalsTable(self._database, now)

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """Transaction: durable when the block ends, rolled back by an exception; nested blocks join the outer."""
        try:
            with self._database.write():
                yield
        except BaseException:
            self.devices.forget_cached()
            raise

    def remembered(self, find: Callable[[_Key], _Found]) -> Callable[[_Key], _Found]:
        """Cache for ``find``, a query of this store only, invalidated by any change."""
        return Remembered(self._database, find)

    def close(self) -> None:
        """Close the file for good."""
        self._database.close()
