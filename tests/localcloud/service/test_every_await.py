"""Whatever changes an owner or a right may happen at any await of any request: nobody notices that it was not in turn.

Each request is stopped at each of its awaits in turn, and each change is then made from beginning to end. What both are
answered, what is kept afterwards and what reached the devices must be what it is when one comes after the other: the
request first, or the change first. So an owner once changed stays changed, and what the former owner asked for either
was done before the change or is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from starlette.routing import Route

from photonrig.build.compile import CompiledFirmware
from photonrig.localcloud import secrets, store
from photonrig.localcloud.http import app, devices
from photonrig.localcloud.http.app import all_routes, make_app
from photonrig.localcloud.http.call import ApiRoute
from photonrig.localcloud.http.router import SortedRoutes
from photonrig.localcloud.service import builds
from photonrig.localcloud.service.cloud import Cloud, Settings
from photonrig.localcloud.service.presence import Presence, Telemetry
from photonrig.localcloud.store import Store

from ...images import user_part
from ..archives import archive
from ..world import ADMIN, ManualClock, World, populate, world
from .stepping import Copied, SlowDevices, Stepper, ask, comparable, random_parts, rows

D, S, F = "0123456789abcdef01234567", "5" * 24, "f" * 24
"""Devices: D in the product and the customer c's, S in no product and the user u's, F in the product and nobody's."""

SETTINGS = Settings(admin_token=ADMIN, extensions=True, sdk=Path("/nowhere"))
# Certificates are not read in each of thousands of copies.
HOOK = {"event": "hooked", "url": "http://127.0.0.1:9/", "rejectUnauthorized": False}


def image(version: int) -> bytes:
    return user_part(product_id=20001, product_version=version)


@dataclass(frozen=True)
class Request:
    """``who`` is the name of a token, or of nobody; the path may name what is in :attr:`Template.names`."""

    who: str | None
    method: str
    path: str
    more: dict[str, Any] = field(default_factory=dict)
    title: str = ""

    @property
    def name(self) -> str:
        fields = self.more.get("json", self.more.get("data", {}))
        words = self.title or " ".join(fields if isinstance(fields, dict) else [])
        return f"{self.who or 'nobody'} {self.method} {self.path} {words}".strip()


@dataclass(frozen=True)
class Template:
    """A state file to be copied, the tokens that go with it, and names for what is in it."""

    path: Path
    tokens: dict[str, str]
    names: dict[str, Any]
    known: frozenset[str]
    """The lines of what is kept, and what is random in them."""

    @contextlib.asynccontextmanager
    async def copy(self) -> AsyncIterator[World]:
        """The same world again, in memory; all devices are online."""
        clock = ManualClock()
        with contextlib.closing(Store(self.path, clock)) as kept:
            devices = SlowDevices()
            cloud = Cloud(kept, devices, SETTINGS, now=clock)
            api = make_app(cloud)
            async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://127.0.0.1:1") as http:
                there = World(cloud, devices, clock, api, http, dict(self.tokens))
                for device_id, product in ((D, 20001), (S, 0xFFFF), (F, 20001)):
                    await there.go_online(device_id, product)
                await cloud.rollout.idle()
                devices.effects.clear()
                yield there
            await cloud.close()

    async def send(self, there: World, request: Request) -> httpx.Response:
        headers = {} if request.who is None else {"Authorization": f"Bearer {there.tokens[request.who]}"}
        path = request.path.format_map(self.names)
        more = {key: self._filled(value) for key, value in request.more.items()}
        auth = more.pop("auth", None)
        made = httpx.Request(request.method, f"http://127.0.0.1:1{path}", headers=headers, **more)
        if auth is not None:
            made = next(httpx.BasicAuth(*auth).auth_flow(made))
        return await ask(there.app, made)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._filled(each) for key, each in value.items()}
        return self.names.get(value[1:-1], value) if isinstance(value, str) and value[:1] == "{" else value


