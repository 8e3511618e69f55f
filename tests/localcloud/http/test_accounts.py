"""Users with one-time passwords, deleted accounts, password resets, API users, customers of the web, cellular codes."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest

from photonrig.localcloud.eras.scopes import SCOPES
from photonrig.localcloud.eras.today import TODAY
from photonrig.localcloud.store.challenges import CHALLENGE_SECONDS

from ...patience import PATIENCE
from ..streams import on_sockets
from ..world import DEVICE, Fixture, World, populate, world

CLI = ("particle-cli", "particle-cli")


async def _with_mfa(there: World) -> pyotp.TOTP:
    await there.user("u")
    offered = await there.ok("GET", "/v1/user/mfa-enable", "u")
    # Answers: particle-api-js 12.0.2, src/types/responses.ts.
    assert offered.keys() == {"mfa_token", "qr_url", "secret"}
    totp = pyotp.TOTP(offered["secret"])
    body = {"mfa_token": offered["mfa_token"], "otp": totp.at(int(there.clock.seconds))}
    assert await there.ok("POST", "/v1/user/mfa-enable", "u", json=body) == {"enrolled": True}
    return totp


async def _asked(there: World, **more: str) -> str:
    form = {"grant_type": "password", "username": "u@example.com", "password": "secret", **more}
    answer = await there.call("POST", "/oauth/token", data=form, auth=CLI)
    assert answer.status_code == 403
    body = answer.json()
    assert (body["error"], body["error_description"]) == ("mfa_required", "Multifactor authentication required")
    return str(body["mfa_token"])


async def _answer(there: World, mfa_token: str, otp: str, auth: tuple[str, str] = CLI) -> Any:
    form = {"grant_type": "urn:custom:mfa-otp", "mfa_token": mfa_token, "otp": otp}
    return await there.call("POST", "/oauth/token", data=form, auth=auth)


async def test_with_mfa_a_log_in_takes_a_one_time_password(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        totp = await _with_mfa(there)
        assert (await there.ok("GET", "/v1/user", "u"))["mfa"] == {"enabled": True}
        asked = await _asked(there, expires_in="60")
        now = totp.at(int(there.clock.seconds))
        assert (await _answer(there, asked, now, ("particle", "particle"))).status_code == 400
        granted = await _answer(there, asked, now)
        assert granted.status_code == 200
        assert granted.json()["expires_in"] == 60
        # It is answered once.
        assert (await _answer(there, asked, now)).json()["error_description"] == "OTP expired"
        basic = ("u@example.com", "secret")
        assert (await there.call("GET", "/v1/access_tokens", auth=basic)).status_code == 401
        assert len(await there.ok("GET", "/v1/access_tokens", auth=basic, params={"otp": now})) == 2


async def test_a_one_time_password_may_be_wrong_five_times_and_not_late(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        totp = await _with_mfa(there)
        asked = await _asked(there)
        for _ in range(5):
            refused = await _answer(there, asked, "000000")
            # particle-cli 3.51.0, src/cmd/api.test.js: "routes a wrong-OTP rejection through _wrap".
            assert (refused.status_code, refused.json()["error_description"]) == (400, "OTP expired")
        assert (await _answer(there, asked, totp.at(int(there.clock.seconds)))).json()[
            "error_description"
        ] == "OTP expired"
        asked = await _asked(there)
        there.clock.seconds += CHALLENGE_SECONDS["log in"] + 1
        late = await _answer(there, asked, totp.at(int(there.clock.seconds)))
        assert (late.json()["error"], late.json()["error_description"]) == ("invalid_grant", "OTP expired")


async def test_mfa_is_enabled_by_proof_and_disabled_by_password(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        offered = await there.ok("GET", "/v1/user/mfa-enable", "u")
        body = {"mfa_token": offered["mfa_token"], "otp": "000000"}
        assert (await there.call("POST", "/v1/user/mfa-enable", "u", json=body)).status_code == 400
        assert (await there.ok("GET", "/v1/user", "u"))["mfa"] == {"enabled": False}
        other = (await there.log_in("u@example.com"))["access_token"]
        body |= {"otp": pyotp.TOTP(offered["secret"]).at(int(there.clock.seconds)), "invalidate_tokens": True}
        await there.ok("POST", "/v1/user/mfa-enable", "u", json=body)
        there.tokens["other"] = other
        assert (await there.call("GET", "/v1/user", "other")).status_code == 401
        assert (await there.call("GET", "/v1/user/mfa-enable", "u")).status_code == 400
        wrong = await there.call("PUT", "/v1/user/mfa-disable", "u", json={"current_password": "no"})
        assert wrong.status_code == 403
        await there.ok("PUT", "/v1/user/mfa-disable", "u", json={"current_password": "secret"})
        assert (await there.log_in("u@example.com"))["access_token"]


async def test_an_account_changes_name_and_password(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        await there.user("o")
        for body, status in (
            ({}, 400),
            ({"username": "v@example.com"}, 403),
            ({"username": "o@example.com", "current_password": "secret"}, 400),
        ):
            assert (await there.call("PUT", "/v1/user", "u", json=body)).status_code == status
        there.tokens["second"] = (await there.log_in("u@example.com"))["access_token"]
        body = {"username": "V@example.com", "password": "new", "current_password": "secret", "invalidate_tokens": True}
        assert (await there.ok("PUT", "/v1/user", "u", json=body)).keys() == {"ok", "message"}
        assert (await there.ok("GET", "/v1/user", "u"))["username"] == "v@example.com"
        assert (await there.call("GET", "/v1/user", "second")).status_code == 401
        form = {"grant_type": "password", "username": "v@example.com", "password": "new"}
        assert (await there.ok("POST", "/oauth/token", data=form, auth=CLI))["access_token"]
        identity = await there.ok("GET", "/v1/user/identify", "u")
        assert identity["email"] == "v@example.com"
        assert await there.ok("GET", "/v1/user/identify", "u", params={"tracking": 1}) == {"id": identity["id"]}


async def test_a_password_is_reset_by_the_administration_once_it_was_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        reset, path = "/v1/user/password-reset", "/admin/password-resets"
        for username in ("u@example.com", "nobody@example.com"):
            assert (await there.call("PUT", f"{path}/{username}", "admin", json={"password": "x"})).status_code == 404
            assert await there.ok("POST", reset, json={"username": username}) == {"ok": True}
        assert await there.ok("GET", path, "admin") == {"password_resets": [{"username": "u@example.com"}]}
        await there.ok("PUT", f"{path}/u@example.com", "admin", json={"password": "new"})
        assert await there.ok("GET", path, "admin") == {"password_resets": []}
        assert (await there.call("GET", "/v1/user", "u")).status_code == 401
        form = {"grant_type": "password", "username": "u@example.com", "password": "new"}
        assert (await there.ok("POST", "/oauth/token", data=form, auth=CLI))["access_token"]


async def test_a_deleted_account_leaves_no_device_behind(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        await there.user("o")
        await there.ok("POST", "/v1/clients", "u", json={"name": "mine", "type": "installed"})
        await there.ok("POST", "/v1/webhooks", "u", json={"event": "x", "url": "http://127.0.0.1:1/"})
        code = (await there.ok("POST", "/v1/device_claims", "u"))["claim_code"]
        await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE, "request_transfer": True})
        wrong = await there.call("DELETE", "/v1/user", "u", json={"password": "no"})
        assert wrong.status_code == 403
        await there.ok("DELETE", "/v1/user", "u", json={"password": "secret"})
        assert there.owner() is None
        assert (await there.call("GET", "/v1/user", "u")).status_code == 401
        assert await there.cloud.reports.claim_code_presented(DEVICE, code) is False
        assert there.cloud.store.transfers.all() == []
        assert there.cloud.store.hooks.all() == []
        # What the deleted user asks for is not there to be approved either.
        await there.ok("POST", "/v1/devices", "o", json={"id": DEVICE})
        await there.user("w")
        await there.ok("POST", "/v1/devices", "w", json={"id": DEVICE, "request_transfer": True})
        await there.ok("DELETE", "/v1/user", "w", json={"password": "secret"})
        assert (await there.ok("GET", "/admin/transfers", "admin"))["transfers"] == []


async def test_a_founder_stays_and_a_members_clients_pass_to_the_founder(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        assert (await there.call("DELETE", "/v1/user", "m", json={"password": "secret"})).status_code == 400
        await there.ok("POST", f"/v1/products/{fixture.product}/team", "m", json={"username": "o@example.com"})
        client = await there.client("o", fixture.product)
        await there.ok("DELETE", "/v1/user", "o", json={"password": "secret"})
        granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
        there.tokens["still"] = granted["access_token"]
        assert (await there.ok("GET", f"/v1/products/{fixture.product}", "still"))["product"]["id"] == fixture.product


async def _api_user(there: World, fixture: Fixture, *scopes: str) -> dict[str, Any]:
    body = {"friendly_name": "Back end", "scopes": list(scopes)}
    made = (await there.ok("POST", f"/v1/products/{fixture.product}/team", "m", json=body))["created"]
    there.tokens["a"] = made["tokens"][0]["token"]
    return dict(made)


async def test_an_api_user_does_what_its_scopes_say_and_no_more(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        made = await _api_user(there, fixture, "devices:list", "devices.variable:get")
        assert made["is_programmatic"] is True
        assert made["username"].startswith("back-end+") and made["username"].endswith("@api.particle.io")
        base = f"/v1/products/{fixture.product}"
        assert (await there.ok("GET", f"{base}/devices", "a"))["devices"][0]["id"] == DEVICE
        assert (await there.ok("GET", f"{base}/devices/{DEVICE}/position", "a"))["result"] == 42
        for method, path in (
            ("GET", f"{base}/devices/{DEVICE}"),
            ("GET", base),
            ("GET", "/v1/devices"),
            ("GET", "/v1/user"),
            ("POST", "/v1/devices"),
            ("GET", f"/v1/devices/{DEVICE}"),
        ):
            refused = await there.call(method, path, "a")
            assert (refused.status_code, refused.json()) == (
                400,
                {"error": "unauthorized", "error_description": "API users are not allowed to call this endpoint"},
            )
        current = await there.ok("GET", "/v1/access_tokens/current", "a")
        assert (current["expires_at"], current["scopes"]) == (None, ["devices.variable:get", "devices:list"])
        listed = await there.ok("GET", f"{base}/team", "m")
        assert [each["username"] for each in listed if each["is_programmatic"]] == [made["username"]]
        assert made["tokens"][0]["token"] not in str(listed)


async def test_new_scopes_and_new_tokens_end_the_old_token_and_its_streams(tmp_path: Path) -> None:
    async with on_sockets(tmp_path) as (there, listen):
        fixture = await populate(there)
        made = await _api_user(there, fixture, "events:get")
        path = f"/v1/products/{fixture.product}/team/{made['username']}"
        stream = await listen(f"/v1/products/{fixture.product}/events", "a")
        body = {"scopes": ["devices:get"]}
        second = (await there.ok("PUT", path, "m", json=body))["updated"]["tokens"][0]["token"]
        await asyncio.wait_for(stream.ended.wait(), PATIENCE)
        assert (await there.call("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "a")).status_code == 401
        there.tokens["a"] = second
        await there.ok("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "a")
        third = (await there.ok("PUT", f"{path}/token", "m"))["created"]["tokens"][0]["token"]
        assert (await there.call("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "a")).status_code == 401
        there.tokens["a"] = third
        await there.ok("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "a")
        await there.ok("DELETE", path, "m")
        assert (await there.call("GET", f"/v1/products/{fixture.product}/devices/{DEVICE}", "a")).status_code == 401


async def test_api_users_are_made_by_administrators_from_scopes_there_are(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/team"
        await there.ok("POST", base, "m", json={"username": "o@example.com", "role": "Developer"})
        body = {"friendly_name": "x", "scopes": ["devices:list"]}
        assert (await there.call("POST", base, "o", json=body)).status_code == 403
        for wrong in ({"scopes": ["devices:fly"]}, {"scopes": []}, {"friendly_name": ""}):
            assert (await there.call("POST", base, "m", json=body | wrong)).status_code == 400
        assert (await there.call("PUT", f"{base}/none@api.particle.io/token", "m")).status_code == 404
        elsewhere = await there.product("o", "Elsewhere")
        made = await _api_user(there, fixture, "devices:list")
        foreign = f"/v1/products/{elsewhere['id']}/team/{made['username']}"
        assert (await there.call("PUT", f"{foreign}/token", "o")).status_code == 404
        assert (await there.call("DELETE", foreign, "o")).status_code == 404


def test_every_scope_that_the_table_needs_is_documented() -> None:
    needed = {rule.scope for parties in TODAY.rules.values() for rule in parties.values() if rule.scope is not None}
    assert needed <= SCOPES, needed - SCOPES


async def test_an_organizations_api_user_serves_all_its_products(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/admin/organizations", "admin", json={"name": "Makers", "owner": "m@example.com"})
        body = {"friendly_name": "x", "scopes": ["devices:list", "products:list"]}
        made = (await there.ok("POST", "/v1/orgs/makers/team", "m", json=body))["created"]
        there.tokens["a"] = made["tokens"][0]["token"]
        path = f"/v1/products/{fixture.product}/devices"
        assert (await there.call("GET", path, "a")).status_code == 404
        await there.ok("PUT", f"/admin/organizations/makers/products/{fixture.slug}", "admin")
        assert (await there.ok("GET", path, "a"))["devices"][0]["id"] == DEVICE
        assert [each["id"] for each in (await there.ok("GET", "/v1/orgs/makers/products", "a"))["products"]] == [
            fixture.product
        ]


async def test_a_web_client_makes_customers_without_a_secret(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        path = f"/v1/products/{fixture.product}"
        body = {
            "name": "web",
            "type": "web",
            "redirect_uri": "https://app.example.com/done",
            "scope": "customers:create",
        }
        client = (await there.ok("POST", f"{path}/clients", "m", json=body))["client"]
        form = {"client_id": client["id"], "response_type": "token", "email": "jane@example.com", "password": "x"}
        made = await there.call("POST", f"{path}/customers", data=form)
        assert made.status_code == 302
        target = urlsplit(made.headers["location"])
        assert (target.hostname, target.path) == ("app.example.com", "/done")
        there.tokens["jane"] = parse_qs(target.fragment)["access_token"][0]
        assert await there.ok("GET", "/v1/devices", "jane") == []
        for wrong in ({"client_id": fixture.client[0]}, {"client_id": "none"}, {"password": ""}, {}):
            assert (await there.call("POST", f"{path}/customers", data=form | wrong)).status_code == 400


async def test_a_cellular_devices_card_is_its_claim_code(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        iccid, imei = "8934076500002589174", "356938035643809"
        issued = await there.ok("POST", "/v1/device_claims", "m", json={"iccid": iccid, "imei": imei})
        assert issued["claim_code"] == iccid
        body = {"imei": imei, "activation_code": "ABCD"}
        issued = await there.ok("POST", f"/v1/products/{fixture.product}/device_claims", "c", json=body)
        assert issued["claim_code"] == imei
        assert await there.cloud.reports.claim_code_presented(DEVICE, imei)
        owner = there.owner()
        assert owner is not None and owner[0] == "customer"
        assert (await there.call("POST", "/v1/device_claims", "m", json={"imei": "no card"})).status_code == 400


@pytest.mark.parametrize("lifetime", [{"expires_in": "0"}, {"expires_at": "null"}, {"expires_at": ""}])
async def test_a_customers_token_may_never_expire(tmp_path: Path, lifetime: dict[str, str]) -> None:
    """Row 30."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        form = {"grant_type": "client_credentials", "scope": "customer=c@example.com", **lifetime}
        granted = await there.ok("POST", "/oauth/token", data=form, auth=fixture.client)
        assert granted["expires_in"] == 0
        there.tokens["forever"] = granted["access_token"]
        there.clock.seconds += 50 * 365 * 86400
        assert await there.ok("GET", "/v1/devices", "forever") == []
