"""Drivers and models of peripherals from a package that is installed as a wheel, as somebody else publishes one."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

HOST = Path(__file__).parents[2] / "host"

PACKAGE = {
    "pyproject.toml": """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "acme-bench"
version = "1.0"

[project.entry-points."photonrig.drivers"]
acme-outlet = "acme_bench:Outlet"
acme-finger = "acme_bench:Finger"

[project.entry-points."photonrig.peripherals"]
lm75 = "acme_bench:Lm75"
""",
    # Registers by the LM75's datasheet (National Semiconductor, 1999): 0 temperature, 9 bits of half a degree, left
    # justified; 1 configuration, bit 0 shutdown; 2 hysteresis, 3 overtemperature. OS is low above 3, high below 2.
    "acme_bench/__init__.py": """
from pathlib import Path
from photonrig.peripherals import I2cDevice


class Lm75(I2cDevice):
    def __init__(self, address: int = 0x48, celsius: float = 20.0, alert_on: str = "D2") -> None:
        self.address = address
        self._alert_on = alert_on
        self._celsius = celsius
        self._pointer = 0
        self.registers = {1: b"\\x00", 2: b"\\x4b\\x00", 3: b"\\x50\\x00"}

    def attached(self) -> None:
        self.set(self._celsius)

    def set(self, celsius: float) -> None:
        self._celsius = celsius
        self.registers[0] = (round(celsius * 2) << 7 & 0xFFFF).to_bytes(2, "big")
        above = int.from_bytes(self.registers[3], "big", signed=True) / 256
        self.board.drive(self._alert_on, 0 if celsius >= above else 1)

    def written(self, data: bytes) -> None:
        self._pointer = data[0] & 3
        if len(data) > 1:
            self.registers[self._pointer] = data[1:]

    def read(self, size: int) -> bytes:
        return self.registers[self._pointer]


class Outlet:
    def __init__(self, log: str, outlet: int = 1) -> None:
        self._log, self._outlet = Path(log), outlet

    def _say(self, what: str) -> None:
        with self._log.open("a") as file:
            file.write(f"{what} {self._outlet}\\n")

    def on(self) -> None:
        self._say("on")

    def off(self) -> None:
        self._say("off")


class Finger:
    def __init__(self, log: str) -> None:
        self._log = Path(log)

    def press(self) -> None:
        with self._log.open("a") as file:
            file.write("press\\n")

    def release(self) -> None:
        raise OSError("the finger is stuck")
""",
}

SKETCH = """
SYSTEM_THREAD(ENABLED)
double celsius = 0;
int alerts = 0;
int error = 0;

void alert() { ++alerts; }

int limit(String degrees) {
  Wire.beginTransmission(0x48);
  Wire.write(3);
  Wire.write(degrees.toInt());
  Wire.write(0);
  return Wire.endTransmission();
}

void setup() {
  Wire.begin();
  pinMode(D2, INPUT_PULLUP);
  attachInterrupt(D2, alert, FALLING);
  Particle.variable("celsius", celsius);
  Particle.variable("alerts", alerts);
  Particle.variable("error", error);
  Particle.function("limit", limit);
}

void loop() {
  Wire.beginTransmission(0x48);
  Wire.write(0);
  error = Wire.endTransmission();
  if (error || Wire.requestFrom(0x48, 2) != 2) return;
  int high = Wire.read();
  celsius = (int16_t)(high << 8 | Wire.read()) / 256.0;
}
"""

TESTS = """
import pytest
from acme_bench import Lm75
from photonrig.clock import SYSTEM
from photonrig.errors import UsageError


def until(holds):
    SYSTEM.wait_until(holds, 60, "the sketch's next reading")


def test_of_the_rig(photon):  # the one that rig.toml has attached
    until(lambda: photon.variable("celsius") == -12.5)
    photon.reset()
    photon.wait_online()
    until(lambda: photon.variable("celsius") == -12.5)
    photon.power_cycle()
    photon.wait_online()
    until(lambda: photon.variable("celsius") == -12.5)
    with pytest.raises(UsageError, match="Lm75 cannot be attached to 1: Lm75 has the address 0x48"):
        photon.attach(Lm75())
"""

OWN_TESTS = """
def test_of_its_own(photon):
    until(lambda: photon.variable("error") == 3)  # nobody there
    sensor = Lm75()
    photon.attach(sensor)
    until(lambda: photon.variable("celsius") == 20)
    assert photon.variable("error") == 0
    sensor.set(21.5)
    until(lambda: photon.variable("celsius") == 21.5)
    before = photon.variable("alerts")
    assert photon.call("limit", "30") == 0
    assert sensor.registers[3] == bytes([30, 0])
    sensor.set(30)
    until(lambda: photon.variable("alerts") == before + 1)
    photon.detach(sensor)
    until(lambda: photon.variable("error") == 3)


def test_each_of_several_has_its_own(photons):
    one, two = photons(2)
    cold, warm = Lm75(celsius=1), Lm75(celsius=99)
    one.attach(cold)
    two.attach(warm)
    until(lambda: (one.variable("celsius"), two.variable("celsius")) == (1, 99))


def test_gone_with_the_test_before(photon):
    until(lambda: photon.variable("error") == 3)


class Broken(Lm75):
    asked = False

    def read(self, size):
        self.asked = True
        return self.registers["nowhere"]


def test_a_model_that_fails_fails_its_test(photon):
    broken = Broken()
    photon.attach(broken)
    until(lambda: broken.asked)
"""

RIG = """
[[slot]]
name = "1"
variant = "thermometer"
virtual = true

