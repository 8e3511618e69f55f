"""Panics of virtual Photons: the record a device writes into its log, and its backtrace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from photonrig.build.backtrace import Frame, Stack, backtrace, named
from photonrig.build.elf import find_elf

DEVICE_OS: Final = "Device OS"  # the place of its functions in a backtrace

_LIBRARY: Final = "/c++/"
_LONGEST: Final = 64  # characters of a function's name; those of templates fill a screen
_MARK: Final = b"vphoton: panic "


class Context(msgspec.Struct, frozen=True):
    """The registers r0 … r15 of one thread of execution."""

    r: tuple[int, ...]
    xpsr: int

    def __post_init__(self) -> None:
        if len(self.r) != 16:
            raise ValueError("r holds 16 registers")


class _Record(msgspec.Struct, frozen=True):
    """The record, as ``post_mortem`` of the virtual Photon's system describes it."""

    code: int
    name: str
    why: str
    system: str = msgspec.field(name="in")
    module: str
    contexts: tuple[Context, ...]
    stack_at: int
    stack: str


@dataclass(frozen=True, slots=True)
class Panic:
    """What ended an application: SOS code, its name, why, and the frames of each context, the running one first.

    ``elf`` is the file that the names are from; None: there are addresses only.
    """

    code: int
    name: str
    why: str
    contexts: tuple[tuple[Frame, ...], ...]
    elf: Path | None

    @property
    def title(self) -> str:
        """One line."""
        return f"SOS {self.code}, {self.name}: the application {self.why}"

    @property
    def place(self) -> str:
        """The innermost function of the application that has a name, and its place; empty without one."""
        named = (frame for frame in self.contexts[0] if frame.place and frame.place != DEVICE_OS)
        return next((f"{frame.function} at {_short(frame.place)}" for frame in named), "")

    def lines(self) -> list[str]:
        """The backtrace, one line per frame; frames inside headers of the C++ library are left out."""
        lines = []
        for number, frames in enumerate(self.contexts):
            if number:
                lines.append("interrupted meanwhile:")
            shown = (frame for frame in frames if _LIBRARY not in frame.place)
            lines += [_line(depth, frame) for depth, frame in enumerate(shown)]
        if self.elf is None:
            lines.append("addresses only: no ELF lies beside the module that runs")
        return lines


def _line(depth: int, frame: Frame) -> str:
    inlined = "  (inlined)" if frame.inlined else ""
    function = frame.function or "?"
    if len(function) > _LONGEST:
        function = f"{function[: _LONGEST - 1]}…"
    return f"#{depth:<2} 0x{frame.address:08x}  {function}  {_short(frame.place)}".rstrip() + inlined


def _short(place: str) -> str:
    """Relative to the current folder, if it lies below."""
    path = Path(place)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else place


class PanicLog:
    """The panics in a device's log, from where the last look ended."""

    def __init__(self, log: Path, *, from_now: bool = False) -> None:
        """``from_now`` leaves out those that are there already."""
        self._log = log
        self._at = self._size() if from_now else 0

    def new(self) -> list[bytes]:
        """The records since the last look, as they stand in the log."""
        return [record for line in self.lines() if (record := record_in(line)) is not None]

    def lines(self) -> list[bytes]:
        """All whole lines since the last look."""
        if self._size() <= self._at:
            return []
        with self._log.open("rb") as file:
            file.seek(self._at)
            text = file.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole.splitlines()

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except OSError:
            return 0


class PanicLogs:
    """The panics of all devices whose logs are in one folder, from now on; each is named by its log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs = {log: PanicLog(log, from_now=True) for log in folder.glob("*.log")}

    def new(self) -> list[tuple[str, bytes]]:
        """Device and record of each panic since the last look."""
        return [(name, record) for name, line in self.lines() if (record := record_in(line)) is not None]

    def lines(self) -> list[tuple[str, bytes]]:
        """Device and text of each whole line since the last look."""
        found = []
        for log in sorted(self._folder.glob("*.log")):
            lines = self._logs.setdefault(log, PanicLog(log)).lines()
            found += [(log.name.removesuffix(".log"), line) for line in lines]
        return found


def record_in(line: bytes) -> bytes | None:
    """The panic's record in a line of a device's log; None if it has none."""
    return line.removeprefix(_MARK) if line.startswith(_MARK) else None


def explain(record: bytes, folders: Iterable[Path]) -> Panic | None:
    """The panic that a record tells of, named by an ELF in one of the folders; None if it is no record."""
    try:
        found = msgspec.json.decode(record, type=_Record)
        stack = Stack(found.stack_at, bytes.fromhex(found.stack))
    except (msgspec.MsgspecError, ValueError):
        return None
    elf = find_elf(found.module, folders)
    contexts = []
    for number, context in enumerate(found.contexts):
        addresses = backtrace(elf, context.r, stack)
        frames = [Frame(address) for address in addresses] if elf is None else named(elf, addresses)
        if number == 0 and found.system and frames and not frames[0].function:
            frames[0] = Frame(frames[0].address, found.system, DEVICE_OS)
        contexts.append(tuple(frames))
    return Panic(found.code, found.name, found.why, tuple(contexts), elf)
