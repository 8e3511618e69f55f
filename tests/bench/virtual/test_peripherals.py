"""Models wired to a virtual Photon: pins, I2C, SPI and Serial1, over resets and power cuts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from photonrig.bench.lines import SerialLines
from photonrig.bench.slots.virtual.photon import Provision, VirtualPhoton
from photonrig.build.compile import compile_project
from photonrig.build.toolchain import Toolchain
from photonrig.build.variants import build_variant
from photonrig.errors import RigError, UsageError
from photonrig.particle.keys import generate_device_key, private_key_der
from photonrig.peripherals import I2cDevice, NotAcknowledged, Peripheral, SerialDevice, SpiDevice

from ...patience import PATIENCE, wait_for

TOOLS = Toolchain(Path(__file__).parents[3])

SKETCH = r"""
SYSTEM_MODE(MANUAL)
volatile int falls = 0;

void fell() { ++falls; }

void setup() {
  pinMode(A2, OUTPUT);
  digitalWrite(A2, HIGH);
  pinMode(D7, OUTPUT);
  pinMode(D2, OUTPUT);
  pinMode(D3, INPUT_PULLUP);
  attachInterrupt(D3, fell, FALLING);
  Serial1.begin(9600);
  SPI.begin(A2);
  Wire.begin();
}

void answer(String line) {
  if (line == "spi") {
    uint8_t sent[3] = {0x9F, 1, 2}, got[3] = {};
    int outside = SPI.transfer(0x55);  // nobody is selected
    digitalWrite(A2, LOW);
    int first = SPI.transfer(0x10);
    SPI.transfer(sent, got, 3, nullptr);
    digitalWrite(A2, HIGH);
    Serial.printlnf("spi %d %d %d %d %d", outside, first, got[0], got[1], got[2]);
  } else if (line == "i2c") {
    Wire.beginTransmission(0x20);
    for (int i = 0; i < 40; ++i) Wire.write(i);
    int ended = Wire.endTransmission(false);
    int count = Wire.requestFrom(0x20, 4);
    Serial.printf("i2c %d %d", ended, count);
    while (Wire.available()) Serial.printf(" %d", Wire.read());
    Serial.printlnf(" falls %d", falls);
  } else if (line == "uart") {
    Serial1.print("hello");
    Serial1.flush();
    String got;
    while (got.length() < 5) if (Serial1.available()) got += (char)Serial1.read();
    Serial.printlnf("uart %s", got.c_str());
  } else if (line == "pins") {
    analogWrite(D2, 77);
    digitalWrite(D7, !digitalRead(D7));
    Serial.printlnf("pins %d", analogRead(A0));
  }
}

void loop() {
  if (!Serial.available()) return;
  String line = Serial.readStringUntil('\n');
  line.trim();
  answer(line);
}
"""


class Echo(SpiDevice):
    select = "A2"

    def exchanged(self, data: bytes) -> bytes:
        return bytes(byte + 1 & 0xFF for byte in data)


class Expander(I2cDevice):
    """Pulls D3 low while it answers, as one with an interrupt line does."""

    address = 0x20

    def __init__(self) -> None:
        self.got = b""
        self.refuses = False

    def written(self, data: bytes) -> None:
        if self.refuses:
            raise NotAcknowledged
        self.got = data

    def read(self, size: int) -> bytes:
        self.board.drive("D3", 1)
        self.board.drive("D3", 0)
        return bytes([1, 2])


class Modem(SerialDevice):
    def received(self, data: bytes) -> None:
        self.board.send(data.upper())


class Watcher(Peripheral):
    pins = ("D7", "D2")

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def attached(self) -> None:
        self.board.drive("A0", 1234)

    def pin_changed(self, pin: str, level: int) -> None:
        self.seen.append((pin, level))


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sketch") / "wires.bin"
    path.write_bytes(compile_project({"src/wires.ino": SKETCH.encode()}, TOOLS.sdk()).image)
    return path


def provision(folder: Path, image: Path, wired_to: str = "") -> Provision:
    key = folder / "key.der"
    key.write_bytes(private_key_der(generate_device_key()))
    return Provision("0123456789abcdef01234567", key, image, wired_to=wired_to)


@pytest.fixture
def photon(tmp_path: Path) -> Iterator[VirtualPhoton]:
    made = VirtualPhoton(TOOLS.vphoton, tmp_path / "device")
    yield made
    made.kill()
    made.unwire()


def ask(photon: VirtualPhoton, line: str) -> str:
    with SerialLines(lambda: photon.serial_port) as serial:
        serial.write(line)
        return serial.expect(rf"^{line} .*$", PATIENCE).group()


def test_each_bus_is_answered_and_is_again_after_a_power_cut(
    photon: VirtualPhoton, image: Path, tmp_path: Path
) -> None:
    expander, watcher = Expander(), Watcher()
    photon.attach(expander)  # before there is power
    photon.start(provision(tmp_path, image))
    photon.attach(watcher)
    photon.attach(Echo())
    photon.attach(Modem())
    for time in ("first", "after a reset", "after a power cut"):
        if time == "after a reset":
            photon.control({"do": "reset"})
        if time == "after a power cut":
            photon.kill()
            photon.start()
        assert ask(photon, "spi") == "spi 255 17 160 2 3", time
        assert ask(photon, "i2c") == "i2c 0 4 1 2 255 255 falls 1", time  # what is missing is read as ones
        assert expander.got == bytes(range(32)), time  # Wire's buffer
        assert ask(photon, "uart") == "uart HELLO", time
        watcher.seen.clear()
        assert ask(photon, "pins") == "pins 1234", time
        wait_for("both pins", lambda: {("D2", 77), ("D7", 1)} <= set(watcher.seen))
    expander.refuses = True
    assert ask(photon, "i2c").startswith("i2c 3 4")
    photon.detach(expander)
    assert ask(photon, "i2c").startswith("i2c 3 0")


def test_what_is_taken_is_refused(photon: VirtualPhoton, tmp_path: Path) -> None:
    photon.start(provision(tmp_path, build_variant(TOOLS, "drapery"), wired_to="drapery:500"))
    with pytest.raises(
        UsageError, match=r"Modem cannot be attached to virtual: .*Serial1 and SPI are wired to a model"
    ):
        photon.attach(Modem())
    photon.attach(Expander())
    with pytest.raises(UsageError, match="Expander cannot be attached to virtual: Expander has the address 0x20"):
        photon.attach(Expander())
    photon.attach(Watcher())
    with pytest.raises(UsageError, match="a Photon has no pin 'D9'"):
        photon.attach(type("Wrong", (Peripheral,), {"pins": ("D9",)})())
    with pytest.raises(UsageError, match="Nameless needs an address"):
        photon.attach(type("Nameless", (I2cDevice,), {})())


def test_a_failure_of_a_model_is_told_at_its_end(photon: VirtualPhoton, image: Path, tmp_path: Path) -> None:
    class Broken(Expander):
        def read(self, size: int) -> bytes:
            raise KeyError("register")

    broken = Broken()
    photon.attach(broken)
    photon.start(provision(tmp_path, image))
    assert ask(photon, "i2c").startswith("i2c 0 0")
    with pytest.raises(RigError, match="the model Broken failed: KeyError: 'register'"):
        photon.detach(broken)
    assert not [thread for thread in threading.enumerate() if thread.name == "wires of virtual"]
