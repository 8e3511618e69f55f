"""Rules of today's cloud: permission table and event visibility."""

from __future__ import annotations

from collections.abc import Mapping

from photonrig.localcloud import assumptions, era_names
from photonrig.localcloud.eras import Action, Era, Party, Role, Rule, Source
from photonrig.localcloud.eras.paths import ORGANIZATION_PATHS
from photonrig.localcloud.eras.refusals import REFUSALS_TODAY
from photonrig.localcloud.eras.viewers import DeviceViewer, HookViewer, StreamViewer, Viewer
from photonrig.localcloud.events import Event
from photonrig.ownership.model import Terms


def _yes(source: Source, role: Role = Role.VIEW_ONLY) -> Rule:
    return Rule(True, source, role)


def _scoped(scope: str | None) -> Rule:
    return Rule(scope is not None, "documented", scope=scope)


def _no(source: Source) -> Rule:
    return Rule(False, source)


def _row(
    owner: Rule,
    stranger: Rule,
    member: Rule,
    owning_customer: Rule,
    customer: Rule,
    bearer: Rule,
    scope: str | None = None,
) -> Mapping[Party, Rule]:
    return {
        Party.OWNER: owner,
        Party.STRANGER: stranger,
        Party.MEMBER: member,
        Party.OWNING_CUSTOMER: owning_customer,
        Party.CUSTOMER: customer,
        Party.BEARER: bearer,
        Party.API_USER: _scoped(scope),
        Party.FOREIGN: _no("inferred"),
    }


def _account(user: Rule, customer: Rule, bearer: Rule) -> Mapping[Party, Rule]:
    """A row for an action on the caller's own account."""
    return _row(user, user, user, customer, customer, bearer)


def _product(role: Role, source: Source, bearer: Rule, scope: str | None = None) -> Mapping[Party, Rule]:
    """A row for an action on a product: team members from a role up, API users with the scope."""
    no = _no("client test")
    return _row(no, no, _yes(source, role), _no("thread"), _no("thread"), bearer, scope)


