"""Credentials that contradict each other, and the files that hold the cloud's own secrets."""

import json
import logging
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.errors import UsageError
from photonrig.localcloud.secrets import load_token
from photonrig.localcloud.server_key import read_server_key
from photonrig.localcloud.service.cloud import Settings

from ..process import Process, running
from ..world import ADMIN, DEVICE, World, populate, world

# Texts of lib/authorise.js in github.com/particle-iot/node-oauth2-server 3.2.3; two spaces before GET, as there.
SEVERAL = "Only one method may be used to authenticate at a time (Auth header,  GET or POST)."
MALFORMED = "Malformed auth header"
NO_FORM = "When putting the token in the body, content type must be application/x-www-form-urlencoded."
OF_GET = "Method cannot be GET When putting the token in the body."
NONE = "The access token was not found"
TWO_HEADERS = "The request has several Authorization headers, and they differ"
JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
MULTIPART = ("Content-Type", "multipart/form-data; boundary=x")


def _part(name: str, value: str) -> str:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


# <a> and <b> stand for two tokens; address, headers, body
Headers = list[tuple[str, str]]
MINE = ("Authorization", "Bearer <a>")
WAYS: list[tuple[str, Headers, str]] = [
    ("?access_token=<a>&access_token=<b>", [], ""),
    ("?access_token=<a>&access%5Ftoken=<b>", [], ""),
    ("?access_token=<b>", [MINE], ""),
    ("", [MINE, JSON], '{"access_token":"<b>"}'),
    ("", [MINE, FORM], "access_token=<b>"),
    ("?access_token=<a>", [FORM], "access_token=<b>"),
    ("", [FORM], "access_token=<a>&access_token=<b>"),
    ("", [FORM], "access_token=<a>&access_token=<a>&access_token=<b>"),
    ("", [FORM], "access_token[]=<a>&access_token[]=<b>"),
    ("", [JSON], '{"access_token":["<a>","<b>"]}'),
    ("", [MULTIPART], _part("access_token", "<a>") + _part("access_token", "<b>") + "--x--"),
    ("?access_token=<b>", [MINE, FORM], "access_token=<b>"),
]
SAME: list[tuple[str, Headers, str]] = [
    ("?access_token=<a>", [MINE], ""),
    ("", [MINE, FORM], "access_token=<a>"),
    ("", [MINE, JSON], '{"access_token":"<a>"}'),
    ("?access_token=<a>", [FORM], "access_token=<a>"),
]


async def _ping(there: World, query: str, headers: Headers, body: str, a: str, b: str) -> httpx.Response:
    def filled(text: str) -> str:
        return text.replace("<a>", a).replace("<b>", b)

    return await there.http.put(
        f"/v1/devices/{DEVICE}/ping{filled(query)}",
        headers=[(name, filled(value)) for name, value in headers],
        content=filled(body),
    )


@pytest.mark.parametrize(("query", "headers", "body"), WAYS)
async def test_two_tokens_are_refused(tmp_path: Path, query: str, headers: Headers, body: str) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        mine, other = there.tokens["m"], there.tokens["o"]
        for a, b in ((mine, other), (other, mine), (mine, "unknown"), ("unknown", mine)):
            answer = await _ping(there, query, headers, body, a, b)
            assert (answer.status_code, answer.json()) == (400, _oauth(SEVERAL)), (a, b)


@pytest.mark.parametrize(("query", "headers", "body"), SAME)
async def test_one_token_in_two_places_is_refused(tmp_path: Path, query: str, headers: Headers, body: str) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await _ping(there, query, headers, body, there.tokens["u"], "")
        assert (answer.status_code, answer.json()) == (400, _oauth(SEVERAL))


@pytest.mark.parametrize("second", [("Authorization", "Bearer <b>"), ("authorization", "bearer  <b>")])
async def test_two_headers_that_differ_are_refused(tmp_path: Path, second: tuple[str, str]) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await _ping(there, "", [MINE, second], "", there.tokens["u"], "unknown")
        assert (answer.status_code, answer.json()) == (400, _oauth(TWO_HEADERS))
        assert (await _ping(there, "", [MINE, MINE], "", there.tokens["u"], "")).status_code == 200


@pytest.mark.parametrize(
    ("query", "headers", "body", "refused"),
    [
        ("", [MINE], "", None),
        ("", [("AUTHORIZATION", "Bearer\t<a>")], "", None),
        ("?access_token=<a>", [], "", None),
        ("", [FORM], "access_token=<a>", None),
        ("", [("Content-Type", FORM[1] + "; charset=UTF-8")], "access_token=<a>", None),
        ("", [JSON], '{"access_token":"<a>"}', NO_FORM),
        ("", [MULTIPART], _part("access_token", "<a>") + "--x--", NO_FORM),
        ("", [("Authorization", "bearer <a>")], "", MALFORMED),
        ("", [("Authorization", "<a>")], "", MALFORMED),
        ("", [("Authorization", "Bearer")], "", MALFORMED),
        ("", [("Authorization", "Basic dTpw")], "", MALFORMED),
        ("?Access_Token=<a>", [], "", NONE),
        ("", [], "", NONE),
    ],
)
async def test_where_a_token_may_be(
    tmp_path: Path, query: str, headers: Headers, body: str, refused: str | None
) -> None:
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        answer = await _ping(there, query, headers, body, there.tokens["u"], "")
        if refused is None:
            assert answer.json() == {"online": True, "ok": True}
        else:
            assert (answer.status_code, answer.json()) == (400, _oauth(refused))
            assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_methods_with_a_token_in_a_form(tmp_path: Path) -> None:
    """Forum 18279: DELETE with the token in a form releases a device. GET has no body for one."""
    async with world(tmp_path) as there:
        await there.user_with_device("u")
        form = {"content": f"access_token={there.tokens['u']}", "headers": dict([FORM])}
        answer = await there.http.request("GET", "/v1/devices", **form)
        assert (answer.status_code, answer.json()) == (400, _oauth(OF_GET))
        answer = await there.http.request("DELETE", f"/v1/devices/{DEVICE}", **form)
        assert (answer.json(), there.owner()) == ({"ok": True}, None)


