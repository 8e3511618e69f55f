"""Who listens to an event: devices by the prefixes they subscribed to, found without asking each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.system_events import SYSTEM_PREFIXES

__all__ = ["Listeners"]


class Listeners:
    """Subscriptions of all devices that are online. A name is looked up once for each length a prefix has."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, dict[tuple[str, str], None]] = {}
        self._lengths: Counter[int] = Counter()

    def add(self, device_id: str, subscription: Subscription) -> None:
        """A device subscribed."""
        prefix = subscription.prefix
        # Device OS itself subscribes to these to be told things meant for it alone, which are sent to it directly.
        # Applications name more, such as "spark/status". Else every device would be told the coming and going of all.
        if prefix in SYSTEM_PREFIXES:
            return
        if prefix not in self._by_prefix:
            self._by_prefix[prefix] = {}
            self._lengths[len(prefix)] += 1
        self._by_prefix[prefix][device_id, subscription.scope] = None

    def remove(self, device_id: str, subscription: Subscription) -> None:
        """A device subscribes no longer."""
        prefix = subscription.prefix
        if prefix not in self._by_prefix:
            return
        self._by_prefix[prefix].pop((device_id, subscription.scope), None)
        if not self._by_prefix[prefix]:
            del self._by_prefix[prefix]
            self._lengths[len(prefix)] -= 1
            if not self._lengths[len(prefix)]:
                del self._lengths[len(prefix)]

    def of(self, name: str) -> Iterator[tuple[str, str]]:
        """Each device that listens to a name, and the scope in which; once for each of its prefixes that fit."""
        for length in self._lengths:
            if length <= len(name):
                yield from self._by_prefix.get(name[:length], ())
