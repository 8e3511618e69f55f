"""What Device OS does for an ARM application, each seen from another side than the application's."""

from __future__ import annotations

import time
from typing import Any

from ..conftest import Cloud, Photon, wait_for
from .conftest import Compile, UserPart

PRINTS = {
    # What newlib prints, by the C standard.
    r'"%d %i %u %x %X %o", -7, 42, 4000000000u, 0xBEEFu, 0xBEEFu, 8u': "-7 42 4000000000 beef BEEF 10",
    r'"[%5d|%-5d|%05d|%+d|% d]", 42, 42, 42, 42, 42': "[   42|42   |00042|+42| 42]",
    r'"%s|%10s|%-10s|%.2s", "shade", "shade", "shade", "shade"': "shade|     shade|shade     |sh",
    r'"%c%c%%", 65, 66': "AB%",
    r'"%*d|%-*d|%.*s", 4, 7, 4, 7, 1, "xyz"': "   7|7   |x",
    r'"%lld %llu %llx", -5000000000LL, 18000000000000000000ULL, 1ULL << 40': (
        "-5000000000 18000000000000000000 10000000000"
    ),
    r'"%d %lld %d %lld", 1, 2LL, 3, 4LL': "1 2 3 4",
    r'"%hhd %hd", 257, 65537': "1 1",
    r'"%.2f %8.3f %e %g", 3.14159, -2.5, 1234.5, 0.0001': "3.14   -2.500 1.234500e+03 0.0001",
    r'"%s", static_cast<const char*>(nullptr)': "(null)",
}


def test_printf_prints_what_the_standard_says(photon: Photon, sketch: Compile) -> None:
    lines = "\n".join(f"  Serial.printlnf({each});" for each in PRINTS)
    program = f"""
    SYSTEM_MODE(MANUAL)
    void say() {{
    {lines}
      char few[5];
      Serial.printlnf("%d %s", snprintf(few, sizeof few, "%d", 1234567), few);
      int number = 0, read = 0; char word[8] = ""; unsigned other = 0;
      int found = sscanf("17 0xff shade!", "%d %x %7[a-z]%n", &number, &other, word, &read);
      Serial.printlnf("%d %d %u %s %d", found, number, other, word, read);
      Serial.println(String::format("%04d-%s", 7, "x"));
    }}
    void setup() {{ Serial.begin(9600); }}
    void loop() {{ if (Serial.read() == 'p') say(); }}
    """
    photon.start("--firmware", str(sketch(program).module))
    with photon.serial() as serial:
        said = serial.ask(b"p", b"0007-x\r\n").decode().split("\r\n")
    assert said == [*PRINTS.values(), "7 1234", "3 17 255 shade 13", "0007-x", ""]


