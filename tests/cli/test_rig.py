"""./rig: commands of photonrig are handed to it, tasks of maintainers to invoke, and both are listed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from photonrig.cli.program import photonrig

from .uses import ROOT, Used, commands, server, tasks

USAGE = 2
TASKS = tasks()
NAMES = sorted(TASKS.task_names)


@pytest.fixture(scope="module")
def use() -> Iterator[Callable[[str], Used]]:
    with server(rig=True) as ready:
        yield ready


@pytest.fixture(scope="module")
def directly() -> Iterator[Callable[[str], Used]]:
    with server() as ready:
        yield ready


def test_no_word_means_two_things() -> None:
    making, measuring = {"build", "check", "test", "clean"}, {"bench", "fuzz", "mutants", "size"}
    assert set(NAMES) == making | measuring | {"surface", "conformance", "coverage"}
    assert not set(NAMES) & set(photonrig.commands)


@pytest.mark.parametrize("words", ["", "help", "-h", "--help"])
def test_without_a_word_both_are_listed(use: Callable[[str], Used], words: str) -> None:
    seen = use(words)
    assert (seen.code, seen.err) == (0, "")
    assert [line for line in seen.out.splitlines() if len(line) > 80] == []
    products, _, maintenance = seen.out.partition("\nMaintenance:\n")
    assert set(re.findall(r"^  (\w+)  ", products, re.MULTILINE)) == set(photonrig.commands)
    assert re.findall(r"^  (\w+)  ", maintenance, re.MULTILINE) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_help_of_a_task_in_every_position(use: Callable[[str], Used], name: str) -> None:
    (context,) = (each for each in TASKS.to_contexts() if each.name == name)
    flags = list(context.flag_names())
    valueless = [flag for flag, each in context.flags.items() if each.kind is bool]
    ways = [f"{name} -h", f"{name} --help", f"help {name}", f"-h {name}", f"--help {name}"]
    ways += [f"{name} {flag} -h" for flag in valueless]
    seen = [use(way) for way in ways]
    assert {(each.code, each.err) for each in seen} == {(0, "")}
    assert all(each.changed == [] and each.left == [] for each in seen)
    (said,) = {each.out for each in seen}
    assert said.startswith("Usage: ./rig ") and f"Example: ./rig {name}" in said
    assert [flag for flag in flags if not re.fullmatch(r"--[a-z][a-z-]+", flag)] == []
    assert [flag for flag in flags if not re.search(rf"^  {flag}[ =]", said, re.MULTILINE)] == []


@pytest.mark.parametrize("words", ["lab --help", "fleet", "help fleet apply", "--version", *commands()])
def test_commands_of_photonrig_are_its_own_with_the_name_of_rig(
    use: Callable[[str], Used], directly: Callable[[str], Used], words: str
) -> None:
    asked = words if words == "--version" else f"{words} --help"
    expected = directly(asked)
    seen = use(asked)
    assert (seen.code, seen.err) == (expected.code, expected.err) == (0, "")
    # A shorter name may let the usage line, which alone is wrapped, end elsewhere.
    assert " ".join(seen.out.split()) == re.sub(
        rf"photonrig (?={'|'.join([*photonrig.commands, 'help'])}|\[)",
        "./rig ",
        " ".join(expected.out.split()),
    )


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("tset", r"there is no \./rig tset \(did you mean test\?\); \./rig --help"),
        ("flsh", r"there is no \./rig flsh \(did you mean flash\?\)"),
        ("help nosuch", r"there is no \./rig nosuch"),
        ("fleet aply", r"there is no \./rig fleet aply \(did you mean apply\?\)"),
        ("--nosuch", r"\./rig has no option --nosuch"),
        ("lab --nosuch", r"\./rig lab has no option --nosuch; \./rig lab --help"),
        ("lab --photons x", r"--photons x: must be a whole number"),
        ("doctor", r"rig\.toml cannot be read: .*; \./rig doctor --rig rig\.toml --write makes one"),
        ("fleet apply", r"fleet\.plan\.json cannot be read: .*; make it with \./rig fleet plan"),
        ("build now", r"'now'.*; \./rig build --help"),
        ("check --nosuch", r"'--nosuch'.*; \./rig check --help"),
        ("test --only", r"value.*; \./rig test --help"),
        ("mutants --sample ''", r"--sample was given an empty value: must be a whole number"),
        ("fuzz --minutes nan", r"--minutes nan: must be a number from 0\.02"),
        ("fuzz --minutes inf", r"--minutes inf: must be a number"),
        ("fuzz --only nosuch", r"there is no fuzz target nosuch"),
        ("bench --only nosuch", r"no benchmark has nosuch in its name"),
    ],
)
def test_a_wrong_use_ends_in_one_line(use: Callable[[str], Used], words: str, line: str) -> None:
    seen = use(words)
    assert seen.code == USAGE, seen
    assert seen.err.count("\n") == 1 and seen.err.startswith("rig: usage error: "), seen.err
    assert re.search(line, seen.err), seen.err
    assert (seen.out, seen.changed, seen.left) == ("", [], [])


NUMBERS = [
    (context.name, flag, {int: "whole number", float: "number"}[each.kind])
    for context in TASKS.to_contexts()
    for flag, each in context.flags.items()
    if each.kind in (int, float)
]


def test_numbers_of_tasks_are_known() -> None:
    assert {f"{name} {flag}" for name, flag, _ in NUMBERS} == {"fuzz --minutes", "mutants --sample", "mutants --seed"}


@pytest.mark.parametrize(("name", "flag", "kind"), NUMBERS)
@pytest.mark.parametrize(("way", "said"), [("{} x", "x"), ("{}=x", "x"), ("{} 1.5.2", "1.5.2"), ("{} 'a\nb'", "a b")])
def test_what_is_no_number_is_told_with_its_option(
    use: Callable[[str], Used], name: str, flag: str, kind: str, way: str, said: str
) -> None:
    seen = use(f"{name} {way.format(flag)}")
    assert (seen.code, seen.err) == (USAGE, f"rig: usage error: {flag} {said}: must be a {kind}\n")
    assert (seen.out, seen.changed, seen.left) == ("", [], [])


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        ("raise KeyboardInterrupt", 130, "rig: stopped\n"),
        ("raise tasks.FirmwareError('too big')", 1, "rig: firmware error: too big\n"),
        ("raise SystemExit(1)", 1, ""),
        ("open('/nosuch')", 3, "rig: rig error: /nosuch: No such file or directory\n"),
        ("pass", 0, ""),
    ],
)
def test_a_task_ends_as_commands_do(body: str, code: int, line: str) -> None:
    program = f"""
import tasks
from invoke.collection import Collection

@tasks.task
def example(_):
    {body}

tasks.do(Collection(example), ["example"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PHOTONRIG_CALLED": "./rig"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (code, "", line)
