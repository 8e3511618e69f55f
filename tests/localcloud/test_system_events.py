"""Names that are not everybody's: what devices, clients and webhooks may not publish, however they write it."""

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.localcloud import system_events
from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.eras.viewers import StreamViewer
from photonrig.localcloud.events import Event
from photonrig.localcloud.system_events import SAID_BY_DEVICES

from ..patience import PATIENCE
from .world import DEVICE, OTHER_DEVICE, World, populate, world

RESERVED = f"""
    spark spark/ spark/status spark/device/reset spark/device/claim/x spark/flash/status sparkle Spark/status SPARK/x
    sPaRk/status /spark/status //spark %73park/status spark%2Fstatus %2573park %2Fspark %20spark/x
    spark/device/safemode/x Spark/device/safemode particle particle/x Particle/device/updates/pending
    particle/device/updates/pending PARTICLE/X /particle photonrig photonrig/device/owner Photonrig/x
    hook-response/x hook-sent/x hook-error/x/0 hook-response Hook-Response/x /hook-error/x hook%2Dsent/x
    {DEVICE}/hook-response/x {DEVICE.upper()}/hook-response/x {OTHER_DEVICE}/hook-error/x
""".split()
RESERVED += [" spark/status", "spark\t/x", "\nspark/x"]
FREE = [
    "shade/spark",
    "s",
    "spar",
    "shade/moved",
    "hook",
    "my-hook-response/x",
    "particl",
    "100%spark",
    "x/hook-response/1",
]
PRINTABLE = [name for name in RESERVED if name.isprintable() and len(name) <= 64]


def _texts(file: Path) -> Iterator[str]:
    """The texts of a module but its docstrings and those of the OpenAPI document."""
    for node in ast.walk(ast.parse(file.read_text())):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Constant) and isinstance(child.value, str) and not isinstance(node, ast.Expr):
                yield child.value


def test_the_table_alone_names_system_events() -> None:
    """So that whoever publishes one is in the table: by name, publisher, payload and source."""
    named = re.compile(r"(spark|particle|photonrig)/[a-z]|hook-(sent|response|error)")
    table = Path(system_events.__file__)
    elsewhere = {
        f"{file.name}: {text}"
        for file in table.parent.rglob("*.py")
        if file != table
        for text in _texts(file)
        if named.match(text)
    }
    assert elsewhere == set()


async def _owned_by_u(there: World) -> None:
    await there.user("u")
    for device in (DEVICE, OTHER_DEVICE):
        await there.enrol("u", device)
        await there.go_online(device)
        await there.ok("POST", "/v1/devices", "u", json={"id": device})


async def test_a_device_cannot_say_what_the_cloud_says(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await _owned_by_u(there)
        seen: list[Event] = []
        reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event)), "token")
        for name in RESERVED:
            await there.device_publishes(name, "forged")
        assert seen == []
        for name in FREE:
            await there.device_publishes(name, "its own")
        assert [event.name for event in seen] == FREE
        there.cloud.bus.unsubscribe(reader)


async def test_what_device_os_says_is_shown_and_reaches_no_other_device(tmp_path: Path) -> None:
    """Of its system's events a device acts on ``particle/device/updates/forced``, whoever said it."""
    async with world(tmp_path) as there:
        await _owned_by_u(there)
        there.devices.listening[OTHER_DEVICE] = tuple(
            Subscription(prefix, "mine") for prefix in ("spark/", "particle/device", "sp", "canary")
        )
        seen: list[Event] = []
        reader = there.cloud.bus.subscribe(lambda event: bool(seen.append(event)), "token")
        said = sorted(SAID_BY_DEVICES)
        for name in said:
            await there.device_publishes(name, "true")
        assert {event.name for event in seen} == SAID_BY_DEVICES | {"spark/status/safe-mode"}  # by the cloud, of one
        await there.go_offline(DEVICE)  # what the cloud says of a device does reach the others
        await there.device_publishes("canary")
        async with asyncio.timeout(PATIENCE):
            heard = [await there.devices.received.get() for _ in range(3)]
        assert {device for device, _, _ in heard} == {OTHER_DEVICE}
        assert [name for _, name, _ in heard] == ["spark/status/safe-mode", "spark/status", "canary"]
        there.cloud.bus.unsubscribe(reader)


async def test_a_client_cannot_say_it_either(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        fixture = await populate(there)
        own, product = "/v1/devices/events", f"/v1/products/{fixture.product}/events"
        for name in PRINTABLE:
            for who, path, more in (
                *((who, own, {}) for who in ("m", "c", "p")),
                *((who, product, {}) for who in ("m", "p")),
                ("m", product, {"as_device_id": DEVICE}),
            ):
                answer = await there.call("POST", path, who, json={"name": name, **more})
                assert (answer.status_code, name) == (400, name)
                assert "reserved" in answer.json()["error"]
        for name in sorted(SAID_BY_DEVICES):
            assert (await there.call("POST", own, "m", json={"name": name})).status_code == 400
        for name in FREE:
            await there.ok("POST", own, "m", json={"name": name})


@pytest.mark.parametrize("prefix", ["spark", "spark%2Fstatus", "spark/status", "hook-"])
async def test_readers_may_ask_for_such_names(tmp_path: Path, prefix: str) -> None:
    """Only saying is reserved: a stream of ``spark/status`` is how clients learn who is online."""
    async with world(tmp_path) as there:
        await _owned_by_u(there)
        token = there.cloud.store.tokens.find(there.tokens["u"])
        assert token is not None
        principal = there.cloud.tokens.principal(token)
        seen: list[str] = []
        viewer = StreamViewer(principal, "own", prefix.replace("%2F", "/"))

        def wants(event: Event) -> bool:
            if there.cloud.era.may_see(viewer, event):
                seen.append(event.name)
            return False

        reader = there.cloud.bus.subscribe(wants, "token")
        await there.go_offline(DEVICE)
        assert seen == (["spark/status"] if prefix.startswith("spark") else [])
        there.cloud.bus.unsubscribe(reader)
