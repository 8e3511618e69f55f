"""What people reported of Photons, in public issues and forum threads, tried against the virtual Photon.

Each test names its report; docs/reports.md lists all of them.
"""

from __future__ import annotations

import json

import pytest

from photonrig.localcloud.device.contract import FlashRefused

from ..patience import wait_for
from .test_softap import dechunk, encrypt, http

# --- networks ---------------------------------------------------------------------------------------------------------

CREDENTIALS = """SYSTEM_MODE(SEMI_AUTOMATIC);
String found;
void setup()
{
    WiFi.on();
    WiFi.clearCredentials();
    WiFi.setCredentials("My_Router_Is_Big");
    WiFi.setCredentials("My_Router1", "mypasswordishuge");
    WiFi.setCredentials("My_Router2", "wepistheworst", WEP);
    WiFi.setCredentials("My_Router3", "wepistheworst", WPA2);
    WiFi.setCredentials("SSID", "PASSWORD", WPA2, WLAN_CIPHER_AES);
    Serial.begin(9600);
    WiFiAccessPoint ap[5];
    int count = WiFi.getCredentials(ap, 5);
    for (int i = 0; i < count; i++) found += String::format("%s %d %d|", ap[i].ssid, ap[i].security, ap[i].cipher);
}
void loop() { if (Serial.available()) { Serial.read(); Serial.println(found); } }
"""


def test_which_credentials_are_stored_of_networks_out_of_range(photon, sketch):
    """device-os#1229, forum 28616, with the output of a Photon with 0.6.0: newest first, three of five stored."""
    photon.start("--firmware", str(sketch(CREDENTIALS)))
    photon.wait("the application", lambda status: status["application_running"])
    with photon.serial() as serial:
        assert serial.ask(b"?", b"\n") == b"SSID 3 1|My_Router2 1 0|My_Router_Is_Big 0 0|\r\n"


LATER = """SYSTEM_MODE(SEMI_AUTOMATIC); SYSTEM_THREAD(ENABLED);
void setup() {
  WiFi.on();
  WiFi.clearCredentials();
  WiFi.setCredentials("here", "password1", WPA2, WLAN_CIPHER_AES);
  WiFi.setCredentials("customer", "password2", WPA2%s);
  WiFi.connect();
}
void loop() {}
"""
HERE = {"ssid": "here", "password": "password1", "security": "wpa2_aes"}
CUSTOMER = {"ssid": "customer", "password": "password2", "security": "wpa2_aes"}


@pytest.mark.parametrize(("cipher", "joins"), [(", WLAN_CIPHER_AES", True), ("", False)])
def test_a_network_that_was_stored_out_of_range_is_joined_where_it_is(photon, tmp_path, sketch, cipher, joins):
    """device-os#574, forum 14852: without the cipher it is not stored; with it, whichever is there is joined."""
    photon.air = tmp_path / "air.json"
    photon.air.write_text(json.dumps([HERE]))
    photon.start("--firmware", str(sketch(LATER % cipher)))
    photon.wait("the network that is here", lambda status: status["wifi"]["ready"])
    before = photon.status()["wifi"]["attempts"]
    photon.control(do="air", networks=[CUSTOMER])
    status = photon.wait(
        "a try", lambda status: status["wifi"]["attempts"] > before + 1 or (joins and status["wifi"]["ready"])
    )
    assert status["wifi"]["ready"] is joins


def ask(photon, door: str, command: str, body: dict[str, object] | None = None):
    """A SoftAP command by either door; texts in UTF-8 as they are, for escapes in them are none to a Photon."""
    text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    if door == "tcp":
        return json.loads(photon.exchange("softap_tcp", b"%s\n%d\n\n%s" % (command.encode(), len(text), text)))
    chunks, rest = dechunk(http(photon, f"/{command}", text).partition(b"\r\n\r\n")[2])
    assert rest == b""
    return json.loads(b"".join(chunks))


