"""Permission model: actions, parties, and the rules of each era.

An era is a module with one table, action × party → rule, the list of endpoints it lacks, and the rule for event
visibility. Each rule carries its source, so that reports distinguish observed behaviour from assumptions. Handlers ask
:class:`Era` and hold no permission logic.

    today           :mod:`photonrig.localcloud.eras.today`
    2016-before     :mod:`photonrig.localcloud.eras.y2016`, with the corrupt claim by customers (forum 2016, row 5)
    2016-after      the same without it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from photonrig.localcloud.assumptions import Source
from photonrig.localcloud.eras.principal import Principal, Role
from photonrig.localcloud.eras.refusals import Refusal, Situation
from photonrig.localcloud.eras.viewers import Viewer
from photonrig.localcloud.events import Event
from photonrig.ownership.model import Owner, Terms

__all__ = ["Action", "Era", "Party", "Principal", "Role", "Rule", "Source", "Subject", "party_of"]


_TERMS = Terms()


class Party(Enum):
    """Relation of a principal to the subject of a request."""

    OWNER = "the user who owns the device"
    MEMBER = "a team member of the product"
    STRANGER = "any other user"
    OWNING_CUSTOMER = "the customer who owns the device"
    CUSTOMER = "any other customer"
    BEARER = "the product's own token"
    API_USER = "an API user of the product or its organization"
    FOREIGN = "a customer, API user or token of another product"


class Action(Enum):
    """Actions that are allowed or refused."""

    ACCOUNT = "user account, clients and products of one's own"
    LIST_OWN_DEVICES = "GET /v1/devices"
    CLAIM = "POST /v1/devices"
    USER_CLAIM_CODE = "POST /v1/device_claims"
    CUSTOMER_CLAIM_CODE = "POST /v1/products/:p/device_claims"
    OWN_EVENTS = "GET /v1/devices/events, /v1/events[/:prefix]"
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
    PRODUCT_DEVICES = "GET /v1/products/:p/devices"
    PRODUCT_DEVICE = "GET /v1/products/:p/devices/:id"
    PRODUCT_VARIABLE = "GET /v1/products/:p/devices/:id/:variable"
    PRODUCT_FUNCTION = "POST /v1/products/:p/devices/:id/:function"
    PRODUCT_PING = "PUT /v1/products/:p/devices/:id/ping"
    PRODUCT_UPDATE = "PUT /v1/products/:p/devices/:id"
    PRODUCT_FLASH = "PUT /v1/products/:p/devices/:id with firmware"
    PRODUCT_IMPORT = "POST /v1/products/:p/devices"
    PRODUCT_REMOVE = "DELETE /v1/products/:p/devices/:id"
    PRODUCT_RELEASE = "DELETE /v1/products/:p/devices/:id/owner"
    PRODUCT_CHANGE_OWNER = "PUT /v1/products/:p/devices/:id/owner (extension)"
    PRODUCT_EVENTS = "GET /v1/products/:p[/devices/:id]/events"
    PRODUCT_PUBLISH = "POST /v1/products/:p/events"
    CUSTOMER_LIST = "GET /v1/products/:p/customers"
    CUSTOMER_UPDATE = "PUT /v1/products/:p/customers/:email"
    CUSTOMER_REMOVE = "DELETE /v1/products/:p/customers/:email"
    CUSTOMER_CREATE = "POST /v1/products/:p/customers with an access token"
    CLIENT_LIST = "GET /v1/products/:p/clients"
    CLIENT_CREATE = "POST /v1/products/:p/clients"
    CLIENT_UPDATE = "PUT /v1/products/:p/clients/:client"
    CLIENT_REMOVE = "DELETE /v1/products/:p/clients/:client"
    TEAM_LIST = "GET /v1/products/:p/team, /v1/orgs/:o/team"
    TEAM_INVITE = "POST .../team"
    TEAM_UPDATE = "POST, PUT .../team/:username"
    TEAM_REMOVE = "DELETE .../team/:username"
    API_USERS = "POST .../team with scopes, PUT .../team/:username/token"
    ORGANIZATION_GET = "GET /v1/orgs/:o"
    ORGANIZATION_PRODUCTS = "GET /v1/orgs/:o/products"
    ORGANIZATION_CREATE_PRODUCT = "POST /v1/orgs/:o/products"
    ORGANIZATION_EVENTS = "GET /v1/orgs/:o[/devices/:id]/events"
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
class Subject:
    """Subject of a permission check: a device, product or organization, or the caller's own account if empty."""

    owner: Owner | None = None
    product: int | None = None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One cell of an era's table: the minimum ``role`` of a team member, the ``scope`` an API user needs."""

    allowed: bool
    source: Source
    role: Role = Role.VIEW_ONLY
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Era:
    """The rules of one era.

    ``lacks``: endpoints that did not exist, as method and path. ``claims``: conditions of a claim. ``typed_owners``
    False is the fault of row 5: an owner is stored as a bare id and read as a user's. ``public_events``: events are
    visible to everybody unless published as private. ``shapes_of_2016``: answers have the shapes recorded from 2015 to
    2018. ``users_by_any_client``: a product's client logs in users, too, not only the product's customers.
    ``entitles``: whether a viewer has a right to an event.
    """

    name: str
    rules: Mapping[Action, Mapping[Party, Rule]]
    entitles: Callable[[Viewer, Event], bool]
    refusals: Mapping[Situation, Refusal]
    lacks: frozenset[tuple[str, str]] = frozenset()
    claims: Terms = _TERMS
    typed_owners: bool = True
    typed_codes: bool = True
    public_events: bool = False
    organization_of_product: bool = False
    shapes_of_2016: bool = False
    users_by_any_client: bool = False

    def allows(self, principal: Principal, action: Action, subject: Subject = Subject()) -> bool:
        """Whether ``principal`` may do ``action`` to ``subject``."""
        party = party_of(principal, subject)
        rule = self.rules[action][party]
        if party is Party.API_USER:
            return rule.allowed and rule.scope in principal.scopes
        if party is Party.MEMBER:
            return rule.allowed and _role(principal, subject) >= rule.role
        return rule.allowed

    def may_see(self, viewer: Viewer, event: Event) -> bool:
        """Whether a viewer (stream, history, device or webhook) is shown an event: it asked for it and is entitled."""
        return viewer.asks_for(event) and self.entitles(viewer, event)


def party_of(principal: Principal, subject: Subject) -> Party:
    """The party of ``principal`` in relation to ``subject``."""
    alone = subject.product is None and subject.organization is None
    if principal.kind == "product":
        return Party.BEARER if alone or subject.product == principal.product else Party.FOREIGN
    if principal.kind == "api user":
        return Party.API_USER if alone or _role(principal, subject) else Party.FOREIGN
    owns = subject.owner is not None and subject.owner == principal.owner
    if principal.kind == "customer":
        if owns:
            return Party.OWNING_CUSTOMER
        return Party.CUSTOMER if alone or subject.product == principal.product else Party.FOREIGN
    if owns:
        return Party.OWNER
    return Party.MEMBER if _role(principal, subject) else Party.STRANGER


def _role(principal: Principal, subject: Subject) -> Role | int:
    """The principal's role in the subject's product or organization; 0 for none."""
    in_product = principal.roles.get(subject.product, 0) if subject.product is not None else 0
    in_organization = principal.organizations.get(subject.organization, 0) if subject.organization is not None else 0
    return max(in_product, in_organization)
