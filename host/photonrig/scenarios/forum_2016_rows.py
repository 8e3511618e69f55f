"""Forum thread of 2016 as data: 60 observations with actor, era and outcome.

The thread is "Remotely Claim or Transfer Device Ownership to a Customer" in Particle's community; the sentences here
are ours. :mod:`photonrig.scenarios.forum_2016` shows what becomes of each row today.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["context", "bug", "gap", "workaround", "wish", "answer", "works", "question"]
Era = Literal["2016-before", "2016-after", "today"]


@dataclass(frozen=True, slots=True)
class Row:
    """One observation: its number in the thread, the era of its rules, and its author's role."""

    number: int
    era: Era
    kind: Kind
    who: str
    asked: str
    happened: str


_BEFORE: Final = "2016-before"
_AFTER: Final = "2016-after"
_TODAY: Final = "today"

ROWS: Final[tuple[Row, ...]] = (
    Row(1, _AFTER, "context", "maker, central token", "every call, from an own server", "one token controls all"),
    Row(2, _AFTER, "wish", "maker", "app talks to the cloud directly", "no server on the way"),
    Row(
        3,
        _AFTER,
        "context",
        "customer token (plan)",
        "customer, scoped token and claim code",
        "the way for new devices",
    ),
    Row(4, _BEFORE, "gap", "maker's script (plan)", "give fielded devices to customers", "no way for a device online"),
    Row(5, _BEFORE, "bug", "central, then customer", "release, then claim as customer", "claimed, and unowned"),
    Row(6, _AFTER, "workaround", "end user", "SoftAP again with a new claim code", "works, asks too much of people"),
    Row(7, _AFTER, "answer", "staff", "unclaim in the console", "possible"),
    Row(8, _BEFORE, "gap", "staff", "claim as customer", "by claim code only"),
    Row(9, _AFTER, "answer", "staff", "POST /v1/devices (plan)", "the kind of token decides the kind of owner"),
    Row(10, _BEFORE, "context", "staff", "POST /v1/devices as customer", "security had to be reviewed first"),
    Row(11, _AFTER, "workaround", "staff", "a list of device ids", "staff moves them by hand"),
    Row(12, _AFTER, "wish", "maker", "transfer in one transaction", "never unowned in between"),
    Row(13, _AFTER, "context", "maker", "manufacturer, dealer, end user", "three tiers need one device"),
    Row(14, _AFTER, "wish", "maker", "another product for a device", "firmware lines per manufacturer"),
    Row(15, _AFTER, "wish", "maker", "partial rights per tier", "configure, watch, repair"),
    Row(16, _AFTER, "gap", "staff", "more than one owner", "one account owns a device"),
    Row(17, _AFTER, "answer", "staff", "team controls a customer's device", "yes; see rows 34 to 50"),
    Row(18, _AFTER, "gap", "staff", "change the product of a customer's device", "the import leaves it out"),
    Row(19, _AFTER, "wish", "maker", "everything claimed to a central account", "as a base to go on from"),
    Row(20, _AFTER, "wish", "maker", "product by API, test firmware on a few", "for part of the fleet"),
    Row(21, _AFTER, "wish", "maker", "users, groups and tokens scoped to them", "an access control list"),
    Row(22, _AFTER, "context", "maker", "25 online, 80 shipped, 1,000 to come", "moving costs more each month"),
    Row(23, _AFTER, "workaround", "maker", "all calls behind an own server", "if nothing else"),
    Row(24, _BEFORE, "bug", "staff", "claim as customer", "known; staff repairs a device by its id"),
    Row(25, _AFTER, "wish", "maker", "claim and release for a customer by API", "the least that is needed"),
    Row(26, _AFTER, "works", "staff", "POST /v1/devices as customer", "announced to work"),
    Row(27, _AFTER, "context", "maker", "one device for a trial", "listed in the product"),
    Row(28, _AFTER, "works", "central", "DELETE /v1/devices/:id", "released"),
    Row(29, _AFTER, "works", "OAuth client", "create a customer without password", "created"),
    Row(30, _AFTER, "works", "OAuth client", "a token that never expires", "granted"),
    Row(31, _AFTER, "works", "customer", "POST /v1/devices with id", "claimed for the customer"),
    Row(32, _AFTER, "works", "customer", "GET /v1/devices", "listed"),
    Row(33, _AFTER, "works", "customer", "GET /v1/devices/:id/:variable", "value"),
    Row(34, _AFTER, "gap", "central", "GET /v1/devices and /v1/devices/:id/:variable", "no longer work"),
    Row(35, _AFTER, "works", "console", "list of customers", "shows customer and device"),
    Row(36, _AFTER, "context", "console", "list of the product's devices", "shows it after all"),
    Row(37, _AFTER, "gap", "console and CLI", "list of one's own devices", "not in it"),
    Row(38, _AFTER, "gap", "any other token", "GET /v1/devices", "not in it"),
    Row(39, _AFTER, "gap", "any user token", "control after either way of claiming", "refused"),
    Row(40, _AFTER, "wish", "maker", "a master token for customers' devices", "one token for all"),
    Row(41, _AFTER, "gap", "webhook", "event of a customer's device", "does not fire any more"),
    Row(42, _AFTER, "wish", "maker", "customers added and taken off", "the master's claim never ends"),
    Row(43, _AFTER, "answer", "staff", "import in the console", "sets the product; said to cure it all"),
    Row(44, _AFTER, "context", "maker", "a device imported before the claim", "refused all the same"),
    Row(45, _AFTER, "answer", "staff", "/v1/orgs/:o/devices/:id", "the team's path to a device"),
    Row(46, _AFTER, "answer", "staff", "/v1/orgs/:o/products/:p/devices", "the list is there only"),
    Row(47, _AFTER, "gap", "central", "/v1/devices/:id", "403"),
    Row(48, _AFTER, "works", "customer", "/v1/devices/:id", "200"),
    Row(49, _AFTER, "gap", "central, customer", "/v1/orgs/:o/products/:p/devices/:id", "404 for both"),
    Row(50, _AFTER, "works", "central", "/v1/orgs/:o/devices/:id", "200"),
    Row(51, _AFTER, "gap", "customer", "/v1/orgs/:o/devices/:id", "404"),
    Row(52, _AFTER, "question", "maker", "one address for both kinds of token", "never answered"),
    Row(53, _AFTER, "works", "central", "both streams, device of a user", "event on both"),
    Row(54, _AFTER, "gap", "central", "both streams, device of a customer", "event on the product's only"),
    Row(55, _TODAY, "works", "client id and secret in the form", "POST …/customers, no_password", "created"),
    Row(56, _TODAY, "works", "client by HTTP Basic", "POST /oauth/token, scope=customer=…", "customer token"),
    Row(57, _TODAY, "gap", "customer", "…/products/:p/devices with id in the query", "no organization for the role"),
    Row(58, _TODAY, "gap", "customer", "/v1/devices with id in the query", "data.deviceID is empty"),
    Row(59, _TODAY, "works", "customer", "POST /v1/devices, form with id and token", "claimed"),
    Row(60, _TODAY, "gap", "later poster", "the two ways of claiming", "not the product's path; id in the body"),
)