async def _settle(folder: Path) -> Template:
    async with world(folder, SETTINGS) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}"
        for name in ("d", "u"):
            await there.user(name)
        await there.ok("POST", f"{base}/team", "m", json={"username": "d@example.com", "role": "Developer"})
        api = await there.ok("POST", f"{base}/team", "m", json={"friendly_name": "api", "scopes": ["devices:update"]})
        await there.ok("POST", "/v1/devices", "c", json={"id": D})
        await there.enrol("u", S)
        await there.go_online(S)
        await there.ok("POST", "/v1/devices", "u", json={"id": S})
        asked = await there.ok("POST", "/v1/devices", "o", json={"id": S, "request_transfer": True})
        await there.enrol("m", F)
        await there.ok("POST", f"{base}/devices", "m", json={"id": F})
        with_password = {"email": "pw@example.com", "password": "secret"}
        await there.ok("POST", f"{base}/customers", data=with_password, auth=fixture.client)
        for version in (1, 2):
            files = {"file": ("f.bin", image(version))}
            await there.ok("POST", f"{base}/firmware", "m", files=files, data={"version": str(version)})
        await there.go_online(F, fixture.product, 2)
        await there.ok("POST", f"{base}/groups", "m", json={"name": "g"})
        hooks = {who: await there.ok("POST", "/v1/integrations", who, json=HOOK) for who in ("u", "m")}
        of_product = await there.ok("POST", f"{base}/integrations", "m", json=HOOK)
        mine = await there.ok("POST", "/v1/clients", "u", json={"name": "app", "type": "installed"})
        spare = await there.ok("POST", f"{base}/clients", "m", json={"name": "spare", "type": "installed"})
        web = {"name": "web", "type": "web", "redirect_uri": "http://127.0.0.1/", "scope": "customers:create"}
        web_client = await there.ok("POST", f"{base}/clients", "m", json=web)
        codes = {who: (await there.ok("POST", "/v1/device_claims", who))["claim_code"] for who in ("o", "u")}
        codes["c2"] = (await there.ok("POST", f"{base}/device_claims", "c2"))["claim_code"]
        offered = await there.ok("GET", "/v1/user/mfa-enable", "u")
        await there.ok("POST", "/v1/user/password-reset", data={"username": "u@example.com"})
        await there.ok("POST", "/v1/libraries", "u", files={"a.tar.gz": ("a.tar.gz", archive())})
        form = {"grant_type": "password", "username": "u@example.com", "password": "secret"}
        again = await there.ok("POST", "/oauth/token", data=form, auth=("particle-cli", "particle-cli"))
        there.tokens["u again"] = again["access_token"]
        form = {"name": "Sheds", "owner": "m@example.com"}
        organization = (await there.ok("POST", "/admin/organizations", "admin", json=form))["organization"]
        names = {
            **{"p": fixture.product, "slug": fixture.slug, "D": D, "S": S, "F": F, "transfer": asked["transfer_id"]},
            **{"hook": hooks["u"]["id"], "product_hook": of_product["id"], "client": mine["client"]["id"]},
            **{"spare": spare["client"]["id"], "web": web_client["client"]["id"], "org": organization["id"]},
            **{f"code_{who}": code for who, code in codes.items()},
            **{"client_id": fixture.client[0], "client_secret": fixture.client[1], "refresh": again["refresh_token"]},
            **{"mfa_token": offered["mfa_token"], "otp": pyotp.TOTP(offered["secret"]).at(int(there.clock()))},
            **{"u_again": again["access_token"], "pem": there.pem, "api_user": api["created"]["username"]},
        }
        tokens = dict(there.tokens)
    path = folder / "cloud.sqlite"
    with contextlib.closing(Copied(path)) as database:
        known = rows(database)
    known_lines = frozenset((*known.splitlines(), *random_parts(f"{known} {names} {tokens}")))
    return Template(path, tokens, names, known_lines)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "_SCRYPT_N", 16)
        yield asyncio.run(_settle(tmp_path_factory.mktemp("template")))


_sorted: list[SortedRoutes] = []


def sorted_once(routes: list[Route]) -> SortedRoutes:
    """The routes of all copies, which have the same settings."""
    if not _sorted:
        _sorted.append(SortedRoutes(routes))
    return _sorted[0]


@pytest.fixture(autouse=True)
def instead_of_devices_and_compilers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def description(presence: Presence, device_id: str) -> Telemetry:
        await asyncio.sleep(0)  # until the device has described itself
        return presence.of(device_id)

    monkeypatch.setattr(store, "Database", Copied)
    monkeypatch.setattr(app, "SortedRoutes", sorted_once)
    monkeypatch.setattr(Presence, "description", description)
    monkeypatch.setattr(builds, "compile_project", lambda *_: CompiledFirmware(b"compiled", b"linked", "sizes"))
    monkeypatch.setattr(devices, "tinker", lambda _: b"tinker")


