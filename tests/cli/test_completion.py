"""Completion: a script for each shell, and what bash really completes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from photonrig.cli.program import photonrig

from .uses import PROGRAM

PATH = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"


def script(shell: str) -> str:
    done = subprocess.run([PROGRAM, "completion", shell], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def completed(folder: Path, line: str) -> list[str]:
    """What an interactive bash offers where the cursor stands behind ``line``."""
    (folder / "completion.bash").write_text(script("bash"))
    program = f"""
        . ./completion.bash
        read -ra COMP_WORDS <<< {line!r}
        [[ {line!r} == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        function=$(complete -p photonrig | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        compopt() {{ :; }}  # outside a completion by readline there is nothing to set options of
        $function photonrig "${{COMP_WORDS[COMP_CWORD]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        cwd=folder,
        env=os.environ | {"PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == "", done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for(shell: str) -> None:
    said = script(shell)
    assert "photonrig" in said and f"_PHOTONRIG_COMPLETE={shell}_complete" in said
    if (program := shutil.which(shell)) is not None:
        subprocess.run([program, "-n"], input=said, text=True, check=True, timeout=60)


def test_the_commands(tmp_path: Path) -> None:
    assert sorted(completed(tmp_path, "photonrig ")) == sorted(photonrig.commands)
    assert sorted(completed(tmp_path, "photonrig fl")) == ["flash", "fleet"]


def test_the_commands_of_a_group(tmp_path: Path) -> None:
    assert completed(tmp_path, "photonrig fleet r") == ["report", "revoke", "rollback"]


def test_the_options(tmp_path: Path) -> None:
    assert completed(tmp_path, "photonrig lab --ph") == ["--photons"]
    assert set(completed(tmp_path, "photonrig fleet apply --w")) == {"--wave", "--watch"}


def test_values_that_are_one_of_a_few(tmp_path: Path) -> None:
    assert completed(tmp_path, "photonrig lab --era 2016-") == ["2016-before", "2016-after"]
    assert completed(tmp_path, "photonrig flash ro") == ["roller"]
    assert completed(tmp_path, "photonrig completion f") == ["fish"]


def test_completing_is_no_use(tmp_path: Path) -> None:
    # Nothing is run, made or asked for while words are completed.
    assert completed(tmp_path, "photonrig doctor --write --rig ") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["completion.bash"]
