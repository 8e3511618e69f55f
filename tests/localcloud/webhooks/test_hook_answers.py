"""The events that a webhook's success and the server's answer become."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.webhooks import messages
from photonrig.localcloud.webhooks.config import HookConfig

from ...patience import PATIENCE
from ..hook_target import beside_target
from ..world import DEVICE, populate
from .firing import EVENT, fire, published


async def test_success_is_told_with_the_answer_in_pieces(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(200, b""), (201, b"ok"), (200, "ä".encode() * 300)]
        assert await published(there, "e/x") == [("hook-sent/e/x", "undefined")]
        assert await published(there, "e") == [("hook-sent/e", "undefined"), ("hook-response/e/0", "ok")]
        _, first, second = await published(there, "e")
        assert (first, second) == (("hook-response/e/0", "ä" * 256), ("hook-response/e/1", "ä" * 44))


async def test_of_a_long_answer_the_beginning_is_kept(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answers = [(200, b"x" * 300_000)]
        told = await published(there, "e")
        assert sum(len(data or "") for name, data in told if name != "hook-sent/e") == messages.MAX_RESPONSE


async def test_templates_and_topics_shape_the_answer(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        hook = {
            "event": "e",
            "url": target.url,
            "responseTemplate": {"lat": "{{results.0.lat}}", "of": "{{PARTICLE_EVENT_NAME}}"},
            "responseTopic": "{{PARTICLE_DEVICE_ID}}/answer",
        }
        await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answers = [(200, b'{"results":[{"lat":47.1}]}')]
        told = await published(there, "e")
        assert told[1] == (f"{DEVICE}/answer/0", '{"lat":"47.1","of":"e"}')


def test_unchunked_and_binary_answers() -> None:
    def told(answer: bytes, **given: Any) -> list[tuple[str, str | None]]:
        config = HookConfig.parse({"event": "e", "url": "http://127.0.0.1/", **given})
        made = messages.response_events(config, EVENT, {}, answer, "image/png", 0.0, of_product=True)
        return [(event.name, event.data) for event in made]

    topic = f"{DEVICE}/hook-response/shade/moved"
    assert told(b"x" * 1024, unchunked=True) == [(topic, "x" * 1024)]
    assert told(b"x" * 1025, unchunked=True) == []
    assert told(b"\x00\xff", dataUrlResponseEvent=True) == [(f"{topic}/0", "data:image/png;base64,AP8=")]
    assert told(b"", dataUrlResponseEvent=True) == []


async def test_the_answer_reaches_the_device_that_asked_claimed_or_not(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        fixture = await populate(there)
        there.devices.listening[DEVICE] = (Subscription(f"{DEVICE}/hook-response/", "mine"),)
        path = f"/v1/products/{fixture.product}/integrations"
        await there.ok("POST", path, "m", json={"event": "e", "url": target.url})
        target.answer = (200, b"42")
        for owner in (None, "c"):
            if owner is not None:
                await there.ok("POST", "/v1/devices", owner, json={"id": DEVICE})
            await fire(there, "e")
            async with asyncio.timeout(PATIENCE):
                assert await there.devices.received.get() == (DEVICE, f"{DEVICE}/hook-response/e/0", "42")


@given(st.text(max_size=1500))
@example("x" + "ä" * 400)
def test_every_piece_but_the_last_is_exactly_512_bytes_and_together_they_are_the_answer(text: str) -> None:
    """As the reference says of parts. A device gets the bytes; a stream shows half a character as U+FFFD."""
    config = HookConfig.parse({"event": "e", "url": "http://127.0.0.1/"})
    answer = text.encode()
    told = messages.response_events(config, EVENT, {}, answer, "text/plain", 0.0, of_product=False)
    pieces = [(event.data or "").encode() if event.raw is None else event.raw for event in told]
    assert b"".join(pieces) == answer
    assert all(len(piece) == 512 for piece in pieces[:-1])
    assert all(0 < len(piece) <= 512 for piece in pieces)
    assert [event.name for event in told] == [f"hook-response/shade/moved/{n}" for n in range(len(told))]
    assert [event.data for event in told] == [piece.decode(errors="replace") for piece in pieces]


async def test_a_device_gets_the_bytes_of_a_piece_and_of_a_data_url(tmp_path: Path) -> None:
    """The reference, "Multipart responses" and "Encode as data URL": decoded by the cloud for a device."""
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        there.devices.listening[DEVICE] = (Subscription("hook-response/", "mine"),)
        for event, binary in (("text", False), ("image", True)):
            hook = {"event": event, "url": target.url, "dataUrlResponseEvent": binary}
            await there.ok("POST", "/v1/integrations", "u", json=hook)
        target.answers = [(200, b"x" + "ä".encode() * 300), (200, b"\x00\xff")]
        for event in ("text", "image"):
            await fire(there, event)
        async with asyncio.timeout(PATIENCE):
            got = [(await there.devices.received.get())[1:] for _ in range(3)]
        assert got == [
            ("hook-response/text/0", b"x" + b"\xc3\xa4" * 255 + b"\xc3"),
            ("hook-response/text/1", b"\xa4" + b"\xc3\xa4" * 44),
            ("hook-response/image/0", b"\x00\xff"),
        ]
