"""A cloud that does not answer: down, or out of reach."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from photonrig.bench.cloud_health import read_cloud
from photonrig.bench.diagnosis import Readings, diagnose
from photonrig.bench.target import CloudTarget
from photonrig.particle.cloud import ClientCredentials, Cloud, Token


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("photonrig.bench.cloud_health._REACH", 0.2)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def cause(readings: Readings) -> str:
    return diagnose(AssertionError(), readings, frozenset({"cloud"})).cause


def ask(port: int) -> Readings:
    with Cloud(f"http://127.0.0.1:{port}") as cloud:
        client = ClientCredentials("id", "secret")
        return read_cloud(CloudTarget(cloud, Token("token"), 1, client, ("", ""), lambda: pytest.fail("no CLI")), None)


def test_a_host_that_takes_the_connection_and_says_nothing_is_the_clouds(listener: socket.socket) -> None:
    assert cause(ask(listener.getsockname()[1])) == "cloud"


def test_a_host_that_refuses_is_there(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    listener.close()
    assert cause(ask(port)) == "cloud"


def test_a_host_that_cannot_be_reached_is_the_networks(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr("photonrig.bench.cloud_health.socket.create_connection", unreachable)
    readings = ask(listener.getsockname()[1])
    assert cause(readings) == "network"
    assert "127.0.0.1 is out of reach: timed out" in str(readings.api_path)
