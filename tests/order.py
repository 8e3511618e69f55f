"""Test order: random, by a seed that the header prints and ``--seed`` repeats; files and classes stay together.

Under CI the seed is the same each time: a run that fails there fails because of what was changed.
"""

from __future__ import annotations

import hashlib
import os
import random
from typing import Any

import pytest

IN_CI = 105178


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, metavar="N", help="the order of tests, as an earlier run printed it")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        usual = IN_CI if os.environ.get("CI") else random.randrange(1_000_000)
        config.option.seed = getattr(config, "workerinput", {}).get("seed", usual)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """pytest-xdist: every worker gets the seed of the run."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed {config.option.seed}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Also of a quiet run, which has no header."""
    terminalreporter.write_line(f"order of tests: --seed {terminalreporter.config.option.seed}")


@pytest.hookimpl(tryfirst=True)  # pytest's own ordering by the scope of fixtures comes after it
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(config.option.seed, item.nodeid))


def place(seed: int, nodeid: str) -> list[bytes]:
    """Where a test comes: by its file, then its class, then its own name, however many others are collected."""
    parts = nodeid.split("[", 1)[0].split("::")
    names = ["::".join(parts[: number + 1]) for number in range(len(parts) - 1)] + [nodeid]
    return [hashlib.sha256(f"{seed} {name}".encode()).digest() for name in names]
