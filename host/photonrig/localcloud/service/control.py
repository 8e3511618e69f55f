"""Device requests: variables, functions, ping, signal and vitals.

A request looks its device up again after each wait: messages are sent while the caller has permission, and results are
shown only to callers who have it then. What was sent before the device changed owner or the token ended, stays done.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from photonrig.errors import ProtocolError, UsageError
from photonrig.localcloud.device.contract import (
    DeviceOffline,
    DeviceTimeout,
    FunctionUnknown,
    Permit,
    VariableUnknown,
)
from photonrig.localcloud.eras.refusals import Situation
from photonrig.localcloud.service.device_link import DeviceLink
from photonrig.localcloud.service.presence import Presence
from photonrig.localcloud.service.records import Device
from photonrig.localcloud.service.refusal import ServiceRefusal, invalid

Named = Callable[[], Device]
"""Looks up the request's device anew; raises ServiceRefusal when the caller may not or no longer access it."""


class ControlService:
    """Requests to devices; all their failures become refusals."""

    def __init__(self, link: DeviceLink, presence: Presence) -> None:
        self._link = link
        self._presence = presence

    def permit(self, named: Named, device: Device) -> Permit:
        """Permit for requests to ``device``, which ``named`` must still return.

        It raises as ``named`` does, or DeviceOffline when the device is quarantined.
        """

        def check() -> None:
            now = named()
            if now.id != device.id or not self._link.reachable(now):
                raise DeviceOffline(device.id)

        return check

    async def read_variable(self, named: Named, name: str) -> tuple[Device, bool | int | float | str]:
        """The device and the value of its variable.

        :raises ServiceRefusal: offline, unknown variable, malformed value; as ``named``
        """
        device = named()
        permit = self.permit(named, device)
        unreadable = "The device answered with something else than the variable's type"
        with _refusing(Situation.VARIABLE_OFFLINE, Situation.VARIABLE_UNKNOWN, name, unreadable):
            if not self._link.reachable(device):
                raise DeviceOffline(device.id)
            kind = (await self._presence.description(device.id)).variables.get(name)
            permit()
            if kind is None:
                raise VariableUnknown(name)
            value = await self._link.hub.read_variable(device.id, name, kind, permit)
            permit()
        return device, value

    async def call_function(self, named: Named, name: str, argument: str) -> tuple[Device, int]:
        """The device and its function's result.

        :raises ServiceRefusal: offline, unknown function, argument too long; as ``named``
        """
        device = named()
        permit = self.permit(named, device)
        with _refusing(Situation.FUNCTION_OFFLINE, Situation.FUNCTION_UNKNOWN, name):
            if not self._link.reachable(device):
                raise DeviceOffline(device.id)
            offered = (await self._presence.description(device.id)).functions
            permit()
            if name not in offered:
                raise FunctionUnknown(name)
            result = await self._link.hub.call_function(device.id, name, argument, permit)
        return device, result

    async def ping(self, named: Named) -> bool:
        """Whether the device answers; an offline device is not an error."""
        device = named()
        if not self._link.reachable(device):
            return False
        try:
            online = await self._link.hub.ping(device.id)
            self.permit(named, device)()
        except (DeviceOffline, DeviceTimeout):
            return False
        return online

    async def signal(self, named: Named, on: bool) -> Device:
        """Start or stop the rainbow on the device's LED.

        :raises ServiceRefusal: offline; as ``named``
        """
        device = named()
        permit = self.permit(named, device)
        with _refusing(Situation.SIGNAL_OFFLINE):
            permit()
            await self._link.hub.signal(device.id, on, permit)
        return device

    async def metrics(self, named: Named) -> tuple[Device, dict[int, int]]:
        """The device and its diagnostics by number.

        :raises ServiceRefusal: offline, or unsupported by its Device OS; as ``named``
        """
        device = named()
        permit = self.permit(named, device)
        with _refusing(Situation.VITALS_OFFLINE, unreadable="The device reports no vitals"):
            permit()
            metrics = await self._link.hub.metrics(device.id, permit)
            permit()
        return device, metrics


class _refusing:  # noqa: N801
    """Converts device errors to refusals; the only place that does."""

    def __init__(
        self,
        offline: Situation,
        unknown: Situation | None = None,
        name: str = "",
        unreadable: str = "The device answered with something else",
    ) -> None:
        self._offline = offline
        self._unknown = unknown
        self._name = name
        self._unreadable = unreadable

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        match error:
            case DeviceOffline() | DeviceTimeout():
                raise ServiceRefusal(self._offline) from None
            case VariableUnknown() | FunctionUnknown() if self._unknown is not None:
                raise ServiceRefusal(self._unknown, name=self._name) from None
            case UsageError():
                raise invalid(str(error)) from None
            case ProtocolError():
                raise ServiceRefusal(Situation.ANSWER_UNREADABLE, text=f"{self._unreadable}: {error}") from None
