"""Every kind of request with every kind of token, each answered and then undone, so that all start from one state."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Message

from photonrig.localcloud.eras import Action
from photonrig.localcloud.eras.scopes import SCOPES

from .world import DEVICE, OTHER_DEVICE, Fixture, World, populate, public_pem

JUNK = {"files": {"file": ("a.bin", b"junk")}}


@dataclass(frozen=True, eq=False)
class Asked:
    """One request: the route it goes to, which action it asks for, and the status once it is allowed.

    Some are allowed and yet incomplete on purpose, so that they cost nothing: 400 or 404.
    """

    action: Action
    method: str
    route: str
    body: Mapping[str, Any] = field(default_factory=dict)
    done: int = 200
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def about_device(self) -> bool:
        return "{device}" in self.route

    @property
    def of_product(self) -> bool:
        return "{product}" in self.route or "{organization}" in self.route

    def path(self, fixture: Fixture, device: str) -> str:
        given = {"product": str(fixture.product), "organization": fixture.organization, "device": device, **self.names}
        return self.route.replace(":path", "").format(**given)


def _asked() -> tuple[Asked, ...]:
    one, product, org = "/v1/devices/{device}", "/v1/products/{product}", "/v1/orgs/{organization}"
    position, move = {"name": "position"}, {"name": "move"}
    nobody = {"username": "nobody@example.com", "email": "nobody", "client": "none-1"}
    asked = [
        Asked(Action.ACCOUNT, "GET", "/v1/user/products"),
        Asked(Action.ACCOUNT, "GET", "/v1/products"),
        Asked(Action.ACCOUNT, "GET", "/v1/user"),
        Asked(Action.ACCOUNT, "GET", "/v1/user/identify"),
        Asked(Action.ACCOUNT, "PUT", "/v1/user", done=400),
        Asked(Action.ACCOUNT, "DELETE", "/v1/user", done=403),
        Asked(Action.ACCOUNT, "GET", "/v1/user/mfa-enable"),
        Asked(Action.ACCOUNT, "POST", "/v1/user/mfa-enable", done=400),
        Asked(Action.ACCOUNT, "PUT", "/v1/user/mfa-disable", done=403),
        Asked(Action.ACCOUNT, "GET", "/v1/clients"),
        Asked(Action.ACCOUNT, "GET", "/v1/orgs"),
        Asked(Action.LIST_OWN_DEVICES, "GET", "/v1/devices"),
        Asked(Action.CLAIM, "POST", "/v1/devices", done=400),
        Asked(Action.USER_CLAIM_CODE, "POST", "/v1/device_claims"),
        Asked(Action.CUSTOMER_CLAIM_CODE, "POST", f"{product}/device_claims"),
        Asked(Action.CUSTOMER_CLAIM_CODE, "POST", f"{org}/products/{{product}}/device_claims"),
        Asked(Action.OWN_EVENTS, "GET", "/v1/devices/events"),
        Asked(Action.OWN_EVENTS, "GET", "/v1/events/{prefix:path}", names={"prefix": "a"}),
        Asked(Action.PUBLISH, "POST", "/v1/devices/events", {"json": {"name": "hello"}}),
        Asked(Action.COMPILE, "POST", "/v1/binaries", done=400),
        Asked(Action.DEVICE_GET, "GET", one),
        Asked(Action.DEVICE_VARIABLE, "GET", f"{one}/{{name}}", names=position),
        Asked(Action.DEVICE_FUNCTION, "POST", f"{one}/{{name}}", {"json": {"arg": "open"}}, names=move),
        Asked(Action.DEVICE_UPDATE, "PUT", one, {"json": {"signal": "1"}}),
        Asked(Action.DEVICE_UPDATE, "PUT", f"{one}/ping"),
        Asked(Action.DEVICE_FLASH, "PUT", one, JUNK, 400),
        Asked(Action.DEVICE_KEY, "POST", "/v1/provisioning/{device}", {"data": {"publicKey": public_pem()}}),
        Asked(Action.DEVICE_EVENTS, "GET", f"{one}/events"),
        Asked(Action.DEVICE_RELEASE, "DELETE", one),
        Asked(Action.PRODUCT_GET, "GET", product),
        Asked(Action.PRODUCT_DEVICES, "GET", f"{product}/devices"),
        Asked(Action.PRODUCT_DEVICES, "GET", f"{org}/products/{{product}}/devices"),
        Asked(Action.PRODUCT_IMPORT, "POST", f"{product}/devices", {"json": {"id": DEVICE}}),
        Asked(Action.PRODUCT_REMOVE, "DELETE", f"{product}/devices/{{device}}", done=204),
        Asked(Action.PRODUCT_RELEASE, "DELETE", f"{product}/devices/{{device}}/owner"),
        Asked(Action.PRODUCT_EVENTS, "GET", f"{product}/events"),
        Asked(Action.PRODUCT_EVENTS, "GET", f"{product}/devices/{{device}}/events"),
        Asked(Action.PRODUCT_EVENTS, "GET", f"{org}/products/{{product}}/events"),
        Asked(Action.PRODUCT_PUBLISH, "POST", f"{product}/events", {"json": {"name": "hello"}}),
        Asked(Action.CUSTOMER_LIST, "GET", f"{product}/customers"),
        Asked(Action.CUSTOMER_UPDATE, "PUT", f"{product}/customers/{{email}}", done=404, names=nobody),
        Asked(Action.CUSTOMER_REMOVE, "DELETE", f"{product}/customers/{{email}}", done=404, names=nobody),
        Asked(Action.CUSTOMER_CREATE, "POST", f"{product}/customers", done=400),
        Asked(Action.CUSTOMER_CREATE, "POST", f"{org}/customers", done=400),
        Asked(Action.CLIENT_LIST, "GET", f"{product}/clients"),
        Asked(Action.CLIENT_CREATE, "POST", f"{product}/clients", done=400),
        Asked(Action.CLIENT_UPDATE, "PUT", f"{product}/clients/{{client}}", done=404, names=nobody),
        Asked(Action.CLIENT_REMOVE, "DELETE", f"{product}/clients/{{client}}", done=404, names=nobody),
        Asked(Action.ORGANIZATION_GET, "GET", org),
        Asked(Action.ORGANIZATION_PRODUCTS, "GET", f"{org}/products"),
        Asked(Action.ORGANIZATION_CREATE_PRODUCT, "POST", f"{org}/products", done=400),
        Asked(Action.ORGANIZATION_EVENTS, "GET", f"{org}/events"),
        Asked(Action.ORGANIZATION_EVENTS, "GET", f"{org}/devices/{{device}}/events"),
    ]
    none = {"hook": "none", "version": "9", "group": "none", "serial_number": "none", "library": "none"}
    firmware, groups, vitals = f"{product}/firmware", f"{product}/groups", "diagnostics/{device}"
    asked += [
        Asked(action, method, route, done=done, names=none)
        for action, method, route, done in (
            (Action.LIBRARIES, "GET", "/v1/libraries", 200),
            (Action.LIBRARIES, "POST", "/v1/libraries", 400),
            (Action.LIBRARIES, "GET", "/v1/libraries/{library}", 404),
            (Action.LIBRARIES, "PATCH", "/v1/libraries/{library}", 404),
            (Action.LIBRARIES, "DELETE", "/v1/libraries/{library}", 404),
            (Action.LIBRARIES, "GET", "/v1/libraries/{library}/versions", 404),
            (Action.SERIAL_NUMBER, "GET", "/v1/serial_numbers/{serial_number}", 404),
            (Action.FIRMWARE_LIST, "GET", firmware, 200),
            (Action.FIRMWARE_CREATE, "POST", firmware, 400),
            (Action.FIRMWARE_RELEASE, "PUT", f"{firmware}/release", 400),
            (Action.FIRMWARE_GET, "GET", f"{firmware}/{{version}}", 404),
            (Action.FIRMWARE_UPDATE, "PUT", f"{firmware}/{{version}}", 404),
            (Action.FIRMWARE_REMOVE, "DELETE", f"{firmware}/{{version}}", 404),
            (Action.FIRMWARE_BINARY, "GET", f"{firmware}/{{version}}/binary", 404),
            (Action.GROUP_LIST, "GET", groups, 200),
            (Action.GROUP_CREATE, "POST", groups, 400),
            (Action.GROUP_GET, "GET", f"{groups}/{{group}}", 404),
            (Action.GROUP_UPDATE, "PUT", f"{groups}/{{group}}", 404),
            (Action.GROUP_REMOVE, "DELETE", f"{groups}/{{group}}", 404),
            (Action.GROUP_IMPACT, "GET", f"{product}/impact", 404),
            (Action.PRODUCT_UPDATE, "PUT", f"{product}/devices", 400),
            (Action.DEVICE_VITALS, "GET", f"/v1/{vitals}", 200),
            (Action.DEVICE_VITALS, "GET", f"/v1/{vitals}/last", 404),
            (Action.DEVICE_VITALS, "POST", f"/v1/{vitals}/update", 200),
            (Action.VITALS_GET, "GET", f"{product}/{vitals}", 200),
            (Action.VITALS_GET, "GET", f"{product}/{vitals}/last", 404),
            (Action.VITALS_UPDATE, "POST", f"{product}/{vitals}/update", 200),
        )
    ]
    hooks = (
        (Action.INTEGRATION_LIST, "GET", "", 200),
        (Action.INTEGRATION_CREATE, "POST", "", 400),
        (Action.INTEGRATION_GET, "GET", "/{hook}", 404),
        (Action.INTEGRATION_UPDATE, "PUT", "/{hook}", 404),
        (Action.INTEGRATION_REMOVE, "DELETE", "/{hook}", 404),
        (Action.INTEGRATION_TEST, "POST", "/{hook}/test", 404),
    )
    for action, method, path, done in hooks:
        for name in ("integrations", "webhooks"):
            asked += [
                Asked(Action.INTEGRATIONS, method, f"/v1/{name}{path}", done=done, names=none),
                Asked(action, method, f"{product}/{name}{path}", done=done, names=none),
            ]
        asked.append(Asked(action, method, f"{org}/integrations{path}", done=done, names=none))
    for base in (f"{product}/devices/{{device}}", f"{org}/devices/{{device}}"):
        asked += [
            Asked(Action.PRODUCT_DEVICE, "GET", base),
            Asked(Action.PRODUCT_VARIABLE, "GET", f"{base}/{{name}}", names=position),
            Asked(Action.PRODUCT_FUNCTION, "POST", f"{base}/{{name}}", {"json": {"args": "open"}}, names=move),
            Asked(Action.PRODUCT_PING, "PUT", f"{base}/ping"),
            Asked(Action.PRODUCT_UPDATE, "PUT", base, {"json": {"development": True}}),
            Asked(Action.PRODUCT_FLASH, "PUT", base, JUNK, 400),
        ]
    for base in (product, org):
        asked += [
            Asked(Action.TEAM_LIST, "GET", f"{base}/team"),
            Asked(Action.TEAM_INVITE, "POST", f"{base}/team", done=404),
            Asked(Action.TEAM_UPDATE, "PUT", f"{base}/team/{{username}}", done=404, names=nobody),
            Asked(Action.TEAM_UPDATE, "POST", f"{base}/team/{{username}}", done=404, names=nobody),
            Asked(Action.API_USERS, "POST", f"{base}/team", {"json": {"scopes": ["devices:get"]}}, 400),
            Asked(Action.API_USERS, "PUT", f"{base}/team/{{username}}/token", done=404, names=nobody),
            Asked(Action.TEAM_REMOVE, "DELETE", f"{base}/team/{{username}}", done=404, names=nobody),
        ]
    return tuple(asked)


ASKED = _asked()
ROLES = ("view-only", "support", "developer", "administrator")
FOREIGN = ("foreign bearer", "foreign customer", "foreign api user")
EVERYBODY = ("u", "o", *ROLES, "c", "c2", "p", "a", "scopeless", *FOREIGN)


async def everybody(there: World) -> Fixture:
    """On top of the usual people: a team member per role, owner u of a sandbox device, another product's accounts.

    The product's device is claimed by customer c.
    """
    fixture = await populate(there)
    await there.user("u")
    await there.enrol("u", OTHER_DEVICE)
    await there.go_online(OTHER_DEVICE)
    await there.ok("POST", "/v1/devices", "u", json={"id": OTHER_DEVICE})
    organizations = there.cloud.store.organizations
    with there.cloud.store.write():
        founder = there.cloud.store.users.named("m@example.com")
        assert founder is not None
        organization = organizations.find(fixture.organization) or organizations.add("Shades", founder.id)
        assert organization is not None
        there.cloud.store.products.move(fixture.product, organization.id)
    for role in ROLES:
        await there.user(role)
        body = {"username": f"{role}@example.com", "role": role}
        await there.ok("POST", f"/v1/products/{fixture.product}/team", "m", json=body)
        member = there.cloud.store.users.named(body["username"])
        assert member is not None
        with there.cloud.store.write():
            organizations.set_role(
                organization.id, member.id, there.cloud.store.products.roles(member.id)[fixture.product]
            )
    elsewhere = await there.product("o", "Elsewhere")
    client = await there.client("o", elsewhere["id"])
    granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    there.tokens["foreign bearer"] = granted["access_token"]
    await there.customer("foreign customer", elsewhere["id"], client)
    for who, product_id, scopes in (
        ("a", fixture.product, SCOPES),
        ("scopeless", fixture.product, frozenset({"locations:get"})),
        ("foreign api user", elsewhere["id"], SCOPES),
    ):
        with there.cloud.store.write():
            made = there.cloud.store.api_users.create(who, scopes, product_id=product_id, organization_id=None)
            there.tokens[who] = there.cloud.store.tokens.grant("api user", made.id, "test", 0).access_token
    code = (await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c"))["claim_code"]
    assert await there.cloud.reports.claim_code_presented(DEVICE, code)
    return fixture


def device_of(asked: Asked, who: str) -> str:
    """The device a party asks about: the customer's, or u's own."""
    return OTHER_DEVICE if who == "u" and not asked.of_product else DEVICE


@dataclass
class Answered:
    """Status and JSON of an answer; a stream's is only its beginning. ``changed``: the device is not as before."""

    status: int
    body: Any
    changed: bool = False


