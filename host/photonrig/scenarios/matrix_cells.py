"""Permission matrix: token kind × endpoint family × device state × era, each cell with its expectation and its source.

The cells are data in ``matrix_cells.txt``; this module has its vocabulary and the request of each family. The table was
written from the forum thread of 2016, documentation and recordings, independently of any cloud's code: clouds are
compared with it, the local one included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, NamedTuple

from photonrig.errors import UsageError

Look = Literal["status", "list", "stream"]

SOURCES: Final[Mapping[str, str]] = {
    "t": "forum thread of 2016",
    "r": "recorded",
    "d": "documented",
    "c": "client test",
    "n": "notes and staff",
    "i": "inferred",
    "u": "unverified",
}

TOKENS: Final[Mapping[str, str]] = {
    "M": "the central account, administrator of the team",
    "V": "team member, view-only",
    "S": "team member, support",
    "D": "team member, developer",
    "O": "user of no team",
    "C": "the owning customer",
    "C2": "another customer",
    "F": "customer of another product",
    "P": "the product's own token",
    "N": "no token",
    "X": "a token that was never granted",
}

_ALWAYS: Final = {"N": ("400", "r"), "X": ("401", "r")}


@dataclass(frozen=True, slots=True)
class Family:
    """One request; ``{d}`` is the device, ``{p}`` the product, ``{o}`` its organization, ``{new}`` a fresh name.

    ``look``: the outcome: the status, whether a list names the device, or whether a stream carries its event.
    ``changes``: a granted request changes the device.
    """

    name: str
    title: str
    method: str
    path: str
    look: Look = "status"
    body: Mapping[str, Any] | None = None
    changes: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


_ORG_DEVICE = "/v1/orgs/{o}/devices/{d}"
_PRODUCT = "/v1/products/{p}"
_DEVICE = f"{_PRODUCT}/devices/{{d}}"
_MOVE: Final = {"arg": "{n}"}

_FAMILIES = (
    Family("own-list", "list one's own devices", "GET", "/v1/devices", "list"),
    Family("device", "device by the user path", "GET", "/v1/devices/{d}"),
    Family("variable", "variable by the user path", "GET", "/v1/devices/{d}/position"),
    Family("function", "function by the user path", "POST", "/v1/devices/{d}/move", body=_MOVE),
    Family("ping", "ping by the user path", "PUT", "/v1/devices/{d}/ping", body={}),
    Family("rename", "rename by the user path", "PUT", "/v1/devices/{d}", body={"name": "{new}"}),
    Family("claim", "claim", "POST", "/v1/devices", body={"id": "{d}"}, changes=True),
    Family("release", "release one's own", "DELETE", "/v1/devices/{d}", changes=True),
    Family("user-code", "claim code for a user", "POST", "/v1/device_claims", body={}),
    Family("customer-code", "claim code for a customer", "POST", f"{_PRODUCT}/device_claims", body={}),
    Family("product-list", "list the product's devices", "GET", f"{_PRODUCT}/devices?perPage=100", "list"),
    Family("product-device", "device by the product path", "GET", _DEVICE),
    Family("product-variable", "variable by the product path", "GET", f"{_DEVICE}/position"),
    Family("product-function", "function by the product path", "POST", f"{_DEVICE}/move", body=_MOVE),
    Family("product-ping", "ping by the product path", "PUT", f"{_DEVICE}/ping", body={}),
    Family("product-rename", "rename by the product path", "PUT", _DEVICE, body={"name": "{new}"}),
    Family("product-import", "import", "POST", f"{_PRODUCT}/devices", body={"ids": ["{d}"]}, changes=True),
    Family("product-release", "release through the product", "DELETE", f"{_DEVICE}/owner", changes=True),
    Family("product-remove", "remove from the product", "DELETE", _DEVICE, changes=True),
    Family("customers", "list the customers", "GET", f"{_PRODUCT}/customers"),
    Family(
        "customer-create",
        "create a customer with a bearer token",
        "POST",
        f"{_PRODUCT}/customers",
        body={"email": "{new}@example.com", "password": "{new}"},
    ),
    Family("own-events", "stream of one's own devices", "GET", "/v1/devices/events", "stream"),
    Family("device-events", "stream of the device", "GET", "/v1/devices/{d}/events", "stream"),
    Family("product-events", "stream of the product", "GET", f"{_PRODUCT}/events", "stream"),
    Family("publish", "publish", "POST", "/v1/devices/events", body={"name": "{new}", "private": True}),
    Family("product-publish", "publish into the product", "POST", f"{_PRODUCT}/events", body={"name": "{new}"}),
    Family("org-device", "device by the organization's path", "GET", _ORG_DEVICE),
    Family("org-variable", "variable by the organization's path", "GET", f"{_ORG_DEVICE}/position"),
    Family("org-function", "function by the organization's path", "POST", f"{_ORG_DEVICE}/move", body=_MOVE),
    Family("org-product-list", "list of an organization's product", "GET", "/v1/orgs/{o}/products/{p}/devices", "list"),
    Family("org-product-device", "device in it", "GET", "/v1/orgs/{o}/products/{p}/devices/{d}"),
    Family("org-code", "claim code in it", "POST", "/v1/orgs/{o}/products/{p}/device_claims", body={}),
    Family("org-events", "stream of it", "GET", "/v1/orgs/{o}/products/{p}/events", "stream"),
)

FAMILIES: Final[Mapping[str, Family]] = {family.name: family for family in _FAMILIES}


class Expectation(NamedTuple):
    """Expected outcome, and the letter of its source in :data:`SOURCES`."""

    outcome: str
    source: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One question and its expected answer."""

    era: str
    state: str
    family: str
    token: str
    expected: Expectation = field(compare=False)

    @property
    def key(self) -> str:
        """The question as one text, for baselines."""
        return f"{self.era} / {self.state} / {self.family} / {self.token}"


@cache
def cells() -> tuple[Cell, ...]:
    """Every cell of the table in order, plus those without a token and with a bad one."""
    return tuple(parse(files("photonrig.scenarios").joinpath("matrix_cells.txt").read_text(encoding="utf-8")))


def parse(text: str) -> Iterator[Cell]:
    """Parse a table.

    :raises UsageError: an invalid line; names number and text
    """
    era = state = ""
    columns: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].startswith("["):
            era, state, columns = words[0].strip("[]"), " ".join(words[1:]), []
        elif not columns:
            columns = words
            _known(columns, TOKENS, number, line)
        else:
            yield from _row(era, state, columns, words, number, line)


def _row(era: str, state: str, columns: list[str], words: list[str], number: int, line: str) -> Iterator[Cell]:
    name, *entries = words
    family, absent = name.rstrip("~"), name.endswith("~")
    _known([family], FAMILIES, number, line)
    if len(entries) != len(columns):
        raise UsageError(f"line {number} has {len(entries)} cells for {len(columns)} columns: {line}")
    for token, entry in zip(columns, entries, strict=True):
        if entry != "-":
            outcome, _, source = entry.partition(":")
            _known([source], SOURCES, number, line)
            yield Cell(era, state, family, token, Expectation(outcome, source))
    for token, (outcome, source) in _ALWAYS.items():
        yield Cell(era, state, family, token, Expectation("404" if absent else outcome, "i" if absent else source))


def _known(words: list[str], known: Mapping[str, object], number: int, line: str) -> None:
    for word in words:
        if word not in known:
            raise UsageError(f"line {number}: {word!r} is none of {', '.join(known)}: {line}")
