"""Text that is no Unicode, numbers and depths that nothing can store: refused at the door, and no list fails."""

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from photonrig.localcloud.events import Event
from photonrig.localcloud.server import run_cloud
from photonrig.localcloud.service.cloud import Settings

from ...patience import PATIENCE
from ..device.peer import APPLICATION, SYSTEM, DevicePeer
from ..world import DEVICE, World, populate, world

# As they stand in the text of a JSON body, unquoted where they are no text.
NO_TEXT = ['"\\ud800"', '"a\\udfff"', '"\\udc00\\ud800"', '"a\\u0000b"']
NO_NUMBER = [
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
]
TOO_DEEP = ["[" * 900 + "]" * 900, '{"a":' * 40 + "1" + "}" * 40, "[" * 100_000 + "]" * 100_000]

FIELDS = [
    ("POST", "/v1/users", '{{"username":{},"password":"p"}}'),
    ("POST", "/v1/users", '{{"username":"n@example.com","password":"p","account_info":{{"company":{}}}}}'),
    ("PUT", "/v1/user", '{{"current_password":"secret","account_info":{{"a":[{}]}}}}'),
    ("POST", "/v1/devices/events", '{{"name":"a","data":{}}}'),
    ("POST", "/v1/products/{p}/events", '{{"name":"a","data":{}}}'),
    ("POST", "/v1/user/products", '{{"product":{{"name":{},"platform_id":6}}}}'),
    ("POST", "/v1/user/products", '{{"product":{{"name":"b","description":{},"platform_id":6}}}}'),
    ("POST", "/v1/clients", '{{"name":{},"type":"installed"}}'),
    ("POST", "/v1/products/{p}/clients", '{{"name":{},"type":"installed"}}'),
    ("POST", "/v1/products/{p}/customers", '{{"email":{},"password":"p"}}'),
    ("POST", "/v1/products/{p}/groups", '{{"name":"g","description":{}}}'),
    ("POST", "/v1/products/{p}/team", '{{"friendly_name":{},"scopes":["devices:list"]}}'),
    ("PUT", "/v1/devices/{d}", '{{"name":{}}}'),
    ("PUT", "/v1/devices/{d}", '{{"notes":{}}}'),
    ("PUT", "/v1/products/{p}/devices/{d}", '{{"notes":{}}}'),
    ("POST", "/v1/devices/{d}/move", '{{"arg":{}}}'),
    ("POST", "/v1/webhooks", '{{"event":{},"url":"http://127.0.0.1:1/"}}'),
    ("POST", "/v1/webhooks", '{{"event":"a","url":"http://127.0.0.1:1/","body":{}}}'),
    ("POST", "/v1/webhooks", '{{"event":"a","url":"http://127.0.0.1:1/","json":{{"a":{{"b":{}}}}}}}'),
    ("POST", "/v1/webhooks", '{{"event":"a","url":"http://127.0.0.1:1/","headers":{{{}:"b"}}}}'),
    ("POST", "/v1/products/{p}/webhooks", '{{"event":"a","url":"http://127.0.0.1:1/","query":{{"a":{}}}}}'),
    ("POST", "/v1/devices", '{{"id":"0123456789abcdef01234567",{}:"b"}}'),
]
LISTS = [
    *(
        "/v1/user",
        "/v1/devices",
        "/v1/devices/{d}",
        "/v1/webhooks",
        "/v1/integrations",
        "/v1/clients",
        "/v1/user/products",
    ),
    *("/v1/products/{p}/" + each for each in ("devices", "clients", "customers", "groups", "team", "webhooks")),
]


async def _owned(there: World) -> dict[str, str]:
    made = await populate(there)
    await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
    return {"p": str(made.product), "d": DEVICE}


async def _refused(folder: Path, kind: str, content: bytes) -> str:
    """The error with which a body of this content type is refused."""
    async with world(folder) as there:
        await _owned(there)
        headers = {"Content-Type": kind}
        answer = await there.call("PUT", f"/v1/devices/{DEVICE}", "m", content=content, headers=headers)
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"])


async def _all_lists(there: World, names: dict[str, str]) -> dict[str, str]:
    return {path: (await there.call("GET", path.format(**names), "m")).text for path in LISTS}


@pytest.mark.parametrize(("method", "path", "body"), FIELDS)
async def test_json_that_cannot_be_stored_is_refused_and_nothing_of_it_kept(
    tmp_path: Path, method: str, path: str, body: str
) -> None:
    async with world(tmp_path) as there:
        names = await _owned(there)
        before = await _all_lists(there, names)
        values = NO_TEXT if body.count("{}:") else [*NO_TEXT, *NO_NUMBER, *TOO_DEEP]
        for value in values:
            content = body.format(value)
            headers = {"Content-Type": "application/json"}
            answer = await there.call(method, path.format(**names), "m", content=content, headers=headers)
            assert answer.status_code == 400, f"{content[:200]}: {answer.status_code} {answer.text}"
            assert answer.json()["error"].startswith("The body is not valid JSON: ")
        assert await _all_lists(there, names) == before
        assert there.devices.calls == []


