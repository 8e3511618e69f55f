"""Sketches as Particle's users write them: each compiles as it stands, runs, and does what its author would expect."""

from __future__ import annotations

import asyncio

import pytest

from photonrig.build.compile import CompileFailed
from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

from .conftest import wait_for

BLINK = """
int led = D7;
void setup() { pinMode(led, OUTPUT); }
void loop() {
  digitalWrite(led, HIGH);
  delay(20);
  digitalWrite(led, LOW);
  delay(20);
}
"""

WEATHER = """
double temperature = 21.5;
int humidity = 40;
char place[32] = "attic";
unsigned long last = 0;
void loop();
void setup() {
  Time.zone(1);
  Spark.variable("temperature", &temperature, DOUBLE);
  Spark.variable("humidity", &humidity, INT);
  Spark.variable("place", place, STRING);
}
void loop() {
  if (millis() - last < 50 && last) return;
  last = millis();
  String data = String::format("{\\"t\\":%.1f,\\"h\\":%d}", temperature, humidity);
  Particle.publish("weather", data, 60, PRIVATE);
}
"""

DOOR = """
SYSTEM_THREAD(ENABLED)
volatile int changes = 0;
int reported = 0;
void changed() { ++changes; }
void setup() {
  pinMode(D3, INPUT_PULLUP);
  attachInterrupt(D3, changed, CHANGE);
}
void loop() {
  if (changes == reported || !Particle.connected()) return;
  reported = changes;
  Particle.publish("door", digitalRead(D3) ? "open" : "closed", PRIVATE);
}
"""

SETTINGS = """
SYSTEM_THREAD(ENABLED)
struct Settings { uint8_t version; uint16_t interval; char name[16]; };
Settings settings;
int setName(String name) {
  name.toCharArray(settings.name, sizeof settings.name);
  settings.interval = 300;
  EEPROM.put(100, settings);
  return name.length();
}
String name() { return settings.name; }
void setup() {
  EEPROM.get(100, settings);
  if (settings.version != 7) {
    settings = {7, 60, "unnamed"};
    EEPROM.put(100, settings);
  }
  Particle.function("setName", setName);
  Particle.variable("name", name);
  Particle.variable("interval", []() -> int { return settings.interval; });
}
void loop() {}
"""

COMMANDS = """
#include "Particle.h"
SYSTEM_MODE(MANUAL)
SerialLogHandler logHandler(9600, LOG_LEVEL_WARN, {{"app", LOG_LEVEL_INFO}, {"app.noise", LOG_LEVEL_NONE}});
Logger noise("app.noise");
Logger other("other");
String line;
void serialEvent() {
  char c = Serial.read();
  if (c != '\\n') { line += c; return; }
  line.trim();
  if (line.startsWith("sum ")) {
    int at = line.indexOf(' ', 4);
    Serial.printlnf("%d", (int)(line.substring(4, at).toInt() + line.substring(at + 1).toInt()));
  } else if (line == "wifi") {
    WiFiAccessPoint points[4];
    int found = WiFi.scan(points, 4);
    Serial.printlnf("%d %s %d %d %d", found, points[0].ssid, points[0].security, points[0].channel, points[0].rssi);
    WiFiAccessPoint known[5];
    Serial.printlnf("%d %s", WiFi.getCredentials(known, 5), known[0].ssid);
    Serial.println(WiFi.localIP());
  } else if (line == "time") {
    Time.setTime(1500000000);
    Time.zone(-7);
    Time.beginDST();
    Serial.println(Time.format(Time.now(), TIME_FORMAT_ISO8601_FULL));
    Serial.printlnf("%d %d %d", Time.hour(), Time.hourFormat12(), Time.isPM());
  } else if (line == "log") {
    Log.info("value %d", 42);
    Log.trace("not this");
    noise.error("nor this");
    other.info("nor that");
    other.warn("but this");
  } else {
    Serial.println("what?");
  }
  line = "";
}
void setup() {}
void loop() {}
"""

SIGNAL = """
SYSTEM_MODE(SEMI_AUTOMATIC)
LEDStatus alarm(RGB_COLOR_RED, LED_PATTERN_BLINK, LED_SPEED_FAST, LED_PRIORITY_IMPORTANT);
LEDStatus idle(0x102030, LED_PATTERN_FADE, LED_SPEED_SLOW, LED_PRIORITY_NORMAL);
void setup() {
  pinMode(D0, INPUT_PULLDOWN);
  idle.setActive(true);
}
void loop() {
  alarm.setActive(digitalRead(D0));
  if (System.buttonPushed() > 20) RGB.control(true), RGB.color(1, 2, 3);
}
"""

