"""SETUP and RESET of a real slot: each is a contact that is closed for a time, by whatever means."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, TextIO

from photonrig.bench.config import Ask, Driver, Gpio, Press
from photonrig.bench.slots.real.command import Run, run
from photonrig.clock import SYSTEM, Clock
from photonrig.errors import RigError, ToolError, UsageError

# Closed inside the block.
Contact = Callable[[], AbstractContextManager[None]]

_COMMAND: Final = 10.0
# The STM32F205 takes any pulse over 300 ns (datasheet, NRST); this is for the contact's sake.
_RESET: Final = 0.1


class Button:
    """A button as a contact: SETUP is held for a time, RESET pressed for a tenth of a second."""

    def __init__(self, contact: Contact, *, clock: Clock = SYSTEM) -> None:
        self._contact = contact
        self._clock = clock

    def held(self) -> AbstractContextManager[None]:
        """The contact is closed inside the block.

        :raises RigError: the means failed
        """
        return self._contact()

    def hold(self, seconds: float) -> None:
        """Close the contact for so long.

        :raises RigError: the means failed
        """
        with self.held():
            self._clock.pause(seconds)

    def press(self) -> None:
        """Press and release.

        :raises RigError: the means failed
        """
        self.hold(_RESET)


def contact(means: Gpio | Press | Ask | Driver, name: str) -> Contact:
    """The contact a ``rig.toml`` describes; ``name`` is the button's, for people and kernel."""
    if isinstance(means, Gpio):
        return by_gpio(means, name)
    if isinstance(means, Press):
        return by_commands(means)
    if isinstance(means, Driver):
        return by_driver(means)
    return asked(name)


def by_driver(driver: Driver) -> Contact:
    """A driver of the user's own; released whatever happens.

    :raises UsageError: its constructor failed
    """
    plugin = driver.found
    made = plugin.make()

    @contextmanager
    def closed() -> Iterator[None]:
        try:
            plugin.call(made, "press")
            yield
        finally:
            plugin.call(made, "release")

    return closed


def by_commands(commands: Press, *, run: Run = run) -> Contact:
    """A relay with one command for press and one for release; released whatever happens."""

    @contextmanager
    def closed() -> Iterator[None]:
        try:
            run(commands.press, _COMMAND)
            yield
        finally:
            run(commands.release, _COMMAND)

    return closed


def by_gpio(line: Gpio, name: str, *, gpiod: Any = None) -> Contact:
    """A GPIO line by libgpiod 2 (``pip install photonrig[gpio]``): driven while pressed, floating otherwise."""

    @contextmanager
    def closed() -> Iterator[None]:
        library = gpiod or _gpiod()
        values = library.line.Value
        settings = library.LineSettings(
            direction=library.line.Direction.OUTPUT,
            # Open drain: the Photon's own pull-up makes the line high, nothing of this host ever does.
            drive=library.line.Drive.OPEN_DRAIN if line.active_low else library.line.Drive.PUSH_PULL,
            active_low=line.active_low,
            output_value=values.ACTIVE,
        )
        try:
            request = library.request_lines(line.chip, consumer=f"photonrig {name}", config={line.line: settings})
        except OSError as error:
            raise RigError(f"{name}: {line.chip} line {line.line} cannot be had: {error}") from None
        with request:
            try:
                yield
            finally:
                request.set_value(line.line, values.INACTIVE)

    return closed


def _gpiod() -> Any:
    try:
        import gpiod
    except ImportError:
        raise ToolError("buttons on GPIO lines need libgpiod's Python binding: pip install 'photonrig[gpio]'") from None
    return gpiod


def asked(name: str, *, say: TextIO | None = None, answer: TextIO | None = None) -> Contact:
    """A person at the bench, who is asked to press and, a moment later, to release."""

    @contextmanager
    def closed() -> Iterator[None]:
        out, keyboard = say or sys.stderr, answer or sys.stdin
        if not keyboard.isatty():
            raise UsageError(f"{name} is pressed by a person, and nobody is at the terminal; wire it for runs in CI")
        _ask(f"Press and hold {name}, then hit Enter: ", out, keyboard)
        yield
        _ask(f"Release {name}, then hit Enter: ", out, keyboard)

    return closed


def _ask(text: str, out: TextIO, keyboard: TextIO) -> None:
    out.write(text)
    out.flush()
    if not keyboard.readline():
        raise UsageError("the terminal was closed before the button was pressed")
