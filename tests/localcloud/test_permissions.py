"""The permission matrix of today's era, asked over HTTP with every kind of token, cell by cell."""

from pathlib import Path
from typing import Any

import pytest

from photonrig.localcloud.eras import Action, Party
from photonrig.localcloud.eras.today import TODAY

from .world import DEVICE, Fixture, World, in_world, populate, public_pem

MISSING = 400
# Which request asks for an action; {p} is the product.
REQUESTS: dict[Action, tuple[str, str, dict[str, Any]]] = {
    Action.ACCOUNT: ("GET", "/v1/user/products", {}),
    Action.LIST_OWN_DEVICES: ("GET", "/v1/devices", {}),
    Action.CLAIM: ("POST", "/v1/devices", {}),  # without data: 400 once it is allowed
    Action.USER_CLAIM_CODE: ("POST", "/v1/device_claims", {}),
    Action.CUSTOMER_CLAIM_CODE: ("POST", "/v1/products/{p}/device_claims", {}),
    Action.OWN_EVENTS: ("GET", "/v1/events", {}),  # without prefix: 400 once it is allowed
    Action.PUBLISH: ("POST", "/v1/devices/events", {"json": {"name": "hello"}}),
    Action.COMPILE: ("POST", "/v1/binaries", {}),  # without sources: 400 once it is allowed
    Action.DEVICE_GET: ("GET", "/v1/devices/{d}", {}),
    Action.DEVICE_VARIABLE: ("GET", "/v1/devices/{d}/position", {}),
    Action.DEVICE_FUNCTION: ("POST", "/v1/devices/{d}/move", {"json": {"arg": "open"}}),
    Action.DEVICE_UPDATE: ("PUT", "/v1/devices/{d}", {"json": {"signal": "1"}}),
    Action.DEVICE_FLASH: ("PUT", "/v1/devices/{d}", {"files": {"file": ("a.bin", b"junk")}}),  # 400 once allowed
    Action.DEVICE_KEY: ("POST", "/v1/provisioning/{d}", {"data": {"publicKey": public_pem()}}),
    Action.DEVICE_RELEASE: ("DELETE", "/v1/devices/{d}", {}),
    Action.PRODUCT_GET: ("GET", "/v1/products/{p}", {}),
    Action.PRODUCT_DEVICES: ("GET", "/v1/products/{p}/devices/{d}", {}),
    Action.PRODUCT_VARIABLE: ("GET", "/v1/products/{p}/devices/{d}/position", {}),
    Action.PRODUCT_FUNCTION: ("POST", "/v1/products/{p}/devices/{d}/move", {"json": {"args": "open"}}),
    Action.PRODUCT_PING: ("PUT", "/v1/products/{p}/devices/{d}/ping", {}),
    Action.PRODUCT_UPDATE: ("PUT", "/v1/products/{p}/devices/{d}", {"json": {"development": True}}),
    Action.PRODUCT_FLASH: ("PUT", "/v1/products/{p}/devices/{d}", {"files": {"file": ("a.bin", b"junk")}}),
    Action.PRODUCT_IMPORT: ("POST", "/v1/products/{p}/devices", {"json": {"id": DEVICE}}),
    Action.PRODUCT_PUBLISH: ("POST", "/v1/products/{p}/events", {"json": {"name": "hello"}}),
    Action.CUSTOMERS: ("GET", "/v1/products/{p}/customers", {}),
    Action.CUSTOMER_CREATE: ("POST", "/v1/products/{p}/customers", {"json": {"email": "new", "password": "x"}}),
    Action.PRODUCT_CLIENTS: ("GET", "/v1/products/{p}/clients", {}),
    Action.TEAM_LIST: ("GET", "/v1/products/{p}/team", {}),
    Action.TEAM_EDIT: ("DELETE", "/v1/products/{p}/team/nobody@example.com", {}),  # 404 once it is allowed
    Action.INTEGRATIONS: ("GET", "/v1/integrations", {}),
    Action.INTEGRATION_LIST: ("GET", "/v1/products/{p}/integrations", {}),
    Action.INTEGRATION_GET: ("GET", "/v1/products/{p}/webhooks/none", {}),
    Action.INTEGRATION_CREATE: ("POST", "/v1/products/{p}/webhooks", {}),
    Action.INTEGRATION_UPDATE: ("PUT", "/v1/products/{p}/webhooks/none", {}),
    Action.INTEGRATION_REMOVE: ("DELETE", "/v1/products/{p}/integrations/none", {}),
    Action.INTEGRATION_TEST: ("POST", "/v1/products/{p}/webhooks/none/test", {}),
    Action.FIRMWARE_LIST: ("GET", "/v1/products/{p}/firmware", {}),
    Action.FIRMWARE_GET: ("GET", "/v1/products/{p}/firmware/9", {}),
    Action.FIRMWARE_BINARY: ("GET", "/v1/products/{p}/firmware/9/binary", {}),
    Action.FIRMWARE_CREATE: ("POST", "/v1/products/{p}/firmware", {}),
    Action.FIRMWARE_UPDATE: ("PUT", "/v1/products/{p}/firmware/9", {}),
    Action.FIRMWARE_REMOVE: ("DELETE", "/v1/products/{p}/firmware/9", {}),
    Action.FIRMWARE_RELEASE: ("PUT", "/v1/products/{p}/firmware/release", {}),
    Action.GROUP_LIST: ("GET", "/v1/products/{p}/groups", {}),
    Action.GROUP_GET: ("GET", "/v1/products/{p}/groups/none", {}),
    Action.GROUP_CREATE: ("POST", "/v1/products/{p}/groups", {}),
    Action.GROUP_UPDATE: ("PUT", "/v1/products/{p}/groups/none", {}),
    Action.GROUP_REMOVE: ("DELETE", "/v1/products/{p}/groups/none", {}),
    Action.GROUP_IMPACT: ("GET", "/v1/products/{p}/impact", {}),
    Action.LIBRARIES: ("GET", "/v1/libraries", {}),
    Action.SERIAL_NUMBER: ("GET", "/v1/serial_numbers/none", {}),
    Action.DEVICE_VITALS: ("GET", "/v1/diagnostics/{d}", {}),
    Action.VITALS_GET: ("GET", "/v1/products/{p}/diagnostics/{d}", {}),
    Action.VITALS_UPDATE: ("POST", "/v1/products/{p}/diagnostics/{d}/update", {}),
    Action.PRODUCT_RELEASE: ("DELETE", "/v1/products/{p}/devices/{d}/owner", {}),
    Action.PRODUCT_REMOVE: ("DELETE", "/v1/products/{p}/devices/{d}", {}),
}
# Streams never end, so they are asked for in test_events; enrolment has its own tests.
ELSEWHERE = {Action.ENROL, Action.DEVICE_EVENTS, Action.PRODUCT_EVENTS}
ALLOWED_YET_INCOMPLETE = {
    Action.CLAIM: 400,
    Action.OWN_EVENTS: 400,
    Action.COMPILE: 400,
    Action.DEVICE_FLASH: 400,
    Action.PRODUCT_FLASH: 400,
    Action.TEAM_EDIT: 404,
    **dict.fromkeys(
        (Action.INTEGRATION_CREATE, Action.FIRMWARE_CREATE, Action.FIRMWARE_RELEASE, Action.GROUP_CREATE), 400
    ),
    **dict.fromkeys((Action.INTEGRATION_GET, Action.INTEGRATION_UPDATE, Action.INTEGRATION_REMOVE), 404),
    **dict.fromkeys((Action.INTEGRATION_TEST, Action.FIRMWARE_GET, Action.FIRMWARE_BINARY), 404),
    **dict.fromkeys((Action.FIRMWARE_UPDATE, Action.FIRMWARE_REMOVE, Action.GROUP_GET, Action.GROUP_UPDATE), 404),
    **dict.fromkeys((Action.GROUP_REMOVE, Action.GROUP_IMPACT, Action.SERIAL_NUMBER), 404),
    Action.CUSTOMER_CREATE: 201,
    Action.PRODUCT_REMOVE: 204,
}