_RULES: Mapping[Action, Mapping[Party, Rule]] = {
    #                                        user             customer              product's token
    Action.ACCOUNT: _account(_yes("documented"), _no("inferred"), _no("inferred")),
    Action.LIST_OWN_DEVICES: _account(_yes("documented"), _yes("staff notes"), _no("choice")),
    Action.CLAIM: _account(_yes("recorded"), _yes("staff notes"), _no("choice")),
    Action.USER_CLAIM_CODE: _account(_yes("client test"), _no("inferred"), _no("choice")),
    Action.CUSTOMER_CLAIM_CODE: _account(_no("inferred"), _yes("staff notes"), _no("inferred")),
    Action.OWN_EVENTS: _account(_yes("documented"), _yes("inferred"), _no("choice")),
    Action.PUBLISH: _account(_yes("documented"), _yes("staff notes"), _yes("staff notes")),
    Action.COMPILE: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.ENROL: _account(Rule(assumptions.ENROL.chosen == "enrolled", "choice"), _no("choice"), _no("choice")),
    #                     owner, stranger, team member, owning customer, other customer, product's token
    Action.DEVICE_GET: _row(
        *(_yes("recorded"), _no("recorded"), _yes("documented"), _yes("staff notes"), _no("inferred"), _no("choice"))
    ),
    Action.DEVICE_VARIABLE: _row(
        *(_yes("recorded"), _no("recorded"), _yes("inferred", Role[assumptions.MEMBER_VARIABLE.chosen])),
        *(_yes("staff notes"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_FUNCTION: _row(
        *(_yes("recorded"), _no("recorded"), _yes("inferred", Role[assumptions.MEMBER_VARIABLE.chosen])),
        *(_yes("staff notes"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_UPDATE: _row(
        *(_yes("recorded"), _no("client test"), _yes("inferred", Role.DEVELOPER)),
        *(Rule(assumptions.CUSTOMER_UPDATES.chosen, "choice"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_FLASH: _row(
        *(_yes("documented"), _no("recorded"), _no("documented"), _no("documented"), _no("documented"), _no("choice"))
    ),
    Action.DEVICE_RELEASE: _row(
        *(_yes("recorded"), _no("recorded"), _no("inferred")),
        *(Rule(assumptions.CUSTOMER_RELEASES.chosen, "choice"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_EVENTS: _row(
        *(_yes("documented"), _no("inferred"), _yes("documented"), _yes("inferred"), _no("inferred"), _no("choice"))
    ),
    Action.DEVICE_KEY: _row(
        *(_yes("documented"), _no("documented"), _yes("documented", Role.DEVELOPER)),
        *(_no("documented"), _no("documented"), _no("choice")),
    ),
    #                                   least role      source         product's token       scope of an API user
    Action.PRODUCT_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "products:get"),
    Action.PRODUCT_DEVICES: _product(Role.VIEW_ONLY, "documented", _yes("staff notes"), "devices:list"),
    Action.PRODUCT_DEVICE: _product(Role.VIEW_ONLY, "documented", _yes("staff notes"), "devices:get"),
    Action.PRODUCT_VARIABLE: _product(Role.SUPPORT, "documented", _yes("inferred"), "devices.variable:get"),
    Action.PRODUCT_FUNCTION: _product(Role.SUPPORT, "documented", _yes("inferred"), "devices.function:call"),
    Action.PRODUCT_PING: _product(Role.SUPPORT, "documented", _yes("inferred"), "devices:ping"),
    Action.PRODUCT_UPDATE: _product(Role.DEVELOPER, "documented", _yes("staff notes"), "devices:update"),
    Action.PRODUCT_FLASH: _product(Role.DEVELOPER, "inferred", _no("choice")),
    Action.PRODUCT_IMPORT: _product(Role.DEVELOPER, "documented", _yes("staff notes"), "devices:import"),
    Action.PRODUCT_REMOVE: _product(Role.DEVELOPER, "documented", _yes("staff notes"), "devices:remove"),
    Action.PRODUCT_RELEASE: _product(Role.DEVELOPER, "documented", _yes("staff notes"), "devices:release"),
    Action.PRODUCT_CHANGE_OWNER: _product(Role.DEVELOPER, "choice", _yes("choice"), "devices:release"),
    Action.PRODUCT_EVENTS: _product(Role.VIEW_ONLY, "inferred", _yes("documented"), "events:get"),
    Action.PRODUCT_PUBLISH: _product(Role.DEVELOPER, "documented", _yes("documented"), "events:send"),
    Action.CUSTOMER_LIST: _product(Role.DEVELOPER, "documented", _yes("documented"), "customers:list"),
    Action.CUSTOMER_UPDATE: _product(Role.DEVELOPER, "documented", _yes("documented"), "customers:update"),
    Action.CUSTOMER_REMOVE: _product(Role.DEVELOPER, "documented", _yes("documented"), "customers:remove"),
    Action.CUSTOMER_CREATE: _product(Role.DEVELOPER, "documented", _no("staff notes")),
    Action.CLIENT_LIST: _product(Role.DEVELOPER, "documented", _no("choice"), "clients:list"),
    Action.CLIENT_CREATE: _product(Role.DEVELOPER, "documented", _no("choice"), "clients:create"),
    Action.CLIENT_UPDATE: _product(Role.DEVELOPER, "documented", _no("choice"), "clients:update"),
    Action.CLIENT_REMOVE: _product(Role.DEVELOPER, "documented", _no("choice"), "clients:remove"),
    Action.TEAM_LIST: _product(Role.VIEW_ONLY, "documented", _no("choice"), "teams.users:list"),
    Action.TEAM_INVITE: _product(Role.ADMINISTRATOR, "documented", _no("choice"), "teams.users:invite"),
    Action.TEAM_UPDATE: _product(Role.ADMINISTRATOR, "documented", _no("choice"), "teams.users:update"),
    Action.TEAM_REMOVE: _product(Role.ADMINISTRATOR, "documented", _no("choice"), "teams.users:remove"),
    Action.API_USERS: _product(Role.ADMINISTRATOR, "documented", _no("choice")),
    Action.ORGANIZATION_GET: _product(Role.VIEW_ONLY, "documented", _no("choice"), "organization:get"),
    Action.ORGANIZATION_PRODUCTS: _product(Role.VIEW_ONLY, "documented", _no("choice"), "products:list"),
    Action.ORGANIZATION_CREATE_PRODUCT: _product(Role.ADMINISTRATOR, "documented", _no("choice")),
    Action.ORGANIZATION_EVENTS: _product(Role.VIEW_ONLY, "documented", _no("choice"), "events:get"),
    Action.INTEGRATIONS: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.LIBRARIES: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.SERIAL_NUMBER: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.INTEGRATION_LIST: _product(Role.VIEW_ONLY, "documented", _yes("documented"), "integrations:list"),
    Action.INTEGRATION_GET: _product(Role.VIEW_ONLY, "documented", _yes("documented"), "integrations:get"),
    Action.INTEGRATION_CREATE: _product(Role.DEVELOPER, "documented", _yes("documented"), "integrations:create"),
    Action.INTEGRATION_UPDATE: _product(Role.DEVELOPER, "documented", _yes("documented"), "integrations:update"),
    Action.INTEGRATION_REMOVE: _product(Role.DEVELOPER, "documented", _yes("documented"), "integrations:remove"),
    Action.INTEGRATION_TEST: _product(Role.DEVELOPER, "documented", _yes("documented"), "integrations:test"),
    Action.FIRMWARE_LIST: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "firmware:list"),
    Action.FIRMWARE_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "firmware:get"),
    Action.FIRMWARE_BINARY: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "firmware.binary:get"),
    Action.FIRMWARE_CREATE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "firmware:create"),
    Action.FIRMWARE_UPDATE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "firmware:update"),
    Action.FIRMWARE_REMOVE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "firmware:remove"),
    Action.FIRMWARE_RELEASE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "firmware:release"),
    Action.GROUP_LIST: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "groups:list"),
    Action.GROUP_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "groups:get"),
    Action.GROUP_CREATE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "groups:create"),
    Action.GROUP_UPDATE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "groups:update"),
    Action.GROUP_REMOVE: _product(Role.DEVELOPER, "documented", _yes("inferred"), "groups:remove"),
    Action.GROUP_IMPACT: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "groups.impact:get"),
    Action.VITALS_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred"), "devices.diagnostics:get"),
    Action.VITALS_UPDATE: _product(Role.SUPPORT, "documented", _yes("inferred"), "devices.diagnostics:update"),
    Action.DEVICE_VITALS: _row(
        *(_yes("documented"), _no("inferred"), _yes("documented", Role.SUPPORT)),
        *(_no("choice"), _no("inferred"), _no("choice")),
    ),
}


