"""Power of a real slot: a hub whose ports switch, or any relay or smart plug that has a command."""

from __future__ import annotations

import re
from typing import Final

from photonrig.bench.config import Driver, HubPort, Switch
from photonrig.bench.slots.real.command import Run, run
from photonrig.errors import ToolError

_SWITCH: Final = 20.0


class UhubctlPower:
    """A port of a USB hub, switched by ``uhubctl``.

    That a hub says its port is off does not mean the device has no power: many hubs only cut the data lines.
    ``photonrig doctor`` looks whether the device really goes.
    """

    def __init__(self, port: HubPort, *, run: Run = run) -> None:
        self._port = port
        self._run = run

    def on(self) -> None:
        """Switch on.

        :raises ToolError: uhubctl failed, or the port did not change
        """
        self._switch("on")

    def off(self) -> None:
        """Switch off.

        :raises ToolError: uhubctl failed, or the port did not change
        """
        self._switch("off")

    def _switch(self, action: str) -> None:
        argv = ["uhubctl", "--location", self._port.hub, "--ports", str(self._port.port), "--action", action]
        said = self._run(argv, _SWITCH)
        # It prints each port before and after; the bit "power" is what it read back from the hub.
        status = re.findall(rf"^\s*Port {self._port.port}: [0-9a-f]{{4}}(.*)$", said, re.MULTILINE)
        if not status or ("power" in status[-1].split()) is not (action == "on"):
            raise ToolError(
                f"hub {self._port.hub} port {self._port.port} did not go {action}: uhubctl says "
                f"{status[-1].strip() if status else 'nothing of that port'}"
            )


class CommandPower:
    """A relay or smart plug with one command for on and one for off."""

    def __init__(self, switch: Switch, *, run: Run = run) -> None:
        self._switch = switch
        self._run = run

    def on(self) -> None:
        """Switch on.

        :raises ToolError: the command failed
        """
        self._run(self._switch.on, _SWITCH)

    def off(self) -> None:
        """Switch off.

        :raises ToolError: the command failed
        """
        self._run(self._switch.off, _SWITCH)


class DriverPower:
    """A driver of the user's own; see :mod:`photonrig.plugins`."""

    def __init__(self, driver: Driver) -> None:
        """:raises UsageError: its constructor failed."""
        self._plugin = driver.found
        self._driver = self._plugin.make()

    def on(self) -> None:
        """Switch on.

        :raises ToolError: the driver failed
        """
        self._plugin.call(self._driver, "on")

    def off(self) -> None:
        """Switch off.

        :raises ToolError: the driver failed
        """
        self._plugin.call(self._driver, "off")
