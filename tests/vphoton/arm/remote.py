"""A small client of GDB's remote serial protocol, written from GDB's manual."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from ...patience import PATIENCE

# In GDB's numbering of org.gnu.gdb.arm.m-profile.
SP, LR, PC, XPSR = 13, 14, 15, 25


class Remote:
    """One connection, acknowledgements on; requests and answers are text."""

    def __init__(self, port: int) -> None:
        self._link = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._unread = b""

    def __enter__(self) -> Remote:
        return self

    def __exit__(self, *_: object) -> None:
        self._link.close()

    def send(self, request: str) -> None:
        """A packet, which the other end acknowledges."""
        data = request.encode("latin-1")
        self._link.sendall(b"$%s#%02x" % (data, sum(data) & 0xFF))
        assert self._byte() == b"+"

    def answer(self) -> str:
        """The next packet, acknowledged."""
        assert self._byte() == b"$"
        payload = b""
        while (byte := self._byte()) != b"#":
            payload += byte
        assert int(self._byte() + self._byte(), 16) == sum(payload) & 0xFF
        self._link.sendall(b"+")
        plain, escaped = bytearray(), False
        for value in payload:
            if escaped or value != ord("}"):
                plain.append(value ^ 0x20 if escaped else value)
                escaped = False
            else:
                escaped = True
        return plain.decode("latin-1")

    def ask(self, request: str) -> str:
        self.send(request)
        return self.answer()

    def interrupt(self) -> None:
        self._link.sendall(b"\x03")

    def raw(self, data: bytes) -> None:
        self._link.sendall(data)

    def closed(self) -> bool:
        """Whether the other end hangs up, after whatever it still says."""
        try:
            while self._link.recv(65536):
                continue
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        return True

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def memory(self, address: int, size: int) -> bytes:
        return bytes.fromhex(self.ask(f"m{address:x},{size:x}"))

    def word(self, address: int) -> int:
        return int.from_bytes(self.memory(address, 4), "little")

    def _byte(self) -> bytes:
        if not self._unread:
            self._unread = self._link.recv(65536)
            assert self._unread, "the debugger's port was closed"
        byte, self._unread = self._unread[:1], self._unread[1:]
        return byte


class Symbols:
    """Addresses of an application's names, as they are mangled in its ELF."""

    def __init__(self, elf: Path) -> None:
        with elf.open("rb") as file:
            table: Any = ELFFile(file).get_section_by_name(".symtab")
            self._found = {each.name: each["st_value"] & ~1 for each in table.iter_symbols() if each.name}

    def __getitem__(self, name: str) -> int:
        return int(self._found[name])
