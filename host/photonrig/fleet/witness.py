"""Checks that devices belong to their customers: by the customers' own lists, and by requests to the devices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from photonrig.errors import PhotonrigError
from photonrig.fleet.snapshot import patiently
from photonrig.ownership.identities import Account, Whereabouts
from photonrig.ownership.proof import Probe, Proof, prove_control
from photonrig.particle.cloud import USER, Cloud, product
from photonrig.particle.cloud_errors import DeviceOffline


@dataclass(frozen=True)
class Witness:
    """``acting`` gives the cloud with a customer's own token; ``customers`` are the existing ones.

    Devices in ``thorough`` are asked for everything the ``probe`` names, others for a variable.
    """

    team: Cloud
    acting: Callable[[Account], Cloud]
    customers: frozenset[Account]
    probe: Probe
    thorough: frozenset[str]
    _lists: dict[Account, frozenset[str]] = field(default_factory=dict)

    def belongs(self, device: str, now: Whereabouts, customer: Account) -> Iterable[Proof]:
        """Proofs that a device is a customer's."""
        if customer not in self.customers:  # a token request would create the customer
            yield Proof("the customer's token lists it", False, f"product {customer.product} has no {customer}")
            return
        try:
            listed = self._list(customer)
            yield Proof("the customer's token lists it", device in listed, f"{len(listed)} listed")
            owner = self.acting(customer)
        except PhotonrigError as error:
            yield Proof("the customer's token lists it", False, str(error))
            return
        if not now.online or now.product is None:
            return
        scope, variable = product(now.product), self.probe.variable
        if device in self.thorough:
            # The former owner, the central user, is on the team and reaches every device of its products.
            yield from prove_control(device, owner=owner, team=self.team, product=scope, probe=self.probe)
            return
        yield _read("the customer reads a variable", lambda: owner.variable(device, variable))
        yield _read("the team reads it through the product", lambda: self.team.variable(device, variable, scope))

    def _list(self, customer: Account) -> frozenset[str]:
        """Ids of the devices a customer sees; cached."""
        if customer not in self._lists:
            seen = patiently(lambda: self.acting(customer).devices(USER))
            self._lists[customer] = frozenset(device.id for device in seen)
        return self._lists[customer]


def _read(name: str, ask: Callable[[], Any]) -> Proof:
    try:
        return Proof(name, True, str(ask()))
    except DeviceOffline as error:
        # It went offline meanwhile, which proves nothing about its owner.
        return Proof(name, True, f"offline by now: {error}")
    except PhotonrigError as error:
        return Proof(name, False, str(error))