def test_the_cloud_and_the_application(photon: Photon, cloud: Cloud, sketch: Compile) -> None:
    program = """
    SYSTEM_THREAD(ENABLED)
    PRODUCT_ID(4711)
    PRODUCT_VERSION(12)
    int whole = -5; bool yes = true; double part = 2.25; String text("blind"); char letters[] = "abc";
    String heard; int acknowledged = 0, clicks = 0;
    double half() { return part / 2; }
    String upper() { return String(text).toUpperCase(); }
    int set(String what) { text = what; return what.length(); }
    struct Adder { int sum = 0; int add(String what) { return sum += what.toInt(); } } adder;
    void event(const char* name, const char* data) { heard = String(name) + "=" + (data ? data : "none"); }
    int publish(String what) {
      acknowledged = Particle.publish("shade/said", what, PRIVATE, WITH_ACK) ? 1 : 0;
      return acknowledged;
    }
    void clicked(system_event_t, int param) { clicks += param; }
    STARTUP(System.on(button_click, clicked))
    void setup() {
      Particle.variable("whole", whole); Particle.variable("yes", yes); Particle.variable("part", part);
      Particle.variable("text", text); Particle.variable("letters", letters);
      Particle.variable("half", half); Particle.variable("upper", upper); Particle.variable("heard", heard);
      Particle.variable("clicks", clicks);
      Particle.function("set", set); Particle.function("add", &Adder::add, &adder);
      Particle.function("publish", publish);
      Particle.subscribe("shade/", event, MY_DEVICES);
    }
    void loop() {}
    """
    photon.start("--firmware", str(sketch(program).module), *cloud.words)
    hello = cloud.wait_for_hello(1)
    assert (hello.product_id, hello.product_version) == (4711, 12)
    cloud.wait_for_function("publish")
    device = photon.ready["id"]

    def read(name: str, kind: str) -> object:
        return cloud.run(cloud.hub.read_variable(device, name, kind))

    assert [read("whole", "int32"), read("yes", "bool"), read("part", "double"), read("half", "double")] == [
        -5,
        True,
        2.25,
        1.125,
    ]
    assert [read(name, "string") for name in ("text", "letters", "upper")] == ["blind", "abc", "BLIND"]
    long = "x" * 600
    assert cloud.call(device, "set", long) == 600
    assert read("text", "string") == long
    assert [cloud.call(device, "add", "40"), cloud.call(device, "add", "2")] == [40, 42]
    wait_for("an accepted publish", lambda: cloud.call(device, "publish", "hello") == 1)
    assert ("shade/said", "hello") in [(event.name, event.data) for event in cloud.events]
    assert cloud.send_event(device, "shade/move", "70")
    wait_for("the event", lambda: read("heard", "string") == "shade/move=70")
    photon.control(do="setup_button", hold_ms=100)
    wait_for("the click", lambda: read("clicks", "int32") == 1)
    # Each callback gives back what it was lent.
    used = photon.status()["machine"]["heap_used"]
    for _ in range(20):
        cloud.call(device, "set", long)
        read("upper", "string")
    assert photon.status()["machine"]["heap_used"] == used


