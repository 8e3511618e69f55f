"""When a change of a project's sources counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from photonrig.cli.source_changes import changes
from photonrig.testing import FakeClock


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    source = tmp_path / "src" / "blink.ino"
    source.parent.mkdir()
    source.write_text("void setup() {}")
    clock = FakeClock()
    saved = changes(tmp_path, None, clock)
    next(saved)
    for at, text in ((10.0, ""), (10.2, "void set"), (10.5, "void setup() { go(); }")):
        clock.at(at, partial(source.write_text, text))
    next(saved)
    assert source.read_text() == "void setup() { go(); }" and clock.now() >= 10.5


def test_a_change_made_meanwhile_counts_and_one_taken_back_does_not(tmp_path: Path) -> None:
    source = tmp_path / "blink.ino"
    source.write_text("int a;")
    clock = FakeClock()
    saved = changes(tmp_path, None, clock)
    next(saved)
    source.write_text("int b;")  # while it is flashed
    next(saved)
    clock.at(clock.now() + 5, lambda: source.write_text("int c;"))
    clock.at(clock.now() + 5.1, lambda: source.write_text("int b;"))
    clock.at(clock.now() + 60, lambda: source.write_text("int d;"))
    before = clock.now()
    next(saved)
    assert clock.now() >= before + 60
