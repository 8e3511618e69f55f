"""Claim codes: issued by a cloud, stored in a device at set-up, presented by the device to be claimed."""

from __future__ import annotations

import base64
import re
import secrets
from typing import Final

from photonrig.errors import UsageError

# Device OS 2.3.1, DCT: 63 bytes without terminator. Codes of Particle's cloud are 63 characters of base64.
CLAIM_CODE_LENGTH: Final = 63

_CODE: Final = re.compile(r"[A-Za-z0-9+/]+")


def generate_claim_code() -> str:
    """A new random code of 63 characters."""
    return base64.b64encode(secrets.token_bytes(48)).decode()[:CLAIM_CODE_LENGTH]


def check_claim_code(code: str) -> str:
    """Return ``code`` if a device can store it whole; SoftAP silently truncates longer ones.

    :raises UsageError: empty, longer than 63 characters, or other than base64 characters
    """
    if not code:
        raise UsageError("the claim code is empty; ask the cloud for one")
    if len(code) > CLAIM_CODE_LENGTH:
        raise UsageError(f"the claim code has {len(code)} characters; a device keeps {CLAIM_CODE_LENGTH}")
    if not _CODE.fullmatch(code):
        raise UsageError("the claim code holds characters other than A-Z a-z 0-9 + /")
    return code
