"""The rules of today's cloud: the permission matrix, and who sees which event."""

from __future__ import annotations

from collections.abc import Mapping

from photonrig.localcloud.eras import Action, Era, Party, Principal, Role, Rule, Source
from photonrig.localcloud.events import Event, HookScope, Receiver, Stream

__all__ = ["TODAY"]


def _yes(source: Source, role: Role = Role.VIEW_ONLY) -> Rule:
    return Rule(True, source, role)


def _no(source: Source) -> Rule:
    return Rule(False, source)


def _row(
    owner: Rule, stranger: Rule, member: Rule, owning_customer: Rule, customer: Rule, bearer: Rule
) -> Mapping[Party, Rule]:
    return {
        Party.OWNER: owner,
        Party.STRANGER: stranger,
        Party.MEMBER: member,
        Party.OWNING_CUSTOMER: owning_customer,
        Party.CUSTOMER: customer,
        Party.BEARER: bearer,
        Party.FOREIGN: _no("inferred"),
    }


def _account(user: Rule, customer: Rule, bearer: Rule) -> Mapping[Party, Rule]:
    """An action that concerns the caller's own account, whoever the caller is to anything else."""
    return _row(user, user, user, customer, customer, bearer)


def _product(role: Role, source: Source, bearer: Rule) -> Mapping[Party, Rule]:
    """An action on a product: team members from a role up, never customers, never other users, whatever they own."""
    return _row(_no("client test"), _no("client test"), _yes(source, role), _no("thread"), _no("thread"), bearer)


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
    Action.ENROL: _account(_yes("choice"), _no("choice"), _no("choice")),
    #                     owner, stranger, team member, owning customer, other customer, product's token
    Action.DEVICE_GET: _row(
        *(_yes("recorded"), _no("recorded"), _yes("documented"), _yes("staff notes"), _no("inferred"), _no("choice"))
    ),
    Action.DEVICE_VARIABLE: _row(
        *(_yes("recorded"), _no("recorded"), _yes("inferred", Role.SUPPORT)),
        *(_yes("staff notes"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_FUNCTION: _row(
        *(_yes("recorded"), _no("recorded"), _yes("inferred", Role.SUPPORT)),
        *(_yes("staff notes"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_UPDATE: _row(
        *(_yes("recorded"), _no("client test"), _yes("inferred", Role.DEVELOPER)),
        *(_no("choice"), _no("inferred"), _no("choice")),
    ),
    Action.DEVICE_FLASH: _row(
        *(_yes("documented"), _no("recorded"), _no("documented"), _no("documented"), _no("documented"), _no("choice"))
    ),
    Action.DEVICE_RELEASE: _row(
        *(_yes("recorded"), _no("recorded"), _no("inferred"), _yes("choice"), _no("inferred"), _no("choice"))
    ),
    Action.DEVICE_EVENTS: _row(
        *(_yes("documented"), _no("inferred"), _yes("documented"), _yes("inferred"), _no("inferred"), _no("choice"))
    ),
    Action.DEVICE_KEY: _row(
        *(_yes("documented"), _no("documented"), _yes("documented", Role.DEVELOPER)),
        *(_no("documented"), _no("documented"), _no("choice")),
    ),
    Action.PRODUCT_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.PRODUCT_DEVICES: _product(Role.VIEW_ONLY, "documented", _yes("staff notes")),
    Action.PRODUCT_VARIABLE: _product(Role.SUPPORT, "documented", _yes("inferred")),
    Action.PRODUCT_FUNCTION: _product(Role.SUPPORT, "documented", _yes("inferred")),
    Action.PRODUCT_PING: _product(Role.SUPPORT, "documented", _yes("inferred")),
    Action.PRODUCT_UPDATE: _product(Role.DEVELOPER, "documented", _yes("staff notes")),
    Action.PRODUCT_FLASH: _product(Role.DEVELOPER, "inferred", _no("choice")),
    Action.PRODUCT_IMPORT: _product(Role.DEVELOPER, "documented", _yes("staff notes")),
    Action.PRODUCT_REMOVE: _product(Role.DEVELOPER, "documented", _yes("staff notes")),
    Action.PRODUCT_RELEASE: _product(Role.DEVELOPER, "documented", _yes("staff notes")),
    Action.PRODUCT_EVENTS: _product(Role.VIEW_ONLY, "inferred", _yes("documented")),
    Action.PRODUCT_PUBLISH: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.CUSTOMERS: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.CUSTOMER_CREATE: _product(Role.DEVELOPER, "documented", _no("staff notes")),
    Action.PRODUCT_CLIENTS: _product(Role.DEVELOPER, "documented", _no("choice")),
    Action.TEAM_LIST: _product(Role.VIEW_ONLY, "documented", _no("choice")),
    Action.TEAM_EDIT: _product(Role.ADMINISTRATOR, "documented", _no("choice")),
    Action.INTEGRATIONS: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.LIBRARIES: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.SERIAL_NUMBER: _account(_yes("documented"), _no("inferred"), _no("choice")),
    Action.INTEGRATION_LIST: _product(Role.VIEW_ONLY, "documented", _yes("documented")),
    Action.INTEGRATION_GET: _product(Role.VIEW_ONLY, "documented", _yes("documented")),
    Action.INTEGRATION_CREATE: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.INTEGRATION_UPDATE: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.INTEGRATION_REMOVE: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.INTEGRATION_TEST: _product(Role.DEVELOPER, "documented", _yes("documented")),
    Action.FIRMWARE_LIST: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.FIRMWARE_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.FIRMWARE_BINARY: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.FIRMWARE_CREATE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.FIRMWARE_UPDATE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.FIRMWARE_REMOVE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.FIRMWARE_RELEASE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.GROUP_LIST: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.GROUP_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.GROUP_CREATE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.GROUP_UPDATE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.GROUP_REMOVE: _product(Role.DEVELOPER, "documented", _yes("inferred")),
    Action.GROUP_IMPACT: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.VITALS_GET: _product(Role.VIEW_ONLY, "documented", _yes("inferred")),
    Action.VITALS_UPDATE: _product(Role.SUPPORT, "documented", _yes("inferred")),
    Action.DEVICE_VITALS: _row(
        *(_yes("documented"), _no("inferred"), _yes("documented", Role.SUPPORT)),
        *(_no("choice"), _no("inferred"), _no("choice")),
    ),
}


def _shows(principal: Principal, stream: Stream, event: Event) -> bool:
    """Owners see events of their devices and their own; a product's stream shows all its devices, whoever owns them."""
    if not event.name.startswith(stream.prefix):
        return False
    mine = event.owner is not None and event.owner == principal.owner
    in_product = event.product is not None and (event.product == principal.product or event.product in principal.roles)
    match stream.kind:
        case "own":
            return mine
        case "device":
            return event.device == stream.device and (mine or (principal.kind == "user" and in_product))
        case "product":
            return event.product == stream.product
        case "product device":
            return event.product == stream.product and event.device == stream.device


def _reaches(event: Event, receiver: Receiver) -> bool:
    """A device hears its owner's devices and its owner; its product's own events; unclaimed, all of the product."""
    if event.owner is not None and event.owner == receiver.owner:
        return True
    if event.product is None or event.product != receiver.product:
        return False
    return receiver.owner is None or (event.device is None and event.owner is None)


def _hook_sees(event: Event, scope: HookScope) -> bool:
    """A user's hook sees devices claimed to the user (row 41); a product's sees them all, whoever owns them."""
    return (event.owner is not None and event.owner == scope.owner) or event.product in scope.products


TODAY = Era("today", _RULES, _shows, _reaches, _hook_sees)
