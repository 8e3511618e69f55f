"""What Wiring makes of its calls, on a processor: each case is a function of one sketch."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from photonrig.build.compile import compile_project

from .conftest import TOOLS, Compile, written

pytest.importorskip("unicorn")

from .photon import BACKUP, Call, Panic, Photon, TailCall, Varargs

# By the names in wiring_cases.cpp: what each prints.
EXPECTED = {
    "strings": [
        "abc1x y",
        "7",
        "4",
        "bc",
        "ABC1X Y",
        "-42",
        "ff",
        "101",
        "-2147483648",
        "3.14",
        "1000000000000.0",
        "a-007-ff",
        "2.500 and 1234567890123",
        "[padded]",
        "a--b--c",
        "ab--c",
        "12",
        "0",
        "same",
        "0",
        "5",
    ],
    "printing": [
        "5 -5 c8 1.50 1",
        "123456789a",
        "192.168.0.1",
        "x=3% long enough to need more than the small buffer: 12345",
        "four4",
        "0",
    ],
    "arithmetic": ["50", "7", "10", "2", "4", "1", "1", "0", "9"],
    "time": [
        "2017-07-14T02:40:00Z",
        "Fri Jul 14 02:40:00 2017",
        "20:40 -06:00%",
        "20",
        "2017",
        "5",
        "8",
        "1",
        "-7",
        "1500000007",
        "1",
    ],
    "addresses": ["10.20.30.40", "10", "40", "1", "0", "1", "192.168.1.9", "home", "-61", "50", "6", "0.0.0.0"],
    "system": [
        "2.3.1",
        "33751551",
        "27003c000f47353136383631",
        "43210",
        "140",
        "77",
        "1",
        "4",
        "120",
        "0",
        "0",
        "1",
        "1",
        "0",
        "5",
    ],
    "sleeping": ["1", "1", "1"],
    "waiting": ["2030", "-1"],
    "serial1": ["1", "3", "65", "-1", "1", "0"],
    "input": ["12", "-7.50", " name", "3", "abc", "1", "rest", "-1"],
    "buses": ["4", "3", "170", "937500"],
    "threads": ["7", "1", "0", "0"],
    "eeprom": ["2048", "255", "42", "3", "99", "0"],
    "pins": ["0", "1", "2000", "2", "0", "1"],
    "shared": ["in", "atomic", "locked", "1", "tried"],
    "status": ["100", "30", "0"],
    "logging": ["0000000000 [app] INFO: value 42"],
    "containers": ["361", "42", "owned", "7/x", "255", "2.50"],
}

WLAN = bytearray(132)
struct.pack_into("<HI", WLAN, 0, 132, 192 << 24 | 168 << 16 | 1 << 8 | 9)
WLAN[2 + 16] = 4
WLAN[87:93] = bytes(range(1, 7))
WLAN[93:97] = b"home"


def _network_config(photon: Photon, _: Call) -> int:
    at = photon.allocate(132)
    photon.put(at, bytes(WLAN))
    return at


def _connected_info(photon: Photon, call: Call) -> int:
    assert photon.word(call.arguments[1]) & 0xFFFF == 24
    photon.put(call.arguments[1], struct.pack("<HH5i", 24, 0, -6100, 32768, 3000, -9100, 65535))
    return 0


def _reset_info(photon: Photon, call: Call) -> int:
    for at, value in zip(call.arguments, (140, 77), strict=False):
        if at:
            photon.put(at, struct.pack("<i", value))
    return 0


def _runtime_info(photon: Photon, call: Call) -> int:
    assert photon.word(call.arguments[0]) & 0xFFFF == 32
    photon.put(call.arguments[0] + 4, struct.pack("<I", 43210))
    return 0


def _flag(photon: Photon, call: Call) -> int:
    photon.put(call.arguments[1], b"\1")
    return 0


def _processed(photon: Photon, _: Call) -> int:
    photon.milliseconds += 1
    return 0


def _get(photon: Photon, call: Call) -> int:
    photon.put(call.arguments[1], bytes(photon.eeprom[call.arguments[0] :][: call.arguments[2]]))
    return 0


def _put(photon: Photon, call: Call) -> int:
    at, data, size = call.arguments[:3]
    photon.eeprom[at : at + size] = photon.cpu.mem_read(data, size)
    return 0


def _log(photon: Photon, call: Call) -> int:
    """As Device OS: asks nobody, formats, and passes the text on to the application's callback."""
    level, category, attributes, _ = call.arguments
    callback = photon.called("log_set_callbacks")[-1][0]
    text = photon.formatted(photon.text(photon.stacked(0)), Varargs(photon, [], photon.stacked(1)))
    raise TailCall(callback, (photon.string(text), level, category, attributes))


