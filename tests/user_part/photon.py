"""A Photon for one user part: a Cortex-M3 (Unicorn) whose system is made of Python functions.

The tables of Device OS lie where a Photon has them, each slot leading to a stub. What a test does not answer returns 0;
every call is on record. Nothing runs beside the application, and time passes only when a test says so.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unicorn import UC_ARCH_ARM, UC_HOOK_CODE, UC_MODE_MCLASS, UC_MODE_THUMB, Uc
from unicorn.arm_const import (
    UC_ARM_REG_LR,
    UC_ARM_REG_PC,
    UC_ARM_REG_R0,
    UC_ARM_REG_R1,
    UC_ARM_REG_R2,
    UC_ARM_REG_R3,
    UC_ARM_REG_SP,
)

from photonrig.build.interface import read_system

ABI = Path(__file__).parents[2] / "firmware" / "abi"

FLASH = 0x080A0000
RAM, RAM_SIZE = 0x20000000, 0x20000
HEAP_END = 0x20014400
STACK = 0x20020000 - 8
BACKUP = 0x40024000
# Ours to choose: where the system's tables and stubs lie, and where a call from outside returns to.
TABLES = 0x08020000
STUBS, STUB = 0x08060400, 4
RETURN = 0x08000100

_ARGUMENTS = (UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3)
_FORMAT = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>\*|\d*)(?:\.(?P<precision>\*|\d+))?(?P<size>ll|l|z|h|hh)?(?P<kind>.)"
)


@dataclass(frozen=True)
class Call:
    """A call of the system: its name and the registers r0 to r3."""

    name: str
    arguments: tuple[int, int, int, int]


class Panic(Exception):
    """The application gave up; the argument is the code."""


@dataclass
class TailCall(Exception):
    """What the system does by calling the application: where it goes and with which arguments."""

    function: int
    arguments: tuple[int, ...]


Answer = Callable[["Photon", Call], "int | None"]


@dataclass
class Photon:
    """``image`` is the module, ``answers`` what the system's functions do beyond what is here."""

    image: bytes
    answers: Mapping[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.calls: list[Call] = []
        self.milliseconds = 0
        self.eeprom = bytearray(b"\xff" * 2048)
        self.serial = bytearray()
        self.variables: dict[str, tuple[int, int, tuple[int, int]]] = {}
        self.functions: dict[str, tuple[int, int]] = {}
        self.pin_modes: dict[int, int] = {}
        self.blocks: dict[int, int] = {}
        self.product: dict[str, int] = {}
        self._heap = 0
        self._failure: BaseException | None = None
        self.cpu = Uc(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS)
        for address, size in (
            (0x08000000, 0x100000),
            (RAM, RAM_SIZE),
            (BACKUP, 0x1000),
            (0x40020000, 0x4000),
            (0xE0001000, 0x1000),
        ):
            self.cpu.mem_map(address, size)
        self.cpu.mem_write(FLASH, self.image)
        self._names: dict[int, str] = {}
        self._put_tables()
        self.cpu.hook_add(UC_HOOK_CODE, self._called, begin=STUBS, end=STUBS + STUB * len(self._names))
        table = struct.unpack_from("<I", self.image, 24)[0]
        self.table = struct.unpack("<4I", self.cpu.mem_read(table, 16))

    def _put_tables(self) -> None:
        at, stub = TABLES + 0x1000, STUBS
        tables: dict[int, dict[int, str]] = {}
        for name, function in read_system(ABI).items():
            tables.setdefault(function.pointer_at, {})[function.index] = name
        for pointer_at, slots in tables.items():
            self.cpu.mem_write(pointer_at, struct.pack("<I", at))
            for index, name in slots.items():
                self.cpu.mem_write(at + 4 * index, struct.pack("<I", stub | 1))
                self.cpu.mem_write(stub, struct.pack("<HH", 0x4770, 0x4770))  # bx lr
                self._names[stub] = name
                stub += STUB
            at += 4 * (max(slots) + 1)

    # Running the application.

    def call(self, function: int, *arguments: int, most: int = 2_000_000) -> int:
        """Call a function of the application; returns r0."""
        self.cpu.reg_write(UC_ARM_REG_SP, STACK)
        self.cpu.reg_write(UC_ARM_REG_LR, RETURN | 1)
        for register, value in zip(_ARGUMENTS, arguments, strict=False):
            self.cpu.reg_write(register, value & 0xFFFFFFFF)
        self.cpu.emu_start(function | 1, RETURN, count=most)
        if self._failure is not None:
            raise self._failure
        assert self.cpu.reg_read(UC_ARM_REG_PC) & ~1 == RETURN, "the application did not come back"
        return int(self.cpu.reg_read(UC_ARM_REG_R0))

    def start(self) -> None:
        """``pre_init`` and ``init``."""
        self._heap = self.call(self.table[0])
        assert RAM < self._heap < HEAP_END
        self.call(self.table[1])

    def setup(self) -> None:
        self.call(self.table[2])

    def loop(self, times: int = 1) -> None:
        for _ in range(times):
            self.milliseconds += 1
            self.call(self.table[3])

    def instructions(self, function: int) -> int:
        """How many instructions of the application one call of a function takes, without the system's."""
        count = 0

        def counted(*_: object) -> None:
            nonlocal count
            count += 1

        hook = self.cpu.hook_add(UC_HOOK_CODE, counted, begin=FLASH, end=FLASH + len(self.image))
        self.call(function)
        self.cpu.hook_del(hook)
        return count

    # Memory.

    def word(self, address: int) -> int:
        return int(struct.unpack("<I", self.cpu.mem_read(address, 4))[0])

    def words(self, address: int, count: int) -> tuple[int, ...]:
        return struct.unpack(f"<{count}I", self.cpu.mem_read(address, 4 * count))

    def text(self, address: int, most: int = 4096) -> str:
        found = bytearray()
        while len(found) < most and (byte := self.cpu.mem_read(address + len(found), 1)[0]):
            found.append(byte)
        return found.decode()

    def put(self, address: int, data: bytes) -> None:
        self.cpu.mem_write(address, data)

    def allocate(self, size: int) -> int:
        """A block of the heap; nothing is ever reused, so that a use after free shows."""
        at = (self._heap + 7) & ~7
        assert at + size <= HEAP_END, "the heap is full"
        self._heap = at + size
        self.blocks[at] = size
        return at

    def string(self, text: str) -> int:
        """A C string in the application's memory."""
        at = self.allocate(len(text.encode()) + 1)
        self.put(at, text.encode() + b"\0")
        return at

    # The system.

    def _called(self, _cpu: Uc, address: int, _size: int, _data: object) -> None:
        name = self._names.get(address)
        if name is None or self._failure is not None:
            return
        call = Call(name, tuple(self.cpu.reg_read(each) for each in _ARGUMENTS))
        self.calls.append(call)
        answer = self.answers.get(name) or _ANSWERS.get(name)
        try:
            result = answer(self, call) if answer else 0
            if result is not None:
                self.cpu.reg_write(UC_ARM_REG_R0, result & 0xFFFFFFFF)
                if name in _WIDE:
                    self.cpu.reg_write(UC_ARM_REG_R1, result >> 32 & 0xFFFFFFFF)
        except TailCall as other:
            for register, value in zip(_ARGUMENTS, other.arguments, strict=False):
                self.cpu.reg_write(register, value)
            self.cpu.reg_write(UC_ARM_REG_PC, other.function | 1)
        except BaseException as failure:
            self._failure = failure
            self.cpu.emu_stop()

    def called(self, name: str) -> list[tuple[int, int, int, int]]:
        """The arguments of each call of a function."""
        return [call.arguments for call in self.calls if call.name == name]

    def stacked(self, index: int) -> int:
        """The argument behind r3 with this index."""
        return self.word(self.cpu.reg_read(UC_ARM_REG_SP) + 4 * index)

    def formatted(self, pattern: str, values: Varargs) -> str:
        """What printf makes of a format, as far as the firmware uses it."""

        def one(match: re.Match[str]) -> str:
            if match["kind"] == "%":
                return "%"
            flags, width, precision = match["flags"], match["width"], match["precision"]
            if width == "*":
                width = str(values.signed())
            if precision == "*":
                precision = str(values.signed())
            shape = f"%{flags}{width}" + (f".{precision}" if precision is not None else "")
            kind = match["kind"]
            if kind == "s":
                return (shape + "s") % self.text(values.word(), int(precision) if precision is not None else 4096)
            if kind == "c":
                return (shape + "c") % values.word()
            if kind in "feg":
                return (shape + kind) % values.double()
            wide = match["size"] == "ll"
            value = values.long() if wide else values.word()
            if kind in "di" and value >> (63 if wide else 31):
                value -= 1 << (64 if wide else 32)
            assert kind in "diuxX", f"{match[0]} is not known here"
            return (shape + kind.replace("u", "d")) % value

        return _FORMAT.sub(one, pattern)


@dataclass
class Varargs:
    """Arguments behind a format: first registers from ``index``, then the stack; or, for a va_list, memory."""

    photon: Photon
    registers: list[int]
    address: int
    taken: int = 0

    def word(self) -> int:
        if self.registers:
            return self.registers.pop(0)
        self.address += 4
        return self.photon.word(self.address - 4)

    def signed(self) -> int:
        value = self.word()
        return value - (1 << 32) if value >> 31 else value

    def long(self) -> int:
        # Aligned to eight bytes, in registers as on the stack.
        if self.registers and len(self.registers) % 2:
            self.registers.pop(0)
        if not self.registers:
            self.address = (self.address + 7) & ~7
        low = self.word()
        return low | self.word() << 32

    def double(self) -> float:
        return float(struct.unpack("<d", struct.pack("<Q", self.long()))[0])


def _malloc(photon: Photon, call: Call) -> int:
    return photon.allocate(call.arguments[0])


def _free(photon: Photon, call: Call) -> int:
    if at := call.arguments[0]:
        del photon.blocks[at]  # a second free of a block fails
    return 0


def _realloc(photon: Photon, call: Call) -> int:
    before, size = call.arguments[:2]
    at = photon.allocate(size)
    if before:
        kept = min(photon.blocks.pop(before), size)
        photon.put(at, bytes(photon.cpu.mem_read(before, kept)))
    return at


def _snprintf(photon: Photon, call: Call) -> int:
    to, size, pattern, first = call.arguments
    values = Varargs(photon, [first], photon.cpu.reg_read(UC_ARM_REG_SP))
    return _print(photon, to, size, photon.formatted(photon.text(pattern), values))


def _sprintf(photon: Photon, call: Call) -> int:
    to, pattern, *registers = call.arguments
    values = Varargs(photon, list(registers), photon.cpu.reg_read(UC_ARM_REG_SP))
    return _print(photon, to, 1 << 16, photon.formatted(photon.text(pattern), values))


def _vsnprintf(photon: Photon, call: Call) -> int:
    to, size, pattern, values = call.arguments
    return _print(photon, to, size, photon.formatted(photon.text(pattern), Varargs(photon, [], values)))


def _print(photon: Photon, to: int, size: int, text: str) -> int:
    data = text.encode()
    if size:
        photon.put(to, data[: size - 1] + b"\0")
    return len(data)


DEVICE_ID = "27003c000f47353136383631"


def _device_id(photon: Photon, call: Call) -> None:
    """A String by value: r0 points to where it goes."""
    at = photon.string(DEVICE_ID)
    photon.put(call.arguments[0], struct.pack("<3IB", at, len(DEVICE_ID), len(DEVICE_ID), 0))


def _version_info(photon: Photon, call: Call) -> int:
    size = photon.word(call.arguments[0]) & 0xFFFF
    assert size == 28
    photon.put(call.arguments[0], struct.pack("<HHI20s", 28, 0, 0x020301FF, b"2.3.1"))
    return 0


def _variable(photon: Photon, call: Call) -> int:
    name, at, kind, extra = call.arguments
    how = photon.words(extra, 3) if extra else (0, 0, 0)
    assert how[0] & 0xFFFF in (0, 12)
    photon.variables[photon.text(name)] = (kind & 0xFF, at, how[1:])
    return 1


def _function(photon: Photon, call: Call) -> int:
    name, described, reserved, _ = call.arguments
    assert name == 0 and reserved == 0
    size, named, function, data = photon.words(described, 4)
    assert size & 0xFFFF == 16
    photon.functions[photon.text(named)] = (function, data)
    return 1


def _newlib(photon: Photon, call: Call) -> int:
    state = photon.allocate(96)
    photon.put(state, bytes(96))
    raise TailCall(call.arguments[0], (state, 96, 0x03030000, call.arguments[1]))


def _timer_create(photon: Photon, call: Call) -> int:
    photon.put(call.arguments[0], struct.pack("<I", 0x7117E5))
    return 0


def _mutex_create(photon: Photon, call: Call) -> int:
    photon.put(call.arguments[0], struct.pack("<I", 0x707E8))
    return 0


def _pin_map(photon: Photon, _: Call) -> int:
    """25 pins on port A, their numbers the bits, as far as 16 bits go."""
    at = photon.allocate(28 * 25)
    for pin in range(25):
        photon.put(at + 28 * pin, struct.pack("<IHB21x", 0x40020000, 1 << pin & 0xFFFF, pin))
    return at


def _panic(_: Photon, call: Call) -> int:
    raise Panic(call.arguments[0] & 0xFF)


def _failed_assertion(photon: Photon, call: Call) -> int:
    raise AssertionError(f"in the application: {photon.text(call.arguments[3])}")


def _set_pin_mode(photon: Photon, call: Call) -> int:
    photon.pin_modes[call.arguments[0]] = call.arguments[1]
    return 0


def _send(photon: Photon, call: Call) -> int:
    photon.serial.append(call.arguments[1])
    return 1


def _eeprom_write(photon: Photon, call: Call) -> int:
    photon.eeprom[call.arguments[0]] = call.arguments[1] & 0xFF
    return 0


def _sleep(photon: Photon, call: Call) -> int:
    photon.milliseconds += call.arguments[0]
    return 0


def _product(photon: Photon, call: Call) -> int:
    photon.product[call.name.removeprefix("spark_protocol_set_")] = call.arguments[1]
    return 0


# Results of 64 bits, in r0 and r1.
_WIDE = frozenset(("hal_timer_millis", "hal_timer_micros"))

_ANSWERS: dict[str, Answer] = {
    "malloc": _malloc,
    "free": _free,
    "realloc": _realloc,
    "_malloc_r": lambda photon, call: photon.allocate(call.arguments[1]),
    "snprintf": _snprintf,
    "sniprintf": _snprintf,
    "siprintf": _sprintf,
    "vsnprintf": _vsnprintf,
    "newlib_impure_ptr_callback": _newlib,
    "panic_": _panic,
    "__assert_func": _failed_assertion,
    "HAL_RNG_GetRandomNumber": lambda *_: 0x12345678,
    "HAL_Timer_Get_Milli_Seconds": lambda photon, _: photon.milliseconds,
    "HAL_Timer_Get_Micro_Seconds": lambda photon, _: photon.milliseconds * 1000,
    "system_delay_ms": _sleep,
    "HAL_Delay_Milliseconds": _sleep,
    "HAL_EEPROM_Length": lambda photon, _: len(photon.eeprom),
    "HAL_EEPROM_Read": lambda photon, call: photon.eeprom[call.arguments[0]],
    "HAL_EEPROM_Write": _eeprom_write,
    "HAL_Pin_Map": _pin_map,
    "HAL_Pin_Mode": _set_pin_mode,
    "HAL_Get_Pin_Mode": lambda photon, call: photon.pin_modes.get(call.arguments[0], 0xFF),
    "HAL_Validate_Pin_Function": lambda _, call: call.arguments[1],
    "HAL_USB_USART_Send_Data": _send,
    "HAL_USB_USART_Available_Data_For_Write": lambda *_: 64,
    "HAL_USB_USART_Receive_Data": lambda *_: -1,
    "hal_usart_read": lambda *_: -1,
    "hal_usart_write": lambda *_: 1,
    "application_thread_current": lambda *_: 1,
    "os_timer_create": _timer_create,
    "os_mutex_recursive_create": _mutex_create,
    "os_mutex_create": _mutex_create,
    "spark_deviceID": _device_id,
    "spark_variable": _variable,
    "spark_function": _function,
    "spark_protocol_instance": lambda *_: 0x20014500,
    "spark_protocol_set_product_id": _product,
    "spark_protocol_set_product_firmware_version": _product,
    "system_version_info": _version_info,
}
