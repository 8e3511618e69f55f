"""Everything the local cloud must remember across a crash, in one SQLite file.

One process, one connection, one thread: a transaction never spans an ``await``, so whatever a request changes is
written in one transaction before it is answered.
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
from photonrig.localcloud.store.groups import Groups, Targets
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
    """The tables of one cloud; ``now`` gives the seconds since 1970 by which things expire."""

    def __init__(self, path: Path, now: Callable[[], float], server_key: str | None = None) -> None:
        """Open or create the file, bringing an older one up to date.

        ``server_key`` is the fingerprint of the key it belongs to; without one that is not looked at.

        :raises UsageError: the file is not what a cloud with this key left there, or cannot be used by this user
        :raises RigError: the disk does not take or give it
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
        self.groups = Groups(self._database)
        self.targets = Targets(self._database)
        self.libraries = Libraries(self._database, now)
        self.serial_numbers = SerialNumbers(self._database)
        self.vitals = VitalsTable(self._database, now)

    @contextlib.contextmanager
    def write(self) -> Iterator[None]:
        """One transaction, durable when the block ends and undone by an exception; nested blocks join the outer."""
        try:
            with self._database.write():
                yield
        except BaseException:
            self.devices.forget_cached()
            raise

    def remembered(self, find: Callable[[_Key], _Found]) -> Callable[[_Key], _Found]:
        """``find``, which asks nothing but this store, called once for each key until something is changed."""
        return Remembered(self._database, find)

    def close(self) -> None:
        """Close the file; the store is of no further use."""
        self._database.close()
