"""Every command that a document, a docstring, an example, a hint or an error text prints is one that is accepted."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .uses import ROOT, Used, server, tasks
from .uses import commands as commands_of_photonrig

DOCUMENTS = ("README.md", "hardware.md", "docs/*.md", "firmware/**/*.md")
PROGRAMS = ("host/**/*.py", "tasks.py", "firmware/**/*.cpp", "firmware/**/*.h")
PRODUCT = commands_of_photonrig()
NAMES = {*PRODUCT, *tasks().task_names}
# What stands for a value in prose.
VALUES = {"FILE": "file", "PATH": "file", "TASK": "build", "N": "1", "…": "x", "...": "x"}


def texts() -> Iterator[tuple[str, str]]:
    """Everything that may print a command: file, and lines with what follows a backslash at the end joined."""
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            yield path.relative_to(ROOT).as_posix(), path.read_text()
    for pattern in PROGRAMS:
        for path in sorted(ROOT.glob(pattern)):
            if path.suffix != ".py":
                yield path.relative_to(ROOT).as_posix(), path.read_text()
                continue
            for text in strings(ast.parse(path.read_text())):
                yield path.relative_to(ROOT).as_posix(), text
    for name, command in PRODUCT.items():
        for example in command.examples:  # type: ignore[attr-defined]
            yield f"photonrig {name} --help", "photonrig " + example.replace("\\\n", "")


def strings(node: ast.AST) -> Iterator[str]:
    """The strings of a program; what an f-string puts in is 1. ``command("…")`` puts the program's name before."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "command" and node.args:
        yield from (f"photonrig {text}" for text in strings(node.args[0]))
    elif isinstance(node, ast.JoinedStr):
        yield from strings_in_an_f_string(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from strings(child)


def strings_in_an_f_string(node: ast.JoinedStr) -> Iterator[str]:
    yield "".join(str(part.value) if isinstance(part, ast.Constant) else "1" for part in node.values)
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            yield from strings(part.value)


def commands(text: str) -> Iterator[str]:
    """The commands in a text: from the program's name to the end of the code, the sentence or the line."""
    for found in re.finditer(r"(?:\./rig|\bphotonrig)((?: +(?:'[^']*'|\"[^\"]*\"|[^\s`'\";,()|#]+))*)", text):
        words = re.sub(r"[.:]+$", "", found[1].strip())
        words = re.sub(r"\[([^\]]*)\]", r"\1", words)  # an option that may be left out
        yield words


def command_of(words: str) -> str | None:
    """The words up to where prose goes on; None if it names no task."""
    kept = shlex.split(words)
    task = " ".join(kept[:2]) if kept[:1] == ["fleet"] else " ".join(kept[:1])
    if task not in NAMES:
        return None
    rest = kept[len(task.split()) :]
    return shlex.join([*task.split(), *(VALUES.get(word, word) for word in rest)])


def printed() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in texts():
        for words in commands(text):
            # A task alone is a mention of it.
            if (command := command_of(words)) is not None and command not in NAMES:
                found.setdefault(command, name)
    return found


PRINTED = printed()


@pytest.fixture(scope="module")
def use() -> Iterator[Callable[[str], Used]]:
    # The words are read and checked as ever; then nothing is done.
    instead = "from invoke.executor import Executor\nfrom photonrig.cli.command import Command\n"
    instead += "Executor.execute = lambda self, *tasks: print('accepted')\n"
    instead += "Command.invoke = lambda self, ctx: print('accepted')"
    with server(instead, rig=True) as ready:
        yield ready


def test_commands_are_found_where_they_are_printed() -> None:
    assert "lab --photons 2 --fresh 1 --state lab" in PRINTED
    assert "claims --matrix --baseline docs/baseline.json" in PRINTED
    assert any(command.startswith("fleet plan --source users.sqlite --query") for command in PRINTED)
    assert any(command.startswith("doctor --rig 1 --write") for command in PRINTED)
    assert "fleet apply --plan 1 --config 1" in PRINTED  # a hint
    assert any(command.startswith("claims --particle") for command in PRINTED)  # an example


@pytest.mark.parametrize("command", sorted(PRINTED))
def test_a_printed_command_is_accepted(use: Callable[[str], Used], command: str) -> None:
    # Prose may go on behind a command: words without dashes may follow, options may not be unknown.
    words = shlex.split(command)
    while True:
        seen = use(shlex.join(words))
        if re.search(r"requires an argument|needed value", seen.err):  # a mention of the option
            words.append("1")
            continue
        if not re.search(r"unexpected extra argument|No idea what", seen.err) or words[-1].startswith("-"):
            break
        words.pop()
    assert (seen.code, seen.err) == (0, ""), PRINTED[command]
    assert seen.out == "accepted\n" or {"--help", "-h"} & set(words)


@pytest.mark.parametrize("name", ["README.md", "hardware.md"])
def test_what_a_document_calls_a_task_is_one(name: str) -> None:
    text = Path(ROOT / name).read_text()
    for task in re.findall(r"(?:\./rig|`photonrig) (?!fleet)([a-z]+)", text):
        assert task in NAMES, task
    for task in re.findall(r"(?:\./rig|`photonrig) fleet ([a-z]+)", text):
        assert f"fleet {task}" in NAMES, task
