"""The cloud's chapters against two local clouds, and a line for every assumption."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.localcloud.assumptions import CHOICES, SETTLED
from photonrig.parity import assumption_lines
from photonrig.parity.cloud import HTTP_API, account_scrubber, local_account, record_cloud
from photonrig.parity.difference import compare
from photonrig.parity.recording import Head, Line, Recording, encode, signing_key
from photonrig.scenarios.matrix_cells import cells

from .conftest import TOOLS


def test_every_assumption_is_one_line_of_the_programme() -> None:
    asked = {each.name for each in assumption_lines.QUESTIONS}
    assert CHOICES.keys() <= asked <= CHOICES.keys() | SETTLED.keys()
    assert len(assumption_lines.QUESTIONS) == len(asked)


def once(folder: Path) -> tuple[Recording, list[str]]:
    with local_account(TOOLS, folder) as account:
        scrub = account_scrubber(account)
        tokens = [account.acting(kind).token for kind in ("M", "C", "P", "O", "T", "U")]
        lines = tuple(record_cloud(account, scrub))
    data = encode(Head("test", "", "", ""), lines, signing_key(folder / "key.pem")).decode()
    scrub.check(data)
    secrets = [token.access_token for token in tokens if token is not None]
    return Recording(Head("test", "", "", ""), lines), [each for each in secrets if each in data]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    found, leaked = once(tmp_path_factory.mktemp("first"))
    assert not leaked
    return found


def test_two_local_clouds_do_not_differ(recording: Recording, tmp_path: Path) -> None:
    again, _ = once(tmp_path)
    found = compare(recording, again)
    assert [each for each in found.differences if each.kind != "timing"] == []
    assert found.compared > 700


def test_every_question_that_can_be_asked_here_is_answered(recording: Recording) -> None:
    asked = {line.name: line for line in recording.lines if line.chapter == assumption_lines.CHAPTER}
    assert not [line for line in asked.values() if line.answer.startswith("failed")]
    skipped = {name for name, line in asked.items() if line.skipped}
    assert skipped == {*assumption_lines.BY_HAND, "CODE_OVERRIDES_OWNER"}
    today = [cell for cell in cells() if cell.era == "today"]
    assert sum(line.chapter == HTTP_API for line in recording.lines) == len(today)


@pytest.mark.parametrize(
    ("name", "other"),
    [("OWNER_RELEASE_STATUS", "204, no body"), ("CUSTOMER_RELEASES", '403 {"ok": false}')],
)
def test_a_cloud_that_chose_otherwise_is_told_apart(recording: Recording, name: str, other: str) -> None:
    def replaced(line: Line) -> Line:
        return Line(line.chapter, name, other) if line.name == name else line

    found = compare(recording, Recording(recording.head, tuple(map(replaced, recording.lines))))
    assert [(each.chapter, each.name, each.b) for each in found.differences] == [("assumptions", name, other)]
