"""What all tests share: a random order, locks of their own, the name of the program."""

from __future__ import annotations

import os
from collections.abc import Iterator

import hypothesis
import pytest

from photonrig.invocation import CALLED, QUIET

from .order import (
    pytest_addoption,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_configure_node,
    pytest_report_header,
    pytest_terminal_summary,
)

__all__ = [  # hooks, which pytest finds here
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_report_header",
    "pytest_terminal_summary",
]

# A loaded machine may take long for one; pytest-timeout bounds the test. Under CI they are the same each time.
hypothesis.settings.register_profile("rig", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("rig")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests and fixtures run on asyncio."""
    return "asyncio"


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
