"""Adds attached Photons to a ``rig.toml``, keeping the user's text."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from photonrig.bench.slots.real.usb import Attached
from photonrig.errors import UsageError
from photonrig.files import file_error, replace


def add_slots(path: Path, found: Sequence[Attached]) -> tuple[Attached, ...]:
    """Append a slot for each Photon whose USB path has none; returns those. Without any, the file is not written.

    The variant is left for a person to fill in: it cannot be detected.

    :raises UsageError: not a rig file; it is unchanged
    """
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else _empty()
    except OSError as error:
        raise file_error(path, "read", error) from error
    except (ValueError, TOMLKitError, RecursionError) as error:
        raise UsageError(f"{path} is not TOML, and nothing was added: {' '.join(str(error).split())}") from None
    slots: Any = document.get("slot", [])
    if not isinstance(slots, list) or not all(isinstance(slot, dict) for slot in slots):
        raise UsageError(f"{path} has slots that are no [[slot]] tables; nothing was added")
    taken = {slot.get("usb") for slot in slots}
    added = tuple(device for device in found if device.usb not in taken)
    if not added:
        return ()
    names = {str(slot.get("name")) for slot in slots}
    free = (str(number) for number in itertools.count(1) if str(number) not in names)
    array = document["slot"] if "slot" in document else tomlkit.aot()
    for device, name in zip(added, free, strict=False):
        table = tomlkit.table()
        table["name"] = name
        table["variant"] = "roller"
        table["variant"].comment("which one it is cannot be seen from outside")
        table["usb"] = device.usb
        if device.device_id is not None:
            table["device_id"] = device.device_id
        table.add(tomlkit.comment('power = { hub = "1-1", port = 4 }'))
        table.add(tomlkit.comment('setup = { chip = "/dev/gpiochip0", line = 17 }'))
        table.add(tomlkit.comment('reset = { chip = "/dev/gpiochip0", line = 27 }'))
        table.add(tomlkit.comment('wifi = { adapter = "wlan1" }'))
        array.append(table)
    document["slot"] = array
    replace(path.resolve(), tomlkit.dumps(document))
    return added


def _empty() -> tomlkit.TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment("A bench of Photons; hardware.md says what each entry means."))
    document["cloud"] = "local"
    return document
