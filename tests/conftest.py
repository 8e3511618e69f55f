"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from photonrig.invocation import CALLED, QUIET


@pytest.fixture(scope="session", autouse=True)
def own_locks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Slots of tests are nobody else's: runs at the same time, and workers of one run, may use the same names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTONRIG_LOCKS", str(tmp_path_factory.mktemp("locks")))
        yield


@pytest.fixture(scope="session", autouse=True)
def called_photonrig() -> Iterator[None]:
    """Messages name the program photonrig, although the tests may have been started by ./rig."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (CALLED, QUIET):
            patch.delenv(name, raising=False)
        yield
