"""Sources: every row is looked at, and everything wrong is said at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.fleet.wishes import BadWishes, Wish, read_wishes

ONE, TWO, THREE = "0123456789abcdef01234567", "0123456789abcdef01234568", "0123456789abcdef01234569"


def csv(tmp_path: Path, text: str) -> str:
    path = tmp_path / "devices.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_with_all_columns(tmp_path: Path) -> None:
    source = csv(
        tmp_path,
        f"\ufeffdevice,customer,product,into,name\n{ONE.upper()},jane@example.com,20001,,living room\n"
        f"{TWO},,20001,20002,\n",
    )
    assert read_wishes(source) == (
        Wish(2, ONE, "jane@example.com", 20001, None, "living room"),
        Wish(3, TWO, None, 20001, 20002, None),
    )


def test_a_database_answers_a_query(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "users.sqlite") as database:
        database.execute("CREATE TABLE bought (id TEXT, email TEXT)")
        database.execute("INSERT INTO bought VALUES (?, 'jane@example.com')", (ONE,))
    database.close()
    url = f"sqlite:///{tmp_path / 'users.sqlite'}"
    assert read_wishes(url, "SELECT id, email FROM bought") == (Wish(1, ONE, "jane@example.com"),)


def test_everything_wrong_is_said_with_its_row(tmp_path: Path) -> None:
    source = csv(
        tmp_path,
        f"device_id,email,product\nxyz,a@example.com,\n{ONE},Jane@example.com,20001\n{TWO},jane@example.com,20001\n"
        f"{ONE},bob@example.com,\n{THREE},,\n{THREE},c@example.com,one\n{TWO},jane@example.com,20001\n",
    )
    with pytest.raises(BadWishes) as bad:
        read_wishes(source)
    text = str(bad.value)
    assert "row 2: 'xyz' is no device id" in text
    assert f"rows 3, 5: {ONE} is given to two customers" in text
    assert f"rows 4, 8: {TWO} stands there more than once" in text
    assert "row 6: neither a customer nor a product to move into" in text
    assert "row 7: 'one' is no product id" in text
    assert "Jane@example.com (row 3), jane@example.com (row 4)" in text
    assert len(bad.value.problems) == 6


def test_many_problems_are_counted_not_all_shown(tmp_path: Path) -> None:
    with pytest.raises(BadWishes, match="and 30 more") as bad:
        read_wishes(csv(tmp_path, "device,customer\n" + "x,a@example.com\n" * 50))
    assert len(bad.value.problems) == 50


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("serial,email\n1,a@example.com\n", "no column for the device"),
        ("device,customer\n", "holds no rows"),
        ("", "holds no rows"),
    ],
)
def test_what_is_no_source(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read_wishes(csv(tmp_path, text))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_wishes(str(tmp_path / "missing.csv"))
    (tmp_path / "latin.csv").write_bytes(b"device,customer\n\xe9,a\n")
    with pytest.raises(UsageError, match="no CSV file in UTF-8"):
        read_wishes(str(tmp_path / "latin.csv"))
    with pytest.raises(UsageError, match="needs a query"):
        read_wishes("sqlite:///users.sqlite")


def test_a_database_that_refuses_keeps_its_password(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be asked: no such table"):
        read_wishes(f"sqlite:///{tmp_path / 'empty.sqlite'}", "SELECT * FROM devices")
    with pytest.raises(UsageError) as refused:
        read_wishes("postgresql+nodriver://me:secret@127.0.0.1/users", "SELECT 1")
    assert "secret" not in str(refused.value)


def test_ids_alone_suffice_for_firmware(tmp_path: Path) -> None:
    path = csv(tmp_path, f"device\n{ONE}\n")
    assert read_wishes(path, ids_suffice=True) == (Wish(2, ONE),)
    with pytest.raises(BadWishes, match="row 2: neither a customer nor a product"):
        read_wishes(path)
