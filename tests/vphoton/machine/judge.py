"""A Cortex-M3 of Unicorn, through its C interface: the binding's cost for each instruction is ten times as high."""

from __future__ import annotations

import ctypes
from pathlib import Path

import unicorn
from unicorn import arm_const as arm
from unicorn import unicorn_const as const

__all__ = ["Judge"]

STEPPED = [
    *(arm.UC_ARM_REG_R0 + number for number in range(13)),
    arm.UC_ARM_REG_SP,
    arm.UC_ARM_REG_LR,
    arm.UC_ARM_REG_PC,
    arm.UC_ARM_REG_XPSR,
]
SPECIAL = [
    arm.UC_ARM_REG_PRIMASK,
    arm.UC_ARM_REG_BASEPRI,
    arm.UC_ARM_REG_FAULTMASK,
    arm.UC_ARM_REG_CONTROL,
    arm.UC_ARM_REG_MSP,
    arm.UC_ARM_REG_PSP,
]


def _library() -> ctypes.CDLL:
    folder = Path(unicorn.__file__).parent / "lib"
    return ctypes.CDLL(str(next(folder.glob("libunicorn.*"))))


class _Batch:
    """Registers read or written in one call, as an array of words."""

    def __init__(self, names: list[int]) -> None:
        self.count = len(names)
        self.names = (ctypes.c_int * self.count)(*names)
        self.values = (ctypes.c_uint32 * self.count)()
        start = ctypes.addressof(self.values)
        self.pointers = (ctypes.c_void_p * self.count)(*(start + 4 * at for at in range(self.count)))


class Judge:
    """One processor with the memory it was given."""

    def __init__(self) -> None:
        self._library = _library()
        self._engine = ctypes.c_void_p()
        self._context = ctypes.c_void_p()
        mode = const.UC_MODE_THUMB | const.UC_MODE_MCLASS
        self._call("uc_open", const.UC_ARCH_ARM, mode, ctypes.byref(self._engine), engine=False)
        self._control(const.UC_CTL_CPU_MODEL, ctypes.c_int(arm.UC_CPU_ARM_CORTEX_M3))
        self._stepped = _Batch(STEPPED)
        self._special = _Batch(SPECIAL)

    def close(self) -> None:
        """Free its memory."""
        if self._context:
            self._library.uc_context_free(self._context)
        self._call("uc_close")

    def _call(self, name: str, *arguments: object, engine: bool = True) -> None:
        error = getattr(self._library, name)(*([self._engine] if engine else []), *arguments)
        assert error == 0, f"{name}: error {error}"

    def _control(self, what: int, *arguments: object) -> None:
        """``uc_ctl`` with the ``UC_CTL_WRITE`` of the public header."""
        code = ctypes.c_uint32(what | len(arguments) << 26 | const.UC_CTL_IO_WRITE << 30)
        self._call("uc_ctl", ctypes.c_int32(ctypes.c_int32(code.value).value), *arguments)

    def forget_code(self) -> None:
        """Translate everything anew."""
        self._control(const.UC_CTL_TB_FLUSH)

    def save(self) -> None:
        """Keep the state of the processor for :meth:`restore`."""
        self._call("uc_context_alloc", ctypes.byref(self._context))
        self._call("uc_context_save", self._context)

    def restore(self) -> None:
        """Back to the state saved, privileged and with a clear monitor; memory stays."""
        self._call("uc_context_restore", self._context)

    def map(self, address: int, size: int, *, writable: bool) -> None:
        """Zeroed memory of whole pages of 4 KB."""
        access = const.UC_PROT_READ | const.UC_PROT_EXEC | (const.UC_PROT_WRITE if writable else 0)
        self._call("uc_mem_map", ctypes.c_uint64(address), ctypes.c_uint64(size), ctypes.c_uint32(access))

    def write(self, address: int, data: bytes) -> None:
        """Write to memory of any kind; call :meth:`forget_code` after changing code."""
        self._call("uc_mem_write", ctypes.c_uint64(address), data, ctypes.c_uint64(len(data)))

    def read(self, address: int, size: int) -> bytes:
        """Read memory."""
        data = ctypes.create_string_buffer(size)
        self._call("uc_mem_read", ctypes.c_uint64(address), data, ctypes.c_uint64(size))
        return data.raw

    def registers(self) -> bytes:
        """R0 … R15, xPSR, PRIMASK, BASEPRI, FAULTMASK, CONTROL, MSP, PSP."""
        return self.stepped() + self._read(self._special)

    def stepped(self) -> bytes:
        """R0 … R15 and xPSR."""
        return self._read(self._stepped)

    def set_registers(self, data: bytes) -> None:
        """All that :meth:`registers` gives."""
        split = 4 * self._stepped.count
        self._write(self._special, data[split:])
        self._write(self._stepped, data[:split])

    def _read(self, batch: _Batch) -> bytes:
        self._call("uc_reg_read_batch", batch.names, batch.pointers, batch.count)
        return bytes(batch.values)

    def _write(self, batch: _Batch, data: bytes) -> None:
        ctypes.memmove(batch.values, data, 4 * batch.count)
        self._call("uc_reg_write_batch", batch.names, batch.pointers, batch.count)

    def run(self, address: int, count: int, until: int = 0xFFFFFFFE) -> int:
        """Execute at most ``count`` instructions if not 0, until the one at an address is next; 0, or Unicorn's error.

        An IT block is never left halfway.
        """
        error: int = self._library.uc_emu_start(
            self._engine,
            ctypes.c_uint64(address | 1),
            ctypes.c_uint64(until),
            ctypes.c_uint64(0),
            ctypes.c_size_t(count),
        )
        return error
