"""Ids, tokens and passwords: generation and hashing.

Tokens, client secrets and claim codes are random enough for a plain SHA-256; passwords use scrypt.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
import os
import secrets
import stat
from datetime import UTC, datetime
from pathlib import Path

import pyotp

from photonrig.errors import UsageError
from photonrig.files import file_error, replace

_log = logging.getLogger(__name__)

_SHORTEST_TOKEN = 32  # characters
_LARGEST_FILE = 64 * 1024  # bytes

_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 14, 8, 1


def new_id() -> str:
    """A new id of users, customers and binaries: 24 hex digits."""
    return secrets.token_hex(12)


def new_token() -> str:
    """A new access token, refresh token or client secret: 40 hex digits."""
    return secrets.token_hex(20)


def new_claim_code() -> str:
    """A new claim code: 63 base64 characters, the length a Photon stores."""
    return base64.b64encode(os.urandom(48)).decode()[:63]


def sha256_hex(secret: str) -> str:
    """Stored form of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_mfa_key() -> str:
    """A new key for one-time passwords, in base 32."""
    return pyotp.random_base32()


def otp_matches(key: str, otp: str, at: float) -> bool:
    """Whether ``otp`` is the key's one-time password at ``now`` (Unix seconds), give or take half a minute."""
    return pyotp.TOTP(key).verify(otp, for_time=datetime.fromtimestamp(at, UTC), valid_window=1)


def hash_password(password: str) -> str:
    """Stored form of a password: cost, salt and scrypt hash. Takes tens of milliseconds."""
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return f"scrypt${_SCRYPT_N}${_SCRYPT_R}${_SCRYPT_P}${salt.hex()}${digest.hex()}"


def password_matches(password: str, kept: str) -> bool:
    """Whether ``password`` matches the stored form ``kept``. Takes tens of milliseconds."""
    try:
        _, n, r, p, salt, digest = kept.split("$")
        expected = bytes.fromhex(digest)
        found = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=int(n), r=int(r), p=int(p))
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(found, expected)


def load_token(path: Path) -> str:
    """Token from a file readable by its owner only.

    Created on first use, and anew when the file is empty or was readable by others.

    :raises UsageError: the content is not 32 or more letters and digits
    """
    content, private = read_private(path) if path.exists() else (b"", True)
    token = content.decode("latin-1").strip()
    if not private:
        _log.warning("%s could be read by others; it holds a new token now", path)
    if not token or not private:
        token = new_token()
        replace(path, token, private=True)
    if len(token) < _SHORTEST_TOKEN or not (token.isascii() and token.isalnum()):
        raise UsageError(
            f"{path} holds no token of {_SHORTEST_TOKEN} letters and digits or more;"
            " remove it, and the next start makes a new one"
        )
    return token


def read_private(path: Path) -> tuple[bytes, bool]:
    """Content of a secret file, and whether it was private; afterwards it is.

    :raises UsageError: not a regular file, or unreadable
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"{path} is no regular file; remove it")
        with path.open("rb") as file:
            private = not mode & 0o077
            if not private:
                os.fchmod(file.fileno(), 0o600)
            return file.read(_LARGEST_FILE), private
    except OSError as error:
        raise file_error(path, "read", error) from error