@pytest.mark.parametrize(
    "content",
    [
        b'{"name":"\xed\xa0\x80"}',
        b'{"name":"\xff"}',
        b'{"name":"\xc0\xaf"}',
        '{"name":"a"}'.encode("utf-16"),
        b'{"name":"a","name":"b"}',
        b'{"a":{"b":1,"b":1},"name":"a"}',
    ],
)
async def test_bytes_that_are_no_json_in_utf_8(tmp_path: Path, content: bytes) -> None:
    await _refused(tmp_path, "application/json", content)


@pytest.mark.parametrize(
    "content",
    [b"name=%FF", b"name=%ED%A0%80", b"name=a%00b", b"%ED%A0%80=a", b"a[%FF]=1", b"name=\xfc", b"name=%C0%AF"],
)
async def test_forms_that_are_no_text(tmp_path: Path, content: bytes) -> None:
    await _refused(tmp_path, "application/x-www-form-urlencoded", content)


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("", b'name="notes"\r\n\r\n\xed\xa0\x80'),
        ("", b'name="notes"\r\n\r\n\xff'),
        ("", b'name="notes"\r\n\r\na\x00b'),
        ("", b'name="\xff"\r\n\r\na'),
        ("", b'name="file"; filename="\xff.bin"\r\n\r\na'),
        ("", b'name="file"; filename="\xed\xa0\x80.bin"\r\n\r\na'),
        ("", b'name="file"; filename="a\x00.bin"\r\n\r\na'),
        # In these the parser would find surrogates.
        ("; charset=utf-7", b'name="notes"\r\n\r\n\xff+2AA-'),
        ("; charset=raw_unicode_escape", b'name="notes"\r\n\r\n\xff\\ud800'),
        ("; charset=utf-16", b'name="notes"\r\n\r\n\xff\xd8\x00'),
    ],
)
async def test_multipart_that_is_no_text(tmp_path: Path, kind: str, part: bytes) -> None:
    content = b"--x\r\nContent-Disposition: form-data; " + part + b"\r\n--x--\r\n"
    error = await _refused(tmp_path, f"multipart/form-data; boundary=x{kind}", content)
    assert error == "The multipart body is damaged or incomplete"


async def test_a_stated_character_set_changes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await _owned(there)
        for kind in ("", "; charset=utf-7", "; charset=unicode_escape", "; charset=idna", "; charset=none"):
            content = "--x\r\nContent-Disposition: form-data; name=notes\r\n\r\n+2AA-\\ud800 ä\r\n--x--\r\n".encode()
            headers = {"Content-Type": f"multipart/form-data; boundary=x{kind}"}
            answer = await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", content=content, headers=headers)
            assert answer["notes"] == "+2AA-\\ud800 ä"


@pytest.mark.parametrize(
    "address",
    [
        *("/v1/devices/%FF", "/v1/devices/%ED%A0%80/position", "/v1/devices/a%00b", "/v1/devices/events/%FF"),
        *("/v1/access_tokens/%C0%AF", "/admin/devices/%FF", "/v1/nothing/%ED%BF%BF"),
        *("/v1/devices?access_token=%FF", "/v1/libraries?filter=%ED%A0%80", "/v1/user?%FF=1", "/v1/user?a=%00"),
    ],
)
async def test_addresses_that_are_no_text(tmp_path: Path, address: str) -> None:
    async with world(tmp_path) as there:
        await _owned(there)
        for method in ("GET", "PUT", "DELETE"):
            answer = await there.call(method, address, "m")
            assert answer.status_code == 400, answer.text
            assert "is not text in UTF-8" in answer.json()["error"]


async def test_text_of_every_script_goes_through(tmp_path: Path) -> None:
    words = "Jalousie für Zoë, 日本, ☂ \U0001f6aa"
    async with world(tmp_path) as there:
        await _owned(there)
        for how in ({"json": {"notes": words}}, {"data": {"notes": words}}, {"files": {"notes": (None, words)}}):
            await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", json={"notes": "other"})
            await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", **how)
            assert (await there.ok("GET", f"/v1/devices/{DEVICE}", "m"))["notes"] == words
        await there.ok("PUT", f"/v1/devices/{DEVICE}", "m", json={"name": "日本"})
        assert (await there.ok("GET", "/v1/devices/日本", "m"))["id"] == DEVICE
        largest = {"largest": 2**63 - 1, "smallest": -(2**63), "deep": [[[[[[[[1]]]]]]]]}
        await there.ok("PUT", "/v1/user", "m", json={"current_password": "secret", "account_info": largest})
        assert (await there.ok("GET", "/v1/user", "m"))["account_info"] == largest


