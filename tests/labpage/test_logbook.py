"""The logs of a lab's slots: what is kept, and what a reader gets."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from photonrig.labpage import logbook
from photonrig.labpage.changes import Change, change_of
from photonrig.labpage.logbook import Logbook
from photonrig.labpage.terminal import print_change


def line(text: str, slot: str = "photon-1") -> Change:
    return change_of("serial", slot, line=text)


def test_what_comes_is_read_once_and_only_that_of_the_slot(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    reader = book.read("photon-1")
    assert not reader.exists and list(reader.new()) == []
    book.note(line("first"))
    book.note(line("another's", "photon-2"))
    book.note(change_of("asked", "photon-1", who="x"))  # for the page
    book.note(change_of("event", "photon-1", name="shade/moved", data="40"))
    assert [each["line"] for each in reader.new()] == ["first"]
    assert list(reader.new()) == []
    book.note(line("second"))
    assert [each["line"] for each in reader.new()] == ["second"]
    assert (tmp_path / "logs" / "photon-1.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_long_log_begins_anew_and_a_reader_misses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "_LONGEST", 200)
    book = Logbook(tmp_path)
    reader = book.read("photon-1")
    heard = []
    for number in range(20):
        book.note(line(str(number)))
        heard += [each["line"] for each in reader.new()]
    assert heard == [str(number) for number in range(20)]
    kept = [each["line"] for each in book.read("photon-1").new()]
    assert kept == heard[-len(kept) :] and 3 <= len(kept) < 20


def test_a_cut_off_line_is_read_when_it_is_whole(tmp_path: Path) -> None:
    book = Logbook(tmp_path)
    book.note(line("whole"))
    reader, file = book.read("photon-1"), tmp_path / "logs" / "photon-1.jsonl"
    with file.open("ab") as out:
        out.write(b'{"kind":"serial","slot":"photon-1",')
    assert [each["line"] for each in reader.new()] == ["whole"]
    with file.open("ab") as out:
        out.write(b'"at":"2026-01-31T12:00:00.000Z","line":"later"}\n')
    assert [each["line"] for each in reader.new()] == ["later"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (change_of("panic", "p", title="SOS 1", lines=["#0 f"]), "SOS 1\n    #0 f\n"),
        (change_of("event", "p", name="spark/status", data="offline"), "dropped off the cloud\n"),
        (change_of("event", "p", name="spark/status", data="online"), "is online\n"),
        (change_of("event", "p", name="spark/status", data="other"), ""),
        (change_of("owner", "p", before=None, owner="a@b", by=""), "was claimed: now a@b's\n"),
        (change_of("owner", "p", before="a@b", owner=None, by="a@b"), "is unowned, was a@b's, by a@b\n"),
        (change_of("owner", "p", before="a@b", owner="c@d", by="x"), "changed hands: a@b → c@d, by x\n"),
        (change_of("serial", "p", line="\x1b[2J"), "serial  \ufffd[2J\n"),
        (change_of("slot", "p"), ""),
    ],
)
def test_changes_in_words(change: Change, said: str) -> None:
    out = io.StringIO()
    print_change(change, Console(file=out, width=80), slot="p")
    assert out.getvalue()[len("12:00:00.000  p  ") :] == said
