"""What ``pip install photonrig`` brings into somebody else's project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as its wheel installs it, in a folder of its own, without what it depends on."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    wheel = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder / "dist"), str(ROOT)]
    subprocess.run([*pip, *wheel], check=True)
    (file,) = (folder / "dist").glob("photonrig-*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(folder / "site"), str(file)], check=True)
    return folder / "site"


def run(installed: Path, folder: Path, *argv: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(installed), "XDG_CACHE_HOME": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, *argv], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_carries_what_the_virtual_photon_is_built_from(installed: Path, tmp_path: Path) -> None:
    script = "from photonrig.bench.toolchain import Toolchain; t = Toolchain.found(); print(t.root); print(t.work)"
    root, work = map(Path, run(installed, tmp_path, "-c", script).split())
    assert root == installed / "photonrig" / "_bundle"
    assert work.parent == tmp_path / "cache" / "photonrig"
    for name in (
        "firmware/CMakeLists.txt",
        "firmware/vphoton/include/Particle.h",
        "host/lock/particle-cli/package.json",
    ):
        assert (root / name).is_file(), name
    for variant in (ROOT / "firmware" / "variants").iterdir():
        # The library is a link in the checkout, and lies there in full in the wheel.
        assert (root / "firmware" / "variants" / variant.name / "lib" / "shade" / "src" / "shade.h").is_file()


def test_the_plugin_is_there_with_every_variant(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine(photon): pass\n")
    words = ["-m", "pytest", "-p", "no:schemathesis", "-p", "no:cacheprovider", "--collect-only", "-q"]
    collected = run(installed, tmp_path, *words)
    assert "test_mine.py::test_mine[roller]" in collected
    assert "destructive: may wear out" in run(installed, tmp_path, *words[:-2], "--markers")
