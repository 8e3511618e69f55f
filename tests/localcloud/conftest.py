"""What all tests of the local cloud share."""

import pytest

from photonrig.localcloud import secrets


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests log in hundreds of times; the cost of a password is kept with it, so that a low one does as well."""
    monkeypatch.setattr(secrets, "_SCRYPT_N", 16)
