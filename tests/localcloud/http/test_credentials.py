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
from ..world import ADMIN, DEVICE, populate, world

DIFFER = {
    "error": "invalid_request",
    "error_description": "The request has several access tokens, and they differ; send one",
}
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
    ("", [MINE, ("Authorization", "Bearer <b>")], ""),
    ("", [MINE, ("authorization", "bearer  <b>")], ""),
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


@pytest.mark.parametrize(("query", "headers", "body"), WAYS)
async def test_two_tokens_that_differ_are_refused_and_two_that_do_not_are_one(
    tmp_path: Path, query: str, headers: Headers, body: str
) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})

        async def ask(a: str, b: str) -> httpx.Response:
            def filled(text: str) -> str:
                return text.replace("<a>", a).replace("<b>", b)

            return await there.http.put(
                f"/v1/devices/{DEVICE}/ping{filled(query)}",
                headers=[(name, filled(value)) for name, value in headers],
                content=filled(body),
            )

        mine, other = there.tokens["m"], there.tokens["o"]
        for a, b in ((mine, other), (other, mine), (mine, "unknown"), ("unknown", mine)):
            answer = await ask(a, b)
            assert answer.status_code == 400, (a, b, answer.text)
            assert answer.json()["error"] == "invalid_request"
            assert "differ" in answer.json()["error_description"]
        assert (await ask(mine, mine)).status_code == 200


async def test_the_text_of_the_refusal(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        answer = await there.call("GET", "/v1/user?access_token=b", "m")
        assert (answer.status_code, answer.json()) == (400, DIFFER)
        # An open route and the administration have no use for a second token; it is refused all the same.
        for path in ("/healthz", "/admin/transfers"):
            answer = await there.call("GET", f"{path}?access_token=b", "admin")
            assert (answer.status_code, answer.json()) == (400, DIFFER)
        answer = await there.call("POST", "/v1/user/password-reset", "m", data={"username": "x", "access_token": "b"})
        assert (answer.status_code, answer.json()) == (400, DIFFER)


async def test_a_json_body_that_names_two_tokens_is_no_json(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        content = json.dumps({"access_token": there.tokens["m"]})[:-1] + ',"access_token":"b"}'
        answer = await there.call("PUT", f"/v1/devices/{DEVICE}/ping", content=content, headers=dict([JSON]))
        assert answer.status_code == 400
        assert "a name twice" in answer.json()["error"]


async def test_two_clients_that_differ_are_refused(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        made = await populate(there)
        name, secret = made.client
        for form, status in (
            ({}, 200),
            ({"client_id": name}, 200),
            ({"client_id": name, "client_secret": secret}, 200),
            ({"client_id": "particle-cli"}, 400),
            ({"client_id": name, "client_secret": "other"}, 400),
        ):
            data = {"grant_type": "client_credentials", **form}
            answer = await there.call("POST", "/oauth/token", data=data, auth=made.client)
            assert answer.status_code == status, answer.text
        two = b"Basic YTpi", b"Bearer " + there.tokens["m"].encode()
        headers = [(b"Authorization", each) for each in two]
        answer = await there.http.post("/oauth/token", headers=headers, data={"grant_type": "client_credentials"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


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
