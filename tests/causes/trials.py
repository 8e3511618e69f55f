"""Many runs of one scenario, each with one fault in it; run by test_causes.py and ``./rig bench --only causes``.

What the plugin made of each run is in results.json; the number of a run says which fault was behind it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.pytest_plugin import ATTEMPT
from photonrig.testing import Customer, Events, Photon
from photonrig.testing.bench import Bench, TestRun

sys.path.insert(0, str(Path(__file__).parent))
from injector import FaultyRig, Trial

NUMBERS = [int(word) for word in os.environ["PHOTONRIG_TRIALS"].split(",")]
SEED = int(os.environ["PHOTONRIG_TRIAL_SEED"])
# Milliseconds up and down. A stop waits for the radio frame under way (about 60 ms), which must be a small part of it.
TRAVEL = "3000,3000"


@pytest.fixture(scope="session")
def photonrig_bench(pytestconfig: pytest.Config) -> Iterator[Bench]:
    tools = Toolchain.found()
    project = tools.root / "firmware" / "variants" / "roller"
    folder = Path(pytestconfig.getoption("rig_report")).absolute() / "tests"
    bench = Bench(lambda work: FaultyRig(tools, work, project), folder)
    yield bench
    bench.close()


@pytest.fixture
def trial(
    photonrig_bench: Bench, photonrig_run: TestRun, photon: Photon, number: int, request: pytest.FixtureRequest
) -> Iterator[Trial]:
    rig = photonrig_bench.rig
    assert isinstance(rig, FaultyRig)
    photonrig_bench.current = None
    made = Trial(number, SEED, rig, request.node.stash[ATTEMPT])
    # What was done to bring a fault into place is no part of the test.
    photonrig_bench.current = photonrig_run
    photonrig_run.recorder.begun = time.monotonic()
    photonrig_run.recorder.moments.clear()
    yield made
    photonrig_bench.current = None
    made.end()
    photonrig_bench.current = photonrig_run


@pytest.mark.variant("roller")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", NUMBERS)
def test_trial(photon: Photon, customer: Customer, events: Events, trial: Trial) -> None:
    trial.step()
    info = photon.ask("info")
    assert (info["id"], info["variant"]) == (photon.id, "roller")
    trial.step()
    assert photon.call("calibrate", TRAVEL) == 0
    trial.step()
    target = (photon.variable("position") + trial.lot.randint(20, 60)) % 100
    mark = events.mark()
    assert photon.call("move", str(target)) == target
    trial.step()
    moved = events.expect("shade/moved", 20, since=mark).json()
    assert moved["cause"] == "arrived"
    assert abs(photon.variable("position") - target) <= 5
    trial.step()
    assert abs(photon.ask("status")["position"] - target) <= 5
    photon.release()
    photon.listen()
    trial.step()
    photon.set_up(customer.claim_code())
    trial.step()
    photon.wait_owner(customer.email, 10)
    assert photon.variable("variant", who=customer.cloud) == "roller"
