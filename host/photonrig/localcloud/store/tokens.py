"""Access and refresh tokens; only their SHA-256 is stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from photonrig.localcloud.secrets import new_token, sha256_hex
from photonrig.localcloud.store.database import Database, Remembered
from photonrig.localcloud.store.rows import Rows

TokenKind = Literal["user", "customer", "product", "api user"]

REFRESH_SECONDS = 14 * 24 * 3600
"""14 days, counted from the access token's end: lib/grant.js of github.com/particle-iot/node-oauth2-server."""


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token: ``subject`` is the id of a user, customer, product or API user; ``expires_at`` None is never."""

    hash: str
    kind: TokenKind
    subject: str
    client: str
    expires_at: float | None


@dataclass(frozen=True, slots=True)
class GrantedToken:
    """A token as granted; the secrets are stored nowhere else."""

    access_token: str
    refresh_token: str
    expires_in: int


class Tokens:
    """Tokens: grant, lookup, revocation."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._rows = Rows(database, "tokens", Token)
        self._now = now
        self._by_hash: Remembered[str, Token | None] = Remembered(database, lambda hashed: self._rows.get(hash=hashed))

    def grant(self, kind: TokenKind, subject: str, client: str, expires_in: int) -> GrantedToken:
        """Grant a pair of tokens; ``expires_in`` in seconds, 0 means never. Deletes expired ones."""
        now = self._now()
        granted = GrantedToken(new_token(), new_token(), expires_in)
        self._database.change("DELETE FROM tokens WHERE expires_at < ?1 AND refresh_expires_at < ?1", now)
        token = Token(sha256_hex(granted.access_token), kind, subject, client, now + expires_in if expires_in else None)
        refresh = sha256_hex(granted.refresh_token)
        ends = now + expires_in + REFRESH_SECONDS
        self._rows.add(token, refresh_hash=refresh, refresh_expires_at=ends, created_at=now)
        return granted

    def find(self, access_token: str) -> Token | None:
        """The token with this text, expired or not."""
        return self._by_hash(sha256_hex(access_token))

    def find_refresh(self, refresh_token: str) -> tuple[Token | None, bool]:
        """The token whose refresh token this is, and whether that one is valid."""
        hashed, valid = sha256_hex(refresh_token), "refresh_expires_at > ?"
        valid_token = self._rows.first(f"WHERE refresh_hash = ? AND {valid}", hashed, self._now())
        return valid_token or self._rows.first("WHERE refresh_hash = ?", hashed), valid_token is not None

    def stands(self, token: Token) -> bool:
        """Whether the token is valid: not revoked or expired."""
        return self._by_hash(token.hash) is not None and not self.expired(token)

    def expired(self, token: Token) -> bool:
        """Whether the token has expired."""
        return token.expires_at is not None and token.expires_at <= self._now()

    def of(self, kind: TokenKind, subject: str) -> list[Token]:
        """All tokens of an account or product, oldest first."""
        return self._rows.all("WHERE kind = ? AND subject = ? ORDER BY created_at", kind, subject)

    def matching(self, text: str) -> list[Token]:
        """The tokens given by ``text``: the token itself, or the first 40 digits of its hash, as listed."""
        return self._rows.all("WHERE hash = ? OR substr(hash, 1, 40) = ?", sha256_hex(text), text.lower())

    def revoke(self, token: Token) -> None:
        """Delete a token and its refresh token."""
        self._rows.remove(hash=token.hash)
