"""Rooms of the virtual Photon (firmware/vphoton/README.md): a file includes its own room and those above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

VPHOTON = Path(__file__).resolve().parents[2] / "firmware" / "vphoton"
# From the top of the table down. Those of one line know nothing of each other.
ORDER = (
    ("base",),
    ("machine", "board", "control"),
    ("debug", "worlds", "system/stored"),
    ("system/services",),
    ("faces/cloud", "faces/softap", "faces/console"),
    ("system",),
    ("device",),
    ("trial", "rack"),
)
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def rank(path: PurePosixPath) -> tuple[str, int]:
    """A file's room and its place in the order; paths from the folder of the virtual Photon."""
    folders = [parent.as_posix() for parent in path.parents]
    return next(
        (room, level) for folder in folders for level, rooms in enumerate(ORDER) for room in rooms if room == folder
    )


def upward(root: Path) -> Iterator[str]:
    """Includes against the order, as ``file includes header``."""
    for file in sorted(root.glob("*/**/*")):
        if file.suffix not in (".cpp", ".h"):
            continue
        path = PurePosixPath(file.relative_to(root).as_posix())
        room, level = rank(path)
        for header in INCLUDE.findall(file.read_text()):
            if "/" not in header or not (root / header).exists():
                continue
            other, its_level = rank(PurePosixPath(header))
            if other != room and its_level >= level:
                yield f"{path} includes {header}"


def test_a_file_includes_its_own_room_and_those_above_it() -> None:
    assert list(upward(VPHOTON)) == []


@pytest.mark.parametrize(
    ("file", "header"),
    [("base/hex.h", "board/pins.h"), ("faces/cloud/a.h", "faces/softap/b.h"), ("board/a.cpp", "device/b.h")],
)
def test_an_include_against_the_order_is_found(tmp_path: Path, file: str, header: str) -> None:
    for name in (file, header):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / file).write_text(f'#include "{header}"\n')
    assert list(upward(tmp_path)) == [f"{file} includes {header}"]


def test_every_folder_is_a_room() -> None:
    rooms = {room for rooms in ORDER for room in rooms}
    folders = {file.parent.relative_to(VPHOTON).as_posix() for file in VPHOTON.glob("*/**/*.cpp")}
    assert folders == rooms