def test_every_action_of_the_table_is_asked_for() -> None:
    assert set(REQUESTS) | ELSEWHERE == set(TODAY.rules)
    for parties in TODAY.rules.values():
        assert set(parties) == set(Party)


async def _people(there: World) -> Fixture:
    """On top of the usual people: a team member per role, the owner u, and another product's token and customer."""
    fixture = await populate(there)
    for role in ("View-only", "Support", "Developer", "Administrator"):
        await there.user(role.lower())
        body = {"username": f"{role.lower()}@example.com", "role": role}
        await there.ok("POST", f"/v1/products/{fixture.product}/team", "m", json=body)
    elsewhere = await there.product("o", "Elsewhere")
    client = await there.client("o", elsewhere["id"])
    granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    there.tokens["foreign bearer"] = granted["access_token"]
    await there.customer("foreign customer", elsewhere["id"], client)
    return fixture


ROLES = ("view-only", "support", "developer", "administrator")
PARTIES = {
    "o": Party.STRANGER,
    **dict.fromkeys(ROLES, Party.MEMBER),
    "c": Party.OWNING_CUSTOMER,
    "c2": Party.CUSTOMER,
    "p": Party.BEARER,
    "foreign bearer": Party.FOREIGN,
    "foreign customer": Party.FOREIGN,
}


