"""Device assignments, from a CSV file or from any database SQLAlchemy reaches.

    device,customer,product,into,name
    2b9e96f8870c9f263e023624,jane@example.com,20001,,living room

``device`` is required; ``product``, ``into`` and ``name`` are optional, ``customer`` too when devices only change
product, and all others when devices only get firmware. All errors of all rows are reported together, with row numbers.
Customers are named by e-mail addresses unless the caller allows any name (:mod:`photonrig.fleet.customer_name`).
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from photonrig.errors import UsageError, without_passwords
from photonrig.files import file_error
from photonrig.fleet.customer_name import why_no_address, why_no_name
from photonrig.fleet.transfer import Transfer

_DEVICE: Final = re.compile(r"[0-9a-f]{24}")
_PRODUCT: Final = re.compile(r"[1-9][0-9]{0,14}")
_COLUMNS: Final = {
    "device": ("device", "device_id", "id"),
    "customer": ("customer", "email", "user"),
    "product": ("product", "product_id"),
    "into": ("into", "into_product"),
    "name": ("name", "device_name"),
}
_SHOWN: Final = 20
_NO_ADDRESS: Final = "cannot name a customer"
_TOO_MANY: Final = "more fields than columns"


class BadAssignments(UsageError):
    """The source was read and has invalid rows; nothing was done."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = tuple(problems)
        shown = problems[:_SHOWN]
        if len(problems) > _SHOWN:
            shown.append(f"and {len(problems) - _SHOWN} more")
        if any(_NO_ADDRESS in problem for problem in problems):
            shown.append("customers who are not named by e-mail addresses need --any-customer-name")
        super().__init__(f"{source}:\n  " + "\n  ".join(shown))


def read_assignments(
    source: str, query: str | None = None, *, ids_suffice: bool = False, any_customer_name: bool = False
) -> tuple[Transfer, ...]:
    """All rows of a CSV file (its path), or of a ``query`` to a database (its SQLAlchemy URL).

    ``ids_suffice``: only the device is required; ``any_customer_name``: customer names need not be e-mail addresses.
    Row numbers are lines of the file (where the row begins), or positions in the query's result, from 1.

    :raises BadAssignments: invalid rows
    :raises UsageError: no such file or database, or columns are missing
    """
    if query is not None:
        # The URL may hold a password.
        url = _database(source)
        shown = without_passwords(source)
        rows: Iterable[tuple[int, Mapping[str, Any]]] = enumerate(_query(url, query, shown), 1)
    elif "://" in source:
        raise UsageError("a database needs a query that gives the columns device and customer")
    else:
        shown = source
        rows = _csv(Path(source))
    return _checked(shown, rows, ids_suffice, why_no_name if any_customer_name else why_no_address)


