"""A rig without devices, whose readings a test sets: for tests of the plugin, which run it inside pytest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from photonrig.bench.device_state import Declared
from photonrig.bench.diagnosis import Readings
from photonrig.bench.rig import Rig
from photonrig.bench.slots.slot import Slot
from photonrig.bench.target import CloudTarget, Firmware
from photonrig.particle.cloud import ClientCredentials, Cloud, Token
from photonrig.testing.bench import Bench
from photonrig.testing.photon import Photon


class FakeRig(Rig):
    """Opens nothing. ``troubles`` are the readings while it is sick; recovering makes it well."""

    def __init__(self) -> None:
        self.troubles: dict[str, str] = {}
        self.recoveries = 0
        self.prepared: Declared | None = None
        self._target = CloudTarget(
            cloud=Cloud("http://127.0.0.1:9"),
            central=Token("token"),
            product_id=1,
            client=ClientCredentials("id", "secret"),
            wifi=("", ""),
            make_cli=lambda: pytest.fail("no CLI here"),
        )

    def target_of(self, variant: str | None) -> CloudTarget:
        return self._target

    def slot(self, variant: str) -> Slot:
        return Slot(variant, "0" * 24)

    def read(self, slot: Slot | None, since: float) -> Readings:
        return Readings(**self.troubles)

    def recover(self, slot: Slot | None) -> list[str]:
        self.recoveries += 1
        self.troubles.clear()
        return ["put right"]

    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("target", "none"),)

    def firmware(self, variant: str) -> Firmware:
        return Firmware(variant, Path(__file__), Path(__file__).parent, 1)

    def close(self) -> None:
        pass


class FakeBench(Bench):
    @staticmethod
    def _open_stream(target: CloudTarget, observer: Any = None) -> Any:
        return nullcontext()

    def prepare(self, photon: Photon, wanted: Declared) -> None:
        assert isinstance(self.rig, FakeRig)
        self.rig.prepared = wanted


@pytest.fixture(scope="session")
def photonrig_bench(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Bench]:
    kept = pytestconfig.getoption("rig_report")
    folder = tmp_path_factory.mktemp("runs") if kept is None else Path(kept).absolute() / "tests"
    bench = FakeBench(lambda work: FakeRig(), folder)
    yield bench
    bench.close()


@pytest.fixture
def rig(photonrig_bench: Bench) -> Any:
    return photonrig_bench.rig
