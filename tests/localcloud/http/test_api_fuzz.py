"""The HTTP API under requests made from its own description: no fault, no hang, nothing of others shown to strangers.

Schemathesis makes the requests, well-formed and damaged ones, from /openapi.json; most names in their paths, and many
in their bodies, are of things that exist. What is secret bears one word, so that any trace of it in an answer is seen.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from photonrig.localcloud.device.contract import Describe
from photonrig.localcloud.http.app import make_app
from photonrig.localcloud.server import run_cloud
from photonrig.localcloud.service.cloud import Settings

from ..archives import archive
from ..world import DEVICE, OTHER_DEVICE, FakeDevices, ManualClock, World, populate

SECRET = "topsecret"
SECONDS = 60.0


@dataclass
class Served:
    """A cloud on loopback: an world full of secrets, and a stranger with a product and a customer of his own."""

    api: str
    tokens: dict[str, str]
    names: dict[str, tuple[str, ...]]

    def renew(self, who: str) -> None:
        """Log in again: a request may have ended the token."""
        form = {"grant_type": "password", "username": f"{who}@example.com", "password": "secret"}
        granted = httpx.post(
            f"{self.api}/oauth/token", data=form, auth=("particle-cli", "particle-cli"), timeout=SECONDS
        ).json()
        self.tokens[who] = granted.get("access_token", self.tokens[who])


async def fill(there: World) -> Mapping[str, tuple[str, ...]]:
    """Two owned devices online, and one of everything else that a product and its owner may have."""
    made = await populate(there)
    path = f"/v1/products/{made.product}"
    await there.enrol("m", OTHER_DEVICE)
    await there.ok("POST", f"{path}/devices", "m", json={"id": OTHER_DEVICE})
    await there.ok("POST", "/v1/devices", "c", json={"id": DEVICE})
    await there.ok("POST", "/v1/devices", "m", json={"id": OTHER_DEVICE})
    there.devices.variables = {SECRET: SECRET}
    for device in (DEVICE, OTHER_DEVICE):
        await there.go_online(device, made.product)
        await there.cloud.reports.described(device, Describe({SECRET: "string"}, (f"{SECRET}-move",), (), "2.3.1"))
        words = {"name": f"{SECRET}-{device[:4]}", "notes": f"{SECRET} notes"}
        await there.ok("PUT", f"{path}/devices/{device}", "m", json=words)
    hook = {"event": SECRET, "url": f"http://127.0.0.1:9/{SECRET}"}
    hooks = [(await there.ok("POST", f"{base}/integrations", "m", json=hook))["id"] for base in ("/v1", path)]
    await there.ok("POST", f"{path}/groups", "m", json={"name": SECRET})
    await there.ok("POST", f"{path}/clients", "m", json={"name": SECRET})
    await there.ok("POST", "/v1/devices/events", "m", json={"name": f"{SECRET}/event", "data": SECRET})
    files = {"archive.tar.gz": ("archive.tar.gz", archive(sentence=SECRET))}
    await there.ok("POST", "/v1/libraries", "m", files=files)
    theirs = await there.product("o", "Others")
    client = await there.client("o", theirs["id"])
    await there.customer("x", theirs["id"], client)
    granted = await there.ok("POST", "/oauth/token", data={"grant_type": "client_credentials"}, auth=client)
    there.tokens["q"] = granted["access_token"]
    return {
        "product": (str(made.product), made.slug, str(theirs["id"])),
        **dict.fromkeys(("device", "deviceID", "id", "device_id", "as_device_id"), (DEVICE,)),
        "hook": tuple(hooks),
        "client": (made.client[0], client[0]),
        "email": ("c@example.com", "x@example.com"),
        "username": ("m@example.com", "o@example.com"),
        "library": ("Lamp",),
        "token": (there.tokens["c2"],),
    }


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The cloud in a thread of its own."""
    ready, end = threading.Event(), threading.Event()
    found: list[Served] = []

    async def run() -> None:
        async with run_cloud(tmp_path / "state", Settings()) as up:
            devices = up.cloud.link.hub = FakeDevices()
            async with httpx.AsyncClient(base_url=up.api, timeout=SECONDS) as http:
                there = World(up.cloud, devices, ManualClock(), make_app(up.cloud), http)
                names = dict(await fill(there))
                found.append(Served(up.api, there.tokens, names))
                ready.set()
                await asyncio.to_thread(end.wait)

    thread = threading.Thread(target=lambda: (asyncio.run(run()), ready.set()))
    thread.start()
    assert ready.wait(60)
    try:
        yield found[0]
    finally:
        end.set()
        thread.join()


