"""Open files are allowed up to what the machine permits, and whoever needs more is told before anything is started."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from photonrig.bench.resources import memory

LIMITED = """
import resource, sys
from photonrig.bench.resources import allow_files
from photonrig.errors import RigError
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200))
try:
    allow_files(int(sys.argv[1]))
except RigError as error:
    print(error)
print(resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("count", "limits", "said"),
    [(50, "(100, 200)", ""), (150, "(150, 200)", ""), (201, "(100, 200)", "201 open files in one process are needed")],
)
def test_open_files(count: int, limits: str, said: str) -> None:
    argv = [sys.executable, "-c", LIMITED, str(count)]
    told = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == limits
    assert told.startswith(said)


def test_memory_of_processes_is_added_up() -> None:
    me = memory([os.getpid()])
    assert me is not None and me > 1000
    assert memory([os.getpid(), os.getpid()]) == pytest.approx(2 * me, rel=0.2)
    assert memory([2**22 + 1]) is None
