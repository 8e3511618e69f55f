"""Pending challenges of users: a one-time password, or a new password after a reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.rows import Rows

ChallengeKind = Literal["log in", "enable mfa", "reset password"]

CHALLENGE_SECONDS = {"log in": 600, "enable mfa": 3600, "reset password": 24 * 3600}
_TRIES = 5  # wrong answers until the challenge ends


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge to a user, with data of its creator."""

    hash: str
    kind: ChallengeKind
    user_id: str
    facts: dict[str, Any]


class Challenges(Rows[Challenge]):
    """Pending challenges by token, of which only the SHA-256 is stored."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        super().__init__(database, "challenges", Challenge)
        self._now = now

    def ask(self, kind: ChallengeKind, user_id: str, **facts: Any) -> str:
        """Create a challenge; returns its token. Deletes expired ones."""
        token, now = new_token(), self._now()
        self.database.change("DELETE FROM challenges WHERE expires_at <= ?", now)
        challenge = Challenge(sha256_hex(token), kind, user_id, facts)
        self.add(challenge, tries=0, expires_at=now + CHALLENGE_SECONDS[kind])
        return token

    def find(self, kind: ChallengeKind, token: str) -> Challenge | None:
        """The pending challenge of this token."""
        where = "WHERE hash = ? AND kind = ? AND expires_at > ? AND tries < ?"
        return self.first(where, sha256_hex(token), kind, self._now(), _TRIES)

    def pending(self, kind: ChallengeKind) -> list[Challenge]:
        """Pending challenges of a kind, oldest first."""
        return self.all("WHERE kind = ? AND expires_at > ? ORDER BY expires_at", kind, self._now())

    def failed(self, challenge: Challenge) -> None:
        """Count a wrong answer; the fifth ends the challenge."""
        self.database.change("UPDATE challenges SET tries = tries + 1 WHERE hash = ?", challenge.hash)

    def answered(self, kind: ChallengeKind, user_id: str) -> None:
        """End the user's challenges of a kind."""
        self.remove(kind=kind, user_id=user_id)
