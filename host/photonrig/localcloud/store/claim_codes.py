"""Claim codes; only their SHA-256 is stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from photonrig.localcloud.secrets import new_claim_code, sha256_hex
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows
from photonrig.ownership.model import Owner

CLAIM_CODE_SECONDS = 3600

_CARD = re.compile(r"[0-9]{14,22}", re.ASCII)


def is_chosen(code: str) -> bool:
    """Whether a code is a cellular device's number, chosen by the requester; random codes are longer."""
    return _CARD.fullmatch(code) is not None


@dataclass(frozen=True, slots=True)
class ClaimCode:
    """A stored code: the account it claims for, and the device that used it, if any."""

    hash: str
    owner: Owner
    used_by: str | None


class ClaimCodes(Rows[ClaimCode]):
    """Issued codes: valid for an hour, for one device."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "claim_codes", ClaimCode)
        self._now = now

    def issue(self, owner: Owner, chosen: str | None = None) -> str | None:
        """Issue a code that claims for ``owner``, random or chosen; deletes codes that ended a day ago.

        A chosen code of the same account is renewed, for another use; None if it is another account's.
        """
        code = chosen or new_claim_code()
        now = self._now()
        self.database.change("DELETE FROM claim_codes WHERE expires_at < ?", now - 86400)
        issued = self.database.change(
            "INSERT INTO claim_codes (hash, owner_kind, owner_id, expires_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at, used_by = NULL"
            " WHERE owner_kind = excluded.owner_kind AND owner_id = excluded.owner_id",
            *(sha256_hex(code), owner.kind, owner.id, now + CLAIM_CODE_SECONDS),
        )
        return code if issued else None

    def find(self, code: str) -> ClaimCode | None:
        """An issued code, if used or not yet expired."""
        return self.first("WHERE hash = ? AND (used_by IS NOT NULL OR expires_at > ?)", sha256_hex(code), self._now())

    def use(self, code: ClaimCode, device_id: str) -> None:
        """Note the device that used the code."""
        self.update({"hash": code.hash}, used_by=device_id)

    def revoke_of(self, owner: Owner) -> None:
        """Delete the pending codes of an account."""
        self.remove(owner_kind=owner.kind, owner_id=owner.id, used_by=None)
