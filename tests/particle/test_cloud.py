from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from photonrig.errors import NetworkError, ProtocolError, UsageError
from photonrig.particle import cloud_errors as errors
from photonrig.particle.cloud import (
    ClientCredentials,
    Cloud,
    CloudDevice,
    Owner,
    Token,
    legacy_org,
    product,
    shared,
    user,
)
from photonrig.particle.cloud_types import ImportResult, Product
from photonrig.trace import Moment

DEVICE = "0123456789abcdef01234567"
SECRET = "f" * 40
CLIENT = ClientCredentials("lab-1", "e" * 40)


class Stub:
    """A cloud that answers what it is told to and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.asked: list[tuple[str, str, Message, bytes]] = []

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, raw, headers))

    @property
    def line(self) -> str:
        return f"{self.asked[-1][0]} {self.asked[-1][1]}"

    @property
    def headers(self) -> Message:
        return self.asked[-1][2]

    @property
    def json(self) -> Any:
        return json.loads(self.asked[-1][3])

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.asked[-1][3].decode()).items()}


@pytest.fixture
def stub() -> Stub:
    return Stub()


@pytest.fixture
def api(stub: Stub) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            stub.asked.append((self.command, self.path, self.headers, body))
            status, raw, headers = stub.answers.pop(0)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cloud(api: str) -> Iterator[Cloud]:
    with Cloud(api, Token(SECRET)) as opened:
        yield opened


# --- how requests travel --------------------------------------------------------------------------------------------


def test_the_token_travels_in_the_header_only(stub: Stub, cloud: Cloud) -> None:
    stub.answer([])
    cloud.devices()
    assert stub.line == "GET /v1/devices"
    assert stub.headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in repr(cloud)


def test_a_grant_is_a_form_with_basic_authentication(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"access_token": "a" * 40, "refresh_token": "b" * 40, "expires_in": 60, "token_type": "bearer"})
    token = cloud.customer_token(CLIENT, "jane@example.com")
    assert stub.line == "POST /oauth/token"
    assert stub.headers["Authorization"].startswith("Basic ")
    assert stub.form == {"grant_type": "client_credentials", "scope": "customer=jane@example.com"}
    assert (token.principal, token.customer, token.expires_in) == ("customer", "jane@example.com", 60)
    assert "a" * 40 not in repr(token) and "b" * 40 not in repr(token)


def test_a_shadow_customer_is_created_with_the_client_in_the_form(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"access_token": "a" * 40}, 201)
    token = cloud.create_customer(20001, "jane@example.com", client=CLIENT)
    assert stub.line == "POST /v1/products/20001/customers"
    assert "Authorization" not in stub.headers
    assert stub.form == {
        "email": "jane@example.com",
        "no_password": "true",
        "client_id": CLIENT.id,
        "client_secret": CLIENT.secret,
    }
    assert token.principal == "customer"
    with pytest.raises(UsageError):
        cloud.create_customer(20001, "jane@example.com")


def test_a_never_expiring_token(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"access_token": "a" * 40, "expires_in": 0})
    assert cloud.log_in("u", "p", expires_in=0).expires_in is None
    assert stub.form["expires_in"] == "0"


def test_a_one_time_password_is_sent_after_the_cloud_asks_for_it(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"error": "mfa_required", "mfa_token": "jwt"}, 403)
    stub.answer({"access_token": "a" * 40})
    cloud.log_in("u", "p", otp="123456")
    assert stub.form == {"grant_type": "urn:custom:mfa-otp", "mfa_token": "jwt", "otp": "123456"}
    stub.answer({"error": "mfa_required", "mfa_token": "jwt"}, 403)
    with pytest.raises(errors.MfaRequired) as refused:
        cloud.log_in("u", "p")
    assert refused.value.mfa_token == "jwt"


def test_claim_data_travels_in_the_body_with_the_id_in_lower_case(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"customer_id": "c1", "id": DEVICE, "ok": True})
    assert cloud.claim(DEVICE.upper()) == Owner("customer", "c1")
    assert (stub.line, stub.json) == ("POST /v1/devices", {"id": DEVICE})


@pytest.mark.parametrize(
    ("scope", "device", "path"),
    [
        (user(), DEVICE.upper(), f"/v1/devices/{DEVICE}"),
        (user(), "living room/1", "/v1/devices/living%20room%2F1"),
        (product("roller-v1"), DEVICE, f"/v1/products/roller-v1/devices/{DEVICE}"),
        (product(20001), DEVICE.upper(), f"/v1/products/20001/devices/{DEVICE}"),
    ],
)
def test_the_scope_chooses_the_family_of_urls(stub: Stub, cloud: Cloud, scope: Any, device: str, path: str) -> None:
    stub.answer({"return_value": -3})
    assert cloud.call(device, "move", "open", scope) == -3
    assert (stub.line, stub.json) == (f"POST {path}/move", {"arg": "open"})


def test_names_and_customers_where_they_do_not_belong(stub: Stub, api: str, cloud: Cloud) -> None:
    with pytest.raises(UsageError, match="24 hex digits"):
        cloud.device("kitchen", product(20001))
    with pytest.raises(UsageError, match="empty"):
        cloud.device("")
    customer = cloud.using(Token(SECRET, "customer"))
    for refused in (
        lambda: customer.devices(product(1)),
        lambda: customer.device(DEVICE, product(1)),
        lambda: customer.release(DEVICE, product(1)),
        lambda: customer.publish("x", scope=product(1)),
    ):
        with pytest.raises(UsageError, match="customers have no part"):
            refused()
    assert stub.asked == []


def test_release_of_ones_own_and_through_the_product(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"ok": True})
    cloud.release(DEVICE)
    assert stub.line == f"DELETE /v1/devices/{DEVICE}"
    stub.answer(b"", 204)
    cloud.release(DEVICE, product(7))
    assert stub.line == f"DELETE /v1/products/7/devices/{DEVICE}/owner"


def test_pages_are_read_to_the_end(stub: Stub, cloud: Cloud) -> None:
    for number in range(3):
        stub.answer({"devices": [{"id": f"{number:024x}"}], "meta": {"total_pages": 3}})
    assert [int(device.id, 16) for device in cloud.devices(product(7))] == [0, 1, 2]
    assert [path.split("page=")[1][0] for _, path, _, _ in stub.asked] == ["1", "2", "3"]


def test_sources_and_images_travel_as_files(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"ok": True, "binary_id": "b1", "binary_url": "/v1/binaries/b1", "sizeInfo": None})
    binary = cloud.compile({"src/main.cpp": b"int x;", "lib/shade/src/a.h": b"//"}, target_version="2.3.1")
    sent = stub.asked[-1][3]
    assert b'name="file"; filename="lib/shade/src/a.h"' in sent and b'name="file1"; filename="src/main.cpp"' in sent
    assert b'name="build_target_version"\r\n\r\n2.3.1' in sent
    stub.answer(b"\x00\xffimage")
    assert cloud.download_binary(binary) == b"\x00\xffimage"
    stub.answer({"id": DEVICE, "status": "Update started"})
    cloud.flash(DEVICE, b"image", name="roller.bin")
    assert stub.line == f"PUT /v1/devices/{DEVICE}" and b'filename="roller.bin"' in stub.asked[-1][3]


# --- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "kind", "text"),
    [
        (
            400,
            {"error": "invalid_request", "error_description": "The access token was not found"},
            errors.AuthError,
            "",
        ),
        (401, {"error": "invalid_token", "error_description": "has expired."}, errors.AuthError, "has expired"),
        (
            400,
            {"error": "invalid_grant", "error_description": "User credentials are invalid"},
            errors.BadCredentials,
            "",
        ),
        (403, {"ok": False, "errors": ["That belongs to someone else."]}, errors.OwnedByAnother, "someone else"),
        (403, {"error": "Permission Denied", "info": "try"}, errors.NotFoundOrForbidden, "Permission Denied"),
        (404, {"ok": False, "error": "Variable not found"}, errors.NotFound, "Variable not found"),
        (404, {}, errors.NotFound, "no reason given"),
        (404, {"ok": False, "errors": [["Core isn't online", 404]]}, errors.DeviceOffline, "Core isn't online"),
        (408, {"error": "Timed out."}, errors.DeviceOffline, "Timed out"),
        (400, {"ok": False, "error": "Timed out."}, errors.DeviceOffline, "Timed out"),
        (500, {"ok": False, "errors": ["Request Timed Out"]}, errors.DeviceOffline, "Timed Out"),
        (500, {"ok": False, "errors": [{"error": {"status": "offline"}}]}, errors.DeviceOffline, "offline"),
        (500, {"ok": False, "errors": [{"error": "boom"}]}, errors.CloudFailed, "boom"),
        (502, b"<html>", errors.CloudFailed, "html"),
        (200, b"not json", errors.CloudFailed, "not json"),
        (429, {"error": "slow down"}, errors.RateLimited, "slow down"),
        (529, {}, errors.RateLimited, ""),
        (400, {"ok": False, "errors": ["data.deviceID is empty"]}, errors.RequestRefused, "data.deviceID is empty"),
        (200, {"error": "Nothing to do?"}, errors.RequestRefused, "Nothing to do"),
        (200, {"ok": False, "output": "build didn't produce binary", "errors": ["x"]}, errors.CompileFailed, "x"),
    ],
)
def test_every_shape_of_refusal_has_its_type(
    stub: Stub, cloud: Cloud, status: int, body: Any, kind: type[errors.ApiError], text: str
) -> None:
    stub.answer(body, status)
    with pytest.raises(errors.ApiError, match=DEVICE) as refused:
        cloud.device(DEVICE)
    assert type(refused.value) is kind
    assert refused.value.status == status and refused.value.cause == "cloud" and text in str(refused.value)


def test_the_wait_of_a_rate_limit_is_kept(stub: Stub, cloud: Cloud) -> None:
    stub.answer({}, 429, Retry_After="7")
    with pytest.raises(errors.RateLimited) as refused:
        cloud.devices()
    assert refused.value.retry_after == 7


def test_compiler_output_is_kept(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"ok": False, "stdout": "a.cpp:1: error", "errors": ["e"], "output": "failed"}, 406)
    with pytest.raises(errors.CompileFailed) as refused:
        cloud.compile({"a.cpp": b""})
    assert refused.value.output == "a.cpp:1: error\ne\nfailed"


def test_a_refusal_that_prints_the_token_is_masked(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"error": "Permission Denied", "info": f"/v1/devices?access_token={SECRET}"}, 403)
    with pytest.raises(errors.NotFoundOrForbidden) as refused:
        cloud.device(DEVICE)
    assert SECRET not in str(refused.value) + repr(refused.value.body) + refused.value.info


def test_exchanges_are_told_without_secrets(stub: Stub, cloud: Cloud) -> None:
    told: list[Moment] = []
    cloud.add_observer(told.append)
    stub.answer({"access_token": "a" * 40, "refresh_token": "b" * 40})
    cloud.using(None).log_in("jane", "pass word")
    stub.answer({"claim_code": "c" * 63, "device_ids": []})
    cloud.create_claim_code()
    login, code = (moment.text for moment in told)
    assert login.startswith("POST /oauth/token ") and '"username": "jane"' in login and "-> 200" in login
    assert not any(secret in login + code for secret in ("a" * 40, "b" * 40, "c" * 63, "pass word", SECRET))
    assert {moment.lane for moment in told} == {"http"}


def test_devices_of_all_endpoints_have_one_shape() -> None:
    old = CloudDevice.parse(
        {"id": DEVICE.upper(), "connected": True, "variables": None, "product_id": 6, "platform_id": 6}
    )
    assert (old.id, old.online, old.variables, old.product_id, old.owned) == (DEVICE, True, {}, None, False)
    new = CloudDevice.parse(
        {"id": DEVICE, "online": False, "product_id": 20001, "platform_id": 6, "owner": "j@e.c", "customer_id": "9"}
    )
    assert (new.product_id, new.owner, new.owner_name, new.owned) == (20001, Owner("customer", "9"), "j@e.c", True)
    for nothing in ({}, [], "x", {"id": 7}):
        with pytest.raises(ProtocolError):
            CloudDevice.parse(nothing)


@pytest.mark.parametrize("wrap", [lambda p: p, lambda p: {"product": p}, lambda p: {"product": [p]}])
def test_products_of_all_years(wrap: Any) -> None:
    read = Product.parse(wrap({"id": "7", "slug": "roller-v1", "name": "Roller", "platform_id": 6}))
    assert read == Product(7, "roller-v1", "Roller", 6)
    with pytest.raises(ProtocolError):
        Product.parse(wrap({"id": 7}))


def test_an_old_import_answer_has_fewer_lists() -> None:
    read = ImportResult.parse({"updated": 1, "nonmemberDeviceIds": [], "invalidDeviceIds": [DEVICE]})
    assert (read.updated, read.existing, read.invalid) == ((), (), (DEVICE,))


def test_answers_that_lack_what_they_must_have(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"id": DEVICE})
    with pytest.raises(ProtocolError, match="no return value"):
        cloud.call(DEVICE, "move")
    stub.answer({"token_type": "bearer"})
    with pytest.raises(ProtocolError, match="access token"):
        cloud.log_in("u", "p")


# --- where to -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("api", ["https://api.particle.io", "https://API.Particle.io/", "https://particle.io."])
def test_particles_cloud_needs_an_account_named_on_purpose(api: str) -> None:
    with pytest.raises(UsageError, match="production_account"):
        Cloud(api)
    with Cloud(api, production_account="bench@example.com") as opened:
        assert opened.production_account == "bench@example.com"


@pytest.mark.parametrize("api", ["127.0.0.1:80", "ftp://x", "", "http://"])
def test_urls_of_no_cloud(api: str) -> None:
    with pytest.raises(UsageError, match="no URL"):
        Cloud(api)


def test_nobody_there_and_proxies_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = server.server_port
    server.server_close()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with Cloud(f"http://127.0.0.1:{port}") as cloud, pytest.raises(NetworkError, match=str(port)):
        cloud.devices()
    assert cloud.trust_env is False


def test_an_organization_of_2016_has_paths_of_its_own(stub: Stub, cloud: Cloud) -> None:
    scope = legacy_org("my shades", "lot-1")
    stub.answer({"devices": [], "meta": {"total_pages": 1}})
    cloud.devices(scope)
    assert stub.line.startswith("GET /v1/orgs/my%20shades/products/lot-1/devices?")
    stub.answer({"result": 1})
    cloud.variable(DEVICE.upper(), "position", scope)
    assert stub.line == f"GET /v1/orgs/my%20shades/devices/{DEVICE}/position"
    stub.answer({"claim_code": "c" * 63})
    cloud.create_claim_code("lot-1", organization="my shades")
    assert stub.line == "POST /v1/orgs/my%20shades/products/lot-1/device_claims"
    assert scope.events == "/v1/orgs/my%20shades/products/lot-1/events"
    for impossible in (lambda: cloud.release(DEVICE, scope), lambda: cloud.publish("x", scope=scope)):
        with pytest.raises(UsageError, match="2016"):
            impossible()


def test_an_owner_is_changed_by_the_local_clouds_extension(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"id": DEVICE, "owner": "jane@example.com", "customer_id": "c" * 24})
    changed = cloud.change_owner(DEVICE.upper(), product(20001), customer="jane@example.com")
    assert stub.line == f"PUT /v1/products/20001/devices/{DEVICE}/owner"
    assert stub.json == {"customer": "jane@example.com"}
    assert (changed.owner, changed.owner_name) == (Owner("customer", "c" * 24), "jane@example.com")
    for scope, owners in (
        (product(20001), {}),
        (product(20001), {"customer": "c", "user": "u"}),
        (user(), {"customer": "c"}),
    ):
        with pytest.raises(UsageError):
            cloud.change_owner(DEVICE, scope, **owners)


def test_one_family_of_addresses_for_shared(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"devices": [{"id": DEVICE}]})
    assert [device.id for device in cloud.devices(shared())] == [DEVICE]
    assert stub.line == "GET /extensions/v1/any/devices"
    stub.answer({"result": 1})
    cloud.variable(DEVICE, "position", shared())
    assert stub.line == f"GET /extensions/v1/any/devices/{DEVICE}/position"
    assert shared().events == "/extensions/v1/any/devices/events"


def test_a_device_is_asked_for(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"ok": True, "transfer_id": "t-1"})
    assert cloud.request_transfer(DEVICE) == "t-1"
    assert stub.json == {"id": DEVICE, "request_transfer": True}
    stub.answer({"ok": True, "id": DEVICE, "user_id": "u" * 24})
    with pytest.raises(ProtocolError, match="free"):
        cloud.request_transfer(DEVICE)


def test_a_team_and_its_api_users(stub: Stub, cloud: Cloud) -> None:
    stub.answer([{"username": "m", "role": "Developer"}, {"username": "b", "is_programmatic": True, "scopes": ["x:y"]}])
    members = cloud.team(20001)
    assert stub.line == "GET /v1/products/20001/team"
    assert [(each.role, each.programmatic, each.scopes) for each in members] == [
        ("Developer", False, ()),
        (None, True, ("x:y",)),
    ]
    stub.answer({"ok": True, "created": {"username": "b+1@api.particle.io", "tokens": [{"token": "t" * 40}]}})
    made, token = cloud.create_api_user("makers", "b", ["devices:list"], organization=True)
    assert stub.line == "POST /v1/orgs/makers/team"
    assert (made.username, token.principal, token.expires_in) == ("b+1@api.particle.io", "api user", None)
    assert "t" * 40 not in repr(token)
    stub.answer({"ok": True, "created": {"username": made.username, "tokens": [{"token": "u" * 40}]}})
    assert cloud.renew_api_user_token(20001, made.username).access_token == "u" * 40
    assert stub.line == "PUT /v1/products/20001/team/b%2B1%40api.particle.io/token"
    stub.answer({"ok": True})
    cloud.remove_member(20001, made.username)
    stub.answer({"ok": True})
    cloud.invite(20001, "jane@example.com", "Support")
    assert stub.json == {"username": "jane@example.com", "role": "Support"}


def test_clients_and_customers_of_an_organization(stub: Stub, cloud: Cloud) -> None:
    stub.answer({"ok": True, "client": {"id": "app-1", "secret": "s" * 40, "org_id": "x"}})
    client = cloud.create_client("app", organization="shades", scope="create_customer")
    assert stub.line == "POST /v1/clients"
    assert stub.json == {"name": "app", "type": "installed", "scope": "create_customer", "organization": "shades"}
    stub.answer({"access_token": "a" * 40}, 201)
    assert cloud.create_customer("shades", "jane", client=client, organization=True).customer == "jane"
    assert stub.line == "POST /v1/orgs/shades/customers"
