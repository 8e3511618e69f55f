"""The debugger of a virtual Photon: the application stops, the device lives on."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from photonrig.localcloud.device.contract import DeviceOffline, DeviceTimeout

from ..conftest import Cloud, Photon
from .conftest import Compile, UserPart
from .remote import LR, PC, SP, XPSR, Remote, Symbols

DEBUGGED = """
PRODUCT_ID(4711)
PRODUCT_VERSION(1)
SYSTEM_THREAD(ENABLED)
volatile int loops = 0;
volatile int ticks = 0;
volatile int nothing = 0;
int answer = 42;
uint8_t kept[4] = {1, 2, 3, 4};
extern "C" {
__attribute__((noinline)) void mark(int value) { loops = value; }
__attribute__((noinline)) int divide(int number) { return number / nothing; }
__attribute__((noinline)) void ticked() { ticks = ticks + 1; }
}
Timer timer(20, ticked);
int twice(String text) { return 2 * text.toInt(); }
int computed() { return answer + 1; }
int crash(String text) { return divide(text.toInt()); }
int read_eeprom(String) { EEPROM.get(0, kept); return kept[0]; }
void setup() {
  Serial.begin(9600);
  Particle.variable("answer", answer);
  Particle.variable("computed", computed);
  Particle.function("twice", twice);
  Particle.function("crash", crash);
  Particle.function("read_eeprom", read_eeprom);
  timer.start();
}
void loop() {
  mark(loops + 1);
  while (Serial.available()) Serial.write(Serial.read());
  delay(1);
}
"""


@pytest.fixture
def part(sketch: Compile) -> UserPart:
    return sketch(DEBUGGED)


@pytest.fixture
def names(part: UserPart) -> Symbols:
    return Symbols(part.elf)


def opened(photon: Photon) -> Remote:
    return Remote(photon.control(do="debug")["port"])


@pytest.fixture
def running(photon: Photon, part: UserPart) -> Photon:
    photon.start("--firmware", str(part.module), "--wifi", "photonrig:photonrig-lab")
    photon.wait("the application", lambda status: status["application_running"])
    return photon


@pytest.fixture
def remote(running: Photon) -> Iterator[Remote]:
    with opened(running) as connected:
        yield connected


def test_breakpoint_step_and_continue(remote: Remote, names: Symbols) -> None:
    assert re.fullmatch("T05thread:[12];", remote.ask("?"))
    assert remote.ask(f"Z1,{names['mark']:x},2") == "OK"
    assert remote.ask("c") == "T05thread:1;"
    assert remote.register(PC) == names["mark"]
    value, before = remote.register(0), remote.word(names["loops"])
    assert value == before + 1
    assert remote.register(LR) & 1 and remote.register(XPSR) & 1 << 24
    # It is a leaf, which stores r0 within a few instructions.
    assert remote.ask(f"z1,{names['mark']:x},2") == "OK"
    for _ in range(4):
        assert remote.ask("vCont;s:1;c") == "T05thread:1;"
        if remote.word(names["loops"]) == value:
            break
    assert remote.word(names["loops"]) == value
    assert remote.ask(f"Z0,{names['mark']:x},2") == "OK"
    assert remote.ask("vCont;c") == "T05thread:1;"
    assert remote.register(0) == value + 1


def test_a_watchpoint_stops_behind_the_write(remote: Remote, names: Symbols) -> None:
    remote.ask("?")
    assert remote.ask(f"Z2,{names['loops']:x},4") == "OK"
    before = remote.word(names["loops"])
    assert remote.ask("c") == f"T05watch:{names['loops']:x};thread:1;"
    assert remote.word(names["loops"]) == before + 1
    assert names["mark"] < remote.register(PC) < names["mark"] + 16
    assert remote.ask(f"z2,{names['loops']:x},4") == "OK"
    assert remote.ask(f"Z3,{names['loops']:x},4") == "OK"
    assert remote.ask("c") == f"T05rwatch:{names['loops']:x};thread:1;"


def test_what_the_system_writes_is_watched(photon: Photon, cloud: Cloud, part: UserPart, names: Symbols) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("read_eeprom")
    with opened(photon) as remote, ThreadPoolExecutor(1) as pool:
        remote.ask("?")
        remote.ask(f"Z2,{names['kept']:x},4")
        remote.send("c")
        called = pool.submit(cloud.call, photon.ready["id"], "read_eeprom")
        assert remote.answer().startswith(f"T05watch:{names['kept']:x};")
        assert remote.memory(names["kept"], 1) == b"\xff"
        assert remote.ask("D") == "OK"
        assert called.result() == 0xFF


def test_ctrl_c_stops_an_application_that_waits_and_one_that_computes(photon: Photon, sketch: Compile) -> None:
    for program, inside in (
        ("void setup() { delay(3600000); }\nvoid loop() {}", False),
        ("void setup() { for (volatile int i = 0;; ++i) continue; }\nvoid loop() {}", True),
    ):
        part = sketch("SYSTEM_THREAD(ENABLED)\n" + program)
        photon.start("--firmware", str(part.module))
        with opened(photon) as remote:
            remote.ask("?")
            remote.send("c")
            remote.interrupt()
            assert remote.answer() == "T02thread:1;"
            assert (0x080A0000 <= remote.register(PC) < 0x080C0000) == inside
            assert remote.register(SP) <= 0x20014400
        photon.stop()


def test_memory_is_written_and_what_is_not_there_refused(remote: Remote, names: Symbols, running: Photon) -> None:
    remote.ask("?")
    assert remote.word(names["answer"]) == 42
    assert remote.ask(f"M{names['answer']:x},4:2b000000") == "OK"
    assert remote.word(names["answer"]) == 43
    assert remote.ask("M80a0000,1:00") == "E0e"  # flash
    assert remote.ask("m0,4") == "E0e"
    # A register of GPIO port A: the level of D7 (PA13) as an output.
    assert len(remote.memory(0x40020014, 4)) == 4
    assert running.status()["machine"] is not None


def test_detaching_lets_it_go_on_and_closes_the_port(remote: Remote, names: Symbols, running: Photon) -> None:
    remote.ask("?")
    remote.ask(f"Z0,{names['mark']:x},2")
    loops = running.status()["machine"]["loops"]
    assert remote.ask("D") == "OK"
    assert remote.closed()
    running.wait("more loops", lambda status: status["machine"]["loops"] > loops + 10)
    again = running.control(do="debug")
    assert again["ok"]
    with Remote(again["port"]) as next_one:
        assert next_one.ask("?").startswith("T05")


def test_a_client_that_goes_away_leaves_nothing_behind(remote: Remote, names: Symbols, running: Photon) -> None:
    remote.ask("?")
    remote.ask(f"Z0,{names['mark']:x},2")
    loops = running.status()["machine"]["loops"]
    remote.__exit__()
    running.wait("more loops", lambda status: status["machine"]["loops"] > loops + 10)


def test_one_client_at_a_time(remote: Remote, running: Photon) -> None:
    port = running.control(do="debug")["port"]
    remote.ask("?")
    refused = running.control(do="debug")
    assert refused == {"ok": False, "error": "debug: a debugger is connected already"}
    with pytest.raises(ConnectionRefusedError):
        Remote(port)


def test_the_device_lives_on_while_its_application_stands_still(
    photon: Photon, cloud: Cloud, part: UserPart, names: Symbols
) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("twice")
    device = photon.ready["id"]
    with opened(photon) as remote, ThreadPoolExecutor(2) as pool:
        remote.ask("?")
        ticks, loops = remote.word(names["ticks"]), remote.word(names["loops"])
        # Its session with the cloud, and what lies in its memory.
        assert cloud.read(device, "answer") == 42
        # What needs the application waits for it.
        called = pool.submit(cloud.call, device, "twice", "21")
        computed = pool.submit(cloud.read, device, "computed")
        assert cloud.read(device, "answer") == 42
        photon.control(do="setup_button", hold_ms=100)
        assert photon.status()["cloud"] == "connected"
        assert not called.done() and not computed.done()
        assert (remote.word(names["ticks"]), remote.word(names["loops"])) == (ticks, loops)
        # Its timer has come due many times, and rings once.
        assert remote.ask("D") == "OK"
        assert called.result() == 42
        assert computed.result() == 43


def test_a_stopped_application_is_replaced_over_the_air(
    photon: Photon, cloud: Cloud, part: UserPart, sketch: Compile
) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("twice")
    other = sketch("PRODUCT_ID(4711)\nPRODUCT_VERSION(2)\nvoid setup() {}\nvoid loop() {}")
    with opened(photon) as remote:
        remote.ask("?")
        cloud.run(cloud.hub.flash(photon.ready["id"], other.module.read_bytes(), "other.bin"))
        # The debugger came along, and holds the next application as it held the one before.
        photon.wait("the start after the update", lambda status: status["reset_reason"] == "update")
        assert remote.ask("qC") == "QC1"
        assert not photon.status()["application_running"]
        assert remote.ask("D") == "OK"
    assert cloud.wait_for_hello(2).product_version == 2


def test_reset_stops_at_the_first_instruction_with_its_breakpoints(
    remote: Remote, names: Symbols, part: UserPart, running: Photon
) -> None:
    remote.ask("?")
    assert remote.ask(f"Z1,{names['_Z5setupv']:x},2") == "OK"
    assert remote.ask("qRcmd," + b"reset".hex())
    # Packets wait until there is an application again.
    assert remote.register(PC) == 0xDFFFFFF0
    assert remote.ask("vCont;s:1") == "T05thread:1;"
    first = remote.register(PC)
    assert 0x080A0000 <= first < 0x080C0000
    assert first != names["_Z5setupv"]  # first comes what fills its variables
    assert remote.ask("c") == "T05thread:1;"
    assert remote.register(PC) == names["_Z5setupv"]
    assert remote.word(names["loops"]) == 0
    assert running.status()["reset_reason"] == "pin_reset"


def test_a_reset_by_its_button_keeps_the_session(remote: Remote, names: Symbols, running: Photon) -> None:
    remote.ask("?")
    remote.ask(f"Z1,{names['_Z5setupv']:x},2")
    remote.send("c")
    running.control(do="reset")
    assert remote.answer() == "T05thread:1;"
    assert remote.register(PC) == names["_Z5setupv"]


def test_a_panic_stops_where_it_happens_and_then_resets(
    photon: Photon, cloud: Cloud, part: UserPart, names: Symbols
) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("crash")
    with opened(photon) as remote, ThreadPoolExecutor(1) as pool:
        remote.ask("?")
        remote.send("c")
        pool.submit(cloud.call, photon.ready["id"], "crash", "7")
        told = bytes.fromhex(remote.answer().removeprefix("O")).decode()
        assert told.startswith("SOS 5, usage_fault: the application divides by zero")
        assert re.fullmatch("T08thread:[12];", remote.answer())
        assert names["divide"] <= remote.register(PC) < names["divide"] + 16
        assert remote.register(0) == 7
        assert photon.status()["mode"] == "automatic"  # no SOS yet
        remote.send("c")
        photon.end_sos()
        cloud.wait_for_hello(2)
        remote.interrupt()
        assert remote.answer().startswith("T02")


def test_the_log_has_a_record_of_a_panic(photon: Photon, cloud: Cloud, part: UserPart, names: Symbols) -> None:
    photon.start("--firmware", str(part.module), *cloud.words)
    cloud.wait_for_function("crash")
    with pytest.raises((DeviceOffline, DeviceTimeout)):
        cloud.call(photon.ready["id"], "crash", "7")
    photon.end_sos()
    cloud.wait_for_hello(2)
    _, _, errors = photon.stop()
    (line,) = [line for line in errors.splitlines() if line.startswith("vphoton: panic ")]
    record = json.loads(line.removeprefix("vphoton: panic "))
    assert (record["code"], record["name"]) == (5, "usage_fault")
    assert record["module"] == part.module.read_bytes()[-4:].hex()
    registers = record["contexts"][0]["r"]
    assert names["divide"] <= registers[PC] < names["divide"] + 16
    assert (registers[0], registers[SP]) == (7, record["stack_at"])
    assert 0 < len(bytes.fromhex(record["stack"])) == 0x20014400 - record["stack_at"] <= 6 * 1024


HOSTILE = {
    "a browser": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a form with a packet inside": b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n$?#3f",
    "a TLS client": bytes.fromhex("1603010200010001fc0303") + bytes(64),
    "a packet without an end": b"$" + b"m" * 100_000,
    "zeroes": bytes(4096),
    "every byte": bytes(range(256)) * 16,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_another_protocol_is_dropped_and_stops_nothing(running: Photon, kind: str) -> None:
    loops = running.status()["machine"]["loops"]
    port = running.control(do="debug")["port"]
    with Remote(port) as stranger:
        stranger.raw(HOSTILE[kind])
        assert stranger.closed()
    running.wait("more loops", lambda status: status["machine"]["loops"] > loops + 10)
    # The port is still there for a debugger.
    with Remote(port) as remote:
        assert remote.ask("?").startswith("T05")


def test_a_connection_that_says_nothing_keeps_nobody_out(running: Photon) -> None:
    port = running.control(do="debug")["port"]
    with Remote(port) as silent, Remote(port) as remote:
        assert remote.ask("?").startswith("T05")
        assert silent.closed()


WILD = [
    *("m0,0", "mffffffff,ffffffff", "m20000000,ffffffff", "m200143ff,2", "M20000000,ffffffff:00", "M20000000,1:0"),
    *("Mffffffff,2:0000", "X20000000,4:\x00", "Z0,ffffffff,ffffffff", "Z2,0,ffffffff", "Z3,ffffffff,1", "Z4,1,0"),
    *("z0,1,1", "p", "pffffffff", "Pffffffff=00", "P0=", "G", "Gzz", "Hg-1", "Hgffffffff", "Tffffffff", "Hc0"),
    *("vCont;", "vCont;x", "vCont;r", "vCont;r1,", "vCont?", "qRcmd,zz", "qXfer:features:read:target.xml:,"),
    *("qXfer:features:read:target.xml:ffffffff,ffffffff", "qXfer:memory-map:read::0,0", "qThreadExtraInfo,"),
    *("qThreadExtraInfo,0", "qThreadExtraInfo,99", "vFlashErase:0,1", "vRun;", "A0", "\x7f\x00\x01", ""),
]


def test_wild_requests_are_answered_and_do_no_harm(remote: Remote, names: Symbols) -> None:
    remote.ask("?")
    for request in WILD:
        remote.ask(request)
    for request in ("z2,0,ffffffff", "z3,ffffffff,1", "z4,1,0", "z0,ffffffff,ffffffff"):
        assert remote.ask(request) == "OK"
    remote.ask("Hg0")
    assert remote.ask(f"Z0,{names['mark']:x},2") == "OK"
    assert remote.ask("c") == "T05thread:1;"


def test_the_port_is_on_loopback_alone(running: Photon) -> None:
    port = running.control(do="debug")["port"]
    (listening,) = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    ]
    assert listening.split(":")[0] == "0100007F"


def test_a_port_in_use_is_refused_with_its_number(running: Photon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = running.control(do="debug", port=port)
    assert not answer["ok"] and f"port {port} on 127.0.0.1" in answer["error"]
    assert not running.control(do="debug", port=70000)["ok"]


def test_without_an_application_there_is_nothing_to_debug(photon: Photon) -> None:
    photon.start()
    answer = photon.control(do="debug")
    assert not answer["ok"] and "safe mode" in answer["error"]
