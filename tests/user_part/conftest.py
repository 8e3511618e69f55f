"""Applications built for a Photon, once for a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.build.user_part import UserPart, build_user_part, build_variant

TOOLS = Toolchain(Path(__file__).parents[2])
VARIANTS = ("roller", "venetian", "drapery", "honeycomb")


@pytest.fixture(scope="session")
def work() -> Path:
    """What is made stays in the checkout's folder of made things, so that a second run has it."""
    if shutil.which("arm-none-eabi-g++") is None:
        pytest.skip("no cross compiler here")
    return TOOLS.work / "user_part"


@pytest.fixture(scope="session")
def parts(work: Path) -> dict[str, UserPart]:
    """The four variants."""
    return {variant: build_variant(TOOLS.root, variant, work) for variant in VARIANTS}


Compile = Callable[[str], UserPart]


@pytest.fixture
def sketch(work: Path, tmp_path: Path) -> Compile:
    """Builds an application of one source text; ``Particle.h`` is included already."""

    def compiled(text: str) -> UserPart:
        source = tmp_path / "sketch.cpp"
        source.write_text(f'#include "Particle.h"\n{text}')
        made = tmp_path / "made"
        made.mkdir(exist_ok=True)
        # The library is the same for all.
        for kept in work.glob("wiring-*"):
            if not (made / kept.name).exists():
                (made / kept.name).symlink_to(kept)
        return build_user_part(TOOLS.root / "firmware", [source], [tmp_path], made, "sketch", flags=["-Wextra"])

    return compiled