def _oauth(text: str) -> dict[str, str]:
    return {"error": "invalid_request", "error_description": text}


async def test_a_json_body_that_names_two_tokens_is_no_json(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        content = json.dumps({"access_token": "a"})[:-1] + ',"access_token":"b"}'
        answer = await there.call("PUT", f"/v1/devices/{DEVICE}/ping", content=content, headers=dict([JSON]))
        assert answer.status_code == 400
        assert "a name twice" in answer.json()["error"]


async def test_the_client_of_the_header_goes_before_that_of_the_body(tmp_path: Path) -> None:
    """lib/grant.js of github.com/particle-iot/node-oauth2-server: Client.credsFromBasic, or else credsFromBody."""
    async with world(tmp_path) as there:
        name, secret = (await populate(there)).client
        grant = {"grant_type": "client_credentials"}
        mine, other = {"client_id": name, "client_secret": secret}, {"client_id": "x", "client_secret": "other"}
        for form in ({}, {"client_id": name}, mine, other):
            await there.ok("POST", "/oauth/token", data=grant | form, auth=(name, secret))
        answer = await there.call("POST", "/oauth/token", data=grant | mine, auth=("x", "other"))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")
        two = b"Basic YTpi", b"Bearer " + there.tokens["m"].encode()
        answer = await there.http.post("/oauth/token", headers=[(b"Authorization", each) for each in two], data=grant)
        assert (answer.status_code, answer.json()) == (400, _oauth(TWO_HEADERS))


@pytest.mark.parametrize("token", ["", None])
async def test_without_a_token_there_is_no_administration(tmp_path: Path, token: str | None) -> None:
    async with world(tmp_path, Settings(admin_token=token)) as there:
        for headers in (
            {},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer"},
            {"Authorization": f"Bearer {ADMIN}"},
        ):
            assert (await there.call("GET", "/admin/transfers", headers=headers)).status_code == 404


# Files


@pytest.mark.parametrize("content", [b"", b"\n", b" \t\r\n"])
def test_an_empty_token_file_is_made_anew_and_opens_nothing(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "admin.token"
    file.write_bytes(content)
    file.chmod(0o600)
    with running(tmp_path) as cloud:
        token = file.read_text()
        assert len(token) == 40
        for headers in ({}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}):
            assert cloud.http.get("/admin/transfers", headers=headers).status_code == 401
        assert cloud.ok("GET", "/admin/transfers", token) == {"transfers": []}
        assert cloud.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "content", [b"a", b"a" * 31, b"\0" * 40, b"a b" * 20, b"\xff" * 40, b"a" * 20 + b"\n" + b"a" * 20]
)
def test_a_file_that_holds_no_token_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "admin.token"
    file.write_bytes(content)
    file.chmod(0o600)
    refused = Process(tmp_path)
    assert refused.process.returncode == 2
    assert refused.errors.count("\n") == 1
    assert f"{file} holds no token" in refused.errors
    assert "remove it" in refused.errors


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o606, 0o660, 0o620])
def test_a_token_that_others_could_read_or_write_is_made_anew(
    tmp_path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "admin.token"
    file.write_text("a" * 40)
    file.chmod(mode)
    with caplog.at_level(logging.WARNING):
        token = load_token(file)
    assert token != "a" * 40
    assert file.read_text() == token
    assert file.stat().st_mode & 0o777 == 0o600
    assert "could be read by others" in caplog.text
    assert token not in caplog.text


def test_a_token_of_ones_own_may_end_in_a_line_end(tmp_path: Path) -> None:
    file = tmp_path / "admin.token"
    file.write_text("B" * 64 + "\n")
    file.chmod(0o600)
    assert load_token(file) == "B" * 64
    assert file.read_text() == "B" * 64 + "\n"


def test_a_folder_or_pipe_in_the_place_of_a_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe"):
        with pytest.raises(UsageError, match="is no regular file"):
            load_token(tmp_path / name)


def _pem(size: int = 2048, password: bytes | None = None) -> bytes:
    key = rsa.generate_private_key(65537, size)
    kept: Any = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kept)


@pytest.mark.parametrize("content", [b"", b"junk", _pem(1024), _pem(password=b"secret"), _pem()[:600]])
def test_a_server_key_that_is_none_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "server_key.pem"
    file.write_bytes(content)
    refused = Process(tmp_path)
    assert refused.process.returncode == 2
    assert refused.errors.startswith(f"localcloud: usage error: {file} is ")
    assert refused.errors.count("\n") == 1
    assert file.read_bytes() == content


def test_a_server_key_that_others_could_read_is_kept_from_them(tmp_path: Path) -> None:
    """It cannot be made anew: the devices know it."""
    file = tmp_path / "server_key.pem"
    file.write_bytes(content := _pem())
    file.chmod(0o644)
    assert read_server_key(tmp_path) is not None
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == content