@pytest.mark.parametrize("door", ["tcp", "http"])
@pytest.mark.parametrize("ssid", ["AT&T", " a b ", "a=b?c%20", "K\u00fcche", "x" * 32])
def test_an_ssid_of_any_characters_by_softap(photon, ssid, door):
    """particle-android#103: with & in it, the app could not set it up, and the CLI could: it is not the device."""
    photon.start()
    photon.control(do="air", networks=[{"ssid": ssid, "password": "photonrig-lab", "security": "wpa2_aes"}])
    assert [each["ssid"] for each in ask(photon, door, "scan-ap")["scans"]] == [ssid]
    body = {"idx": 0, "ssid": ssid, "pwd": encrypt(photon, "photonrig-lab"), "sec": 4194308, "ch": 6}
    assert ask(photon, door, "configure-ap", body) == {"r": 0}
    ask(photon, door, "connect-ap", {"idx": 0})
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])


@pytest.mark.parametrize("password", [{"pwd": ""}, {}], ids=["empty", "none"])
@pytest.mark.parametrize("door", ["tcp", "http"])
def test_an_open_network_by_softap(photon, door, password):
    """softap-setup-js#4, softap-setup-page#1: open networks, which need no password, were not joined."""
    photon.start()
    photon.control(do="air", networks=[{"ssid": "guests", "security": "open"}])
    assert ask(photon, door, "configure-ap", {"idx": 0, "ssid": "guests", "sec": 0, "ch": 6, **password}) == {"r": 0}
    ask(photon, door, "connect-ap", {"idx": 0})
    photon.wait("Wi-Fi", lambda status: status["wifi"]["ready"])


@pytest.mark.parametrize("count", [28, 31, 60])
def test_a_scan_of_many_networks_is_whole_and_can_be_repeated(photon, count):
    """device-os#1334, #1407, softap-setup-js#13: in rooms with thirty networks the answer broke off, then none came."""
    photon.start()
    names = [f"network {number:2} {'x' * 21}" for number in range(count)]
    photon.control(do="air", networks=[{"ssid": name} for name in names])
    for door in ("tcp", "http", "tcp", "http"):
        assert sorted(each["ssid"] for each in ask(photon, door, "scan-ap")["scans"]) == names


# --- listening mode ---------------------------------------------------------------------------------------------------

PINS = """SYSTEM_MODE(SEMI_AUTOMATIC);
%s
void setup() {
  for (int pin = D0; pin <= D3; ++pin) pinMode(pin, INPUT_PULLDOWN);
  for (int pin = D4; pin <= D7; ++pin) pinMode(pin, OUTPUT);
  WiFi.connect();
}
void loop() {
  digitalWrite(D4, digitalRead(D0));
  if (digitalRead(D1)) { digitalWrite(D6, Particle.publish("test")); digitalWrite(D5, HIGH); }
  if (digitalRead(D2)) WiFi.listen(false);
  if (digitalRead(D3)) WiFi.listen(true);
  delay(%d);
}
"""
THREADED = "SYSTEM_THREAD(ENABLED);"
ECHO, PUBLISH, LEAVE, LISTEN = 0, 1, 2, 3  # inputs
ECHOED, PUBLISHED, SENT = 4, 5, 6  # outputs


def press(photon, pin: int, level: int = 1) -> None:
    assert photon.control(do="pin", pin=pin, level=level)["ok"]


def is_high(status, pin: int) -> bool:
    return {"pin": pin, "mode": "output", "level": 1} in status["pins"]


@pytest.mark.parametrize("pause", [0, 2000])
def test_a_threaded_application_runs_in_listening_mode_and_may_leave_it(photon, sketch, pause):
    """device-os#670, #823 (with a delay of 2 s), #743 (leaving), #761 (publishing hung)."""
    photon.start(
        "--firmware", str(sketch(PINS % (THREADED, pause))), "--listening", "--wifi", "photonrig:photonrig-lab"
    )
    photon.wait("listening", lambda status: status["listening"] and status["application_running"])
    press(photon, ECHO)
    photon.wait("the echo", lambda status: is_high(status, ECHOED))
    press(photon, PUBLISH)
    assert not is_high(photon.wait("the end of publishing", lambda status: is_high(status, PUBLISHED)), SENT)
    assert photon.softap("version") == {"v": 2}
    assert photon.status()["led"] == {"color": "#0000FF", "pattern": "blink", "period_ms": 500}
    press(photon, LEAVE)
    photon.wait("Wi-Fi", lambda status: not status["listening"] and status["wifi"]["ready"])


