"""Ids, tokens and passwords: how they are made and what is kept of them.

Tokens, client secrets and claim codes are random enough that a plain SHA-256 of them may be kept; passwords get scrypt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets

__all__ = ["hash_password", "new_claim_code", "new_id", "new_token", "password_matches", "sha256_hex"]

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 14, 8, 1


def new_id() -> str:
    """A fresh id of the kind users, customers and binaries have: 24 hex digits."""
    return secrets.token_hex(12)


def new_token() -> str:
    """A fresh access token, refresh token or client secret: 40 hex digits."""
    return secrets.token_hex(20)


def new_claim_code() -> str:
    """A fresh claim code: 63 base64 characters, the length a Photon stores."""
    return base64.b64encode(os.urandom(48)).decode()[:63]


def sha256_hex(secret: str) -> str:
    """What is kept of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def hash_password(password: str) -> str:
    """What is kept of a password: cost, salt and scrypt hash. Takes tens of milliseconds."""
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return f"scrypt${_SCRYPT_N}${_SCRYPT_R}${_SCRYPT_P}${salt.hex()}${digest.hex()}"


def password_matches(password: str, kept: str) -> bool:
    """Whether ``password`` is the one of which ``kept`` was made. Takes tens of milliseconds."""
    try:
        _, n, r, p, salt, digest = kept.split("$")
        expected = bytes.fromhex(digest)
        found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(found, expected)
