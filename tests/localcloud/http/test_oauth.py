"""Tokens: how they are granted, how long they live, how they end; clients and users."""

import json
import sqlite3
from pathlib import Path
from urllib.parse import urlencode

import pytest

from photonrig.localcloud.http.oauth import DEFAULT_SECONDS
from photonrig.localcloud.store.tokens import REFRESH_SECONDS

from ..world import populate, world

PASSWORD = {"grant_type": "password", "username": "u@example.com", "password": "secret"}


@pytest.mark.parametrize(
    "client",
    [
        ("particle", "particle"),
        ("particle-api", "particle-api"),
        ("particle-cli", "particle-cli"),
        ("CLI2", "client_secret_here"),
        ("spark", "spark"),  # documentation of 2014 and 2015
        ("Spark", "Spark"),  # sparkjs
    ],
)
@pytest.mark.parametrize("basic", [True, False])
async def test_password_grant_with_the_clients_that_programs_carry(
    tmp_path: Path, client: tuple[str, str], basic: bool
) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        named = {} if basic else {"client_id": client[0], "client_secret": client[1]}
        auth = client if basic else None
        granted = await there.ok("POST", "/oauth/token", data=PASSWORD | named, auth=auth)
        assert granted["token_type"] == "bearer"
        assert granted["expires_in"] == DEFAULT_SECONDS
        assert len(granted["access_token"]) == len(granted["refresh_token"]) == 40


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"password": "wrong"}, "invalid_grant"),
        ({"username": "nobody@example.com"}, "invalid_grant"),
        ({"grant_type": "magic"}, "invalid_request"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"expires_in": "soon"}, "invalid_request"),
        ({"expires_in": "-1"}, "invalid_request"),
        ({"expires_at": "2001-01-01"}, "invalid_request"),
        ({"expires_at": "someday"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "0" * 40}, "invalid_grant"),
    ],
)
async def test_bad_grants_are_refused_in_the_oauth_shape(tmp_path: Path, change: dict[str, str], error: str) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        form = PASSWORD | {"client_id": "particle-cli", "client_secret": "particle-cli"} | change
        answer = await there.call("POST", "/oauth/token", data=form)
        assert answer.status_code == 400
        assert answer.json()["error"] == error
        assert answer.json()["error_description"]


NO_FORM = "Method must be POST with application/x-www-form-urlencoded encoding"
NO_GRANT = "Invalid or missing grant_type parameter"
NO_PASSWORD = 'Missing parameters. "username" and "password" are required'
BAD_CLIENT = {"client_id": "unknown"}


@pytest.mark.parametrize(
    ("form", "error", "text"),
    [
        ({}, "invalid_request", NO_GRANT),
        ({"grant_type": "magic"} | BAD_CLIENT, "invalid_request", NO_GRANT),
        (PASSWORD | {"grant_type": "PASSWORD"} | BAD_CLIENT, "invalid_client", "Client credentials are invalid"),
        (PASSWORD | {"grant_type": "PASSWORD"}, "invalid_request", "Invalid grant_type parameter or parameter missing"),
        (PASSWORD | {"client_id": ""}, "invalid_client", "Invalid or missing client_id parameter"),
        (PASSWORD | {"client_secret": ""}, "invalid_client", "Missing client_secret parameter"),
        (PASSWORD | BAD_CLIENT | {"password": ""}, "invalid_client", "Client credentials are invalid"),
        (PASSWORD | {"client_secret": "wrong"}, "invalid_client", "Client credentials are invalid"),
        (PASSWORD | {"password": ""}, "invalid_client", NO_PASSWORD),
        (PASSWORD | {"username": ""}, "invalid_client", NO_PASSWORD),
        (PASSWORD | {"password": "x"}, "invalid_grant", "User credentials are invalid"),
        ({"grant_type": "refresh_token"}, "invalid_request", 'No "refresh_token" parameter'),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant", "Invalid refresh token"),
        ({"grant_type": "client_credentials"}, "invalid_grant", "Client credentials are invalid"),
        ({"grant_type": "urn:custom:mfa-otp", "otp": "1"}, "invalid_request", "You must provide otp and mfa token."),
    ],
)
async def test_refusals_are_those_of_the_published_oauth_server(
    tmp_path: Path, form: dict[str, str], error: str, text: str
) -> None:
    """lib/grant.js and lib/error.js of github.com/particle-iot/node-oauth2-server 3.2.3, in the order of its checks."""
    async with world(tmp_path) as there:
        await there.user("u")
        sent = {"client_id": "particle-cli", "client_secret": "particle-cli"} | form
        answer = await there.call("POST", "/oauth/token", data=sent)
        assert (answer.status_code, answer.json()) == (400, {"error": error, "error_description": text})
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
        assert answer.headers.get("www-authenticate") == (
            'Basic realm="Service"' if error == "invalid_client" else None
        )


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_a_grant_is_a_form(tmp_path: Path, kind: str) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        content = b"--x--\r\n" if kind.startswith("multipart") else urlencode(PASSWORD).encode()
        if kind == "application/json":
            content = json.dumps(PASSWORD).encode()
        headers = {"Content-Type": kind} if kind else {}
        auth = ("particle", "particle")
        answer = await there.call("POST", "/oauth/token", content=content, headers=headers, auth=auth)
        assert (answer.status_code, answer.json()["error_description"]) == (400, NO_FORM)