def _expected(action: Action, who: str) -> bool:
    party = PARTIES[who]
    path = REQUESTS[action][1]
    about_account, about_product = "{" not in path, "{p}" in path
    if about_account and who.startswith("foreign"):
        party = Party.BEARER if who == "foreign bearer" else Party.CUSTOMER
    if about_product and party is Party.OWNING_CUSTOMER:
        party = Party.CUSTOMER
    rule = TODAY.rules[action][party]
    if party is Party.MEMBER and not about_account:
        return rule.allowed and ROLES.index(who) + 1 >= rule.role
    return rule.allowed


@pytest.mark.parametrize("owned", [True, False], ids=["customer-owned", "unowned"])
def test_matrix(tmp_path: Path, owned: bool) -> None:
    """Each action by each party: done if and only if the table allows it, and a refusal changes nothing."""

    async def story(there: World) -> None:
        fixture = await _people(there)
        for action, (method, path, body) in REQUESTS.items():
            address = path.format(p=fixture.product, d=DEVICE)
            for who in PARTIES:
                if not owned and who in ("c", "c2"):
                    continue  # both are plain customers then, as c2 is in the other run
                await _restore(there, fixture, "c" if owned else None)
                before = there.cloud.store.devices.get(DEVICE)
                answer = await there.call(method, address, who, **body)
                allowed = _expected(action, who)
                if action is Action.DEVICE_KEY and owned and who in ("developer", "administrator"):
                    allowed = False  # not while a customer owns the device
                note = f"{who}: {method} {address} -> {answer.status_code} {answer.text}"
                if allowed:
                    assert answer.status_code == ALLOWED_YET_INCOMPLETE.get(action, 200), note
                else:
                    assert answer.status_code in (403, 404), note
                    assert answer.json().get("ok") is not True, note
                    assert there.cloud.store.devices.get(DEVICE) == before, note

    in_world(tmp_path, story)


async def _restore(there: World, fixture: Fixture, owner: str | None) -> None:
    """The device back in its product, with this owner; the customer made by a request gone."""
    base = f"/v1/products/{fixture.product}"
    await there.ok("POST", f"{base}/devices", "m", json={"id": DEVICE})
    if owner is None:
        await there.ok("DELETE", f"{base}/devices/{DEVICE}/owner", "m")
    else:
        await there.ok("POST", "/v1/devices", owner, json={"id": DEVICE})
    if there.cloud.store.customers.named(fixture.product, "new") is not None:
        await there.ok("DELETE", f"{base}/customers/new", "m")


def test_the_owning_user_controls_the_device_by_user_paths_alone(tmp_path: Path) -> None:
    async def story(there: World) -> None:
        await there.user("u")
        await there.enrol("u")
        await there.go_online()
        await there.ok("POST", "/v1/devices", "u", json={"id": DEVICE})
        for action, (method, path, body) in REQUESTS.items():
            if "{d}" not in path or "{p}" in path or action is Action.DEVICE_RELEASE:
                continue
            answer = await there.call(method, path.format(d=DEVICE), "u", **body)
            assert answer.status_code == ALLOWED_YET_INCOMPLETE.get(action, 200), f"{action}: {answer.text}"
        assert (await there.call("DELETE", f"/v1/devices/{DEVICE}", "u")).json() == {"ok": True}

    in_world(tmp_path, story)


@pytest.mark.parametrize("action", REQUESTS, ids=lambda action: action.name)
def test_no_token_and_bad_tokens_are_refused_everywhere(tmp_path: Path, action: Action) -> None:
    method, path, body = REQUESTS[action]

    async def story(there: World) -> None:
        address = path.format(p=20001, d=DEVICE)
        none = await there.call(method, address, **body)
        assert none.status_code == MISSING
        assert none.json() == {"error": "invalid_request", "error_description": "The access token was not found"}
        there.tokens["x"] = "0" * 40
        bad = await there.call(method, address, "x", **body)
        assert bad.status_code == 401
        assert bad.json()["error_description"] == "The access token provided is invalid."

    in_world(tmp_path, story)