def _entitles(viewer: Viewer, event: Event) -> bool:
    match viewer:
        case StreamViewer():
            return _reads(viewer, event)
        case DeviceViewer():
            return _reaches(viewer, event)
        case HookViewer():
            # A user's hook sees devices claimed by the user (row 41); a product's hook all its devices, whoever owns
            # them.
            return (event.owner is not None and event.owner == viewer.owner) or event.product in viewer.products


def _reads(viewer: StreamViewer, event: Event) -> bool:
    """Owners see events of their devices and their own; a product's stream shows all its devices, whoever owns them."""
    reader = viewer.reader
    mine = event.owner is not None and event.owner == reader.owner
    match viewer.kind:
        case "own" | "all":
            return mine
        case "device":
            member = reader.kind == "user" and event.product is not None and event.product in reader.roles
            return event.device == viewer.device and (mine or member)
        case "product":
            return event.product == viewer.product
        case "product device":
            return event.product == viewer.product and event.device == viewer.device
        case "organization":
            return event.product in viewer.products and viewer.device in (None, event.device)


def _reaches(viewer: DeviceViewer, event: Event) -> bool:
    """Devices receive their owner's events and those of the owner's devices; unclaimed ones those of their product."""
    if event.owner is not None and event.owner == viewer.owner:
        return True
    if event.product is None or event.product != viewer.product:
        return False
    return viewer.owner is None or (event.device is None and event.owner is None)


TODAY = Era(
    era_names.TODAY,
    _RULES,
    _entitles,
    REFUSALS_TODAY,
    lacks=ORGANIZATION_PATHS,
    claims=Terms(code_overrides_owner=assumptions.CODE_OVERRIDES_OWNER.chosen),
)