async def test_wrong_name_and_wrong_password_are_answered_alike(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        auth = ("particle", "particle")
        bodies = [
            (await there.call("POST", "/oauth/token", data=PASSWORD | change, auth=auth)).json()
            for change in ({"password": "x"}, {"username": "x"})
        ]
        assert (
            bodies[0]
            == bodies[1]
            == {
                "error": "invalid_grant",
                "error_description": "User credentials are invalid",
            }
        )


async def test_a_token_ends_when_its_time_is_over_and_never_if_it_was_asked_so(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        there.tokens["short"] = (await there.log_in("u@example.com", expires_in="60"))["access_token"]
        forever = await there.log_in("u@example.com", expires_in="0")
        assert (forever["expires_in"], "refresh_token" in forever) == (0, False)
        there.tokens["forever"] = forever["access_token"]
        there.tokens["null"] = (await there.log_in("u@example.com", expires_at="null"))["access_token"]
        dated = await there.log_in("u@example.com", expires_at="2025-10-10")
        assert dated["expires_in"] == 1_760_054_400 - 1_760_000_000
        assert (await there.ok("GET", "/v1/access_tokens/current", "forever"))["expires_at"] is None
        there.clock.seconds += 59
        await there.ok("GET", "/v1/user", "short")
        there.clock.seconds += 1
        over = await there.call("GET", "/v1/user", "short")
        assert over.status_code == 401
        assert over.json() == {"error": "invalid_token", "error_description": "The access token provided has expired."}
        there.clock.seconds += 10 * 365 * 86400
        for who in ("forever", "null"):
            await there.ok("GET", "/v1/user", who)


async def test_a_refresh_token_serves_once_its_own_client_and_two_weeks_beyond_the_access_token(tmp_path: Path) -> None:
    """Documentation: 14 days; lib/grant.js of github.com/particle-iot/node-oauth2-server: after the access token's."""
    async with world(tmp_path) as there:
        fixture = await populate(there)
        first = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=fixture.client)
        form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        assert (await there.call("POST", "/oauth/token", data=form, auth=("CLI2", "client_secret_here"))).is_error
        second = await there.ok("POST", "/oauth/token", data=form, auth=fixture.client)
        there.tokens |= {"first": first["access_token"], "second": second["access_token"]}
        assert (await there.call("GET", f"/v1/products/{fixture.product}", "first")).status_code == 401
        await there.ok("GET", f"/v1/products/{fixture.product}", "second")
        assert (await there.call("POST", "/oauth/token", data=form, auth=fixture.client)).status_code == 400
        there.clock.seconds += DEFAULT_SECONDS + REFRESH_SECONDS - 1
        form["refresh_token"] = second["refresh_token"]
        form["refresh_token"] = (await there.ok("POST", "/oauth/token", data=form, auth=fixture.client))[
            "refresh_token"
        ]
        there.clock.seconds += DEFAULT_SECONDS + REFRESH_SECONDS
        over = await there.call("POST", "/oauth/token", data=form, auth=fixture.client)
        assert (over.status_code, over.json()["error_description"]) == (400, "Refresh token has expired")


async def test_listing_and_revoking(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        second = (await there.log_in("u@example.com"))["access_token"]
        listed = await there.ok("GET", "/v1/access_tokens", auth=("u@example.com", "secret"))
        assert [each["client"] for each in listed] == ["particle-cli", "particle-cli"]
        assert second not in str(listed)
        bad = await there.call("GET", "/v1/access_tokens", auth=("u@example.com", "wrong"))
        assert (bad.status_code, bad.json()) == (401, {"ok": False, "errors": ["Bad password"]})
        unknown = await there.call("GET", "/v1/access_tokens", auth=("nobody", "wrong"))
        assert (unknown.status_code, unknown.json()) == (400, {"ok": False, "errors": ["Unknown user"]})
        # By the token itself or by what the listing shows, without other credentials; unknown ones are no error.
        for name in (second, listed[0]["token"], "0" * 40):
            assert await there.ok("DELETE", f"/v1/access_tokens/{name}") == {"ok": True}
        assert await there.ok("GET", "/v1/access_tokens", auth=("u@example.com", "secret")) == []
        assert (await there.call("GET", "/v1/user", "u")).status_code == 401


async def test_logging_out_ends_one_token_or_all(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        for name in ("a", "b"):
            there.tokens[name] = (await there.log_in("u@example.com"))["access_token"]
        assert await there.ok("DELETE", "/v1/access_tokens/current", "a") == {"ok": True}
        assert (await there.call("GET", "/v1/user", "a")).status_code == 401
        assert await there.ok("DELETE", "/v1/access_tokens", "b") == {"ok": True}
        assert (await there.call("GET", "/v1/user", "u")).status_code == 401


async def test_clients_show_their_secret_once_and_may_be_limited(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        base = f"/v1/products/{fixture.product}/clients"
        body = {"name": "My App!", "type": "installed", "scope": "create_customer"}
        made = (await there.ok("POST", base, "m", json=body))["client"]
        assert made["id"].startswith("my-app-")
        assert len(made["secret"]) == 40
        assert "secret" not in str(await there.ok("GET", base, "m"))
        auth = (made["id"], made["secret"])
        answer = await there.call("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=auth)
        assert answer.json()["error"] == "invalid_client"
        customers = f"/v1/products/{fixture.product}/customers"
        assert (await there.call("POST", customers, data={"email": "a", "password": "b"}, auth=auth)).is_success
        await there.ok("PUT", f"{base}/{made['id']}", "m", json={"scope": "none"})
        assert (await there.call("POST", customers, data={"email": "c", "password": "b"}, auth=auth)).status_code == 400
        assert (await there.call("DELETE", f"{base}/{made['id']}", "m")).status_code == 204
        assert (await there.call("DELETE", f"{base}/{made['id']}", "m")).status_code == 404
        assert (await there.call("GET", "/v1/clients", "m")).json() == {"ok": True, "clients": []}


async def test_users_are_unique_whatever_the_case(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.user("u")
        again = await there.call("POST", "/v1/users", json={"username": "U@Example.com", "password": "x"})
        assert again.status_code == 400
        assert (await there.call("POST", "/v1/users", json={"username": "v"})).status_code == 400
        assert (await there.ok("GET", "/v1/user", "u"))["username"] == "u@example.com"


async def test_no_secret_is_in_the_state_file(tmp_path: Path) -> None:
    secrets: list[str] = []
    async with world(tmp_path) as there:
        fixture = await populate(there)
        code = (await there.ok("POST", "/v1/device_claims", "m"))["claim_code"]
        secrets.extend([*there.tokens.values(), fixture.client[1], code, "secret"])
    with sqlite3.connect(tmp_path / "cloud.sqlite") as database:
        text = "\n".join(database.iterdump())
    database.close()
    assert len(secrets) > 5
    for secret in secrets[:-1]:
        assert secret not in text
    assert "'secret'" not in text
    assert (tmp_path / "cloud.sqlite").stat().st_mode & 0o777 == 0o600
