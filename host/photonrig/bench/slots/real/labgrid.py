"""Slots of other machines through labgrid: a place is a slot, its resources are the slot's serial port and power.

labgrid keeps an environment of its own (``host/lock/labgrid.txt``), because it brings a pyserial of its own; it is
asked through ``labgrid-client``. The lock is labgrid's, too: a place is acquired by one at a time.
"""

from __future__ import annotations

import ast
import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from photonrig.bench.slots.real.command import Run, run
from photonrig.bench.slots.real.serial import UrlSerial
from photonrig.build.locked_venv import make_venv
from photonrig.build.toolchain import Toolchain
from photonrig.errors import RigError, ToolError
from photonrig.files import replace

_CLIENT: Final = 30.0
_RESOURCE: Final = re.compile(r"^Acquired resource '[^']*' \([^)]*\):\n(\s+\{.*?\}\})\n", re.MULTILINE | re.DOTALL)


def install_labgrid(tools: Toolchain) -> Path:
    """The folder of labgrid's programs, made from its lock file when that changed.

    :raises ToolError: see :func:`photonrig.build.locked_venv.make_venv`
    """
    lock = tools.root / "host" / "lock" / "labgrid.txt"
    home = tools.work / "labgrid"
    stamp = home / "made-from"
    wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()}\n{home}\n{sys.version}"
    with tools.alone():
        if not (stamp.exists() and stamp.read_text() == wanted):
            make_venv(home, Path(sys.executable), lock, tools.work / "labgrid.log", "labgrid's virtual environment")
            replace(stamp, wanted)
    return home / "bin"


class Place:
    """A place that this run has acquired."""

    def __init__(self, name: str, client: list[str], resources: list[dict[str, Any]], run: Run) -> None:
        self.name = name
        self._client = client
        self._run = run
        ports = [resource["params"] for resource in resources if resource["cls"] == "NetworkSerialPort"]
        if len(ports) != 1:
            raise RigError(f"labgrid place {name} has {len(ports)} serial ports; a slot has one")
        protocol = "socket" if ports[0].get("protocol") == "raw" else "rfc2217"
        self.serial = UrlSerial(f"{protocol}://{ports[0]['host']}:{ports[0]['port']}")
        self.has_power = any("Power" in resource["cls"] for resource in resources)

    def on(self) -> None:
        """Switch the place's power on.

        :raises ToolError: labgrid failed
        """
        self._run([*self._client, "power", "on"], _CLIENT)

    def off(self) -> None:
        """Switch the place's power off.

        :raises ToolError: labgrid failed
        """
        self._run([*self._client, "power", "off"], _CLIENT)


@contextmanager
def acquired(programs: Path, coordinator: str, name: str, *, run: Run = run) -> Iterator[Place]:
    """A place of the coordinator at ``HOST:PORT``, acquired inside the block.

    :raises RigError: somebody else has it, it does not exist, or has no serial port
    """
    client = [str(programs / "labgrid-client"), "--coordinator", coordinator, "--place", name]
    try:
        run([*client, "acquire"], _CLIENT)
    except ToolError as error:
        raise RigError(f"labgrid place {name} cannot be acquired: {error}") from None
    try:
        yield Place(name, client, parse_resources(run([*client, "show"], _CLIENT)), run)
    finally:
        run([*client, "release"], _CLIENT)


def parse_resources(shown: str) -> list[dict[str, Any]]:
    """The acquired resources in what ``labgrid-client show`` prints: class ``cls`` and ``params`` of each."""
    return [ast.literal_eval(text) for text in _RESOURCE.findall(shown.rstrip() + "\n")]