def _csv(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(_rows(path, file))
    except OSError as error:
        raise file_error(path, "read", error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a CSV file in UTF-8: {error}") from None


def _rows(path: Path, file: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Rows as dictionaries, by the header's names, with their line numbers; empty lines are left out."""
    reader = csv.reader(file, skipinitialspace=True, strict=True)
    header: list[str] | None = None
    while True:
        line = reader.line_num + 1
        row = next(reader, None)
        if row is None:
            return
        if not row:
            continue
        if header is None:
            header = row
            named = [name.strip().lower() for name in row]
            if twice := sorted({name for name in named if named.count(name) > 1}):
                raise UsageError(f"{path} has the column {twice[0]!r} more than once")
            continue
        # One field more than columns: a stray comma, as in a list of customers.
        extra = {} if len(row) <= len(header) else {_TOO_MANY: len(row)}
        yield line, dict(zip_longest(header, row[: len(header)])) | extra


def _database(source: str) -> URL:
    """The URL of a database, also from the path of an SQLite file."""
    shown = without_passwords(source)
    try:
        url = sqlalchemy.engine.make_url(source) if "://" in source else URL.create("sqlite", database=source)
    except (SQLAlchemyError, ValueError):
        usual = "dialect://user:password@host:port/database, or the path of an SQLite file"
        raise UsageError(f"{shown} is not a database URL; one is {usual}") from None
    # SQLite would create an empty file.
    if url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:") and "uri" not in url.query:
        try:
            with Path(str(url.database)).open("rb"):
                pass
        except OSError as error:
            raise file_error(str(url.database), "read", error) from error
    return url


def _query(url: URL, query: str, shown: str) -> list[Mapping[str, Any]]:
    try:
        engine = sqlalchemy.create_engine(url)
        try:
            with engine.connect() as connection:
                return [dict(row) for row in connection.execute(sqlalchemy.text(query)).mappings()]
        finally:
            engine.dispose()
    except ImportError as error:
        driver = error.name or "its driver"
        raise UsageError(f"{shown} cannot be asked: {driver} is not installed; .rig/venv/bin/pip install it") from None
    except Exception as error:  # drivers raise any exception
        reason = next(iter(str(getattr(error, "orig", None) or error).splitlines()), type(error).__name__)
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise UsageError(f"{shown} cannot be asked: {reason}") from None


def _checked(
    source: str, rows: Iterable[tuple[int, Mapping[str, Any]]], ids_suffice: bool, why_not: Callable[[str], str | None]
) -> tuple[Transfer, ...]:
    problems: list[str] = []
    assignments: list[Transfer] = []
    for number, row in rows:
        fields = _fields(row)
        if "device" not in fields:
            wanted = ", ".join(_COLUMNS["device"])
            raise UsageError(
                f"{source} has no column for the device (one of {wanted}); it has {', '.join(map(str, row))}"
            )
        if _TOO_MANY in row:
            problems.append(f"row {number}: {row[_TOO_MANY]} fields, and {len(row) - 1} columns")
        assignment = _assignment(number, fields, problems, ids_suffice, why_not)
        if assignment is not None:
            assignments.append(assignment)
    problems += _contradictions(assignments)
    if problems:
        raise BadAssignments(source, problems)
    if not assignments:
        raise UsageError(f"{source} holds no rows")
    return tuple(assignments)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    named = {str(name).strip().lower(): value for name, value in row.items()}
    found: dict[str, str] = {}
    for field, names in _COLUMNS.items():
        column = next((name for name in names if name in named), None)
        if column is not None:
            found[field] = str(named[column] if named[column] is not None else "").strip(" \t")
    return found


def _assignment(
    number: int, fields: dict[str, str], problems: list[str], ids_suffice: bool, why_not: Callable[[str], str | None]
) -> Transfer | None:
    def wrong(what: str) -> None:
        problems.append(f"row {number}: {what}")

    before = len(problems)
    device = fields["device"].lower()
    if not _DEVICE.fullmatch(device):
        wrong(f"{fields['device']!r} is not a device id of 24 hex digits")
    numbers: dict[str, int | None] = {}
    for field in ("product", "into"):
        text = fields.get(field, "")
        good = _PRODUCT.fullmatch(text)
        if text and not good:
            wrong(f"{text[:40]!a} is not a product id")
        numbers[field] = int(text) if good else None
    customer = fields.get("customer") or None
    if customer is not None and (why := why_not(customer)):
        wrong(f"{customer!a} {_NO_ADDRESS}: {why}")
    name = fields.get("name") or None
    if name is not None and not name.isprintable():
        wrong(f"{name!a} cannot name a device: it holds characters that cannot be seen")
    if not ids_suffice and customer is None and numbers["into"] is None:
        wrong("neither a customer nor a product to move into")
    if len(problems) > before:
        return None
    return Transfer(number, device, customer, numbers["product"], numbers["into"], name)


def _contradictions(assignments: list[Transfer]) -> list[str]:
    problems = []
    rows: defaultdict[str, list[Transfer]] = defaultdict(list)
    spellings: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for assignment in assignments:
        rows[assignment.device].append(assignment)
        if assignment.customer is not None:
            spellings[unicodedata.normalize("NFKC", assignment.customer).casefold()].setdefault(
                assignment.customer, assignment.row
            )
    for device, same in rows.items():
        if len(same) > 1:
            customers = {assignment.customer for assignment in same}
            what = "is given to two customers" if len(customers) > 1 else "stands there more than once"
            problems.append(f"rows {', '.join(str(each.row) for each in same)}: {device} {what}")
    for spelled in spellings.values():
        if len(spelled) > 1:
            # Clouds store customers in lower case, so these would become one; or they look alike to a person.
            places = ", ".join(f"{name} (row {row})" for name, row in spelled.items())
            problems.append(f"one customer or several? Names that differ only in case or look the same: {places}")
    return problems
