"""Runs photonrig or ./rig with many different words, each time in a folder of its own, and looks at what is left."""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from invoke.collection import Collection

from photonrig.cli.program import photonrig

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("photonrig")
DEVICE = "0123456789abcdef01234567"


def tasks() -> Collection:
    """The tasks of this checkout, which is no package."""
    spec = importlib.util.spec_from_file_location("tasks", ROOT / "tasks.py")
    assert spec is not None and spec.loader is not None
    sys.modules["tasks"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Collection = module.collection()
    return made


def commands(group: click.Group = photonrig, before: str = "") -> dict[str, click.Command]:
    """The commands of photonrig by their words; groups are not among them."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        else:
            found[f"{before}{name}"] = command
    return found


def options(command: click.Command) -> list[str]:
    """Its options, help aside."""
    return [name for param in command.params if isinstance(param, click.Option) for name in param.opts]


def scene(folder: Path) -> Path:
    """Files to be used wrongly, and a fleet.toml whose cloud cannot be reached."""
    (folder / "folder").mkdir()
    (folder / "foreign-lab").mkdir()
    (folder / "foreign-lab" / "lab.json").write_text('{"devices": 7}')
    (folder / "empty").touch()
    (folder / "garbage").write_bytes(b"\x00\xff\xfe\x80PK\x03\x04" + bytes(range(256)))
    (folder / "list.json").write_text("[]\n")
    cells = {
        "target": "local cloud",
        "recorded": "2026-01-31",
        "cases": {"matrix / today / unowned / claim / M": "200"},
    }
    (folder / "cells.json").write_text(json.dumps(cells))
    (folder / "object.json").write_text("{}\n")
    (folder / "deep.json").write_text("[" * 100_000)
    (folder / "broken.toml").write_text('cloud = "local"\nslot = [\n')
    (folder / "wrong-variant.toml").write_text(
        'cloud = "local"\n\n[[slot]]\nname = "1"\nvariant = "rolller"\nvirtual = true\n'
    )
    (folder / "good.csv").write_text(f"device,customer\n{DEVICE},jane@example.com\n")
    for name, mode, text in (("good", 0o600, "0" * 40), ("open", 0o644, "0" * 40), ("empty", 0o600, "")):
        (folder / f"{name}.token").write_text(text)
        (folder / f"{name}.token").chmod(mode)
    whole = ['api = "http://127.0.0.1:1"', 'account = "central@example.com"', 'token-file = "good.token"']
    for name, line, text in (
        ("fleet", 0, whole[0]),
        ("port", 0, 'api = "http://u:p4ss@h:port"'),
        ("unknown", 2, 'tokenfile = "good.token"\ntoken-file = "good.token"'),
        ("open", 2, 'token-file = "open.token"'),
        ("hollow", 2, 'token-file = "empty.token"'),
        ("client", 2, f"{whole[2]}\nclient = 5"),
    ):
        (folder / f"{name}.toml").write_text("\n".join([*whole[:line], text, *whole[line + 1 :]]) + "\n")
    return folder


@dataclass(frozen=True)
class Used:
    code: int
    out: str
    err: str
    changed: list[str]
    left: list[int]


# Imports what commands import, and forks for each use: as honest as a program for each, and fifty times as fast.
SERVER = """
import gc, json, os, sys
from photonrig.cli import claims_run
from photonrig.cli import doctor_run
from photonrig.cli import flash_run
from photonrig.cli import fleet_demo
from photonrig.cli import hil_run
from photonrig.cli import lab_run
from photonrig.fleet import apply, verify
from photonrig.fleet import assignments
from MODULE import main
gc.freeze()
for line in sys.stdin:
    words, folder, mark = json.loads(line)
    child = os.fork()
    if child == 0:
        os.environ["RIG_MARK"] = mark
        os.chdir(folder)
        for number, name in ((0, os.devnull), (1, folder + ".out"), (2, folder + ".err")):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
        sys.argv = ["the program", *words]
        try:
            main()
        except SystemExit as ended:
            os._exit(ended.code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextmanager
def server(setup: str = "", *, rig: bool = False) -> Iterator[Callable[[str], Used]]:
    """Runs photonrig, or ./rig, with some words, each time in a folder of its own; ``setup`` is Python run before."""
    ours = ("PARTICLE", "RIG_", "PHOTONRIG_CALLED", "PHOTONRIG_QUIET", "COLUMNS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    if rig:
        environment["PHOTONRIG_CALLED"] = "./rig"  # as host/environment.py does
    program = SERVER.replace("MODULE", "tasks" if rig else "photonrig.cli.main")
    program = program.replace("gc.freeze()", f"{setup}\ngc.freeze()")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        tempfile.TemporaryDirectory(prefix="rig-") as made,
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, env=environment, **pipes) as process,
    ):
        assert process.stdin is not None and process.stdout is not None

        def use(words: str) -> Used:
            mark = secrets.token_hex(8)
            folder = Path(made) / mark
            folder.mkdir()
            before = contents(scene(folder))
            print(json.dumps([shlex.split(words), str(folder), mark]), file=process.stdin, flush=True)
            code = int(process.stdout.readline())
            changed = sorted(name for name, _ in before ^ contents(folder))
            out, err = (Path(f"{folder}.{name}").read_text() for name in ("out", "err"))
            return Used(code, out, err, changed, running(mark))

        yield use
        process.stdin.close()


def contents(folder: Path) -> set[tuple[str, bytes]]:
    return {(str(path.relative_to(folder)), path.read_bytes() if path.is_file() else b"") for path in folder.rglob("*")}


def running(mark: str) -> list[int]:
    """Processes that have the mark in their environment."""
    found = []
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            marked = f"RIG_MARK={mark}".encode() in environ.read_bytes()
        except OSError:
            continue
        if marked and (environ.parent / "status").read_text().split("State:")[1].split()[0] != "Z":
            found.append(int(environ.parent.name))
    return found