def test_an_application_without_a_thread_waits_while_the_device_listens(photon, sketch):
    """device-os#788: in single-threaded mode no application code runs in listening mode."""
    photon.start("--firmware", str(sketch(PINS % ("", 0))), "--wifi", "photonrig:photonrig-lab")
    press(photon, ECHO)
    photon.wait("the echo", lambda status: is_high(status, ECHOED))
    press(photon, LISTEN)
    photon.wait("listening", lambda status: status["listening"])
    press(photon, LISTEN, 0)
    press(photon, ECHO, 0)
    assert photon.softap("version") == {"v": 2}
    assert is_high(photon.status(), ECHOED)
    photon.softap("connect-ap", {"idx": 0})
    photon.wait("the echo to end", lambda status: not is_high(status, ECHOED))


def test_a_device_listens_at_once_while_it_looks_for_its_network(photon, tmp_path, sketch):
    """device-os#1013, #859: WiFi.listen() took effect only after the attempt to connect, minutes later."""
    photon.air = tmp_path / "air.json"
    photon.air.write_text("[]")
    photon.start("--firmware", str(sketch(PINS % (THREADED, 0))), "--wifi", "photonrig:photonrig-lab")
    photon.wait("attempts", lambda status: status["wifi"]["connecting"])
    press(photon, LISTEN)
    photon.wait("listening", lambda status: status["listening"])
    assert photon.softap("scan-ap")["scans"] == []


def test_with_a_wrong_password_the_device_tries_on_and_the_application_runs(photon, tmp_path, sketch):
    """Forum 56000: after a reset with wrong credentials it blinks green for ever; a threaded application still runs."""
    image = sketch(PINS % (THREADED, 0))
    photon.start("--firmware", str(image), "--wifi", "photonrig:not-the-password")
    photon.wait("two attempts", lambda status: status["wifi"]["attempts"] > 1)
    photon.control(do="reset")
    status = photon.wait(
        "two attempts", lambda status: status["wifi"]["attempts"] > 1 and status["application_running"]
    )
    assert (status["listening"], status["wifi"]["ready"], status["led"]["color"]) == (False, False, "#00FF00")
    press(photon, ECHO)
    photon.wait("the echo", lambda status: is_high(status, ECHOED))


# --- events and updates -----------------------------------------------------------------------------------------------

BURST = """SYSTEM_THREAD(ENABLED);
int burst(String count) {
  int sent = 0;
  for (int i = 0; i < count.toInt(); ++i) sent = sent << 1 | (Particle.publish("burst", String(i), NO_ACK) ? 1 : 0);
  return sent;
}
void setup() { Particle.function("burst", burst); }
void loop() {}
"""


def test_a_burst_has_four_events(photon, cloud, sketch):
    """device-os#1575 and docs-old#304, by staff: four at once, and what is beyond is refused."""
    photon.start("--firmware", str(sketch(BURST)), *cloud.words)
    cloud.wait_for_function("burst")
    assert cloud.call(photon.ready["id"], "burst", "6") == 0b111100
    wait_for("the events", lambda: len([each for each in cloud.events if each.name == "burst"]) == 4)


UPDATES = """SYSTEM_THREAD(ENABLED);
STARTUP(System.disableUpdates());
int seen = 0;
void hears(system_event_t event, int) { seen |= System.updatesPending() ? 1 : 2; }
void setup() { System.on(firmware_update_pending, hears); Particle.variable("seen", seen); }
void loop() { if (System.updatesPending()) seen |= 4; }
"""


def test_an_update_that_the_application_disabled_is_refused_and_not_pending(photon, cloud, sketch):
    """device-os#696: such a flash fails. #1285: updatesPending() says nothing of it outside the event's handler."""
    image = sketch(UPDATES)
    photon.start("--firmware", str(image), *cloud.words)
    cloud.wait_for_variable("seen")
    with pytest.raises(FlashRefused):
        cloud.run(cloud.hub.flash(photon.ready["id"], image.read_bytes(), "again.bin"))
    assert len(cloud.hellos) == 1
    assert cloud.read(photon.ready["id"], "seen") in (0, 1)
