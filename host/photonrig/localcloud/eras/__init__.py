"""Who may do what: the words in which an era's rules are written.

An era is a module that holds one table, action × party → rule, and the rules of what a stream shows. A rule carries its
source as data, so that a report can tell what was observed from what was chosen. Handlers ask :class:`Era` and decide
nothing themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Literal

from photonrig.localcloud.events import Event, HookScope, Receiver, Stream
from photonrig.ownership.model import Owner

__all__ = ["Action", "Era", "Party", "Principal", "Role", "Rule", "Source", "Subject", "party_of"]

Source = Literal["thread", "documented", "recorded", "client test", "staff notes", "inferred", "choice"]


class Role(IntEnum):
    """What a team member may do; each role includes those below it."""

    VIEW_ONLY = 1
    SUPPORT = 2
    DEVELOPER = 3
    ADMINISTRATOR = 4


class Party(Enum):
    """What a principal is to the thing it asks about."""

    OWNER = "the user who owns the device"
    MEMBER = "a team member of the product"
    STRANGER = "any other user"
    OWNING_CUSTOMER = "the customer who owns the device"
    CUSTOMER = "any other customer"
    BEARER = "the product's own token"
    FOREIGN = "a customer or the token of another product"


class Action(Enum):
    """What may be allowed or refused."""

    ACCOUNT = "user account, clients and products of one's own"
    LIST_OWN_DEVICES = "GET /v1/devices"
    CLAIM = "POST /v1/devices"
    USER_CLAIM_CODE = "POST /v1/device_claims"
    CUSTOMER_CLAIM_CODE = "POST /v1/products/:p/device_claims"
    OWN_EVENTS = "GET /v1/devices/events, /v1/events/:prefix"
    PUBLISH = "POST /v1/devices/events"
    COMPILE = "POST, GET /v1/binaries"
    ENROL = "POST /v1/provisioning/:id of an unknown device"

    DEVICE_GET = "GET /v1/devices/:id"
    DEVICE_VARIABLE = "GET /v1/devices/:id/:variable"
    DEVICE_FUNCTION = "POST /v1/devices/:id/:function"
    DEVICE_UPDATE = "PUT /v1/devices/:id name, notes, signal; PUT .../ping"
    DEVICE_FLASH = "PUT /v1/devices/:id with firmware"
    DEVICE_RELEASE = "DELETE /v1/devices/:id"
    DEVICE_EVENTS = "GET /v1/devices/:id/events"
    DEVICE_KEY = "POST /v1/provisioning/:id of a known device"

    PRODUCT_GET = "GET /v1/products/:p"
    PRODUCT_DEVICES = "GET /v1/products/:p/devices[/:id]"
    PRODUCT_VARIABLE = "GET /v1/products/:p/devices/:id/:variable"
    PRODUCT_FUNCTION = "POST /v1/products/:p/devices/:id/:function"
    PRODUCT_PING = "PUT /v1/products/:p/devices/:id/ping"
    PRODUCT_UPDATE = "PUT /v1/products/:p/devices/:id"
    PRODUCT_FLASH = "PUT /v1/products/:p/devices/:id with firmware"
    PRODUCT_IMPORT = "POST /v1/products/:p/devices"
    PRODUCT_REMOVE = "DELETE /v1/products/:p/devices/:id"
    PRODUCT_RELEASE = "DELETE /v1/products/:p/devices/:id/owner"
    PRODUCT_EVENTS = "GET /v1/products/:p[/devices/:id]/events"
    PRODUCT_PUBLISH = "POST /v1/products/:p/events"
    CUSTOMERS = "GET, PUT, DELETE /v1/products/:p/customers"
    CUSTOMER_CREATE = "POST /v1/products/:p/customers with an access token"
    PRODUCT_CLIENTS = "/v1/products/:p/clients"
    TEAM_LIST = "GET /v1/products/:p/team"
    TEAM_EDIT = "POST, DELETE /v1/products/:p/team"
    INTEGRATIONS = "/v1/integrations, /v1/webhooks"
    INTEGRATION_LIST = "GET /v1/products/:p/integrations"
    INTEGRATION_GET = "GET /v1/products/:p/integrations/:id"
    INTEGRATION_CREATE = "POST /v1/products/:p/integrations"
    INTEGRATION_UPDATE = "PUT /v1/products/:p/integrations/:id"
    INTEGRATION_REMOVE = "DELETE /v1/products/:p/integrations/:id"
    INTEGRATION_TEST = "POST /v1/products/:p/integrations/:id/test"
    FIRMWARE_LIST = "GET /v1/products/:p/firmware"
    FIRMWARE_GET = "GET /v1/products/:p/firmware/:version"
    FIRMWARE_BINARY = "GET /v1/products/:p/firmware/:version/binary"
    FIRMWARE_CREATE = "POST /v1/products/:p/firmware"
    FIRMWARE_UPDATE = "PUT /v1/products/:p/firmware/:version"
    FIRMWARE_REMOVE = "DELETE /v1/products/:p/firmware/:version"
    FIRMWARE_RELEASE = "PUT /v1/products/:p/firmware/release"
    GROUP_LIST = "GET /v1/products/:p/groups"
    GROUP_GET = "GET /v1/products/:p/groups/:name"
    GROUP_CREATE = "POST /v1/products/:p/groups"
    GROUP_UPDATE = "PUT /v1/products/:p/groups/:name"
    GROUP_REMOVE = "DELETE /v1/products/:p/groups/:name"
    GROUP_IMPACT = "GET /v1/products/:p/impact"
    LIBRARIES = "/v1/libraries"
    SERIAL_NUMBER = "GET /v1/serial_numbers/:sn"
    DEVICE_VITALS = "GET, POST /v1/diagnostics/:id"
    VITALS_GET = "GET /v1/products/:p/diagnostics/:id"
    VITALS_UPDATE = "POST /v1/products/:p/diagnostics/:id/update"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who holds the token: a user with the roles in products, a customer of a product, or a product itself."""

    kind: Literal["user", "customer", "product"]
    id: str
    product: int | None = None
    roles: Mapping[int, Role] = field(default_factory=dict)

    @property
    def owner(self) -> Owner | None:
        """The account that devices may belong to; None for a product's token."""
        return None if self.kind == "product" else Owner(self.kind, self.id)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: a device's owner and product, a product alone, or nothing but one's own account."""

    owner: Owner | None = None
    product: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of an era's table; ``role`` is the least role a team member needs."""

    allowed: bool
    source: Source
    role: Role = Role.VIEW_ONLY