[[slot.peripheral]]
model = "lm75"
celsius = -12.5
"""

BOARD = """
[[slot]]
name = "1"
variant = "thermometer"
usb = "1-1"
device_id = "0123456789abcdef01234567"
power = {{ driver = "{power}", log = "log"{more} }}
reset = {{ driver = "acme-finger", log = "log" }}
"""

ON_A_BOARD = """
from pathlib import Path
from photonrig.bench.config import load_config
from photonrig.bench.slots.real.slot import real_slot
from photonrig.errors import PhotonrigError

try:
    config = load_config(Path("rig.toml"))
    slot = real_slot(config.slots[0], config.timeouts, lambda: None)
    slot.power.off()
    slot.power.on()
    slot.reset.press()
except PhotonrigError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the package's wheel, this checkout and what it depends on."""
    folder = tmp_path_factory.mktemp("acme")
    for name, text in PACKAGE.items():
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_text(text)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=folder / "source", check=True, capture_output=True)
    home = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "-q"]
    (wheel,) = (folder / "dist").iterdir()
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (site,) = home.glob("lib/python*/site-packages")
    (site / "photonrig.pth").write_text(f"{HOST}\n{sysconfig.get_paths()['purelib']}\n")
    return python


def run(python: Path, folder: Path, *words: str) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:schemathesis"}
    done = subprocess.run(
        [str(python), *words], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "thermometer.ino").write_text(SKETCH)
    (tmp_path / "pytest.ini").write_text("[pytest]\nphotonrig_variants = thermometer = thermometer.ino\n")
    return tmp_path


@pytest.mark.timeout(900)
def test_a_model_that_the_rig_names(python: Path, project: Path) -> None:
    (project / "rig.toml").write_text(RIG)
    (project / "test_it.py").write_text(TESTS)
    said = run(python, project, "-m", "pytest", "-q", "--rig", "rig.toml")
    assert "1 passed" in said, said


@pytest.mark.timeout(900)
def test_models_that_tests_attach(python: Path, project: Path) -> None:
    (project / "test_it.py").write_text(TESTS.partition("def test_of_the_rig")[0] + OWN_TESTS)
    said = run(python, project, "-m", "pytest", "-q")
    assert "4 passed, 1 error" in said, said
    assert "RigError: the model Broken failed: KeyError: 'nowhere'" in said, said
    assert "retried" in said


def test_drivers_of_a_board(python: Path, tmp_path: Path) -> None:
    (tmp_path / "rig.toml").write_text(BOARD.format(power="acme-outlet", more=", outlet = 3"))
    said = run(python, tmp_path, "-c", ON_A_BOARD)
    assert (tmp_path / "log").read_text().splitlines() == ["off 3", "on 3", "press"]
    assert said == "acme-finger failed in release(): OSError: the finger is stuck\n"


@pytest.mark.parametrize(
    ("power", "more", "error"),
    [
        ("acme-outlet", ', outlet = "3"', ".outlet: must be a whole number, not '3'"),
        (
            "acme-outlet",
            ", otlet = 3",
            ".otlet: is not known here (did you mean outlet?); there are: log, outlet",
        ),
        (
            "acme-outlt",
            "",
            ".driver: no installed package offers 'acme-outlt' as an entry point of photonrig.drivers; "
            "there are: acme-finger, acme-outlet",
        ),
        ("acme-finger", "", ".driver: acme-finger has no on() and no off(), which is needed here"),
        ("own.py:Outlet", "", ".driver: own.py:Outlet cannot be loaded: ZeroDivisionError: division by zero"),
        ("none.py:Outlet", "", ".driver: none.py:Outlet cannot be loaded: FileNotFoundError:"),
        ("good.py:Other", "", ".driver: good.py has no class Other"),
        (
            "good.py:Untyped",
            "",
            ".driver: good.py:Untyped cannot be set up by a file: its parameter log has no annotation or no name",
        ),
        ("good.py:Shy", "", ": good.py:Shy: ValueError: not today"),
    ],
)
def test_what_is_wrong_is_one_line(python: Path, tmp_path: Path, power: str, more: str, error: str) -> None:
    (tmp_path / "rig.toml").write_text(BOARD.format(power=power, more=more))
    (tmp_path / "own.py").write_text("1 / 0\n")
    methods = "    def on(self): pass\n    def off(self): pass\n"
    untyped = f"class Untyped:\n    def __init__(self, log): pass\n{methods}"
    shy = f"class Shy:\n    def __init__(self, log: str): raise ValueError('not today')\n{methods}"
    (tmp_path / "good.py").write_text(untyped + shy)
    said = run(python, tmp_path, "-c", ON_A_BOARD)
    assert said.startswith(f"rig.toml:7: slot.1.power{error}") and len(said.splitlines()) == 1, said


def test_a_model_is_for_virtual_slots(python: Path, tmp_path: Path) -> None:
    text = BOARD.format(power="acme-outlet", more="") + '[[slot.peripheral]]\nmodel = "lm75"\n'
    (tmp_path / "rig.toml").write_text(text)
    said = run(python, tmp_path, "-c", ON_A_BOARD)
    assert said == "rig.toml:9: slot.1.peripheral[0]: is for virtual slots; a board is wired to real ones\n"
    (tmp_path / "rig.toml").write_text(RIG.replace("-12.5", '"cold"'))
    said = run(python, tmp_path, "-c", ON_A_BOARD)
    assert said == "rig.toml:9: slot.1.peripheral[0].celsius: must be a number, not 'cold'\n"