def requests_of(api: str, names: Mapping[str, tuple[str, ...]]) -> st.SearchStrategy[Any]:
    """Any request of any endpoint."""
    schema = schemathesis.openapi.from_url(f"{api}/openapi.json")
    operations = [each.ok() for each in schema.get_all_operations()]

    @st.composite
    def request(draw: st.DrawFn) -> Any:
        operation = draw(st.sampled_from(operations))
        mode = draw(st.sampled_from([*[GenerationMode.POSITIVE] * 3, GenerationMode.NEGATIVE]))
        case = draw(operation.as_strategy(generation_mode=mode))
        for name in case.path_parameters or ():
            if draw(st.integers(0, 4)) and name in names:
                case.path_parameters[name] = draw(st.sampled_from(names[name]))
        if isinstance(case.body, dict):
            for name in case.body.keys() & names.keys():
                if draw(st.booleans()):
                    case.body[name] = draw(st.sampled_from(names[name]))
        return case

    return request()


def ask(session: requests.Session, case: Any, token: str | None) -> tuple[int, bytes]:
    """Status and body of the answer; of a stream its beginning."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        words = case.as_transport_kwargs(headers=headers)
        prepared = session.prepare_request(requests.Request(**words))
    except (ValueError, requests.RequestException):  # nothing that HTTP can carry
        reject()
    with session.send(prepared, stream=True, timeout=SECONDS, allow_redirects=False) as answer:
        if answer.headers.get("content-type", "").startswith("text/event-stream"):
            return answer.status_code, next(answer.iter_content(None))
        return answer.status_code, answer.content


def check(served: Served, who: tuple[str | None, ...], examples: int, judge: Callable[[Any, int, bytes], None]) -> None:
    """Send so many requests as any of these, and have each answer judged."""

    def run(case: Any, name: str | None) -> None:
        status, body = ask(session, case, None if name is None else served.tokens[name])
        if status == 401 and name in RENEWABLE:
            served.renew(name)
        judge(case, status, body)
        tried[status // 100] += 1

    tried: Counter[int] = Counter()
    bounds = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples <= QUICK,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with requests.Session() as session:
        session.trust_env = False
        bounds(given(case=requests_of(served.api, served.names), name=st.sampled_from(who))(run))()
    print(dict(tried))
    # 2 to 5 in a hundred: what is drawn also depends on the modules that happen to be loaded.
    assert tried[2] > examples // 100, "hardly a request was understood"
    assert tried[4] > examples // 10, "hardly a request was refused"


def whole(case: Any, status: int, body: bytes) -> None:
    """No fault, and words that every client can read."""
    assert status < 500, f"{case.as_curl_command()}: {status} {body!r}"
    if status >= 400:
        assert isinstance(json.loads(body), dict)


def no_secret(case: Any, status: int, body: bytes) -> None:
    """Whole, and without a trace of what belongs to others."""
    whole(case, status, body)
    for secret in (SECRET, OTHER_DEVICE):
        assert secret.encode() not in body, f"{case.as_curl_command()}: {status} {body!r}"


STRANGERS = ("o", "x", "q", None)
EVERYBODY = ("m", "c", "p", *STRANGERS)
RENEWABLE = ("m", "o")
QUICK = 300


def test_no_request_breaks_it(served: Served) -> None:
    check(served, EVERYBODY, QUICK, whole)


def test_strangers_see_nothing_of_others(served: Served) -> None:
    check(served, STRANGERS, QUICK, no_secret)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_request_breaks_it_for_long(served: Served) -> None:
    check(served, EVERYBODY, 20_000, whole)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_strangers_see_nothing_of_others_for_long(served: Served) -> None:
    check(served, STRANGERS, 20_000, no_secret)
