"""Password hashing and checks in a thread; the account may change meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from photonrig.localcloud.secrets import hash_password, password_matches

_UNKNOWN = "scrypt$16384$8$1$00$00"  # hash checked for unknown accounts, to take the same time


async def hashed(password: str) -> str:
    """Stored form of a password."""
    return await asyncio.to_thread(hash_password, password)


async def password_holds(password: str, kept: Callable[[], str | None]) -> bool:
    """Whether ``password`` is an account's, and still is when the check ends.

    ``kept`` looks up the stored form; None if there is no account, or it has none.
    """
    before = kept()
    matches = await asyncio.to_thread(password_matches, password, before or _UNKNOWN)
    return matches and before is not None and kept() == before