@dataclass(frozen=True, slots=True)
class Era:
    """The rules of a time: the table, and what streams, devices and webhooks are shown."""

    name: str
    rules: Mapping[Action, Mapping[Party, Rule]]
    shows: Callable[[Principal, Stream, Event], bool]
    reaches: Callable[[Event, Receiver], bool]
    hook_sees: Callable[[Event, HookScope], bool]

    def allows(self, principal: Principal, action: Action, subject: Subject = Subject()) -> bool:
        """Whether ``principal`` may do ``action`` to ``subject``."""
        party = party_of(principal, subject)
        rule = self.rules[action][party]
        if party is Party.MEMBER and subject.product is not None:
            return rule.allowed and principal.roles[subject.product] >= rule.role
        return rule.allowed


def party_of(principal: Principal, subject: Subject) -> Party:
    """What ``principal`` is to ``subject``."""
    if principal.kind == "product":
        return Party.BEARER if subject.product in (principal.product, None) else Party.FOREIGN
    owns = subject.owner is not None and subject.owner == principal.owner
    if principal.kind == "customer":
        if owns:
            return Party.OWNING_CUSTOMER
        return Party.CUSTOMER if subject.product in (principal.product, None) else Party.FOREIGN
    if owns:
        return Party.OWNER
    return Party.MEMBER if subject.product in principal.roles else Party.STRANGER
