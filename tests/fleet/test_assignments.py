"""Sources: every row is looked at, and everything wrong is said at once."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.fleet.assignments import BadAssignments, read_assignments
from photonrig.fleet.transfer import Transfer

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
    assert read_assignments(source) == (
        Transfer(2, ONE, "jane@example.com", 20001, None, "living room"),
        Transfer(3, TWO, None, 20001, 20002, None),
    )


def test_a_database_answers_a_query(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "users.sqlite") as database:
        database.execute("CREATE TABLE bought (id TEXT, email TEXT)")
        database.execute("INSERT INTO bought VALUES (?, 'jane@example.com')", (ONE,))
    database.close()
    url = f"sqlite:///{tmp_path / 'users.sqlite'}"
    assert read_assignments(url, "SELECT id, email FROM bought") == (Transfer(1, ONE, "jane@example.com"),)


def test_everything_wrong_is_said_with_its_row(tmp_path: Path) -> None:
    source = csv(
        tmp_path,
        f"device_id,email,product\nxyz,a@example.com,\n{ONE},Jane@example.com,20001\n{TWO},jane@example.com,20001\n"
        f"{ONE},bob@example.com,\n{THREE},,\n{THREE},c@example.com,one\n{TWO},jane@example.com,20001\n",
    )
    with pytest.raises(BadAssignments) as bad:
        read_assignments(source)
    text = str(bad.value)
    assert "row 2: 'xyz' is not a device id" in text
    assert f"rows 3, 5: {ONE} is given to two customers" in text
    assert f"rows 4, 8: {TWO} stands there more than once" in text
    assert "row 6: neither a customer nor a product to move into" in text
    assert "row 7: 'one' is not a product id" in text
    assert "Jane@example.com (row 3), jane@example.com (row 4)" in text
    assert len(bad.value.problems) == 6


def test_many_problems_are_counted_not_all_shown(tmp_path: Path) -> None:
    with pytest.raises(BadAssignments, match="and 30 more") as bad:
        read_assignments(csv(tmp_path, "device,customer\n" + "x,a@example.com\n" * 50))
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
        read_assignments(csv(tmp_path, text))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_assignments(str(tmp_path / "missing.csv"))
    (tmp_path / "latin.csv").write_bytes(b"device,customer\n\xe9,a\n")
    with pytest.raises(UsageError, match="not a CSV file in UTF-8"):
        read_assignments(str(tmp_path / "latin.csv"))
    with pytest.raises(UsageError, match="needs a query"):
        read_assignments("sqlite:///users.sqlite")


def test_a_database_that_refuses_keeps_its_password(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(UsageError, match="cannot be asked: no such table"):
        read_assignments(f"sqlite:///{tmp_path / 'empty.sqlite'}", "SELECT * FROM devices")
    with pytest.raises(UsageError) as refused:
        read_assignments("postgresql+nodriver://me:secret@127.0.0.1/users", "SELECT 1")
    assert "secret" not in str(refused.value)


def test_ids_alone_suffice_for_firmware(tmp_path: Path) -> None:
    path = csv(tmp_path, f"device\n{ONE}\n")
    assert read_assignments(path, ids_suffice=True) == (Transfer(2, ONE),)
    with pytest.raises(BadAssignments, match="row 2: neither a customer nor a product"):
        read_assignments(path)


NO_NAMES = [
    "NULL", "null", "None", "none", "n/a", "N/A", "-", "?", "@", "a@", "@x.com", "unknown", "0", "test",
    "jane", "jane@example", "jane@localhost", "jane@.com", "jane@example.", "jane@example..com", "jane@exa_mple.com",
    "jane@-example.com", "jane@example-.com", "jane@example.c", "jane@example.123", "jane@127.0.0.1",
    "jane@[127.0.0.1]",
    "jane@@example.com", "jane@x@example.com", ".jane@example.com", "jane.@example.com", "ja..ne@example.com",
    "a@x.com;b@x.com", "a@x.com,b@x.com", "a@x.com|b@x.com", "a@x.com b@x.com", "a@x.com/b@x.com", "a@x.com\nb@x.com",
    "ja ne@example.com", "jane @example.com", "jane@exam ple.com", "jane@example.com\u00a0", "\u200bjane@example.com",
    "jane\t@example.com", "jane\x00@example.com", "jane@example.com\x1b[2J", "jane@example.com\r",
    "jane\u202e@example.com",
    '"jane"@example.com', "'jane@example.com'", "jane@example.com'", "<jane@example.com>", "Jane <jane@example.com>",
    "mailto:jane@example.com", "(jane)@example.com", "jane,doe@example.com", "jane\\@example.com",
    "j\u0430ne@example.com", "jane@ex\u0430mple.com", "jane\uff20example.com", "jane@example\u3002com",
    "j\u00f6rg@example.com",
    "=cmd@example.com", "+jane@example.com", "-jane@example.com", "@jane@example.com", "=HYPERLINK(1)@example.com",
    "j" * 65 + "@example.com", "j@" + "e" * 64 + ".com", "j@" + "example." * 40 + "com", "../jane@example.com", "..",
]  # fmt: skip

NAMES = [
    "jane@example.com", "Jane.Doe@Example.COM", "jane+shades@example.co.uk", "o'brien@example.ie", "_jane@example.com",
    "1@example.com", "jane_doe-2@sub.example.museum", "jane@xn--bcher-kva.example", "jane@123.com",
    "j" * 64 + "@example.com", "jane@example.xn--p1ai", "a=b@example.com",
]  # fmt: skip


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_address_names_no_customer_and_its_row_is_named(tmp_path: Path, name: str) -> None:
    with sqlite3.connect(tmp_path / "users.sqlite") as database:
        database.execute("CREATE TABLE bought (id TEXT, email TEXT)")
        database.executemany("INSERT INTO bought VALUES (?, ?)", [(ONE, "jane@example.com"), (TWO, name)])
    database.close()
    with pytest.raises(BadAssignments, match="row 2: ") as bad:
        read_assignments(f"sqlite:///{tmp_path / 'users.sqlite'}", "SELECT id, email FROM bought ORDER BY id")
    assert len(bad.value.problems) == 1
    # A terminal is told nothing that it would obey, and the person what to do.
    assert str(bad.value).replace("\n", "").isprintable() and "--any-customer-name" in str(bad.value)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_an_address_names_a_customer(tmp_path: Path, name: str) -> None:
    (assignment,) = read_assignments(csv(tmp_path, f"device,customer\n{ONE},{name}\n"))
    assert assignment.customer == name


def test_any_name_but_not_what_no_address_of_the_api_can_hold(tmp_path: Path) -> None:
    for number, name in enumerate(("NULL", "4711", "j\u00f6rg", "a@x.com;b@x.com", "@", "=cmd")):
        (assignment,) = read_assignments(csv(tmp_path, f"device,customer\n{ONE},{name}\n"), any_customer_name=True)
        assert (number, assignment.customer) == (number, name)
    for name in ("ja ne", "jane/doe", "jane\u200b", "jane\x7f", "..", "\u00a0"):
        with pytest.raises(BadAssignments, match=r"row 2: .* cannot name a customer"):
            read_assignments(csv(tmp_path, f"device,customer\n{ONE},{name}\n"), any_customer_name=True)


@pytest.mark.parametrize("blank", ["", "  ", "\t", '""', '" "'])
def test_a_blank_names_nobody(tmp_path: Path, blank: str) -> None:
    for any_name in (False, True):
        with pytest.raises(BadAssignments, match="row 2: neither a customer nor a product"):
            read_assignments(csv(tmp_path, f"device,customer\n{ONE},{blank}\n"), any_customer_name=any_name)


def test_blanks_around_an_address_are_no_part_of_it(tmp_path: Path) -> None:
    (assignment,) = read_assignments(csv(tmp_path, f"device, customer\n{ONE},  jane@example.com\t\n"))
    assert assignment.customer == "jane@example.com"


@pytest.mark.parametrize(
    ("one", "other"),
    [("jane@example.com", "JANE@example.com"), ("stra\u00dfe", "STRASSE"), ("\uff4aane", "jane"), ("\u212aim", "kim")],
)
def test_names_that_would_be_one_customer_are_refused_with_their_rows(tmp_path: Path, one: str, other: str) -> None:
    source = csv(tmp_path, f"device,customer\n{ONE},{one}\n\n{TWO},{other}\n")
    with pytest.raises(BadAssignments, match=r"differ only in case or look the same: .* \(row 2\), .* \(row 4\)"):
        read_assignments(source, any_customer_name=True)


def test_rows_are_counted_by_the_lines_they_begin_on(tmp_path: Path) -> None:
    source = csv(
        tmp_path,
        f'\ndevice,customer,name\n\n{ONE},jane@example.com,"living\nroom"\n\n{TWO},NULL,x\n{THREE},a@x.com,b@x.com,c\n',
    )
    with pytest.raises(BadAssignments) as bad:
        read_assignments(source)
    assert [problem.split(":")[0] for problem in bad.value.problems] == ["row 4", "row 7", "row 8"]
    assert "cannot name a device" in bad.value.problems[0]
    assert "4 fields, and 3 columns" in bad.value.problems[2]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f'device,customer\n{ONE},"jane@example.com\n{TWO},bob@example.com\n', "not a CSV file"),
        (f"device,customer,Customer \n{ONE},jane@example.com,bob@example.com\n", "column 'customer' more than once"),
        (f"device,customer,product\n{ONE},jane@example.com,{'9' * 5000}\n", "is not a product id"),
        (f"device,customer,product\n{ONE},jane@example.com,0\n", "is not a product id"),
        (f"device,customer,product\n{ONE},jane@example.com,-1\n", "is not a product id"),
        (f"device,customer,product\n{ONE},jane@example.com,\uff12\n", "is not a product id"),
    ],
)
def test_a_file_that_cannot_be_meant(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        read_assignments(csv(tmp_path, text))


def test_a_database_may_be_the_path_of_an_sqlite_file(tmp_path: Path) -> None:
    path = tmp_path / "users of 2016 #1.sqlite"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE sold (id TEXT, email TEXT)")
        database.execute("INSERT INTO sold VALUES (?, ?)", (ONE, "jane@example.com"))
    assert read_assignments(str(path), "SELECT id, email FROM sold") == (Transfer(1, ONE, "jane@example.com"),)


@pytest.mark.parametrize("source", ["{}/none.sqlite", "sqlite:///{}/none.sqlite"])
def test_a_database_that_is_not_there_is_not_made(tmp_path: Path, source: str) -> None:
    with pytest.raises(UsageError, match=r"none\.sqlite cannot be read: No such file"):
        read_assignments(source.format(tmp_path), "SELECT 1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:se/c@ret@db/users",
        "postgresql://me:secret@db:port/users",
        "postgresql://me:secret@[db/users",
        "postgresql://db/users?user=me&password=secret",
        "nosuch://me:secret@db/users",
    ],
)
def test_no_error_shows_a_password(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_assignments(url, "SELECT 1")
    assert "ret" not in str(refused.value) and "se/" not in str(refused.value)
