"""Virtual Photons with the programme's firmware, each release built once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.parity.device import record_device
from photonrig.parity.recording import Head, Recording
from photonrig.parity.subject import Photon, build_probe, scrubber, virtual_photon

TOOLS = Toolchain(Path(__file__).parents[2])


def recorded(photon: Photon, *chapters: str, **more: object) -> Recording:
    """A recording of some chapters of a Photon, or of all."""
    wanted = {"chapters": chapters} if chapters else {}
    return Recording(Head("test", "", "", ""), tuple(record_device(photon, scrubber(photon), **wanted, **more)))


@pytest.fixture(scope="session")
def probe(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("probe")
    return lambda device_os: build_probe(TOOLS, device_os, folder)


@pytest.fixture(scope="session")
def photon(probe: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Photon]:
    with virtual_photon(TOOLS, "2.3.1", tmp_path_factory.mktemp("photon"), probe("2.3.1")) as made:
        yield made


@pytest.fixture(scope="session")
def right(photon: Photon) -> Recording:
    """What a virtual Photon of Device OS 2.3.1 answers."""
    return recorded(photon)
