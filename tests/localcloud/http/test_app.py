"""What holds for every request: JSON answers, bounded and possibly damaged bodies."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Match

from photonrig.localcloud.http.app import all_routes
from photonrig.localcloud.http.router import SortedRoutes

from ..world import DEVICE, populate, world


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/v1/nothing"), ("PATCH", "/v1/devices"), ("DELETE", "/healthz"), ("POST", "/v1/a/b/c/d/e")],
)
async def test_unknown_routes_are_404_in_json(tmp_path: Path, method: str, path: str) -> None:
    async with world(tmp_path) as there:
        answer = await there.call(method, path)
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Not Found"})


async def test_it_says_how_it_is(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        health = await there.call("GET", "/healthz")
        assert health.json() == {
            "ok": True,
            "faults": [],
            "era": "today",
            "uptime": 0.0,
            "devices_online": 0,
            "streams": 0,
            "webhooks_waiting": 0,
            "updates_running": 0,
        }


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b"[1]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"id=%FF", "application/x-www-form-urlencoded"),
        (b"\xff=1", "application/x-www-form-urlencoded"),
        (b"a=1&" * 3000, "application/x-www-form-urlencoded"),
        (b"--x\r\nContent-Disposition: form-data; name=a", "multipart/form-data; boundary=x"),
        (b"junk", "multipart/form-data; boundary=x"),
        (b"junk", "multipart/form-data"),
        (
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nhalf',
            "multipart/form-data; boundary=x",
        ),
        (b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n0123\r\n--x', "multipart/form-data; boundary=x"),
    ],
)
async def test_damaged_bodies_are_the_clients_fault(tmp_path: Path, content: bytes, kind: str) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        for method, path in (
            ("POST", "/v1/devices"),
            ("POST", f"/v1/products/{fixture.product}/devices"),
            ("PUT", f"/v1/products/{fixture.product}/devices/{DEVICE}"),
            ("POST", "/v1/binaries"),
        ):
            answer = await there.call(method, path, "m", content=content, headers={"Content-Type": kind})
            assert 400 <= answer.status_code < 500, answer.text
            assert answer.json()["ok"] is False
        assert there.owner() is None
        assert there.devices.flashed == []


ODD_VALUES: list[Any] = [["a"], {"b": 1}, [[]], float("inf"), -1, 2**70, True, None, "\0", "x" * 5000]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/devices", "id"),
        ("POST", "/v1/devices/events", "name"),
        ("POST", "/v1/devices/events", "ttl"),
        ("PUT", "/v1/devices/{d}", "name"),
        ("PUT", "/v1/devices/{d}", "signal"),
        ("POST", "/v1/devices/{d}/move", "arg"),
        ("POST", "/v1/products/{p}/devices", "ids"),
        ("POST", "/v1/user/products", "product"),
        ("POST", "/v1/clients", "name"),
        ("POST", "/v1/users", "username"),
        ("POST", "/v1/products/{p}/team", "username"),
    ],
)
async def test_values_of_any_type_end_in_an_answer(tmp_path: Path, method: str, path: str, name: str) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        await there.ok("POST", "/v1/devices", "m", json={"id": DEVICE})
        address = path.format(p=fixture.product, d=DEVICE)
        for value in ODD_VALUES:
            content = json.dumps({name: value}).replace("Infinity", "1e400")
            headers = {"Content-Type": "application/json"}
            answer = await there.call(method, address, "m", content=content, headers=headers)
            assert answer.status_code < 500, f"{value!r}: {answer.text}"
            assert isinstance(answer.json(), dict)


async def test_bodies_are_bounded(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await populate(there)
        for kind in ("application/json", "multipart/form-data; boundary=x"):
            answer = await there.call(
                "POST", "/v1/devices", "m", content=b"x" * ((1 << 20) + 1), headers={"Content-Type": kind}
            )
            assert answer.status_code == 413
        answer = await there.call("POST", "/v1/binaries", "m", files={"file": ("a.cpp", b"x" * ((10 << 20) + 1))})
        assert answer.status_code == 413


def test_the_sorted_routes_find_what_asking_each_of_all_finds() -> None:
    routes = all_routes(extensions=True)
    sorted_routes, found = SortedRoutes(routes), Counter[bool]()
    for like in routes:
        for word in ("x", "events", "devices", "v1", "12", DEVICE, "a/b", ""):
            path = re.sub(r"\{[^}]*\}", word, like.path)
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                scope = {"type": "http", "path": path, "method": method}
                first = next((each for each in routes if each.matches(scope)[0] is Match.FULL), None)
                assert sorted_routes.find(method, path)[0] is first, (method, path)
                found[first is not None] += 1
    assert min(found.values()) > 1000
