"""Index of device subscriptions by prefix: finds an event's subscribers without a scan over all devices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from photonrig.localcloud.device.contract import Subscription
from photonrig.localcloud.system_events import SYSTEM_PREFIXES


class Listeners:
    """Subscriptions of all online devices. A lookup takes one step per distinct prefix length."""

    def __init__(self) -> None:
        self._by_prefix: dict[str, dict[tuple[str, str], None]] = {}
        self._lengths: Counter[int] = Counter()

    def add(self, device_id: str, subscription: Subscription) -> None:
        """Add a subscription."""
        prefix = subscription.prefix
        # Device OS itself subscribes to these, for events sent to the device directly. Applications subscribe to longer
        # ones, such as "spark/status". Indexing these would send every device the status events of all.
        if prefix in SYSTEM_PREFIXES:
            return
        if prefix not in self._by_prefix:
            self._by_prefix[prefix] = {}
            self._lengths[len(prefix)] += 1
        self._by_prefix[prefix][device_id, subscription.scope] = None

    def remove(self, device_id: str, subscription: Subscription) -> None:
        """Remove a subscription."""
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
        """Each subscriber of a name with its scope, once for each matching prefix."""
        for length in self._lengths:
            if length <= len(name):
                yield from self._by_prefix.get(name[:length], ())