SLEEPER = """
SYSTEM_THREAD(ENABLED)
retained int naps = 0;
STARTUP(System.enableFeature(FEATURE_RETAINED_MEMORY));
int woken = 0;
String request;
int nap(String how) { request = how; return 0; }
void setup() {
  pinMode(D4, INPUT_PULLDOWN);
  Particle.function("nap", nap);
  Particle.variable("naps", naps);
  Particle.variable("woken", woken);
}
void loop() {
  if (request == "deep") { ++naps; System.sleep(SLEEP_MODE_DEEP, 1); }
  if (request == "stop") {
    request = "";
    SleepResult result = System.sleep(D4, RISING, 30);
    woken = result.wokenUpByPin() && result.pin() == D4 ? 1 : 2;
  }
}
"""

MANUAL = """
SYSTEM_MODE(MANUAL)
int pumped = 0;
void setup() {
  pinMode(D5, INPUT_PULLDOWN);
  Particle.variable("pumped", pumped);
  Particle.connect();
  waitUntil(Particle.connected);
}
void loop() {
  if (!digitalRead(D5)) { Particle.process(); ++pumped; }
}
"""

GREETINGS = """
SYSTEM_THREAD(ENABLED)
STARTUP(WiFi.selectAntenna(ANT_EXTERNAL));
int states = 0;
String network;
void on_network(system_event_t event, int param) {
  if (param == network_status_on) network += "on ";
  if (param == network_status_connecting) network += "connecting ";
  if (param == network_status_connected) network += "connected ";
  if (param == network_status_disconnected) network += "disconnected ";
}
STARTUP(System.on(network_status, on_network));
ApplicationWatchdog wd(60000, System.reset);
void on_status(system_event_t event, int param) { if (param == cloud_status_connected) ++states; }
class Greeter {
 public:
  int greet(String who) { Particle.publish("greeting", "hello " + who, PRIVATE); return who.length(); }
  void heard(const char* name, const char* data) { last = data; }
  String last;
} greeter;
void setup() {
  System.on(cloud_status, on_status);
  Particle.function("greet", &Greeter::greet, &greeter);
  Particle.subscribe("greet", &Greeter::heard, &greeter, MY_DEVICES);
  Particle.variable("last", greeter.last);
  Particle.variable("states", states);
  Particle.variable("network", network);
  tone(D2, 440);
  tone(D2, 880);
}
void loop() {}
"""


def test_blink(photon, sketch):
    photon.start("--firmware", str(sketch(BLINK)), "--wifi", "photonrig:photonrig-lab")
    assert not photon.status()["application_running"]  # AUTOMATIC waits for the cloud, which is not there


def test_blink_online(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(BLINK)), *cloud.words)

    def level() -> int:
        return next(pin["level"] for pin in photon.status()["pins"] if pin["pin"] == 7)

    photon.wait("the first round", lambda status: status["pins"])
    wait_for("light", lambda: level() == 1)
    wait_for("dark", lambda: level() == 0)


def test_a_publisher_of_old(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(WEATHER)), *cloud.words)
    event = wait_for("an event", lambda: [each for each in cloud.events if each.name == "weather"])[0]
    assert (event.data, event.ttl) == ('{"t":21.5,"h":40}', 60)
    described = wait_for("a describe", lambda: [each for each in cloud.describes if each.variables])[-1]
    assert {name: str(kind) for name, kind in described.variables.items()}.keys() == {
        "temperature",
        "humidity",
        "place",
    }
    assert cloud.run(cloud.hub.read_variable(photon.ready["id"], "place", "string")) == "attic"


def test_an_interrupt_becomes_an_event(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(DOOR)), *cloud.words)
    cloud.wait_for_hello(1)
    photon.wait("online", lambda status: status["cloud"] == "connected")
    photon.control(do="pin", pin=3, level=0)

    def doors() -> list[str | None]:
        return [event.data for event in cloud.events if event.name == "door"]

    wait_for("closed", lambda: doors() == ["closed"])


def test_settings_in_eeprom(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(SETTINGS)), *cloud.words)
    cloud.wait_for_function("setName")
    device = photon.ready["id"]
    read = lambda name, kind: cloud.run(cloud.hub.read_variable(device, name, kind))  # noqa: E731
    assert (read("name", "string"), read("interval", "int32")) == ("unnamed", 60)
    assert cloud.call(device, "setName", "kitchen") == 7
    photon.kill()
    photon.start()
    cloud.wait_for_hello(2)
    assert (read("name", "string"), read("interval", "int32")) == ("kitchen", 300)


