"""Who is to own which device: from a CSV file, or from any database SQLAlchemy reaches.

    device,customer,product,into,name
    2b9e96f8870c9f263e023624,jane@example.com,20001,,living room

``device`` is needed; the columns ``product``, ``into`` and ``name`` may be missing, ``customer`` too when devices only
move to another product, and everything else when they only get firmware. Every row is looked at, and everything wrong
is said at once, with the numbers of the rows.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy
from sqlalchemy.exc import SQLAlchemyError

from photonrig.errors import UsageError

__all__ = ["BadWishes", "Wish", "read_wishes"]

_DEVICE: Final = re.compile(r"[0-9a-f]{24}")
_COLUMNS: Final = {
    "device": ("device", "device_id", "id"),
    "customer": ("customer", "email", "user"),
    "product": ("product", "product_id"),
    "into": ("into", "into_product"),
    "name": ("name", "device_name"),
}
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """One row: ``customer`` None leaves the owner as it is; ``product`` is where the device should be found now,
    ``into`` another product it is to move to.
    """

    row: int
    device: str
    customer: str | None = None
    product: int | None = None
    into: int | None = None
    name: str | None = None


class BadWishes(UsageError):
    """The source was read, and some rows cannot be meant; nothing was done."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.problems = tuple(problems)
        shown = problems[:_SHOWN]
        if len(problems) > _SHOWN:
            shown.append(f"and {len(problems) - _SHOWN} more")
        super().__init__(f"{source}:\n  " + "\n  ".join(shown))


def read_wishes(source: str, query: str | None = None, *, ids_suffice: bool = False) -> tuple[Wish, ...]:
    """All rows of a CSV file (its path), or of a ``query`` to a database (its SQLAlchemy URL).

    With ``ids_suffice`` a row need say nothing but the device. Row numbers are lines of the file, or places in the
    answer, from 1.

    :raises BadWishes: rows that cannot be meant
    :raises UsageError: no such file or database, or the columns are missing
    """
    if query is not None:
        # The URL may hold a password.
        shown = sqlalchemy.engine.make_url(source).render_as_string(hide_password=True) if "://" in source else source
        rows: Iterable[tuple[int, Mapping[str, Any]]] = enumerate(_query(source, query, shown), 1)
    elif "://" in source:
        raise UsageError("a database needs a query that gives the columns device and customer")
    else:
        shown = source
        rows = _csv(Path(source))
    return _checked(shown, rows, ids_suffice)


def _csv(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            return [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV file in UTF-8: {error}") from None


def _query(url: str, query: str, shown: str) -> list[Mapping[str, Any]]:
    try:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            found: list[Mapping[str, Any]] = [
                dict(row) for row in connection.execute(sqlalchemy.text(query)).mappings()
            ]
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise UsageError(f"{shown} cannot be asked: {reason}") from None
    return found


def _checked(source: str, rows: Iterable[tuple[int, Mapping[str, Any]]], ids_suffice: bool) -> tuple[Wish, ...]:
    problems: list[str] = []
    wishes: list[Wish] = []
    for number, row in rows:
        fields = _fields(row)
        if number <= 2 and "device" not in fields:
            wanted = ", ".join(_COLUMNS["device"])
            raise UsageError(
                f"{source} has no column for the device (one of {wanted}); it has {', '.join(map(str, row))}"
            )
        wish = _wish(number, fields, problems, ids_suffice)
        if wish is not None:
            wishes.append(wish)
    problems += _contradictions(wishes)
    if problems:
        raise BadWishes(source, problems)
    if not wishes:
        raise UsageError(f"{source} holds no rows")
    return tuple(wishes)


def _fields(row: Mapping[str, Any]) -> dict[str, str]:
    named = {str(name).strip().lower(): value for name, value in row.items() if name is not None}
    found: dict[str, str] = {}
    for field, names in _COLUMNS.items():
        column = next((name for name in names if name in named), None)
        if column is not None:
            found[field] = str(named[column] if named[column] is not None else "").strip()
    return found


def _wish(number: int, fields: dict[str, str], problems: list[str], ids_suffice: bool) -> Wish | None:
    def wrong(what: str) -> None:
        problems.append(f"row {number}: {what}")

    before = len(problems)
    device = fields["device"].lower()
    if not _DEVICE.fullmatch(device):
        wrong(f"{fields['device']!r} is no device id of 24 hex digits")
    numbers: dict[str, int | None] = {}
    for field in ("product", "into"):
        text = fields.get(field, "")
        if text and not (text.isascii() and text.isdecimal()):
            wrong(f"{text!r} is no product id")
        numbers[field] = int(text) if text.isascii() and text.isdecimal() else None
    customer = fields.get("customer") or None
    if customer is not None and re.search(r"[\s/]", customer):
        wrong(f"{customer!r} cannot name a customer")
    if not ids_suffice and customer is None and numbers["into"] is None:
        wrong("neither a customer nor a product to move into")
    if len(problems) > before:
        return None
    return Wish(number, device, customer, numbers["product"], numbers["into"], fields.get("name") or None)


def _contradictions(wishes: list[Wish]) -> list[str]:
    problems = []
    rows: defaultdict[str, list[Wish]] = defaultdict(list)
    spellings: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for wish in wishes:
        rows[wish.device].append(wish)
        if wish.customer is not None:
            spellings[wish.customer.lower()].setdefault(wish.customer, wish.row)
    for device, same in rows.items():
        if len(same) > 1:
            customers = {wish.customer for wish in same}
            what = "is given to two customers" if len(customers) > 1 else "stands there more than once"
            problems.append(f"rows {', '.join(str(wish.row) for wish in same)}: {device} {what}")
    for spelled in spellings.values():
        if len(spelled) > 1:
            # Clouds keep customers in lower case: these would become one.
            places = ", ".join(f"{name} (row {row})" for name, row in spelled.items())
            problems.append(f"one customer or several? Names that differ only in case: {places}")
    return problems