# --- what changes meanwhile -------------------------------------------------------------------------------------------

Change = Callable[[Template, World], Awaitable[object]]


def requests(*wanted: Request) -> Change:
    async def change(template: Template, there: World) -> object:
        return [(await template.send(there, each)).status_code for each in wanted]

    return change


def presents(device_id: str, code: str) -> Change:
    async def change(template: Template, there: World) -> object:
        return await there.cloud.reports.claim_code_presented(device_id, template.names[code])

    return change


async def _names_the_product(template: Template, there: World) -> object:
    await there.go_online(S, template.names["p"])
    return there.cloud.store.devices.get(S)


P = "/v1/products/{p}"
OF_D: dict[str, Change] = {
    "given to another": requests(
        Request("m", "PUT", f"{P}/devices/{D}/owner", {"json": {"customer": "c2@example.com"}})
    ),
    "released and claimed by another": requests(
        Request("m", "DELETE", f"{P}/devices/{D}/owner"), Request("c2", "POST", "/v1/devices", {"json": {"id": D}})
    ),
    "released by its owner": requests(Request("c", "DELETE", f"/v1/devices/{D}")),
    "taken out of the product": requests(Request("m", "DELETE", f"{P}/devices/{D}")),
    "its owner deleted": requests(Request("m", "DELETE", f"{P}/customers/c@example.com")),
    "set up by another": presents(D, "code_c2"),
    "renamed": requests(Request("c", "PUT", f"/v1/devices/{D}", {"json": {"name": "meanwhile"}})),
    "put in a group and locked": requests(
        Request("m", "PUT", f"{P}/devices/{D}", {"json": {"groups": ["g"], "desired_firmware_version": "2"}})
    ),
}
RIGHTS_IN_THE_PRODUCT: dict[str | None, dict[str, Change]] = {
    "c": {"tokens ended": requests(Request("c", "DELETE", "/v1/access_tokens"))},
    "d": {
        "off the team": requests(Request("m", "DELETE", f"{P}/team/d@example.com")),
        "in another role": requests(Request("m", "PUT", f"{P}/team/d@example.com", {"json": {"role": "View-only"}})),
    },
    None: {"client deleted": requests(Request("m", "DELETE", f"{P}/clients/{{client_id}}"))},
}
NEW_PASSWORD = {"json": {"password": "new", "current_password": "secret", "invalidate_tokens": True}}
OF_S: dict[str, Change] = {
    "approved": requests(Request("admin", "POST", "/admin/transfers/{transfer}/approve")),
    "set up by another": presents(S, "code_o"),
    "released and claimed by another": requests(
        Request("u", "DELETE", f"/v1/devices/{S}"), Request("o", "POST", "/v1/devices", {"json": {"id": S}})
    ),
    "its owner's account deleted": requests(Request("u", "DELETE", "/v1/user", {"json": {"password": "secret"}})),
    "in quarantine": _names_the_product,
}
RIGHTS_OF_U: dict[str, Change] = {
    "password changed, tokens ended": requests(Request("u again", "PUT", "/v1/user", NEW_PASSWORD)),
    "password reset by staff": requests(
        Request("admin", "PUT", "/admin/password-resets/u@example.com", {"json": {"password": "new"}})
    ),
    "one-time passwords asked for": requests(
        Request("u again", "POST", "/v1/user/mfa-enable", {"json": {"mfa_token": "{mfa_token}", "otp": "{otp}"}})
    ),
    "token ended": requests(Request("u", "DELETE", "/v1/access_tokens/current")),
    "user renamed": requests(
        Request("u again", "PUT", "/v1/user", {"json": {"username": "v@x.com", "current_password": "secret"}})
    ),
    "client deleted": requests(Request("u again", "DELETE", "/v1/clients/{client}")),
}

# --- what is asked meanwhile ------------------------------------------------------------------------------------------


def image_file(version: int) -> dict[str, Any]:
    return {"files": {"file": ("f.bin", image(version))}}


SOURCES = {"files": {"file": ("main.cpp", b"void setup() {}")}}
LOG_IN = {"data": {"grant_type": "password", "username": "u@example.com", "password": "secret"}}
CLI = {"auth": ("particle-cli", "particle-cli")}
AS_CLIENT = {"auth": ("{client_id}", "{client_secret}")}