def test_commands_on_serial(photon, sketch):
    photon.start("--firmware", str(sketch(COMMANDS)), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    with photon.serial() as serial:
        assert serial.ask(b"sum 20 22\n", b"\r\n") == b"42\r\n"
        assert serial.ask(b"jump\n", b"\r\n") == b"what?\r\n"
        assert serial.ask(b"wifi\n", b"0.0.0.0\r\n") == b"1 photonrig 3 6 -51\r\n1 photonrig\r\n0.0.0.0\r\n"
        assert serial.ask(b"time\n", b" 1\r\n") == b"2017-07-13T20:40:00-06:00\r\n20 8 1\r\n"
        logged = serial.ask(b"log\n", b"but this\r\n")
    lines = [line.split(" ", 1) for line in logged.decode().splitlines()]
    assert [text for _, text in lines] == ["[app] INFO: value 42", "[other] WARN: but this"]
    assert all(len(time) == 10 and time.isdigit() for time, _ in lines)


def test_signals_on_the_led(photon, sketch):
    photon.start("--firmware", str(sketch(SIGNAL)), "--wifi", "photonrig:photonrig-lab")
    wait = lambda what, led: photon.wait(what, lambda status: tuple(status["led"].values()) == led)  # noqa: E731
    wait("its own idle signal", ("#102030", "breathe", 8000))
    photon.control(do="pin", pin=0, level=1)
    wait("the alarm", ("#FF0000", "blink", 100))
    photon.control(do="pin", pin=0, level=0)
    wait("idle again", ("#102030", "breathe", 8000))
    photon.control(do="setup_button", pressed=True)
    wait("the button", ("#010203", "solid", 0))
    photon.control(do="setup_button", pressed=False)


def test_sleep_that_starts_anew(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(SLEEPER)), *cloud.words)
    cloud.wait_for_function("nap")
    assert cloud.call(photon.ready["id"], "nap", "deep") == 0
    status = photon.wait("sleep", lambda status: status["mode"] == "sleep")
    assert (status["cloud"], status["led"]["color"], status["wifi"]["ready"]) == ("disconnected", "#000000", False)
    assert "asleep" in photon.control(do="setup_button", hold_ms=4000)["error"]
    cloud.wait_for_hello(2)
    assert photon.status()["reset_reason"] == "power_management"
    assert cloud.read(photon.ready["id"], "naps") == 1


def test_sleep_that_goes_on_where_it_was(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(SLEEPER)), *cloud.words)
    cloud.wait_for_function("nap")
    assert cloud.call(photon.ready["id"], "nap", "stop") == 0
    photon.wait("sleep", lambda status: status["mode"] == "sleep")
    photon.control(do="pin", pin=4, level=1)
    cloud.wait_for_hello(2)
    assert photon.status()["reset_reason"] == "power_down"
    wait_for("what woke it", lambda: cloud.read(photon.ready["id"], "woken") == 1)


def test_manual_mode_lives_by_particle_process(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(MANUAL)), *cloud.words)
    cloud.wait_for_hello(1)
    device = photon.ready["id"]
    wait_for("an answer", lambda: cloud.read(device, "pumped") > 0)
    photon.control(do="pin", pin=5, level=1)  # the application does everything but Particle.process()
    with pytest.raises((DeviceOffline, DeviceTimeout, TimeoutError)):
        cloud.run(asyncio.wait_for(cloud.hub.read_variable(device, "pumped", "int32"), 1))
    assert photon.status()["application_running"]
    photon.control(do="pin", pin=5, level=0)
    wait_for("life", lambda: photon.status()["cloud"] == "connected")


def test_objects_events_and_what_is_not_modelled(photon, cloud, sketch):
    photon.start("--firmware", str(sketch(GREETINGS)), *cloud.words)
    cloud.wait_for_function("greet")
    device = photon.ready["id"]
    assert cloud.call(device, "greet", "Ada") == 3
    assert wait_for("the event", lambda: [each.data for each in cloud.events if each.name == "greeting"]) == [
        "hello Ada"
    ]
    cloud.send_event(device, "greeting/back", "hello you")
    wait_for("it", lambda: cloud.run(cloud.hub.read_variable(device, "last", "string")) == "hello you")
    assert cloud.read(device, "states") == 1
    assert cloud.run(cloud.hub.read_variable(device, "network", "string")) == "on connecting connected "
    assert photon.status()["wifi"]["antenna"] == "external"
    _, _, err = photon.stop()
    assert err.count("HAL_Tone_Start is not modelled") == 1


@pytest.mark.parametrize("use", ["BLE.on();", "Cellular.on();"])
def test_what_is_not_there_does_not_compile(sketch, use):
    with pytest.raises(CompileFailed):
        sketch(f"{use}\nvoid setup() {{}}\nvoid loop() {{}}\n")
