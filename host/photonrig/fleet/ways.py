"""The way of one device to where a plan wants it, the way back, and what turns it round half way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from photonrig.clock import SYSTEM
from photonrig.errors import NetworkError, PhotonrigError
from photonrig.fleet.plan import FleetPlan, Image, Item
from photonrig.fleet.rollout import EXPERIMENT, RETURN, Trial
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress, called_back, run
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities
from photonrig.particle.cloud import Scope, product
from photonrig.particle.cloud_errors import CloudFailed, RateLimited

__all__ = ["Ways", "way_back"]


def way_back(item: Item, former: Account | None) -> Plan:
    """The flow that undoes a finished one: the device goes to ``former``, who had it before."""
    if item.into is not None:
        return Plan("change-product", item.device, item.into, former, item.product)
    if item.was_outside and former is not None:
        return Plan("to-developer", item.device, item.product, former)
    if former is None:
        return Plan("release", item.device, item.product)
    return Plan("to-user" if former.kind == "user" else "to-customer", item.device, item.product, former)


@dataclass(frozen=True)
class Ways:
    """How the devices of one plan are moved; ``data`` is the image of a plan that has one."""

    plan: FleetPlan
    keys: Identities
    data: bytes = b""

    def there(self, item: Item, progress: Progress | None, keep: Keep) -> Progress:
        """Take a device to where the plan wants it: from the beginning, or from ``progress``."""
        if self.plan.image is not None:
            trial = self._trial(item, self.plan.image, {})
            return run(EXPERIMENT, trial, item.device, facts=trial.facts, progress=progress, journal=keep)
        if progress is None or not progress.step:
            failed = self._prepare(item, keep)
            if failed is not None:
                return failed
        return take(item.flow, self.keys, progress=progress, journal=keep)

    def back(
        self, item: Item, forward: Progress, progress: Progress | None, keep: Keep, *, name: str | None = None
    ) -> Progress:
        """Give a device back by what the way there learned, ``forward``; ``name`` is the one it has now."""
        if self.plan.image is not None:
            trial = self._trial(item, self.plan.image, dict(forward.facts))
            return run(RETURN, trial, item.device, facts=trial.facts, progress=progress, journal=keep)
        before = None if item.found is None else item.found.owner
        plan = way_back(item, Account.from_json(forward.facts.get("former", before)))
        if progress is None and item.name is not None and name == item.name and item.found and item.found.name:
            failed = self._try(plan, keep, self._rename(item, item.found.name, product(item.ends_in or 0)))
            if failed is not None:
                return failed
        return take(plan, self.keys, progress=progress, journal=keep)

    def call_back(self, item: Item, forward: Progress, keep: Keep) -> Progress:
        """Turn a device round that is half way there; "undone" is the outcome that is wanted."""
        turned = called_back(forward, "it was called back")
        if self.plan.image is not None:
            trial = self._trial(item, self.plan.image, {})
            return run(EXPERIMENT, trial, item.device, facts=trial.facts, progress=turned, journal=keep)
        return take(item.flow, self.keys, progress=turned, journal=keep)

    def _trial(self, item: Item, image: Image, facts: dict[str, Any]) -> Trial:
        return Trial(item.device, self.keys.team, image, self.data, SYSTEM, facts)

    # --- import and name --------------------------------------------------------------------------------------------

    def _prepare(self, item: Item, keep: Keep) -> Progress | None:
        """Import and name; both may be done again. What failed, None if nothing did."""
        if item.imports:
            assert item.product is not None
            keep(Progress(item.flow.flow, item.device))  # the way back takes out only what this journal brought in
            into = item.product
            failed = self._try(item.flow, keep, lambda: self.keys.import_device(item.device, into))
            if failed is not None:
                return failed
        if item.name is not None and (item.found is None or item.found.name != item.name):
            return self._try(item.flow, keep, self._rename(item, item.name, product(item.product or 0)))
        return None

    def _rename(self, item: Item, name: str, scope: Scope) -> Callable[[], object]:
        return lambda: self.keys.team.rename(item.device, name, scope)

    @staticmethod
    def _try(plan: Plan, keep: Keep, act: Callable[[], object]) -> Progress | None:
        try:
            act()
        except PhotonrigError as error:
            later = isinstance(error, (NetworkError, CloudFailed, RateLimited))
            failed = Progress(
                plan.flow,
                plan.device,
                outcome="waiting" if later else "undone",
                reason=str(error),
                retry_after=getattr(error, "retry_after", None),
            )
            keep(failed)
            return failed
        return None
