"""The services alone see the store: nothing else imports it, or reaches for it through another object."""

from __future__ import annotations

import ast
from pathlib import Path

import photonrig

HOST = Path(photonrig.__file__).parent
STORE = "photonrig.localcloud.store"


def sees_the_store(source: str) -> bool:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(STORE):
            return True
        if isinstance(node, ast.Import) and any(each.name.startswith(STORE) for each in node.names):
            return True
        if isinstance(node, ast.Attribute) and node.attr in ("store", "_store"):
            return True
    return False


def test_what_the_check_sees() -> None:
    for source in (f"from {STORE}.users import User", f"import {STORE}", "call.cloud.store.users", "x._store"):
        assert sees_the_store(source), source
    assert not sees_the_store("from photonrig.localcloud.service.records import User\nstore = 1")


def test_nothing_outside_the_services_sees_the_store() -> None:
    inside = ("localcloud/service/", "localcloud/store/")
    seen = {
        name
        for path in HOST.rglob("*.py")
        if not (name := path.relative_to(HOST).as_posix()).startswith(inside) and sees_the_store(path.read_text())
    }
    assert seen == set()
