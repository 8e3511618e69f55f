"""Help, in every position and for every task there is; and what the list, the version and a full pipe say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from photonrig import __version__
from photonrig.cli.program import Within
from photonrig.fleet.config import read_config

from .uses import ROOT, Used, server, tasks

TASKS = tasks()
NAMES = sorted(TASKS.task_names)


@pytest.fixture(scope="module")
def use() -> Iterator[Callable[[str], Used]]:
    with server() as ready:
        yield ready


def spoken(name: str) -> str:
    return name.replace("fleet-", "fleet ")


def options(name: str) -> list[str]:
    (context,) = (each for each in TASKS.to_contexts() if each.name == name)
    return list(context.flag_names())


def test_the_tasks_are_all_found() -> None:
    assert {"build", "lab", "test", "clean", "fleet-apply", "fleet-demo"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_there_are_long_options_only(name: str) -> None:
    assert [option for option in options(name) if not re.fullmatch(r"--[a-z][a-z-]+", option)] == []


@pytest.mark.parametrize("name", NAMES)
def test_help_is_help_in_every_position(use: Callable[[str], Used], name: str) -> None:
    words = spoken(name)
    ways = [f"{words} -h", f"{words} --help", f"help {words}", f"-h {words}", f"--help {words}"]
    ways += [f"{words} {option} -h" for option in options(name)[:3]]
    seen = [use(way) for way in ways]
    assert {each.code for each in seen} == {0}
    assert {each.err for each in seen} == {""}
    assert all(each.changed == [] and each.left == [] for each in seen)
    (said,) = {each.out for each in seen}
    assert said.startswith(f"Usage: ./rig {words}")
    for option in options(name):
        assert re.search(rf"^ +{option}(=[A-Z]+)?( |$)", said, re.MULTILINE), option


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("fleet-")])
def test_a_task_of_the_fleet_is_known_without_its_group(use: Callable[[str], Used], name: str) -> None:
    assert use(f"help {name.removeprefix('fleet-')}").out == use(f"help {spoken(name)}").out


@pytest.mark.parametrize("words", ["", "help", "-h", "--help", "--list", "--list -h"])
def test_without_a_task_all_are_listed(use: Callable[[str], Used], words: str) -> None:
    seen = use(words)
    assert (seen.code, seen.err) == (0, "")
    for name in NAMES:
        assert re.search(rf"^  {spoken(name)}  ", seen.out, re.MULTILINE), name


@pytest.mark.parametrize("words", ["fleet", "fleet -h", "help fleet", "-h fleet", "fleet --help"])
def test_a_group_lists_its_tasks(use: Callable[[str], Used], words: str) -> None:
    seen = use(words)
    assert (seen.code, seen.err) == (0, "")
    listed = re.findall(r"^  (\w+ \w+)  ", seen.out, re.MULTILINE)
    assert listed == [spoken(name) for name in NAMES if name.startswith("fleet-")]


def test_the_version_is_that_of_the_package(use: Callable[[str], Used]) -> None:
    assert use("--version").out == f"photonrig {__version__}\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_number_states_its_range(name: str) -> None:
    for parameter, kind in get_type_hints(TASKS[name].body, include_extras=True).items():
        if getattr(kind, "__origin__", kind) in (int, float):
            limits = [each for each in getattr(kind, "__metadata__", ()) if isinstance(each, Within)]
            assert len(limits) == 1, parameter


def rig(*words: str, shell: str) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-c", shell, "bash", sys.executable, str(ROOT / "tasks.py"), *words]
    environment = os.environ | {"PYTHONUNBUFFERED": ""}
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, env=environment)


def test_a_reader_that_goes_away_is_no_error() -> None:
    # `true` has gone before anything is written; the status is that of a program that SIGPIPE ended.
    done = rig("fleet", "plan", "--help", shell='(sleep 0.1; "$@"; echo "code $?" >&2) | true')
    assert done.stderr in ("code 141\n", "code 0\n")
    done = rig("fleet", "plan", "--help", shell='exec 3>&2; { { "$@" 2>&3; echo "code $?" >&2; } | exec true; wait; }')
    assert done.stderr in ("code 141\n", "code 0\n")


def test_output_that_cannot_be_written_is_told() -> None:
    done = rig("--list", shell='"$@" >/dev/full')
    assert done.returncode == 3
    assert done.stderr == "rig: rig error: standard output cannot be written: No space left on device\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_a_stream_may_be_closed(closed: str) -> None:
    assert rig("--list", shell=f'"$@" {closed}').returncode == 0
    assert rig("nosuch", shell=f'"$@" {closed}').returncode == 2


def test_a_terminal_of_another_encoding_is_written_to() -> None:
    done = rig("claims", "--help", shell='PYTHONIOENCODING=ascii "$@"')
    assert (done.returncode, done.stderr) == (0, "")
    assert "token \\xd7 request" in done.stdout


def test_the_help_shows_a_fleet_toml_that_can_be_read(use: Callable[[str], Used], tmp_path: Path) -> None:
    said = use("fleet plan --help").out
    text = textwrap.dedent(said[said.index("  api = ") : said.index("  --allow-customer")])
    (tmp_path / "fleet.toml").write_text(text)
    for name in ("central.token", "client-20001.secret"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("secret")
    assert read_config(tmp_path / "fleet.toml").clients.keys() == {20001}


def test_developers_get_the_traceback() -> None:
    done = rig("doctor", "--rig", "/nosuch", shell='RIG_TRACEBACK=1 "$@"')
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback ") and done.stderr.splitlines()[-1].startswith("rig: usage error: /nosuch")
