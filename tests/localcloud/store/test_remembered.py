"""What the store remembers of its file is what is in the file, whatever is changed, undone or half done."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.localcloud.eras import Role
from photonrig.localcloud.service.cloud import Cloud, Settings
from photonrig.localcloud.store import Store

from ..world import FakeDevices


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with contextlib.closing(Store(tmp_path / "cloud.sqlite", lambda: 1.0)) as opened:
        yield opened


def test_asked_once_until_something_changes(store: Store) -> None:
    asked = Counter[str]()

    def find(username: str) -> bool:
        asked[username] += 1
        return store.users.named(username) is not None

    known = store.remembered(find)
    assert [known("a@example.com"), known("a@example.com")] == [False, False]
    assert asked == {"a@example.com": 1}
    with store.write():
        store.users.create("a@example.com", "secret", {})
        assert known("a@example.com")  # within the transaction, too
    assert known("a@example.com")
    assert asked == {"a@example.com": 2}


def test_what_is_undone_was_never_there(store: Store) -> None:
    known = store.remembered(lambda username: store.users.named(username) is not None)
    with pytest.raises(RuntimeError), store.write():
        store.users.create("a@example.com", "secret", {})
        assert known("a@example.com")
        raise RuntimeError
    assert not known("a@example.com")


def test_a_revoked_token_is_gone_at_once(store: Store) -> None:
    with store.write():
        granted = store.tokens.grant("user", "u", "particle", 0)
    found = store.tokens.find(granted.access_token)
    assert found is not None
    assert store.tokens.find(granted.access_token) is found
    with store.write():
        store.tokens.revoke(found)
    assert store.tokens.find(granted.access_token) is None


def test_a_new_role_counts_at_once(store: Store) -> None:
    cloud = Cloud(store, FakeDevices(), Settings())
    with store.write():
        owner, member = (store.users.create(f"{name}@example.com", "secret", {}) for name in ("owner", "member"))
        assert owner is not None
        assert member is not None
        granted = store.tokens.grant("user", member.id, "particle", 0)
    token = store.tokens.find(granted.access_token)
    assert token is not None
    before = cloud.tokens.principal(token)
    with store.write():
        product = store.products.add("Shades", "", 6, owner.id)
        assert product is not None
        store.products.set_role(product.id, member.id, Role.VIEW_ONLY)
    after = cloud.tokens.principal(token)
    assert (dict(before.roles), dict(after.roles)) == ({}, {product.id: Role.VIEW_ONLY})
