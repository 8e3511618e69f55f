"""The state file: older ones are brought up to date and keep what was in them; owners are written in one way."""

import ast
import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import photonrig.localcloud
from photonrig.errors import RigError
from photonrig.localcloud.eras.today import TODAY
from photonrig.localcloud.service.audit import Audit
from photonrig.localcloud.service.ownership_service import OwnershipService
from photonrig.localcloud.store import Store
from photonrig.localcloud.store.database import Database
from photonrig.localcloud.store.devices import Device, Outdated
from photonrig.localcloud.store.groups import Targeting
from photonrig.localcloud.store.schema import MIGRATIONS
from photonrig.ownership.model import DeviceState, Owner

OLD_ROWS = (
    "INSERT INTO users (id, username, password, account_info, created_at) VALUES ('u', 'u@example.com', 'x', '{}', 1)",
    "INSERT INTO products (id, slug, name, description, platform_id, user_id, created_at)"
    " VALUES (20001, 'shades', 'Shades', '', 6, 'u', 1)",
    "INSERT INTO team (product_id, user_id, role) VALUES (20001, 'u', 'ADMINISTRATOR')",
    "INSERT INTO customers (id, product_id, email, password, created_at) VALUES ('c', 20001, 'c@example.com', NULL, 1)",
    "INSERT INTO devices (id, public_key, name, owner_kind, owner_id, product_id, platform_id, updated_at)"
    " VALUES ('0123456789abcdef01234567', x'00', 'kitchen', 'customer', 'c', 20001, 6, 1)",
)


def _old_file(path: Path, version: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database:
        for statements in MIGRATIONS[:version]:
            for statement in statements:
                database.execute(statement)
        for row in OLD_ROWS:
            database.execute(row)
        database.execute(f"PRAGMA user_version={version}")
        database.commit()


def _schema(path: Path) -> list[tuple[str, str]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name").fetchall()


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_every_older_file_becomes_a_present_one_and_loses_nothing(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    _old_file(old, version)
    Store(new, lambda: 2.0).close()
    with contextlib.closing(Store(old, lambda: 2.0)) as store:
        device = store.devices.get("0123456789abcdef01234567")
        assert device is not None
        assert (device.name, device.state.owner, device.state.product) == ("kitchen", Owner("customer", "c"), 20001)
        assert store.products.roles("u").keys() == {20001}
        with store.write():
            store.devices.annotate(device.id, notes="kept")
            store.hooks.create("user", "u", {"event": "e", "url": "http://127.0.0.1/"})
        assert not store.targets.of(device).forced
        assert store.firmware.default(20001) is None
    assert _schema(old) == _schema(new)
    with contextlib.closing(Store(old, lambda: 3.0)) as store:  # and once it is up to date it stays so
        assert len(store.hooks.all()) == 1


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.sqlite"
    _old_file(path, 1)
    before = _schema(path)
    broken = (*MIGRATIONS[:1], ("CREATE TABLE half (x)", "this is no SQL"))
    with monkeypatch.context() as patch:
        patch.setattr("photonrig.localcloud.store.database.MIGRATIONS", broken)
        with pytest.raises(RigError, match=r"old\.sqlite cannot be used"):
            Store(path, lambda: 2.0)
    assert _schema(path) == before
    Store(path, lambda: 2.0).close()


def test_what_is_committed_waits_for_the_disk(tmp_path: Path) -> None:
    """An acknowledged change outlives a power cut: a log that is synced at each commit (SQLite's FULL is 2)."""
    with contextlib.closing(Database(tmp_path / "cloud.sqlite")) as database:
        told = {}
        for pragma in ("journal_mode", "synchronous", "foreign_keys", "secure_delete"):
            row = database.one(f"PRAGMA {pragma}")
            assert row is not None
            told[pragma] = row[0]
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


D = "0123456789abcdef01234567"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with a device in product 20001 that belongs to the customer c."""
    _old_file(tmp_path / "cloud.sqlite", 1)
    with contextlib.closing(Store(tmp_path / "cloud.sqlite", lambda: 2.0)) as opened:
        yield opened


def _device(store: Store) -> Device:
    device = store.devices.get(D)
    assert device is not None
    return device


def test_a_decision_on_an_owner_that_has_changed_is_not_carried_out(store: Store) -> None:
    before = _device(store)
    with store.write():
        released = store.devices.change_state(before, replace(before.state, owner=None), untyped=False)
    for stale in (replace(before.state, owner=Owner("user", "u")), before.state, replace(before.state, product=None)):
        with pytest.raises(Outdated), store.write():
            store.devices.change_state(before, stale, untyped=False)
        with pytest.raises(Outdated), store.write():
            store.devices.change_state(before, stale, untyped=True)
    assert _device(store) == released
    with pytest.raises(Outdated):
        OwnershipService(store, TODAY, Audit(store, lambda: 2.0), lambda device, former: None).release(before)


def test_what_is_written_on_a_device_that_was_read_before_leaves_its_owner_alone(store: Store) -> None:
    before = _device(store)
    with store.write():
        store.devices.change_state(before, replace(before.state, owner=None), untyped=False)
        store.devices.annotate(before.id, name="hall", notes="n", development=True)
        store.devices.set_key(before.id, b"key")
        store.devices.set_platform(before.id, 8)
        store.targets.force(before, True)
        store.targets.put_in_groups(before, ("g",))
        store.targets.lock(before, 3)
    expected = replace(
        before,
        state=replace(before.state, owner=None, platform=8),
        name="hall",
        notes="n",
        development=True,
        public_key=b"key",
        updated_at=2.0,
    )
    assert _device(store) == expected
    store.devices.forget_cached()
    assert _device(store) == expected
    assert store.targets.of(expected) == Targeting(("g",), 3, True, 20001)


def test_groups_and_lock_are_not_written_for_a_product_that_the_device_has_left(store: Store) -> None:
    before = _device(store)
    with store.write():
        store.targets.put_in_groups(before, ("g",))
        moved = store.devices.change_state(before, DeviceState(), untyped=False)
    for write, value in (
        (store.targets.put_in_groups, ()),
        (store.targets.lock, 3),
        (store.targets.force, True),
    ):
        with pytest.raises(Outdated), store.write():
            write(before, value)  # type: ignore[operator]
    with store.write():
        store.targets.force(moved, True)
    assert store.targets.of(moved) == Targeting((), None, True)


def test_ownership_alone_writes_owners_and_products() -> None:
    """Nothing else calls :meth:`Devices.change_state`, and nothing else writes the table."""
    root = Path(photonrig.localcloud.__file__).parent
    calls, tables = set(), set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "change_state":
                calls.add(path.relative_to(root).as_posix())
            if isinstance(node, ast.Call) and any(_is_devices(argument) for argument in node.args):
                tables.add(path.relative_to(root).as_posix())
    assert calls == {"service/ownership_service.py"}
    assert tables == {"store/devices.py"}


def _is_devices(argument: ast.expr) -> bool:
    """Whether it names the table, alone or in a statement that changes it."""
    text = argument.value if isinstance(argument, ast.Constant) else None
    return isinstance(text, str) and (text == "devices" or "UPDATE devices" in text or "INTO devices" in text)
