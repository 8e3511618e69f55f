"""Hashing and proving passwords, which takes a while, in which the account may change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from photonrig.localcloud.secrets import hash_password, password_matches

__all__ = ["hashed", "password_holds"]

_NOBODYS = "scrypt$16384$8$1$00$00"  # costs a caller who names an unknown account the same time


async def hashed(password: str) -> str:
    """What is kept of a password."""
    return await asyncio.to_thread(hash_password, password)


async def password_holds(password: str, kept: Callable[[], str | None]) -> bool:
    """Whether ``password`` is an account's when it is asked for and still when the answer is there.

    ``kept`` looks up what is kept of the account's password; None if there is no account, or it has none.
    """
    before = kept()
    matches = await asyncio.to_thread(password_matches, password, before or _NOBODYS)
    return matches and before is not None and kept() == before