INPUT = b"x12 , -7.5 name;abc-key=rest"


def _received(photon: Photon, call: Call) -> int:
    """Bytes of INPUT; then, a look being a millisecond long, nothing."""
    taken = len([peek for _, peek, *_ in photon.called("HAL_USB_USART_Receive_Data")[:-1] if not peek & 0xFF])
    return INPUT[taken] if taken < len(INPUT) else -1


def _run_thread(photon: Photon, call: Call) -> int:
    """A thread that runs to its end at once."""
    handle, name, priority, function = call.arguments
    photon.put(handle, struct.pack("<I", 0x7EAD))
    assert (photon.text(name), priority & 0xFF, photon.stacked(1)) == ("worker", 3, 1024)
    raise TailCall(function, (photon.stacked(0),))


def _spi_info(photon: Photon, call: Call) -> int:
    assert photon.word(call.arguments[1]) & 0xFFFF == 11
    photon.put(call.arguments[1] + 4, struct.pack("<I", 60_000_000))
    return 0


ANSWERS = {
    "hal_usart_available": lambda *_: 3,
    "hal_usart_read": lambda *_: 65,
    "hal_usart_peek": lambda *_: -5,
    "hal_usart_is_enabled": lambda *_: 1,
    "HAL_USB_USART_Receive_Data": _received,
    "hal_i2c_end_transmission": lambda *_: 4,
    "hal_i2c_request_ex": lambda photon, call: photon.word(call.arguments[1] + 8),
    "hal_spi_info": _spi_info,
    "hal_spi_transfer": lambda _, call: call.arguments[1] ^ 0xFF,
    "os_thread_create": _run_thread,
    "network_config": _network_config,
    "network_ready": lambda *_: 1,
    "wlan_connected_info": _connected_info,
    "inet_gethostbyname": lambda *_: -1,
    "HAL_Core_Get_Last_Reset_Info": _reset_info,
    "HAL_Core_Runtime_Info": _runtime_info,
    "system_get_flag": _flag,
    "spark_process": _processed,
    "hal_timer_millis": lambda *_: 4321,
    "system_sleep_pins": lambda *_: 1,
    "system_sleep": lambda _, call: -1 if call.arguments[:3] == (0, 300, 0) else 0,
    "HAL_EEPROM_Get": _get,
    "HAL_EEPROM_Put": _put,
    "hal_adc_read": lambda *_: 2000,
    "HAL_GPIO_Read": lambda *_: 1,
    "hal_rtc_time_is_valid": lambda *_: 1,
    "hal_rtc_get_unixtime_deprecated": lambda *_: 1500000007,
    "led_pattern_period": lambda *_: 100,
    "LED_RGB_IsOverRidden": lambda photon, _: int(bool(photon.called("LED_Signaling_Start"))),
    "log_enabled": lambda *_: 1,
    "log_message_v": _log,
    "system_internal": lambda *_: 0x20014800,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, int]]:
    source = Path(__file__).with_name("wiring_cases.cpp")
    made = compile_project({source.name: source.read_bytes()}, TOOLS.sdk(), strict=True)
    part = written(made, tmp_path_factory.mktemp("wiring") / "cases.bin")
    told = subprocess.run(["arm-none-eabi-nm", str(part.elf)], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines()]
    return part.module.read_bytes(), {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


Run = Callable[[str], list[str]]


class Bench:
    """A Photon with the sketch, started; ``run`` calls a case and returns the lines it printed."""

    def __init__(self, image: bytes, symbols: dict[str, int]) -> None:
        self.photon = Photon(image, ANSWERS)
        self.symbols = symbols
        self.photon.start()
        self.photon.setup()
        assert not self.photon.serial

    def run(self, case: str) -> list[str]:
        self.photon.serial.clear()
        self.photon.call(self.symbols[f"case_{case}"])
        return self.printed()

    def printed(self) -> list[str]:
        lines = self.photon.serial.decode().split("\r\n")
        assert lines.pop() == "" or lines
        return lines


@pytest.fixture
def bench(built: tuple[bytes, dict[str, int]]) -> Bench:
    return Bench(*built)


@pytest.mark.parametrize("case", EXPECTED)
def test_a_case_prints_what_it_should(bench: Bench, case: str) -> None:
    before = dict(bench.photon.blocks)
    assert bench.run(case) == EXPECTED[case]
    kept = len(bench.photon.blocks) - len(before)
    if case in ("strings", "printing", "arithmetic", "containers"):
        assert kept == 0, f"{kept} blocks of the heap are lost"


def test_pins_reach_the_hardware_only_when_allowed(bench: Bench) -> None:
    bench.photon.put(0x40020010, struct.pack("<I", 1 << 5))  # IDR of port A
    assert bench.run("pins")[0] == "1"
    assert bench.photon.called("HAL_GPIO_Write")[0][:2] == (2, 1)
    assert all(pin != 4 for pin, *_ in bench.photon.called("HAL_GPIO_Write"))  # an input is not written
    assert struct.unpack("<HH", bench.photon.cpu.mem_read(0x40020018, 4)) == (1 << 3, 1 << 2)  # BSRRL, BSRRH
    assert bench.photon.called("hal_adc_read")[0][0] == 11
    assert bench.photon.called("hal_i2c_init")  # the bus is set up before it is asked about
    assert len([call for call in bench.photon.called("HAL_GPIO_Write") if call[0] == 3]) == 16


def test_status_and_colours_reach_the_led(bench: Bench) -> None:
    seen = []

    def active(photon: Photon, call: Call) -> int:
        size, _, _, flags, colour, period, _ = photon.words(call.arguments[0], 7)
        seen.append((size, flags & 0xFFFF, colour, period & 0xFFFF, call.arguments[1]))
        return 0

    bench.photon.answers = {**ANSWERS, "led_set_status_active": active}
    bench.run("status")
    assert seen[0] == (28, 2 << 8 | 30 << 2 | 1, 0xFF0000, 100, 1)
    assert seen[-1][-1] == 0  # it is gone from the list before its memory is
    assert [colour for colour, *_ in bench.photon.called("LED_SetSignalingColor")] == [0x010203, 0x102030]
    assert bench.photon.called("LED_On")[0][0] == 231


def test_blocks_are_entered_and_left(bench: Bench) -> None:
    bench.run("shared")
    assert [on for on, *_ in bench.photon.called("os_thread_scheduling")] == [0, 1]
    names = [call.name for call in bench.photon.calls]
    assert names.count("HAL_disable_irq") == names.count("HAL_enable_irq") == 1
    assert [item for item, *_ in bench.photon.called("system_internal")] == [2, 2]
    assert names.count("os_mutex_unlock") == 2 and names.count("os_mutex_destroy") == 1


def test_system_calls_carry_their_arguments(bench: Bench) -> None:
    bench.run("system")
    assert bench.photon.text(bench.photon.called("HAL_Set_System_Config")[0][1], 5) == "Shade"
    assert bench.photon.called("HAL_Set_System_Config")[0][::2][:2] == (3, 5)
    # The 64-bit event mask is in r0 and r1, the handler in r2.
    assert [call[:2] for call in bench.photon.called("system_subscribe_event")] == [(0x800, 0), (0x800, 0)]


def test_serial1_gives_its_buffers_and_its_frame(bench: Bench) -> None:
    bench.run("serial1")
    port, received, sent, _ = bench.photon.called("hal_usart_init")[0]
    assert port == 0 and abs(received - sent) >= 132 and min(received, sent) >= 0x20000000
    assert bench.photon.called("hal_usart_begin_config")[0] == (0, 9600, 4, 0)
    assert [data & 0xFF for _, data, *_ in bench.photon.called("hal_usart_write")] == [0x41]
    assert bench.photon.called("hal_usart_flush")


def test_buses_carry_addresses_data_and_settings(bench: Bench) -> None:
    photon, wanted = bench.photon, []

    def request(photon: Photon, call: Call) -> int:
        wanted.append(struct.unpack("<HHB3xIII", photon.cpu.mem_read(call.arguments[1], 20)))
        return 3

    photon.answers = {**ANSWERS, "hal_i2c_request_ex": request}
    bench.run("buses")
    names = [call.name for call in photon.calls]
    assert names.index("hal_i2c_init") < names.index("hal_i2c_set_speed") < names.index("hal_i2c_begin")
    assert photon.called("hal_i2c_set_speed")[0][1] == 400_000
    assert photon.called("hal_i2c_begin_transmission")[0][1] & 0xFF == 0x40
    assert [data & 0xFF for _, data, *_ in photon.called("hal_i2c_write")] == [1, 2, 3]
    assert photon.called("hal_i2c_end_transmission")[0][1] & 0xFF == 1
    assert wanted == [(20, 0, 0x40, 3, 100, 0)]
    assert photon.called("hal_spi_begin")[0][1] & 0xFFFF == 12
    # 4 MHz are asked for: a sixteenth of 60 MHz is the fastest that is not faster.
    assert [value & 0xFF for value in photon.called("hal_spi_set_settings")[0]] == [0, 0, 0x18, 1]
    transaction = names[names.index("hal_spi_begin") : names.index("hal_spi_set_clock_divider")]
    assert transaction.index("os_mutex_recursive_lock") < transaction.index("hal_spi_transfer")
    assert transaction.index("hal_spi_transfer") < transaction.index("os_mutex_recursive_unlock")


def test_a_thread_is_cleaned_up(bench: Bench) -> None:
    bench.run("threads")
    assert bench.photon.called("os_thread_cleanup")[0][0] == 0x7EAD
    assert bench.photon.called("os_thread_exit")[0][0] == 0
    assert not bench.photon.called("os_thread_join")  # it had ended


def test_what_is_registered_can_be_read_and_called(bench: Bench) -> None:
    photon = bench.photon
    assert bench.run("register") == ["1"] * 10 + ["0"]
    assert {name: kind for name, (kind, *_) in photon.variables.items()} == {
        "at": 2, "label": 4, "level": 9, "count": 2, "fixed": 4, "text": 4, "next": 2, "half": 9,
    }  # fmt: skip

    function, data = photon.functions["move"]
    assert photon.call(function, data, photon.string("21"), 0) == 42
    assert photon.word(photon.variables["at"][1]) == 21
    function, data = photon.functions["raw"]
    assert photon.call(function, data, photon.string("four"), 0) == 4

    kind, at, (update, copy) = photon.variables["label"]
    assert copy == 0 and photon.text(photon.call(update, photon.string("label"), kind, at, 0)) == "a label"

    def copied(name: str) -> bytes:
        _, at, (update, copy) = photon.variables[name]
        assert update == 0
        where = photon.allocate(8)
        assert photon.call(copy, at, where, where + 4) == 0
        data, size = photon.words(where, 2)
        assert data in photon.blocks  # the system frees it
        return bytes(photon.cpu.mem_read(data, size))

    assert copied("text") == b"made 3"
    assert struct.unpack("<i", copied("next")) == (22,)
    assert struct.unpack("<d", copied("half")) == (0.125,)


def test_a_subscriber_gets_its_object(bench: Bench) -> None:
    photon = bench.photon
    seen = []

    def subscribe(photon: Photon, call: Call) -> int:
        seen.append((photon.text(call.arguments[0]), *call.arguments[1:], photon.stacked(0), photon.stacked(1)))
        return 1

    photon.answers = {**ANSWERS, "spark_subscribe": subscribe}
    assert bench.run("register")[-1] == "1"
    [(prefix, handler, data, scope, device, reserved)] = seen
    assert (prefix, scope & 0xFF, device, reserved) == ("blinds/", 0, 0, 0)
    photon.serial.clear()
    photon.call(handler, data, photon.string("blinds/moved"), photon.string("up"))
    photon.call(handler, data, photon.string("blinds/moved"), 0)
    assert bench.printed() == ["blinds/moved: up", "blinds/moved: -"]


def test_publishing_tells_its_outcome(bench: Bench) -> None:
    photon, sent = bench.photon, []

    def send(photon: Photon, call: Call) -> int:
        name, data, ttl, flags = call.arguments
        extra = photon.words(photon.stacked(0), 3)
        sent.append((photon.text(name), photon.text(data), ttl, flags, extra))
        return 1

    # Without a connection nothing is sent.
    assert bench.run("publish") == ["0", "1", "0"]
    photon.answers = {
        **ANSWERS,
        "spark_cloud_flag_connected": lambda *_: 1,
        "spark_send_event": lambda photon, call: send(photon, call) if sent else _send_at_once(photon, call, sent),
    }
    before = len(photon.blocks)
    # The first is done when it is sent; the second is still under way.
    assert bench.run("publish") == ["1", "0", "0"]
    assert [event[:4] for event in sent] == [("name", "data", 60, 1), ("later", "x", 30, 9)]
    size, complete, data = sent[1][4]
    assert size == 12 and len(photon.blocks) == before + 1  # the outcome of the second waits for the system
    photon.call(complete, 0, 0, data, 0)
    assert len(photon.blocks) == before


def _send_at_once(photon: Photon, call: Call, sent: list[object]) -> int:
    """The callback comes before the call returns, as for events without acknowledgement."""
    name, data, ttl, flags = call.arguments
    size, complete, callback = photon.words(photon.stacked(0), 3)
    sent.append((photon.text(name), photon.text(data), ttl, flags, (size, complete, callback)))
    raise TailCall(complete, (0, 0, callback, 0))


def test_a_timer_runs_and_goes(bench: Bench) -> None:
    photon, created = bench.photon, []

    def create(photon: Photon, call: Call) -> int:
        created.append((*call.arguments, photon.stacked(0), photon.stacked(1), photon.stacked(2)))
        photon.put(call.arguments[0], struct.pack("<I", 0x7117E5))
        return 0

    photon.answers = {
        **ANSWERS,
        "os_timer_create": create,
        "os_timer_get_id": lambda photon, call: photon.put(call.arguments[1], struct.pack("<I", timer_id)) or 0,
    }
    assert bench.run("timer") == ["1"]
    [(_, period, callback, timer_id, one_shot, reserved, _)] = created
    assert (period, one_shot & 0xFF, reserved) == (250, 0, 0)
    assert [change[:2] for change in photon.called("os_timer_change")] == [(0x7117E5, 2), (0x7117E5, 0)]  # stop, start
    photon.serial.clear()
    photon.call(callback, 0x7117E5)
    photon.call(callback, 0x7117E5)
    assert bench.printed() == ["1", "2"]
    assert bench.run("end_timer") == ["gone"]
    assert photon.called("os_timer_set_id")[-1][:2] == (0x7117E5, 0)
    assert photon.called("os_timer_destroy")[-1][0] == 0x7117E5
    # What expires after that finds nothing to call.
    timer_id = 0
    photon.serial.clear()
    photon.call(callback, 0x7117E5)
    assert not photon.serial


def test_an_interrupt_handler_gets_its_object(bench: Bench) -> None:
    assert bench.run("interrupt") == ["1"]
    pin, handler, data, mode = bench.photon.called("HAL_Interrupts_Attach")[0]
    assert (pin, mode) == (3, 2)
    bench.photon.call(handler, data)
    assert bench.photon.word(bench.symbols["blinds_toggled"]) == 1


def test_serial_events_come_behind_the_loop(bench: Bench) -> None:
    waiting = [65, 66]
    bench.photon.answers = {
        **ANSWERS,
        "HAL_USB_USART_Available_Data": lambda *_: len(waiting),
        "HAL_USB_USART_Receive_Data": lambda *_: waiting.pop(0),
    }
    bench.photon.serial.clear()
    bench.photon.loop(3)
    assert bench.printed() == ["event 65", "event 66"]


def test_the_mode_is_the_applications(bench: Bench) -> None:
    assert [mode for mode, *_ in bench.photon.called("set_system_mode")] == [0, 2]


RETAINED = """
retained int starts = 100;
retained char name[8] = "first";
void setup() { ++starts; Serial.printlnf("%d %s %d", starts, name, System.featureEnabled(FEATURE_WARM_START)); }
void loop() {}
"""


def test_retained_variables_outlive_a_reset(sketch: Compile) -> None:
    image = sketch(RETAINED).module.read_bytes()

    def started(backup: bytes) -> tuple[str, bytes]:
        photon = Photon(image)
        photon.put(BACKUP, backup)
        photon.start()
        photon.setup()
        return photon.serial.decode().strip(), bytes(photon.cpu.mem_read(BACKUP, 64))

    first, kept = started(bytes(64))
    assert first == "101 first 0"
    second, kept = started(kept)
    assert second == "102 first 1"
    # After a loss of power there is anything in it.
    assert started(b"\xa5" * 64)[0] == "101 first 0"


def test_constructors_startup_and_their_order(sketch: Compile) -> None:
    image = sketch("""
struct Early { Early(const char* name) { Serial.println(name); EEPROM.read(0); } };
Early one("one");
STARTUP(Serial.println("startup"); WiFi.selectAntenna(ANT_EXTERNAL));
Early two("two");
STARTUP(Serial.println("again"));
__attribute__((constructor(101))) void first() { Serial.println("first"); }
void setup() { Serial.println("setup"); static Early late("late"); }
void loop() {}
""").module.read_bytes()
    photon = Photon(image)
    photon.start()
    assert photon.serial.decode().split() == ["first", "one", "startup", "two", "again"]
    assert photon.called("wlan_select_antenna")[0][0] == 1
    names = [call.name for call in photon.calls]
    assert names.index("HAL_EEPROM_Init") < names.index("HAL_EEPROM_Read") and names.count("HAL_EEPROM_Init") == 1
    assert names.count("HAL_USB_USART_Init") == 1
    photon.serial.clear()
    photon.setup()
    photon.setup()
    assert photon.serial.decode().split() == ["setup", "late", "setup"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("B b;", 12),
        ("std::function<void()> none; none();", 10),
        ("_exit(1);", 7),
    ],
    ids=["pure virtual", "empty function", "exit"],
)
def test_what_cannot_go_on_panics(sketch: Compile, body: str, code: int) -> None:
    head = """#include <unistd.h>
struct A { A(); virtual void act() = 0; };
struct B : A { void act() override { Serial.println("B"); } };
A::A() { A* self = this; asm("" : "+r"(self)); self->act(); }
"""
    photon = Photon(sketch(f"{head}void setup() {{ {body} }}\nvoid loop() {{}}").module.read_bytes())
    photon.start()
    with pytest.raises(Panic) as panicked:
        photon.setup()
    assert panicked.value.args == (code,)


def test_without_memory_nothing_is_built(sketch: Compile) -> None:
    image = sketch("""
struct Noisy { Noisy() { Serial.println("built"); } int a[4]; };
void setup() {
  Noisy* noisy = new Noisy;
  Serial.println(noisy ? "some" : "none");
  String text("text");
  Serial.println(text.length());
}
void loop() {}
""").module.read_bytes()
    photon = Photon(image)
    photon.start()
    photon.answers = {"malloc": lambda *_: 0, "realloc": lambda *_: 0}
    photon.setup()
    # Printing a number needs a String; of that there is none either.
    assert photon.serial.decode().split() == ["none"]
