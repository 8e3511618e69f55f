from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.bench.config import load_config
from photonrig.bench.rig_writer import add_slots
from photonrig.bench.slots.real.usb import Attached
from photonrig.errors import UsageError

FIRST = Attached("1-1.4", "serial", "/dev/ttyACM0", "0123456789abcdef01234567")
IN_DFU = Attached("1-1.3", "dfu", None, None)


def test_a_new_file_is_a_rig_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    assert add_slots(path, [FIRST, IN_DFU]) == (FIRST, IN_DFU)
    first, second = load_config(path).slots
    assert (first.name, first.usb, first.device_id) == ("1", "1-1.4", "0123456789abcdef01234567")
    assert (second.name, second.usb, second.device_id) == ("2", "1-1.3", None)


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    mine = '# my bench\ncloud = "local" # for now\n\n[[slot]]\nname = "2"  # left\nvariant = "roller"\nusb = "1-1.3"\n'
    path.write_text(mine)
    assert add_slots(path, [FIRST, IN_DFU]) == (FIRST,)
    assert path.read_text().startswith(mine)
    assert [(slot.name, slot.usb) for slot in load_config(path).slots] == [("2", "1-1.3"), ("1", "1-1.4")]
    written = path.read_text()
    assert add_slots(path, [FIRST, IN_DFU]) == ()
    assert path.read_text() == written


def test_nothing_attached_writes_nothing(tmp_path: Path) -> None:
    assert add_slots(tmp_path / "rig.toml", []) == ()
    assert not (tmp_path / "rig.toml").exists()


def test_what_is_no_rig_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    for text in ("slot = 3\n", "[[slot\n"):
        path.write_text(text)
        with pytest.raises(UsageError):
            add_slots(path, [FIRST])
        assert path.read_text() == text
