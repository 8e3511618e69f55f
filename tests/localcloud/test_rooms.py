"""Which rooms of the local cloud may see which: the store is the services' alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import photonrig.localcloud

ROOT = Path(photonrig.localcloud.__file__).parent
STORE = "photonrig.localcloud.store"

INSIDE = ("service/", "store/")
MAKES_IT = {"server.py"}
"""What opens the state file and hands it to the services."""

NOT_YET = {
    *(f"http/{name}.py" for name in ("admin", "api_users", "binaries", "clients", "customers", "libraries", "oauth")),
    *(f"http/{name}.py" for name in ("organizations", "products", "team", "tokens", "users")),
}
"""Handlers of accounts that still reach for it."""


def _sights(path: Path) -> Iterator[str]:
    """Where a module imports the store, or asks a cloud for it."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.ImportFrom(module=str(module)) if f"{module}.".startswith(f"{STORE}."):
                yield f"line {node.lineno} imports {module}"
            case ast.Import(names=names) if any(f"{each.name}.".startswith(f"{STORE}.") for each in names):
                yield f"line {node.lineno} imports it"
            case ast.Attribute(attr="store"):
                yield f"line {node.lineno} takes it"


def test_nothing_outside_of_the_services_sees_the_store() -> None:
    seen = {
        name: found
        for path in ROOT.rglob("*.py")
        if not (name := path.relative_to(ROOT).as_posix()).startswith(INSIDE) and name not in MAKES_IT
        if (found := list(_sights(path)))
    }
    assert {name: found for name, found in seen.items() if name not in NOT_YET} == {}
    assert seen.keys() == NOT_YET, "what no longer sees the store is no exception any more"
