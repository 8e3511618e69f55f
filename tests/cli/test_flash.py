"""``photonrig flash``: a variant, any application's .bin, and what a board does not get."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.bench.config import RigConfig, SlotConfig, load_config
from photonrig.bench.session import BenchSession, open_bench
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.cli.flash_run import run_flash
from photonrig.errors import ModuleError, UsageError
from photonrig.particle.module import parse_module

from ..images import user_part

TOOLS = Toolchain(Path(__file__).parents[2])
TINKER = TOOLS.cli_script.parents[1] / "assets" / "knownApps" / "photon" / "tinker" / "tinker-0.4.5-photon.bin"
RIG = """
[local_cloud]
state = "cloud"

[[slot]]
name = "1"
variant = "roller"
virtual = true
"""


@pytest.fixture
def rig(tmp_path: Path) -> Path:
    path = tmp_path / "rig.toml"
    path.write_text(RIG)
    return path


def flash(what: str | Path, rig: Path, by: str = "cloud") -> None:
    run_flash(TOOLS, what, "1", rig, by=by, account=None, own_build=False)


@pytest.mark.cli
def test_any_application_is_flashed_and_the_variant_back(rig: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tinker is Particle's own binary, of which there is no source here."""
    TOOLS.particle_cli()
    flash(TINKER, rig)
    assert capsys.readouterr().out.endswith(" runs tinker-0.4.5-photon.bin\n")
    with open_bench(load_config(rig), TOOLS) as bench:
        device = bench.target.team.device(bench.slots["1"].device_id, bench.target.product)
        assert set(device.functions) == {"analogread", "analogwrite", "digitalread", "digitalwrite"}
    flash("roller", rig, by="dfu")
    assert " runs roller 1, Device OS 2.3.1, online\n" in capsys.readouterr().out


def test_what_is_no_application_is_refused_before_the_bench_is_opened(rig: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.bin cannot be read: "):
        flash(tmp_path / "none.bin", rig)
    image = tmp_path / "cut.bin"
    image.write_bytes(user_part()[:-1])
    with pytest.raises(ModuleError, match="truncated"):
        flash(image, rig)
    assert not (tmp_path / "cloud").exists()


@pytest.mark.cli
def test_a_board_gets_no_image_of_our_own_build_unasked(rig: Path) -> None:
    own = build_variant(TOOLS, "roller")
    assert parse_module(own.read_bytes()).own_build and not parse_module(TINKER.read_bytes()).own_build
    board, virtual = SlotConfig(name="1", variant="roller", usb="1-1.4"), load_config(rig).slot("1")
    with pytest.raises(UsageError, match=r"slot 1 is a board, .*roller\.bin is photonrig's own build, .*--own-build"):
        session(load_config(rig)).check(board, own)
    for allowed, slot, image in ((False, virtual, own), (False, board, TINKER), (True, board, own)):
        session(load_config(rig), own_build=allowed).check(slot, image)


def session(config: RigConfig, *, own_build: bool = False) -> BenchSession:
    return BenchSession(config, {}, {}, None, {}, own_build)
