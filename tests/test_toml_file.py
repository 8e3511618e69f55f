"""TOML files as structs: what a declaration says is what is checked, and every complaint has file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import field

from photonrig.errors import UsageError
from photonrig.toml_file import TAG, Table, Text, Texts, TomlFile, Wrong, line_of, seconds, whole


class Port(Table, frozen=True, tag_field=TAG, tag="hub"):
    hub: Text
    port: Annotated[int, whole(1, 8)]


class Switch(Table, frozen=True, tag_field=TAG, tag="on"):
    on: Texts
    off: Texts


class Slot(Table, frozen=True):
    refused: ClassVar[dict[str, str]] = {"password": "does not belong in a file"}

    name: Text
    power: Port | Switch | None = None
    wait: Annotated[float, seconds(0, 10)] = 1.0
    mode: Literal["fast", "slow"] = "fast"
    well: bool = True


class Lab(Table, frozen=True):
    slots: tuple[Slot, ...] = field(name="slot", default=())

    def __post_init__(self) -> None:
        for number, slot in enumerate(self.slots):
            if isinstance(slot.power, Port) and slot.power.hub == slot.name:
                raise Wrong(("slot", number, "power", "hub"), "is its own hub")


NUMBER = "3: slot.photon-1.power.port: must be a whole number from 1 to 8, not"
HEAD = '[[slot]]\nname = "photon-1"\n'


def read(folder: Path, text: str) -> Lab:
    path = folder / "lab.toml"
    path.write_text(text)
    return TomlFile(path).convert(Lab)


def test_tables_in_one_place_are_told_apart_by_their_keys(tmp_path: Path) -> None:
    text = f'{HEAD}power = {{ hub = "1-1", port = 4 }}\n{HEAD}power = {{ on = ["a"], off = ["b"] }}\nwait = 2\n'
    first, second = read(tmp_path, text).slots
    assert first == Slot("photon-1", Port("1-1", 4))
    assert second == Slot("photon-1", Switch(("a",), ("b",)), 2.0)
    assert read(tmp_path, "") == Lab()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            'power = { hub = "1", port = "x" }',
            f"{NUMBER} 'x'",
        ),
        ('power = { hub = "1", port = 9 }', f"{NUMBER} 9"),
        (
            'power = { hub = "1", port = true }',
            f"{NUMBER} True",
        ),
        ('power = { hub = "1" }', "3: slot.photon-1.power: port is missing"),
        ('power = { hub = " ", port = 1 }', "3: slot.photon-1.power.hub: must be a text that is not empty, not ' '"),
        ('power = { hub = "photon-1", port = 1 }', "3: slot.photon-1.power.hub: is its own hub"),
        ("power = {}", "3: slot.photon-1.power: on is missing"),
        ("power = 7", "3: slot.photon-1.power: must be a table, not 7"),
        ('[slot.power]\non = ["a"]\noff = []', "5: slot.photon-1.power.off: must be an array of texts, not []"),
        ('[slot.power]\non = ["a"]\nof = ["b"]', "5: slot.photon-1.power.of: is not known here (did you mean off?)"),
        ("wait = nan", "3: slot.photon-1.wait: must be seconds from 0 to 10, not nan"),
        ("wait = '1'", "3: slot.photon-1.wait: must be seconds from 0 to 10, not '1'"),
        ('mode = "fats"', "3: slot.photon-1.mode: must be one of fast, slow, not 'fats' (did you mean fast?)"),
        ("mode = 1", "3: slot.photon-1.mode: must be one of fast, slow, not 1"),
        ('well = "yes"', "3: slot.photon-1.well: must be true or false, not 'yes'"),
        ('password = "x"', "3: slot.photon-1.password: does not belong in a file"),
        ("[[slot]]", "3: slot[1]: name is missing"),
        ("[slots]", "3: slots: is not known here (did you mean slot?); there are: slot"),
        ("wait = ", "3: not TOML: Invalid value"),
    ],
)
def test_complaints_name_file_line_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(tmp_path, f"{HEAD}{text}\n")
    assert str(refused.value).startswith(f"{tmp_path / 'lab.toml'}:{complaint}")


def test_a_table_where_an_array_of_them_belongs(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"lab.toml:1: slot: must be an array of tables, as in \[\[slot\]\], not 5"):
        read(tmp_path, "slot = 5\n")


@given(
    st.lists(st.sampled_from(["name", "usb", "power.hub", '"serial"']), unique=True, min_size=1),
    st.integers(0, 5),
    st.integers(1, 4),
)
def test_positions_are_those_of_the_text(keys: list[str], blank: int, tables: int) -> None:
    block = "[[slot]]\n" + "".join(f"{key} = 1\n" for key in keys)
    text = "\n" * blank + "cloud = 1\n" + block * tables
    lines = text.splitlines()
    for table in range(tables):
        for key in keys:
            path = tuple(part.strip('"') for part in key.split("."))
            found = line_of(text, ("slot", table, *path))
            assert lines[found - 1] == f"{key} = 1"
            assert sum(line == "[[slot]]" for line in lines[:found]) == table + 1
