"""State folder of a cloud: state file, server key, and the lock against a second cloud."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import UsageError
from photonrig.files import Lock, file_error
from photonrig.localcloud.server_key import fingerprint, keep_server_key, new_server_key, read_server_key
from photonrig.localcloud.store import Store, state_file


@contextlib.asynccontextmanager
async def kept_state(state: Path, now: Callable[[], float]) -> AsyncIterator[tuple[Store, rsa.RSAPrivateKey]]:
    """Store and server key of a folder, made private and locked for the block.

    :raises UsageError: the folder is in use, or its contents are not ours
    :raises RigError: the disk cannot be read or written
    """
    lock = _held(state)
    try:
        key = await _server_key(state)
        with contextlib.closing(Store(state / "cloud.sqlite", now, fingerprint(key))) as store:
            yield store, key
    finally:
        lock.release()


def _held(state: Path) -> Lock:
    """Lock the folder, made private."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o700)
    except OSError as error:
        raise file_error(state, "written", error) from None
    lock = Lock(state / "lock")
    if not lock.take():
        raise UsageError(f"another local cloud uses {state}; stop it, or give another --state")
    return lock


async def _server_key(state: Path) -> rsa.RSAPrivateKey:
    """The cloud's key and its state file; both are created if neither exists.

    :raises UsageError: one of the two is missing
    """
    database, key = state / "cloud.sqlite", read_server_key(state)
    restore = "restore it from a copy, or move the whole folder away to begin a new cloud"
    if key is not None:
        if not database.is_symlink() and not database.exists():
            raise UsageError(f"{database} is gone, but not {state / 'server_key.pem'}, which belongs to it; {restore}")
        return key
    key = await asyncio.to_thread(new_server_key)
    if database.is_symlink() or database.exists() or state_file.log_of(database).exists():
        state_file.check(database, None)
        if state_file.was_opened(database):
            raise UsageError(f"{state / 'server_key.pem'} is gone, but not {database}, which belongs to it; {restore}")
    # Order: a state file never opened and without a key is the trace of an interrupted first start.
    state_file.make(database, fingerprint(key))
    keep_server_key(state, key)
    return key
