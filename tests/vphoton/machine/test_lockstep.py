"""The machine against Unicorn: random instructions of every encoding, and genuine user parts, without a difference."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain

from .encodings import ENCODINGS, matching
from .genuine import Genuine, static_instructions
from .lockstep import EXCLUDED, RandomLockstep
from .streams import NOT_IN_IT, NOT_RUN

TOOLS = Toolchain(Path(__file__).parents[3])
_APPS = TOOLS.cli_script.parents[1] / "assets" / "knownApps" / "photon"
GENUINE = {"tinker": _APPS / "tinker" / "tinker-0.4.5-photon.bin", "doctor": _APPS / "doctor" / "photon_doctor.bin"}
_CHOSEN = [encoding for encoding in ENCODINGS if encoding.name not in NOT_RUN]
_BATCH = 32


@pytest.fixture(scope="module")
def judged() -> Path:
    return TOOLS.machine_judged()


@pytest.fixture
def lockstep(judged: Path) -> Iterator[RandomLockstep]:
    with closing(RandomLockstep(judged)) as lockstep:
        yield lockstep


def test_an_instruction_is_of_one_encoding() -> None:
    rng = random.Random(1)
    for encoding in ENCODINGS:
        for _ in range(3):
            code, _ = encoding.random(rng)
            assert [found.name for found in matching(code, encoding.size)] == [encoding.name], hex(code)


def test_what_is_left_out_is_an_encoding() -> None:
    names = {encoding.name for encoding in ENCODINGS}
    assert len(names) == len(ENCODINGS)
    assert set(NOT_RUN) <= names and set(NOT_IN_IT) <= names


def test_every_encoding_agrees(lockstep: RandomLockstep) -> None:
    """Each begins blocks of instructions, until it was compared eight times."""
    for seed in range(200):
        missing = [encoding for encoding in _CHOSEN if lockstep.compared[encoding.name] < 8]
        if not missing:
            break
        lockstep.batch(seed, random.Random(seed).sample(missing, min(_BATCH, len(missing))))
    print(seed, lockstep.executed, dict(lockstep.excluded))
    assert not missing, [encoding.name for encoding in missing]
    assert lockstep.executed > 3000
    assert set(lockstep.excluded) <= set(EXCLUDED)


def test_random_blocks_agree(lockstep: RandomLockstep) -> None:
    for seed in range(1000, 1060):
        lockstep.batch(seed)
    assert lockstep.executed > 20_000


@pytest.mark.soak
@pytest.mark.timeout(14_400)
def test_ten_million_instructions_agree(lockstep: RandomLockstep) -> None:
    seed = time.time_ns()
    print(f"seeds from {seed}")
    for number in itertools.count(seed):
        lockstep.batch(number)
        if lockstep.executed >= 10_000_000:
            break
    print(lockstep.executed, dict(lockstep.excluded))
    assert set(lockstep.compared) >= {encoding.name for encoding in _CHOSEN}


@pytest.mark.parametrize("name", GENUINE)
def test_a_genuine_user_part_runs_a_thousand_loops(judged: Path, name: str) -> None:
    """Its cloud functions, where it has any, are called between the loops."""
    if not GENUINE[name].exists():
        pytest.skip("the Particle CLI, which brings this user part, is not installed: ./rig build")
    image = GENUINE[name].read_bytes()
    with closing(Genuine(judged, image)) as genuine:
        genuine.start()
        for number in range(1000):
            every_step = number < 20
            genuine.loop(every_step=every_step)
            if genuine.stub.functions:
                parameter = f"{'DA'[number // 5 % 2]}{number % 8} {('HIGH', 'LOW', '128')[number % 3]}"
                genuine.call_function(number, parameter.encode(), every_step=every_step)
    assert genuine.instructions > 10_000
    assert len(genuine.executed) > 500
    ran = {encoding.name for encoding in static_instructions(image, genuine.executed).values()}
    assert ran <= {encoding.name for encoding in _CHOSEN} | {"IT T1"}