def of_device(who: str, base: str, *, product: bool) -> list[Request]:
    made = [
        Request(who, "PUT", base, {"json": {"name": "mine"}}),
        Request(who, "PUT", base, {"json": {"name": "mine", "firmware_updates_forced": True, "flash": True}}),
        Request(who, "PUT", base, {"json": {"signal": "1"}}),
        Request(who, "PUT", f"{base}/ping"),
        Request(who, "POST", f"{base}/move", {"json": {"arg": "1"}}),
        Request(who, "GET", f"{base}/position"),
        Request(who, "GET", base),
        Request(who, "PUT", base, image_file(1), "an image"),
        Request(who, "PUT", base, SOURCES, "sources"),
        Request(who, "PUT", base, {"json": {"app": "tinker"}}),
    ]
    if product:
        groups = {"groups": ["g", "new"], "desired_firmware_version": "1", "development": False}
        made.append(Request(who, "PUT", base, {"json": {**groups, "flash": True}}))
        made.append(Request(who, "PUT", base, {"json": {"development": True}}))
    return made


ANY = "/extensions/v1/any/devices"
REQUESTS_OF_D = [
    *of_device("c", f"/v1/devices/{D}", product=False),
    *of_device("d", f"{P}/devices/{D}", product=True),
    *(each for who in ("c", "d") for each in of_device(who, f"{ANY}/{D}", product=True) if not each.more.get("files")),
    Request("c", "DELETE", f"/v1/devices/{D}"),
    Request("c", "DELETE", f"{ANY}/{D}"),
    Request("d", "DELETE", f"{P}/devices/{D}/owner"),
    Request("d", "DELETE", f"{P}/devices/{D}"),
    Request("d", "PUT", f"{P}/devices/{D}/owner", {"json": {"customer": "c2@example.com"}}),
    Request("d", "POST", f"{P}/devices", {"json": {"ids": [D, F]}}),
    Request("d", "PUT", f"{P}/devices", {"json": {"action": "groups", "devices": [D], "metadata": {"add": ["g"]}}}),
    Request("d", "POST", f"{P}/diagnostics/{D}/update"),
    Request("d", "POST", f"/v1/diagnostics/{D}/update"),
    Request("d", "POST", f"/v1/provisioning/{D}", {"data": {"publicKey": "{pem}"}}),
    Request("d", "POST", f"{P}/events", {"json": {"name": "e", "as_device_id": D}}),
    Request(
        "d", "PUT", f"{P}/firmware/release", {"json": {"version": 2, "product_default": True, "intelligent": True}}
    ),
    Request("d", "POST", f"{P}/customers", {"json": {"email": "n@x.com", "password": "x"}}),
    Request(None, "POST", f"{P}/customers", {"data": {"email": "n@x.com", "password": "x"}, **AS_CLIENT}),
    Request("d", "PUT", f"{P}/customers/pw@example.com", {"json": {"password": "x"}}),
    Request("d", "DELETE", f"{P}/customers/c@example.com"),
    Request("c2", "POST", "/v1/devices", {"json": {"id": D}}),
    Request("c", "POST", "/v1/devices", {"json": {"id": D}}),
    Request("c", "POST", f"{P}/device_claims"),
    Request("c", "POST", "/v1/devices/events", {"json": {"name": "e"}}),
    Request("admin", "POST", f"/admin/devices/{D}/unclaim"),
    Request("admin", "POST", f"/admin/devices/{D}/leave-product"),
    Request("admin", "POST", f"/admin/devices/{D}/repair"),
    Request("c", "DELETE", "/v1/access_tokens"),
]
REQUESTS_OF_S = [
    *of_device("u", f"/v1/devices/{S}", product=False),
    Request("u", "DELETE", f"/v1/devices/{S}"),
    Request("u", "POST", f"/v1/diagnostics/{S}/update"),
    Request("u", "POST", f"/v1/provisioning/{S}", {"data": {"publicKey": "{pem}"}}),
    Request("o", "POST", "/v1/devices", {"json": {"id": S, "request_transfer": True}}),
    Request("u", "POST", "/v1/device_claims"),
    Request("admin", "POST", "/admin/transfers/{transfer}/approve"),
    Request("admin", "POST", "/admin/transfers/{transfer}/deny"),
    Request("u", "PUT", "/v1/user", {"json": {"username": "w@x.com", "password": "x", "current_password": "secret"}}),
    Request("u", "PUT", "/v1/user", {"json": {"account_info": {"a": 1}}}),
    Request("u", "DELETE", "/v1/user", {"json": {"password": "secret"}}),
    Request("u", "POST", "/v1/user/mfa-enable", {"json": {"mfa_token": "{mfa_token}", "otp": "{otp}"}}),
    Request("u", "PUT", "/v1/user/mfa-disable", {"json": {"current_password": "secret"}}),
    Request("admin", "PUT", "/admin/password-resets/u@example.com", {"json": {"password": "x"}}),
    Request(None, "POST", "/oauth/token", {**LOG_IN, **CLI}),
    Request(
        None, "POST", "/oauth/token", {"data": {"grant_type": "refresh_token", "refresh_token": "{refresh}"}, **CLI}
    ),
    Request(None, "GET", "/v1/access_tokens", {"auth": ("u@example.com", "secret")}),
    Request("u", "POST", "/v1/binaries", SOURCES, "sources"),
    Request("u", "DELETE", "/v1/access_tokens/current"),
    Request("u", "DELETE", "/v1/access_tokens"),
    Request(None, "DELETE", "/v1/access_tokens/{u_again}"),
    Request("u", "POST", "/v1/clients", {"json": {"name": "app"}}),
    Request("u", "PUT", "/v1/clients/{client}", {"json": {"name": "n"}}),
    Request("u", "DELETE", "/v1/clients/{client}"),
    Request("u", "POST", "/v1/user/products", {"json": {"name": "Mine"}}),
    *(
        Request("u", verb, f"/v1/integrations{path}", more)
        for verb, path, more in (
            ("POST", "", {"json": HOOK}),
            ("PUT", "/{hook}", {"json": HOOK | {"event": "f"}}),
            ("DELETE", "/{hook}", {}),
            ("POST", "/{hook}/test", {"json": {"data": "x"}}),
        )
    ),
    Request(
        "u", "POST", "/v1/libraries", {"files": {"a.tar.gz": ("a.tar.gz", archive(version="2.0.0"))}}, "an archive"
    ),
    Request("u", "PATCH", "/v1/libraries/Lamp", {"json": {"visibility": "public"}}),
    Request("u", "DELETE", "/v1/libraries/Lamp"),
]
REQUESTS_OF_THE_TEAM = [
    Request("d", "POST", f"{P}/clients", {"json": {"name": "app"}}),
    Request("d", "PUT", f"{P}/clients/{{spare}}", {"json": {"name": "n"}}),
    Request("d", "DELETE", f"{P}/clients/{{spare}}"),
    Request("m", "POST", f"{P}/team", {"json": {"username": "o@example.com"}}),
    Request("m", "POST", f"{P}/team/d@example.com", {"json": {"role": "Support"}}),
    Request("m", "PUT", f"{P}/team/d@example.com", {"json": {"role": "Support"}}),
    Request("m", "DELETE", f"{P}/team/d@example.com"),
    Request("m", "PUT", f"{P}/team/{{api_user}}/token"),
    *(
        Request("d", verb, f"{P}/integrations{path}", more)
        for verb, path, more in (
            ("POST", "", {"json": HOOK}),
            ("PUT", "/{product_hook}", {"json": HOOK | {"event": "f"}}),
            ("DELETE", "/{product_hook}", {}),
        )
    ),
    Request("d", "POST", f"{P}/firmware", {**image_file(3), "data": {"version": "3"}}, "an image"),
    Request("d", "PUT", f"{P}/firmware/1", {"json": {"title": "One"}}),
    Request("d", "DELETE", f"{P}/firmware/1"),
    Request("d", "POST", f"{P}/groups", {"json": {"name": "h"}}),
    Request("d", "PUT", f"{P}/groups/g", {"json": {"name": "h"}}),
    Request("d", "DELETE", f"{P}/groups/g"),
    Request(None, "POST", "/v1/users", {"json": {"username": "n@x.com", "password": "x"}}),
    Request(None, "POST", "/v1/user/password-reset", {"data": {"username": "d@example.com"}}),
    Request("admin", "POST", "/admin/organizations", {"json": {"name": "Org", "owner": "m@example.com"}}),
    Request("admin", "PUT", "/admin/organizations/{org}/products/{slug}"),
]


