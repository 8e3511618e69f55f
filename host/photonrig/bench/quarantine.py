"""Quarantine: markers beside ``rig.toml`` of slots whose devices could not be recovered."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from photonrig.bench.recovery import Recovery
from photonrig.clock import SYSTEM, Clock, utc
from photonrig.errors import RigError
from photonrig.files import replace
from photonrig.invocation import command


class Quarantined(RigError):
    """The slot is out of use until ``photonrig doctor`` passes."""


class Quarantine:
    """Markers of the slots that are out of use, in a folder beside ``rig.toml``."""

    def __init__(self, rig: Path, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        rig = rig.resolve()
        self.folder = rig.with_name(f"{rig.name}.quarantine")

    def reason(self, slot: str) -> str | None:
        """Why a slot is in quarantine; None if it is in use."""
        try:
            marker = json.loads(self._marker(slot).read_text())
            return f"since {marker['since']}: {marker['recovery']['trouble']}"
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return f"for an unreadable reason ({self._marker(slot)})"

    def put(self, recovery: Recovery) -> Path:
        """Take the slot out of use; returns the marker."""
        marker = self._marker(recovery.slot)
        self.folder.mkdir(exist_ok=True)
        since = utc(self._clock).astimezone().isoformat(timespec="seconds")
        replace(marker, json.dumps({"since": since, "recovery": asdict(recovery)}, indent=2))
        return marker

    def lift(self, slot: str) -> None:
        """Put the slot into use again."""
        self._marker(slot).unlink(missing_ok=True)

    def refuse(self, slot: str) -> None:
        """Raise if the slot is in quarantine.

        :raises Quarantined: it is
        """
        if (reason := self.reason(slot)) is not None:
            hint = f"{command('doctor')} puts it into use when it is well"
            raise Quarantined(f"slot {slot} is in quarantine {reason}; {hint}")

    def _marker(self, slot: str) -> Path:
        return self.folder / f"{slot}.json"
