"""Wires between a virtual Photon and models of peripherals in this process; the lines are those of peripherals.h.

The bench listens, and the device connects: when something is attached, at power-on, and after a reset.
"""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from photonrig.bench.slots.virtual.pins import pin_number
from photonrig.errors import LinkLost, RigError, UsageError
from photonrig.peripherals import I2cDevice, NotAcknowledged, Peripheral, SerialDevice, SpiDevice

_CONNECTED: Final = 30.0


class _Hands:
    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send

    def drive(self, pin: str, level: int) -> None:
        self._send({"drive": pin_number(pin), "level": level})

    def send(self, data: bytes) -> None:
        self._send({"serial1": data.hex()})


class Wires:
    """The models wired to one device, named ``device`` in messages; ``close`` ends it."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._models: list[Peripheral] = []
        self._greeted: list[Peripheral] = []  # since the device connected
        self._levels: dict[int, int] = {}
        self._failures: dict[int, Exception] = {}
        self._link: socket.socket | None = None
        self._quiet = threading.Condition(threading.RLock())  # held while a method of a model runs
        self._folder = Path(tempfile.mkdtemp(prefix="photonrig-wires-"))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "models"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve, name=f"wires of {device}", daemon=True)
        self._thread.start()

    def spec(self) -> dict[str, Any]:
        """What the device is told of the models: the socket, and what it passes on."""
        with self._quiet:
            models = list(self._models)
        pins = [pin for model in models for pin in model.pins]
        pins += [model.select for model in models if isinstance(model, SpiDevice)]
        return {
            "socket": str(self._folder / "models"),
            "i2c": [model.address for model in models if isinstance(model, I2cDevice)],
            "pins": sorted({pin_number(pin) for pin in pins}),
            "serial1": any(isinstance(model, SerialDevice) for model in models),
            "spi": any(isinstance(model, SpiDevice) for model in models),
        }

    def add(self, model: Peripheral) -> None:
        """Wire a model.

        :raises UsageError: it lacks an address or pin, or another has its address, select pin or Serial1
        """
        if not isinstance(model, Peripheral):
            raise UsageError(f"{_name(model)} is no photonrig.peripherals.Peripheral")
        _check(model)
        with self._quiet:
            for other in self._models:
                if why := _conflict(model, other):
                    raise UsageError(f"{_name(model)} cannot be attached to {self._device}: {_name(other)} {why}")
            model.board = _Hands(self._send)
            self._models.append(model)

    def settle(self) -> None:
        """Wait until the device is connected and every model has been told so.

        :raises LinkLost: it does not connect
        """

        def told() -> bool:
            return all(any(model is each for each in self._greeted) for model in self._models)

        with self._quiet:
            if self._link is not None:
                self._greet()
            if not self._quiet.wait_for(told, _CONNECTED):
                raise LinkLost("it does not connect to the models of its peripherals", device=self._device)

    def remove(self, model: Peripheral) -> None:
        """Take a model off the wires.

        :raises RigError: one of its methods had raised an exception, which is the cause
        """
        with self._quiet:
            self._models = [each for each in self._models if each is not model]
            failure = self._failures.pop(id(model), None)
        if failure is not None:
            raise RigError(f"the model {_name(model)} failed: {type(failure).__name__}: {failure}") from failure

    @property
    def free(self) -> bool:
        """Whether no model is wired."""
        return not self._models

    def close(self) -> None:
        """Take all models off; the device finds nothing from now on."""
        for end in (self._listener, self._link):
            if end is not None:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    # --- the device's lines -----------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            # A device that loses its power in the middle of a line ends it.
            with link, link.makefile("rb") as lines, suppress(OSError, ValueError):
                with self._quiet:
                    self._link = link
                    self._greeted.clear()
                    self._levels.clear()
                    self._greet()
                for line in lines:
                    with self._quiet:
                        self._take(json.loads(line))
            with self._quiet:
                self._link = None

    def _greet(self) -> None:
        for model in self._models:
            if not any(model is each for each in self._greeted):
                self._greeted.append(model)
                self._ask(model, model.attached)
        self._quiet.notify_all()

    def _take(self, line: dict[str, Any]) -> None:
        if "pin" in line:
            number, level = int(line["pin"]), int(line["level"])
            self._levels[number] = level
            for model in self._models:
                for pin in model.pins:
                    if pin_number(pin) == number:
                        self._ask(model, model.pin_changed, pin, level)
        elif "serial1" in line:
            for model in self._models:
                if isinstance(model, SerialDevice):
                    self._ask(model, model.received, bytes.fromhex(line["serial1"]))
        else:
            self._send({"answer": line["ask"], **self._answer(line)})

    def _answer(self, line: dict[str, Any]) -> dict[str, Any]:
        if "spi" in line:
            for model in self._models:
                if isinstance(model, SpiDevice) and self._levels.get(pin_number(model.select)) == 0:
                    _, data = self._ask(model, model.exchanged, bytes.fromhex(line["spi"]))
                    return {"data": bytes(data or b"").hex()}
            return {"data": ""}
        address = line.get("i2c_write", line.get("i2c_read"))
        for model in self._models:
            if isinstance(model, I2cDevice) and model.address == address:
                if "i2c_write" in line:
                    taken, _ = self._ask(model, model.written, bytes.fromhex(line["data"]))
                    return {"acknowledged": taken}
                there, data = self._ask(model, model.read, line["size"])
                return {"acknowledged": there, "data": bytes(data or b"")[: line["size"]].hex()}
        return {"acknowledged": False}

    def _ask(self, model: Peripheral, method: Callable[..., Any], *arguments: Any) -> tuple[bool, Any]:
        """Whether the method returned, and what; the first exception of a model is kept for :meth:`remove`."""
        try:
            return True, method(*arguments)
        except NotAcknowledged:
            pass
        except Exception as error:
            self._failures.setdefault(id(model), error)
        return False, None

    def _send(self, line: dict[str, Any]) -> None:
        with self._quiet:
            if self._link is not None:
                with suppress(OSError):
                    self._link.sendall(json.dumps(line).encode() + b"\n")


def _name(model: object) -> str:
    return type(model).__name__


def _check(model: Peripheral) -> None:
    for pin in model.pins:
        pin_number(pin)
    if isinstance(model, I2cDevice) and not 0 <= getattr(model, "address", -1) <= 0x7F:
        raise UsageError(f"{_name(model)} needs an address from 0 to 0x7F")
    if isinstance(model, SpiDevice):
        pin_number(getattr(model, "select", ""))


def _conflict(model: Peripheral, other: Peripheral) -> str:
    if model is other:
        return "is attached already"
    if isinstance(model, I2cDevice) and isinstance(other, I2cDevice) and model.address == other.address:
        return f"has the address 0x{model.address:02X}"
    if isinstance(model, SpiDevice) and isinstance(other, SpiDevice) and model.select.upper() == other.select.upper():
        return f"is selected by {model.select}"
    if isinstance(model, SerialDevice) and isinstance(other, SerialDevice):
        return "has Serial1"
    return ""
