"""Access and refresh tokens; only their SHA-256 is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.store.database import Database, Remembered

__all__ = ["REFRESH_SECONDS", "GrantedToken", "Token", "TokenKind", "Tokens"]

TokenKind = Literal["user", "customer", "product", "api user"]

REFRESH_SECONDS = 14 * 24 * 3600  # a refresh token lives 14 days


@dataclass(frozen=True, slots=True)
class Token:
    """A token as kept: ``subject`` is the id of its user, customer, product or API user.

    ``expires_at`` None means never.
    """

    hash: str
    kind: TokenKind
    subject: str
    client: str
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class GrantedToken:
    """A token as given to its holder; afterwards the secrets are known to the holder alone."""

    access_token: str
    refresh_token: str
    expires_in: int


class Tokens:
    """Granting, finding and revoking."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._by_hash = Remembered(database, self._find)

    def grant(self, kind: TokenKind, subject: str, client: str, expires_in: int) -> GrantedToken:
        """A new pair of tokens; ``expires_in`` in seconds, 0 means never. Forgets tokens of no further use."""
        now = self._now()
        granted = GrantedToken(new_token(), new_token(), expires_in)
        self._database.change("DELETE FROM tokens WHERE expires_at < ?1 AND refresh_expires_at < ?1", now)
        self._database.change(
            "INSERT INTO tokens (hash, kind, subject, client, expires_at, refresh_hash, refresh_expires_at, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(sha256_hex(granted.access_token), kind, subject, client, now + expires_in if expires_in else None),
            *(sha256_hex(granted.refresh_token), now + REFRESH_SECONDS, now),
        )
        return granted

    def find(self, access_token: str) -> Token | None:
        """The token with this text, expired or not."""
        return self._by_hash(sha256_hex(access_token))

    def _find(self, hashed: str) -> Token | None:
        row = self._database.one("SELECT hash, kind, subject, client, expires_at FROM tokens WHERE hash = ?", hashed)
        return None if row is None else Token(*row)

    def find_refresh(self, refresh_token: str) -> Token | None:
        """The token whose refresh token this is, if that may still be used."""
        row = self._database.one(
            "SELECT hash, kind, subject, client, expires_at FROM tokens"
            " WHERE refresh_hash = ? AND refresh_expires_at > ?",
            *(sha256_hex(refresh_token), self._now()),
        )
        return None if row is None else Token(*row)

    def stands(self, token: Token) -> bool:
        """Whether the token still serves: it was not revoked and has not expired."""
        return self._by_hash(token.hash) is not None and not self.expired(token)

    def expired(self, token: Token) -> bool:
        """Whether the token's time is over."""
        return token.expires_at is not None and token.expires_at <= self._now()

    def of(self, kind: TokenKind, subject: str) -> list[Token]:
        """All tokens of an account or product, oldest first."""
        rows = self._database.all(
            "SELECT hash, kind, subject, client, expires_at FROM tokens"
            " WHERE kind = ? AND subject = ? ORDER BY created_at",
            *(kind, subject),
        )
        return [Token(*row) for row in rows]

    def matching(self, text: str) -> list[Token]:
        """The tokens that ``text`` names: the token itself, or the 40 first digits of its hash, as listings show it."""
        rows = self._database.all(
            "SELECT hash, kind, subject, client, expires_at FROM tokens WHERE hash = ? OR substr(hash, 1, 40) = ?",
            *(sha256_hex(text), text.lower()),
        )
        return [Token(*row) for row in rows]

    def revoke(self, token: Token) -> None:
        """Forget a token and its refresh token."""
        self._database.change("DELETE FROM tokens WHERE hash = ?", token.hash)
