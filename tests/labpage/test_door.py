"""Who gets in to the lab's page: whoever has the whole address, from this machine, and no page of another origin."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from .conftest import OpenLab


@pytest.fixture
def base(opened: OpenLab) -> str:
    return opened.page.address.split("/?")[0]


@pytest.fixture
def inside(opened: OpenLab) -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True) as client:
        assert client.get(opened.page.address).status_code == 200
        yield client


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/changes", "/page/lab.js"])
def test_nothing_without_the_token(base: str, path: str) -> None:
    assert httpx.get(base + path).status_code == 401
    assert httpx.post(f"{base}/do", json={"slot": "photon-1", "do": "reset"}).status_code == 401


def test_the_token_is_in_no_address_but_the_first(opened: OpenLab) -> None:
    with httpx.Client(follow_redirects=True) as client:
        answer = client.get(opened.page.address)
    assert answer.status_code == 200
    assert "token" not in str(answer.url)
    (set_cookie,) = answer.history[0].headers.get_list("set-cookie")
    assert "HttpOnly" in set_cookie and "SameSite=strict" in set_cookie
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example:1"}],
)
def test_other_names_and_origins_are_refused(inside: httpx.Client, base: str, headers: dict[str, str]) -> None:
    for request in (
        inside.build_request("GET", f"{base}/", headers=headers),
        inside.build_request("POST", f"{base}/do", headers=headers, json={"slot": "photon-1", "do": "reset"}),
    ):
        assert inside.send(request).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"slot": "photon-1"}', 400),
        (b'{"slot": "photon-1", "do": "dfu"}', 400),
        (b'{"slot": "photon-1", "do": "reset", "more": 1}', 400),
        (b'{"slot": "photon-1", "do": "move", "name": "lift", "position": 101}', 400),
        (b'{"slot": "../photon-1", "do": "reset"}', 409),
        (b'{"slot": "photon-1", "do": "fault", "name": "none", "on": true}', 409),
        (b'{"slot": "photon-1", "do": "call", "name": "no/such"}', 409),
        (b'{"slot": "photon-1", "do": "say", "argument": "x"}', 409),
        (b" " * 20_000, 413),
    ],
)
def test_requests_are_typed(inside: httpx.Client, base: str, body: bytes, status: int) -> None:
    answer = inside.post(f"{base}/do", content=body)
    assert answer.status_code == status and answer.json()["error"]


@pytest.mark.parametrize("name", ["index.html", "..%2fserver.py", "%2e%2e/server.py", "nothing"])
def test_only_the_page_s_own_files(inside: httpx.Client, base: str, name: str) -> None:
    assert inside.get(f"{base}/page/{name}").status_code == 404