async def _outcome(
    template: Template, request: Request, change: Change, *, stop: int | None
) -> tuple[bool, tuple[str, ...]]:
    """Whether the request had such an await, and all that can be seen of both afterwards.

    The change comes at the await, or after the request without such; with None it comes before the request.
    """
    seen: dict[str, str] = {}
    async with template.copy() as there:

        async def asks() -> None:
            answer = await template.send(there, request)
            seen["answer"] = f"{answer.status_code} {answer.text}"
            await there.cloud.rollout.idle()

        async def changes() -> None:
            seen["changed"] = str(await change(template, there))
            devices.changed = True

        devices = there.devices
        assert isinstance(devices, SlowDevices)
        if stop is None:
            await changes()
        stepper = Stepper(-1 if stop is None else stop, changes)
        await stepper.run(asks())
        if "changed" not in seen:
            await changes()
        # What was read of a device and is not shown has told nobody anything.
        shown = devices.reads if seen["answer"].startswith("2") else []
        kept = rows(there.cloud.store._database)
        parts = (seen["answer"], seen["changed"], kept, *devices.effects, *shown)
    return stepper.reached, tuple(comparable(each, template.known) for each in parts)


async def _unlike(template: Template, request: Request, changes: Iterable[tuple[str, Change]]) -> list[str]:
    """Where the request, stopped at an await for a change, ended as in neither order."""
    wrong = []
    for title, change in changes:
        in_turn = [(await _outcome(template, request, change, stop=None))[1]]
        stopped = []
        for stop in itertools.count():
            reached, seen = await _outcome(template, request, change, stop=stop)
            (stopped if reached else in_turn).append(seen)
            if not reached:
                break
        wrong += [_told(title, stop, seen, in_turn) for stop, seen in enumerate(stopped) if seen not in in_turn]
    return wrong