def test_memory_time_and_pins(photon: Photon, sketch: Compile) -> None:
    program = """
    SYSTEM_MODE(MANUAL)
    void answer(char what) {
      switch (what) {
        case 'e': { int32_t value = 123456; EEPROM.put(4, value); EEPROM.write(0, 7); Serial.println("kept"); break; }
        case 'i': Serial.println(System.deviceID()); break;
        case 'v': Serial.printlnf("%s %08x", System.version().c_str(), (unsigned) System.versionNumber()); break;
        case 'm': { auto before = millis(); delay(50); Serial.println(millis() - before >= 50); break; }
        case 't': Time.setTime(1234567890); Time.zone(0);
                  Serial.println(Time.format(Time.now(), "%Y-%m-%d %H:%M")); break;
        case 'k': { auto before = System.ticks(); delayMicroseconds(100);
                    Serial.println(System.ticks() - before >= 100u * 120); break; }
        case 'w': { WiFiAccessPoint found[4]; int n = WiFi.scan(found, 4);
                    Serial.printlnf("%d %s %d %d", n, found[0].ssid, found[0].channel, found[0].rssi); break; }
        case 'f': pinMode(D3, OUTPUT); pinSetFast(D3); Serial.println(pinReadFast(D3)); break;
        case 'r': Serial.println(pinReadFast(D5)); break;
        case 'a': pinMode(D0, OUTPUT); analogWrite(D0, 64); Serial.println("pulses"); break;
        case 'l': RGB.control(true); RGB.color(1, 2, 255); Serial.println("lit"); break;
        case 'h': { uint32_t free = System.freeMemory(); void* volatile block = malloc(1000);
                    void* volatile more = malloc(100000);
                    Serial.printlnf("%u %d", (unsigned) (free - System.freeMemory()), more == nullptr);
                    ::free(block); break; }
        case 'R': System.reset(77); break;
        case 'd': Serial.printlnf("%d %u", System.resetReason(), (unsigned) System.resetReasonData()); break;
      }
    }
    void setup() { Serial.begin(9600); pinMode(D5, INPUT); }
    void loop() { if (Serial.available()) answer(Serial.read()); }
    """
    photon.start("--firmware", str(sketch(program).module))
    photon.control(do="air", networks=[{"ssid": "cellar", "channel": 9, "rssi": -71}])
    with photon.serial() as serial:

        def ask(question: str) -> str:
            return serial.ask(question.encode(), b"\r\n").decode().strip()

        assert ask("e") == "kept"
        eeprom = (photon.state / "eeprom.bin").read_bytes()
        assert (eeprom[0], int.from_bytes(eeprom[4:8], "little")) == (7, 123456)
        assert ask("i") == photon.ready["id"]
        assert ask("v") == "2.3.1 02030100"
        assert [ask("m"), ask("k")] == ["1", "1"]
        assert ask("t") == "2009-02-13 23:31"
        assert abs(photon.status()["unix_time"] - 1234567890) < 60
        assert ask("w") == "1 cellar 9 -71"
        pins = lambda: {each["pin"]: each for each in photon.status()["pins"]}  # noqa: E731
        assert ask("f") == "1"
        assert pins()[3] == {"pin": 3, "mode": "output", "level": 1}
        for level in (1, 0):
            photon.control(do="pin", pin=5, level=level)
            assert ask("r") == str(level)
        assert ask("a") == "pulses"
        assert pins()[0] == {"pin": 0, "mode": "analog_output", "level": 64}
        assert ask("l") == "lit"
        assert photon.status()["led"] == {"color": "#0102FF", "pattern": "solid", "period_ms": 0}
        taken, refused = ask("h").split()
        assert 1000 <= int(taken) <= 1016 and refused == "1"
        serial.write(b"R")
        photon.wait("the reset", lambda status: status["reset_reason"] == "user" and status["application_running"])
        assert ask("d") == "140 77"


def test_the_figures_of_a_variant(photon: Photon, cloud: Cloud, parts: dict[str, UserPart]) -> None:
    """No bound on time: what a loop takes is counted, and the memory of the module is what the linker says."""
    photon.start("--firmware", str(parts["roller"].module), "--loop-hz", "200", *cloud.words)
    began = time.monotonic()
    cloud.wait_for_hello(1)
    online = time.monotonic() - began
    wait_for("loops", lambda: photon.status()["machine"]["loops"] > 300)
    machine = photon.status()["machine"]
    assert machine["static_ram"] == (parts["roller"].size.ram + 7 & ~7)
    a_loop = machine["loop_instructions"] / machine["loops"]
    print(
        f"{a_loop:.0f} instructions and {machine['loop_us'] / machine['loops']:.1f} us a loop, online in {online:.2f} s"
    )
    assert 300 < a_loop < 3000


def test_a_full_usb_port_takes_nothing_more(photon: Photon, sketch: Compile) -> None:
    program = """
    SYSTEM_MODE(MANUAL)
    bool fills = false;
    void setup() { pinMode(D3, OUTPUT); Serial.begin(9600); Serial.blockOnOverrun(false); }
    void loop() {
      if (Serial.available()) fills = Serial.read() == 'f';
      while (fills && Serial.availableForWrite() > 0) Serial.write('f');
      digitalWrite(D3, fills);
      if (fills && Serial.write('x') == 0) digitalWrite(D4, HIGH);
    }
    STARTUP(pinMode(D4, OUTPUT))
    """
    photon.start("--firmware", str(sketch(program).module))

    def levels(status: dict[str, Any]) -> list[int]:
        return [each["level"] for each in status["pins"] if each["pin"] in (3, 4)]

    with photon.serial() as serial:
        serial.write(b"f")
        photon.wait("a full port", lambda status: levels(status) == [1, 1])
