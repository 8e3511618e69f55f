"""Applications built for a Photon, once for a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from photonrig.build.compile import CompiledFirmware, compile_project
from photonrig.build.size import Size, size_of
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import VARIANTS, build_variant

__all__ = ["TOOLS", "VARIANTS", "Compile", "UserPart"]

TOOLS = Toolchain(Path(__file__).parents[2])


@dataclass(frozen=True)
class UserPart:
    """A linked application: what a Photon takes, and the same with symbols and line numbers."""

    module: Path

    @property
    def elf(self) -> Path:
        return self.module.with_suffix(".elf")

    @property
    def size(self) -> Size:
        return size_of(self.module)


@pytest.fixture(scope="session")
def parts() -> dict[str, UserPart]:
    """The four variants."""
    return {variant: UserPart(build_variant(TOOLS, variant)) for variant in VARIANTS}


Compile = Callable[[str], UserPart]


@pytest.fixture
def sketch(tmp_path: Path) -> Compile:
    """Builds an application of one source text; ``Particle.h`` is included already."""

    def compiled(text: str) -> UserPart:
        files = {"src/sketch.cpp": f'#include "Particle.h"\n{text}'.encode()}
        return written(compile_project(files, TOOLS.sdk(), debug=tmp_path), tmp_path / "sketch.bin")

    return compiled


def written(made: CompiledFirmware, module: Path) -> UserPart:
    """A compiled application as files."""
    module.write_bytes(made.image)
    module.with_suffix(".elf").write_bytes(made.elf)
    return UserPart(module)