async def test_what_an_older_cloud_stored_fails_no_list(tmp_path: Path) -> None:
    bad: dict[str, Any] = {"\ud800": "a\udfffb", "deep": json.loads("[" * 400 + "]" * 400), "large": 10**40}

    async with world(tmp_path) as there:
        await _owned(there)
        await there.ok("POST", "/v1/webhooks", "m", json={"event": "a", "url": "http://127.0.0.1:1/"})
        there.cloud.flush()
        tokens = there.tokens
    with contextlib.closing(sqlite3.connect(tmp_path / "cloud.sqlite")) as database, database:
        (facts,) = database.execute("SELECT facts FROM telemetry").fetchone()
        facts = json.loads(facts) | {"functions": ["go\ud800", "move"], "variables": {"\ud800": "int32"}}
        database.execute("UPDATE telemetry SET facts = ?", (json.dumps(facts),))
        hook = {"event": "a", "url": "http://127.0.0.1:1/", "json": bad}
        database.execute("UPDATE hooks SET fields = ?", (json.dumps(hook),))
        database.execute("UPDATE users SET account_info = ?", (json.dumps(bad),))
    async with world(tmp_path) as there:
        there.tokens = tokens
        for path in ("/v1/devices", f"/v1/devices/{DEVICE}", "/v1/products/20001/devices"):
            text = json.dumps(await there.ok("GET", path, "m"))
            assert '"functions": ["go?", "move"]' in text
            assert '"variables": {"?": "int32"}' in text
        (hook,) = await there.ok("GET", "/v1/webhooks", "m")
        assert (hook["json"]["?"], hook["json"]["large"]) == ("a?b", None)
        assert hook["json"]["deep"] is not None
        assert (await there.ok("GET", "/v1/user", "m"))["account_info"]["?"] == "a?b"


def test_an_event_of_any_making_can_be_sent_and_stored() -> None:
    event = Event("a\ud800", "b\udfff", coreid="c", published_at=0.0)
    assert (event.name, event.data) == ("a?", "b?")
    assert event.wire.startswith(b'event: a?\ndata: {"data":"b?"')


async def test_a_device_that_describes_itself_in_no_unicode_spoils_no_list(tmp_path: Path) -> None:
    """Over a real session: what it sends is not kept, and what it sent before stands."""
    keys = [rsa.generate_private_key(65537, 1024) for _ in range(4)]
    described = [
        b'{"f":["\\ud800"],"v":{}}',
        b'{"f":["a"],"v":{"\\udfff":2}}',
        APPLICATION.replace(b'"move"', b'"\xed\xa0\x80"'),
        b'{"f":' + b"[" * 400 + b"]" * 400 + b',"v":{}}',
    ]

    async with (
        run_cloud(tmp_path, Settings(admit_unknown=True)) as up,
        httpx.AsyncClient(base_url=up.api, timeout=PATIENCE) as http,
        asyncio.timeout(60),
    ):
        await http.post("/v1/users", data={"username": "m@example.com", "password": "s"})
        form = {"grant_type": "password", "username": "m@example.com", "password": "s"}
        granted = await http.post("/oauth/token", data=form, auth=("particle-cli", "particle-cli"))
        http.headers["Authorization"] = f"Bearer {granted.json()['access_token']}"
        product = (await http.post("/v1/user/products", json={"product": {"name": "P"}})).json()["product"]["id"]
        server_key = serialization.load_der_public_key(up.key_file.read_bytes())
        assert isinstance(server_key, rsa.RSAPublicKey)
        for number, content in enumerate(described):
            peer = DevicePeer(f"{number:024x}", keys[number], server_key, up.device_port)
            peer.application = content
            if number % 2:
                peer.system = SYSTEM.replace(b'"n":"1"', b'"n":"\\ud800"')
            await peer.join()
            answer = await http.post(f"/v1/products/{product}/devices", json={"id": peer.device_id})
            assert answer.json()["updated"] == 1
            await http.post("/v1/devices", json={"id": peer.device_id})
            await http.get(f"/v1/devices/{peer.device_id}")  # waits for its description
            await peer.leave()
        for path in ("/v1/devices", f"/v1/products/{product}/devices"):
            answer = await http.get(path)
            assert answer.status_code == 200
            listed = answer.json() if isinstance(answer.json(), list) else answer.json()["devices"]
            assert len(listed) == len(described)
            assert all(each["functions"] == [] and each["variables"] == {} for each in listed)
    assert b"ud800" not in (tmp_path / "cloud.sqlite").read_bytes()
