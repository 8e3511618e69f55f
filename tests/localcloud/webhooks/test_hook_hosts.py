"""The hosts that webhooks may call."""

from __future__ import annotations

import socket
import ssl
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from photonrig.errors import UsageError
from photonrig.localcloud.webhooks.hosts import addresses_of, may_call

from ..hook_target import beside_target, hook_target
from ..world import PLAIN, world
from .firing import published


@pytest.mark.parametrize(
    ("url", "data"),
    [
        ("http://example.com/", None),
        ("http://0.0.0.0/", None),
        ("http://192.168.0.1/", None),
        ("http://127.0.0.1@example.com/", None),
        ("http://{{{PARTICLE_EVENT_VALUE}}}/", "example.com"),
        ("http://127.0.0.1.example.com/", None),
    ],
)
async def test_other_machines_are_not_called(tmp_path: Path, url: str, data: str | None) -> None:
    async with beside_target(tmp_path) as (there, _target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": url})
        told = await published(there, "e", data)
        assert len(told) == 3
        assert all("--webhook-host" in (text or "") for _, text in told)


def test_hosts_that_were_allowed_by_name() -> None:
    allowed = frozenset({"hooks.example.com"})
    assert all(may_call(host, allowed) for host in ("127.0.0.1", "127.9.9.9", "::1", "LOCALHOST", "Hooks.Example.com."))
    assert not any(may_call(host, allowed) for host in ("example.com", "10.0.0.1", "::2", "", "127.1", "localhost.x"))


LINK_LOCAL_AND_WORSE = """
    169.254.0.1 169.254.169.254 169.254.169.254. [fe80::1] fe80::1%eth0 FEBF::1 ::ffff:169.254.169.254
    [::ffff:a9fe:a9fe] ::169.254.169.254 2852039166 0xa9fea9fe 0xa9.0xfe.0xa9.0xfe 169.254.43518
    0251.0376.0251.0376 １６９.254.169.254 224.0.0.1 0.0.0.0 :: 255.255.255.255
"""


@pytest.mark.parametrize(
    "host",
    LINK_LOCAL_AND_WORSE.split(),
)
def test_link_local_addresses_are_not_called_however_they_are_written(host: str) -> None:
    assert not may_call(host, frozenset())


@pytest.mark.parametrize(
    ("name", "stands_for", "called"),
    [
        ("hooks.example.com", ["127.0.0.1"], ["127.0.0.1"]),
        ("hooks.example.com", ["192.168.1.9", "2001:db8::9"], ["192.168.1.9", "2001:db8::9"]),
        ("hooks.example.com", ["169.254.169.254"], None),
        ("hooks.example.com", ["fe80::1%eth0"], None),
        ("hooks.example.com", ["::ffff:169.254.169.254"], None),
        ("hooks.example.com", ["224.0.0.1", "0.0.0.0", "::", "ff02::1"], None),
        ("hooks.example.com", ["169.254.169.254", "192.168.1.9"], ["192.168.1.9"]),
        ("localhost", ["::1", "127.0.0.1"], ["::1", "127.0.0.1"]),
        ("localhost", ["192.168.1.9"], None),
    ],
)
async def test_what_a_name_stands_for_is_checked_too(
    monkeypatch: pytest.MonkeyPatch, name: str, stands_for: list[str], called: list[str] | None
) -> None:
    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in stands_for]

    hosts = frozenset({"hooks.example.com"})
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    if called is not None:
        assert await addresses_of(name, hosts) == called
    else:
        with pytest.raises(UsageError, match=r"stands for .* may not call"):
            await addresses_of(name, hosts)


async def test_the_address_that_was_checked_is_the_one_that_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for something else a moment later is not asked again."""
    answers = [["127.0.0.1"], ["169.254.169.254"]]

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 0)) for each in answers.pop(0)]

    async with beside_target(tmp_path, replace(PLAIN, webhook_hosts=frozenset({"hooks.example.com"}))) as (
        there,
        target,
    ):
        await there.user_with_device("u")
        url = target.url.replace("127.0.0.1", "hooks.example.com")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": url})
        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        assert await published(there, "e") == [("hook-sent/e", "undefined")]
        assert target.received[0].headers["host"].startswith("hooks.example.com:")
        assert answers == [["169.254.169.254"]]


async def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    async with beside_target(tmp_path) as (there, target):
        await there.user_with_device("u")
        await there.ok("POST", "/v1/integrations", "u", json={"event": "e", "url": target.url})
        target.answer = (302, b"")
        told = await published(there, "e")
        assert told == [("hook-error/e/0", "error status 302 from 127.0.0.1")] * 3


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook target")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=36500))
    both = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both += made.sign(key, SHA256()).public_bytes(Encoding.PEM)
    (folder / "target.pem").write_bytes(both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "target.pem")
    return context


async def test_a_certificate_is_checked_unless_the_hook_says_otherwise(tmp_path: Path) -> None:
    """The reference, "Enforce SSL"."""
    async with hook_target(_self_signed(tmp_path)) as target, world(tmp_path) as there:
        await there.user_with_device("u")
        for event, checked in (("checked", True), ("not", False)):
            hook = {"event": event, "url": target.url, "rejectUnauthorized": checked}
            await there.ok("POST", "/v1/integrations", "u", json=hook)
        assert (await published(there, "checked"))[0] == ("hook-error/checked/0", "error ConnectError from 127.0.0.1")
        assert await published(there, "not") == [("hook-sent/not", "undefined")]
        assert len(target.received) == 1
