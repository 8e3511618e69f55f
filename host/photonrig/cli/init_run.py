"""Work of ``photonrig init``: the files that a firmware project needs for tests, unless they exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click

from photonrig.bench.config import SLOT_NAME
from photonrig.build.project import SOURCES
from photonrig.cli.values import writable
from photonrig.invocation import command

_SKETCH: Final = """\
// A lamp on D7 that the cloud switches: variable "level", function "set", event "lamp/level".
int level = 0;

int set(String wanted) {
  level = wanted == "on" ? 1 : 0;
  digitalWrite(D7, level);
  Particle.publish("lamp/level", String(level), PRIVATE);
  return level;
}

void setup() {
  pinMode(D7, OUTPUT);
  Particle.variable("level", level);
  Particle.function("set", set);
}
"""
_TEST_OF_SKETCH: Final = '''\
"""Tests of the firmware, on virtual Photons; with `--rig rig.toml` on the devices of that bench."""


def test_the_lamp_is_switched(photon, events):
    assert photon.call("set", "on") == 1
    assert photon.variable("level") == 1
    assert events.expect("lamp/level").data == "1"
    photon.pin("D7").wait(1)


def test_it_is_off_after_a_reset(photon):
    photon.call("set", "on")
    photon.reset()
    photon.wait_online()
    assert photon.variable("level") == 0
'''
_TEST: Final = '''\
"""Tests of the firmware, on virtual Photons; with `--rig rig.toml` on the devices of that bench."""


def test_it_is_back_after_a_reset(photon):
    photon.reset()
    photon.wait_online()
'''
_PYTEST: Final = """\
[pytest]
testpaths = tests
photonrig_variants =
    {name} = .
"""
_RIG: Final = """\
# A bench with one virtual Photon. `{write}` adds each board that is attached.
[[slot]]
name = "1"
variant = "{name}"
virtual = true
"""
_WORKFLOW: Final = """\
name: firmware
on: [push, pull_request]
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: sudo apt-get update
      - run: >-
          sudo apt-get install --yes --no-install-recommends
          g++ libssl-dev gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-dev
      - run: pip install 'photonrig[virtual]'
      - run: pytest --rig-report=report --junitxml=report/junit.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: report
          path: report
"""


def run_init(folder: Path) -> None:
    """Write the files that are missing, and name each.

    :raises PhotonrigError: the folder cannot be written to
    """
    writable(folder, "FOLDER")
    name = re.sub(r"[^A-Za-z0-9._-]", "-", folder.resolve().name).strip("-.")[:32]
    name = name if re.fullmatch(SLOT_NAME, name) else "firmware"
    empty = not any(path.suffix in SOURCES for where in (folder, folder / "src") for path in where.glob("*"))
    files = {
        "tests/test_firmware.py": _TEST_OF_SKETCH if empty else _TEST,
        "pytest.ini": _PYTEST.format(name=name),
        "rig.toml": _RIG.format(name=name, write=command("doctor --write")),
        ".github/workflows/firmware.yml": _WORKFLOW,
    }
    if empty:
        files = {"project.properties": f"name={name}\n", f"src/{name}.ino": _SKETCH} | files
    for path, text in files.items():
        click.echo(f"{'wrote' if _write(folder / path, text) else 'left as it is:'} {folder / path}")
    click.echo(f"next: pytest{'' if folder == Path() else f' {folder}'}")


def _write(path: Path, text: str) -> bool:
    """Write a file unless there is one, or a link."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True
