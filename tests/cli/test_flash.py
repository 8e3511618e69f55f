"""``photonrig flash``: a variant, any application's .bin, and what a board does not get."""

from __future__ import annotations

import signal
import subprocess
import sys
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


BLINK = """
int speed = %d;
void setup() { Particle.variable("speed", speed); }
"""


@pytest.fixture
def blink(tmp_path: Path) -> Path:
    """A project that knows nothing of photonrig."""
    source = tmp_path / "blink" / "src" / "blink.ino"
    source.parent.mkdir(parents=True)
    source.write_text(BLINK % 3)
    return source


def speed_of(rig: Path) -> object:
    with open_bench(load_config(rig), TOOLS) as bench:
        return bench.target.team.variable(bench.slots["1"].device_id, "speed", scope=bench.target.product)


@pytest.mark.cli
def test_any_project_is_built_and_flashed(rig: Path, blink: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flash(blink.parents[1], rig)
    assert capsys.readouterr().out.endswith(" runs blink\n")
    assert speed_of(rig) == 3
    blink.write_text(BLINK % 5)
    flash(blink, rig)
    assert capsys.readouterr().out.endswith(" runs blink.ino\n")
    assert speed_of(rig) == 5


def test_what_does_not_compile_is_told_with_its_own_file_and_line(rig: Path, blink: Path) -> None:
    blink.write_text("void setup() {\n  oops();\n}\n")
    with pytest.raises(ModuleError, match=r"^src/blink\.ino:2:3: error: 'oops' was not declared"):
        flash(blink.parents[1], rig)
    with pytest.raises(UsageError, match=r"nothing holds no firmware sources"):
        flash(blink.parent / "nothing", rig)


@pytest.mark.cli
def test_watching_flashes_what_is_saved(rig: Path, blink: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "photonrig.cli.main", "flash", str(blink), "--rig", str(rig), "--watch"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        watching = "watching the sources until Ctrl-C\n"
        assert [next(said).split(" runs ")[-1], next(said)] == ["blink.ino\n", watching]
        blink.write_text("void setup() { oops(); }")
        assert next(said) == watching  # the error is on the other output
        blink.write_text(BLINK % 9)
        assert [next(said).split(" runs ")[-1], next(said)] == ["blink.ino\n", watching]
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert speed_of(rig) == 9


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
    return BenchSession(config, {}, {}, None, {}, pytest.fail, own_build)