class _UndoneError(Exception):
    pass


@contextlib.asynccontextmanager
async def undone(there: World) -> AsyncIterator[None]:
    """Whatever the block changes in the store is as before afterwards."""
    with contextlib.suppress(_UndoneError), there.cloud.store.write():
        yield
        raise _UndoneError


async def ask(there: World, method: str, path: str, who: str | None, body: Mapping[str, Any] | None = None) -> Answered:
    """Ask, without sockets; a stream is closed as soon as it begins."""
    headers = {} if who is None else {"Authorization": f"Bearer {there.tokens[who]}"}
    request = there.http.build_request(method, path, headers=headers, **(body or {}))
    content = await request.aread()
    scope = {
        "type": "http",
        "method": method,
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": request.url.query,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "http_version": "1.1",
    }
    started: asyncio.Future[tuple[int, bool]] = asyncio.get_running_loop().create_future()
    sent = b""

    async def receive() -> Message:
        nonlocal content
        if content is None:
            await asyncio.Event().wait()
        given, content = content, None  # type: ignore[assignment]
        return {"type": "http.request", "body": given, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal sent
        if message["type"] == "http.response.start":
            kinds = [value for name, value in message["headers"] if name == b"content-type"]
            started.set_result((message["status"], kinds[:1] != [] and kinds[0].startswith(b"text/event-stream")))
        else:
            sent += message.get("body", b"")

    running = asyncio.create_task(there.app(scope, receive, send))
    await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
    if running.done() and not started.done():
        running.result()
    status, stream = await started
    if stream:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return Answered(status, {})
    await running
    return Answered(status, json.loads(sent) if sent else {})
