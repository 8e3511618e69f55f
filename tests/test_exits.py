"""Every program ends with one line and the exit code of its error's cause."""

from __future__ import annotations

import pytest

from photonrig.errors import (
    CloudError,
    ExpectationFailed,
    FirmwareError,
    LinkLost,
    ModuleError,
    NetworkError,
    PhotonrigError,
    ProtocolError,
    RigError,
    ToolError,
    UsageError,
)
from photonrig.exits import EXIT_CODES, one_line


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *((kind("it is so"), 1) for kind in (ExpectationFailed, CloudError, NetworkError, FirmwareError)),
        *((kind("it is so"), 1) for kind in (ProtocolError, ModuleError)),
        (UsageError("it is so"), 2),
        *((kind("it is so"), 3) for kind in (RigError, ToolError, LinkLost, PhotonrigError)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_cause_of_an_error_is_in_the_line_and_in_the_exit_code(
    error: PhotonrigError, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, one_line("program"):
        raise error
    assert ended.value.code == code
    assert capsys.readouterr().err == f"program: {error.cause} error: it is so\n"


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "stopped"),
        (PermissionError(13, "Permission denied", "a/file"), 3, "rig error: a/file: Permission denied"),
        (ValueError("two\nlines"), 3, "internal error: ValueError: two lines (test_exits.py, line "),
    ],
)
def test_what_else_ends_a_program(
    error: BaseException, code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, one_line("program"):
        raise error
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert said.startswith(f"program: {line}") and said.count("\n") == 1


def test_every_cause_has_an_exit_code() -> None:
    def causes(kind: type[PhotonrigError]) -> set[str]:
        return {kind.cause}.union(*map(causes, kind.__subclasses__()))

    assert causes(PhotonrigError) == set(EXIT_CODES)
