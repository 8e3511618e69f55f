"""pytest plugin of ``photonrig hil``: progress on standard error in place of pytest's letters."""

from __future__ import annotations

import os
from typing import Any

import pytest
from rich.console import Console

from photonrig.invocation import quiet
from photonrig.report.progress import Progress

_ERR = os.fdopen(os.dup(2), "w", buffering=1)  # before pytest captures it
_progress = Progress(Console(file=_ERR, quiet=quiet() or "PYTEST_XDIST_WORKER" in os.environ))


def pytest_collection_finish(session: pytest.Session) -> None:
    """The number of tests is known; with workers it is each worker that collects."""
    if session.items:
        _begins(len(session.items))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """pytest-xdist: a worker has collected; all collect the same."""
    if node.gateway.id == "gw0":
        _begins(len(ids))


def _begins(count: int) -> None:
    _progress.__enter__()
    _progress.begins("hil", count)


def pytest_runtest_logstart(nodeid: str) -> None:
    """A test begins."""
    _progress.at(nodeid.rpartition("::")[2])


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> Any:
    """No letter for any outcome."""
    return report.outcome, "", ""


def pytest_unconfigure() -> None:
    """The end."""
    _progress.__exit__()
