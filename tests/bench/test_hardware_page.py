"""hardware.md is read by people, and by this test: its rig.toml is one."""

from __future__ import annotations

import re
from pathlib import Path

from photonrig.bench.config import load_config

PAGE = (Path(__file__).parents[2] / "hardware.md").read_text()


def test_the_rig_in_it_is_a_rig(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert found
    path = tmp_path / "rig.toml"
    path.write_text(found[1])
    rig = load_config(path)
    assert [slot.virtual for slot in rig.slots] == [False, True]
    assert rig.labgrid is not None and rig.labgrid.coordinator == "lab:20408"


def test_each_part_says_whether_it_was_seen_on_hardware() -> None:
    tables = [rest.split("\n\n")[0] for rest in PAGE.split("| part | verified on hardware |")[1:]]
    rows = [line for table in tables for line in table.splitlines()[2:]]
    assert len(rows) > 15
    for row in rows:
        assert re.search(r"\| (no|no \(.*\)|yes \(\d{4}-\d{2}-\d{2}\)) \|$", row), row
