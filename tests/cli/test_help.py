"""Help of photonrig, in every position and for every command there is; and what the version and a full pipe print."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from photonrig import __version__
from photonrig.cli.program import photonrig
from photonrig.cli.values import Number, Whole
from photonrig.fleet.config import read_config

from .uses import PROGRAM, Used, commands, options, server

COMMANDS = commands()
NAMES = sorted(COMMANDS)
GROUPS = {name: group for name, group in photonrig.commands.items() if isinstance(group, click.Group)}


@pytest.fixture(scope="module")
def use() -> Iterator[Callable[[str], Used]]:
    with server() as ready:
        yield ready


def test_the_commands_are_all_found() -> None:
    fleet = {f"fleet {name}" for name in ("plan", "apply", "status", "verify", "report", "rollback", "revoke", "demo")}
    own = {
        "claims",
        "lab",
        "init",
        "flash",
        "explore",
        "measure",
        "debug",
        "monitor",
        "logs",
        "hil",
        "doctor",
        "completion",
    }
    parity = {f"parity {name}" for name in ("record", "diff", "replay")}
    assert set(NAMES) == own | fleet | parity


@pytest.mark.parametrize("name", NAMES)
def test_there_are_long_options_only(name: str) -> None:
    assert [option for option in options(COMMANDS[name]) if not re.fullmatch(r"--[a-z][a-z-]+", option)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_command_can_be_quiet(name: str) -> None:
    assert "--quiet" in options(COMMANDS[name])


@pytest.mark.parametrize("name", NAMES)
def test_help_is_help_in_every_position(use: Callable[[str], Used], name: str) -> None:
    ways = [f"{name} -h", f"{name} --help", f"help {name}", f"-h {name}", f"--help {name}"]
    ways += [f"{name} {option} -h" for option in options(COMMANDS[name])[:3]]
    ways += [f"{name} --nosuch --help"]
    if " " in name:
        group, word = name.split()
        ways += [f"{group} -h {word}", f"{group} --help {word}", f"{group} help {word}"]
    seen = [use(way) for way in ways]
    assert {(each.code, each.err) for each in seen} == {(0, "")}
    assert all(each.changed == [] and each.left == [] for each in seen)
    (said,) = {each.out for each in seen}
    assert said.startswith(f"Usage: photonrig {name} ")
    for option in options(COMMANDS[name]):
        assert re.search(rf"^  {option}( [A-Z]+)?( |$)", said, re.MULTILINE), option


@pytest.mark.parametrize("words", ["", "fleet", *NAMES])
def test_help_has_examples_and_fits_into_80_columns(use: Callable[[str], Used], words: str) -> None:
    said = use(f"{words} --help").out
    assert [line for line in said.splitlines() if len(line) > 80] == []
    assert re.search(rf"\nExamples:\n  photonrig .*{words}", said)


@pytest.mark.parametrize("words", ["", "help", "-h", "--help", "help -h"])
def test_without_a_command_all_are_listed(use: Callable[[str], Used], words: str) -> None:
    seen = use(words)
    assert (seen.code, seen.err) == (0, "")
    for name in photonrig.commands:
        line = re.search(rf"^  {name}  +(.*)$", seen.out, re.MULTILINE)
        assert line and line[1].endswith(".") and not line[1].endswith("..."), name  # the sentence is whole


@pytest.mark.parametrize("way", ["{}", "{} -h", "help {}", "-h {}", "{} --help", "{} help"])
@pytest.mark.parametrize("name", GROUPS)
def test_a_group_lists_its_commands(use: Callable[[str], Used], name: str, way: str) -> None:
    seen = use(way.format(name))
    assert (seen.code, seen.err) == (0, "")
    listed = seen.out.partition("Commands:\n")[2].partition("\n\n")[0]
    found = re.findall(r"^  (\w+)  +(.*)$", listed, re.MULTILINE)
    assert [word for word, _ in found] == sorted(GROUPS[name].commands)
    assert all(text.endswith(".") and not text.endswith("...") for _, text in found)


def test_the_version_is_that_of_the_package(use: Callable[[str], Used]) -> None:
    assert use("--version").out == f"photonrig {__version__}\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_number_has_a_range(name: str) -> None:
    for param in COMMANDS[name].params:
        assert not isinstance(param.type, type(click.INT) | type(click.FLOAT)), param.name
        if isinstance(param.type, Whole | Number) and isinstance(param.default, int | float):
            assert param.type.least <= param.default <= param.type.most, param.name


def test_a_command_starts_without_importing_what_it_does_not_need() -> None:
    program = "import sys, photonrig.cli.program; print(*sys.modules)"
    done = subprocess.run(
        [PROGRAM.with_name("python"), "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {"rich", "httpx", "sqlalchemy", "starlette", "uvicorn", "cryptography", "pytest", "invoke"}
    assert not heavy & set(done.stdout.split())


def photonrig_in_a_shell(*words: str, shell: str) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-c", shell, "bash", str(PROGRAM), *words]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_a_reader_that_goes_away_is_no_error() -> None:
    # `true` has gone before anything is written; the status is that of a program that SIGPIPE ended.
    words = ("fleet", "plan", "--help")
    done = photonrig_in_a_shell(*words, shell='(sleep 0.1; "$@"; echo "code $?" >&2) | true')
    assert done.stderr in ("code 141\n", "code 0\n")
    done = photonrig_in_a_shell(*words, shell='exec 3>&2; { { "$@" 2>&3; echo "code $?" >&2; } | exec true; wait; }')
    assert done.stderr in ("code 141\n", "code 0\n")


@pytest.mark.parametrize("words", ["--help", "--version", "completion zsh", "lab -h"])
def test_output_that_cannot_be_written_is_told(words: str) -> None:
    done = photonrig_in_a_shell(*words.split(), shell='"$@" >/dev/full')
    assert done.returncode == 3
    assert done.stderr == "photonrig: rig error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_stream_may_be_closed(closed: str) -> None:
    assert photonrig_in_a_shell("--help", shell=f'"$@" {closed}').returncode == 0
    assert photonrig_in_a_shell("nosuch", shell=f'"$@" {closed}').returncode == 2


def test_a_terminal_of_another_encoding_is_written_to() -> None:
    done = photonrig_in_a_shell("claims", "--help", shell='PYTHONIOENCODING=ascii "$@"')
    assert (done.returncode, done.stderr) == (0, "")
    assert "token \\xd7 request" in done.stdout


def test_the_help_shows_a_fleet_toml_that_can_be_read(use: Callable[[str], Used], tmp_path: Path) -> None:
    said = use("fleet plan --help").out
    text = textwrap.dedent(said[said.index("  api = ") : said.index("Options:")])
    (tmp_path / "fleet.toml").write_text(text)
    for name in ("central.token", "client-20001.secret"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("secret")
    assert read_config(tmp_path / "fleet.toml").clients.keys() == {20001}


def test_developers_get_the_traceback() -> None:
    done = photonrig_in_a_shell("doctor", "--rig", "/nosuch", shell='RIG_TRACEBACK=1 "$@"')
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert done.stderr.startswith("Traceback ") and last.startswith("photonrig: usage error: /nosuch")