def _told(title: str, stop: int, seen: tuple[str, ...], in_turn: list[tuple[str, ...]]) -> str:
    """What differs from the order that is nearer."""

    def lines(outcome: tuple[str, ...]) -> set[str]:
        return {line for part in outcome for line in part.splitlines()}

    nearer = min(in_turn, key=lambda outcome: len(lines(outcome) ^ lines(seen)))
    more, less = sorted(lines(seen) - lines(nearer)), sorted(lines(nearer) - lines(seen))
    return "\n".join(
        [f"{title} at await {stop}:", *(f"  + {each}" for each in more), *(f"  - {each}" for each in less)]
    )


def _params(wanted: list[Request], changes: Callable[[Request], dict[str, Change]]) -> list[Any]:
    return [pytest.param(each, changes(each), id=each.name) for each in wanted]


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        *_params(REQUESTS_OF_D, lambda each: OF_D | RIGHTS_IN_THE_PRODUCT.get(each.who, {})),
        *_params(REQUESTS_OF_S, lambda each: OF_S | (RIGHTS_OF_U if each.who in ("u", None) else {})),
        *_params(REQUESTS_OF_THE_TEAM, lambda each: RIGHTS_IN_THE_PRODUCT["d"]),
    ],
)
def test_a_change_at_any_await_is_as_if_it_came_before_or_after(
    template: Template, request_: Request, changes: dict[str, Change]
) -> None:
    wrong = asyncio.run(_unlike(template, request_, changes.items()))
    assert not wrong, "\n".join(wrong)


def test_every_request_that_may_change_something_is_among_them(template: Template) -> None:
    """Those of organizations and of ``/v1/webhooks`` are other names for the same handlers."""
    routes = all_routes(extensions=True)
    every = {route.handler for route in routes if isinstance(route, ApiRoute) and route.methods != {"GET", "HEAD"}}
    found = SortedRoutes(routes)
    stopped = set()
    for each in (*REQUESTS_OF_D, *REQUESTS_OF_S, *REQUESTS_OF_THE_TEAM):
        route, _ = found.find(each.method, each.path.format_map(template.names))
        assert isinstance(route, ApiRoute), each.name
        stopped.add(route.handler)
    named = {f"{handler.__module__}.{handler.__name__}" for handler in every - stopped}
    assert named == {"photonrig.localcloud.http.products.create_in_organization"}  # of 2016 alone, as create otherwise
