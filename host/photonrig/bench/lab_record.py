"""lab.json: the saved state of a lab, from which the next start continues."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from msgspec import MsgspecError, Struct, field, json

from photonrig.errors import UsageError
from photonrig.files import file_error, replace

FILE: Final = "lab.json"


class LabDevice(Struct):
    """A device of the lab, imported in its variant's product.

    ``fielded``: claimed to the central user, online and calibrated. ``born``: the factory step is done and its state
    folder complete; ``calibrated``: the installer's step is done.
    """

    name: str
    id: str
    variant: str
    fielded: bool
    born: bool = False
    calibrated: bool = False


class LabRecord(Struct):
    """Account, ports, clients and devices of a lab; ``clients`` are id and secret by variant."""

    password: str
    api_port: int = 0
    device_port: int = 0
    clients: dict[str, tuple[str, str]] = field(default_factory=dict)
    devices: list[LabDevice] = field(default_factory=list)

    @classmethod
    def read(cls, state: Path) -> LabRecord | None:
        """Read the record in a state folder; None if there is none.

        :raises UsageError: it cannot be read, or is of another kind
        """
        path = state / FILE
        try:
            return json.decode(path.read_bytes(), type=cls)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file_error(path, "read", error) from error
        except (MsgspecError, ValueError, RecursionError):
            raise UsageError(f"{path} is not what a lab wrote; choose another state folder") from None

    def write(self, state: Path) -> None:
        """Write it into a state folder, mode 0600."""
        replace(state / FILE, json.format(json.encode(self)), private=True)
