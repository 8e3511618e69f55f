"""Proves the end state of a fleet, device by device, from what the cloud and the devices say now.

The report is a plain file: it says what was seen, and cannot show that nobody edited it. Whoever has to show that signs
it with a key of their own, as with ``ssh-keygen -Y sign``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import PhotonrigError
from photonrig.files import replace
from photonrig.fleet.apply import Operator
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.snapshot import Snapshot, patiently, snapshot
from photonrig.fleet.standing import Past, standing
from photonrig.ownership.identities import Account
from photonrig.ownership.proof import Probe, Proof, prove_control
from photonrig.particle.cloud import USER, Cloud, product
from photonrig.particle.cloud_errors import DeviceOffline

__all__ = ["Record", "verify", "write_report"]


@dataclass(frozen=True, slots=True)
class Record:
    """What was looked at for one device, in seconds since 1970, and whether all of it held.

    ``as_found``: it is as it was when the plan was made.
    """

    device: str
    at: float
    proofs: tuple[Proof, ...]
    as_found: bool = False

    @property
    def held(self) -> bool:
        """Whether everything was as it should be."""
        return all(proof.held for proof in self.proofs)

    def as_json(self) -> dict[str, Any]:
        """Fields for a report."""
        proofs = [{"name": proof.name, "held": proof.held, "text": proof.text} for proof in self.proofs]
        return {"device": self.device, "at": self.at, "held": self.held, "proofs": proofs}


def verify(
    plan: FleetPlan,
    operator: Operator,
    *,
    sample: int = 3,
    at_once: int = 8,
    probe: Probe = Probe(),  # noqa: B008
    acting: Callable[[Account], Cloud] | None = None,
    settled: Callable[[Record], None] = lambda record: None,
    clock: Clock = SYSTEM,
) -> tuple[Record, ...]:
    """Look at every device of the plan that something was to be done with.

    Owner and product are read through the product, the customer's list with the customer's own token (``acting``; by
    default a new one), and online devices are asked for a variable by customer and team. With ``sample`` devices the
    function, the event on the product's stream and the product's webhooks are tried too.

    :raises PhotonrigError: the cloud could not be surveyed
    """
    seen = snapshot(operator.team, operator.config.account, plan.products)
    lists = _Lists(acting or operator.keys.acting_as)
    items = plan.acting
    online = [item.device for item in items if (found := seen.devices.get(item.device)) is not None and found.online]
    thorough = set(online[:sample])

    def look(item: Item) -> Record:
        at, found = clock.wall(), seen.devices.get(item.device)
        proofs = tuple(_proofs(item, plan, operator, seen, lists, probe, item.device in thorough))
        record = Record(item.device, at, proofs, standing(plan, item, found, Past()) == "before")
        settled(record)
        return record

    with ThreadPoolExecutor(at_once, "verify") as pool:
        return tuple(pool.map(look, items))


class _Lists:
    """Every customer's own list of devices, asked for once."""

    def __init__(self, acting: Callable[[Account], Cloud]) -> None:
        self.acting = acting
        self._known: dict[Account, frozenset[str]] = {}

    def of(self, customer: Account) -> frozenset[str]:
        """Ids of the devices the customer sees."""
        if customer not in self._known:
            self._known[customer] = frozenset(
                device.id for device in patiently(lambda: self.acting(customer).devices(USER))
            )
        return self._known[customer]


def _proofs(
    item: Item, plan: FleetPlan, operator: Operator, seen: Snapshot, lists: _Lists, probe: Probe, thorough: bool
) -> Iterable[Proof]:
    found = seen.devices.get(item.device)
    ends_in = item.into or item.product
    if found is None:
        yield Proof("the device is seen", False, "neither a product nor the central user sees it")
        return
    yield Proof("it is in its product", found.product == ends_in, f"product {found.product}")
    if plan.image is not None:
        yield Proof("it runs the image", found.firmware == plan.image.version, f"version {found.firmware}")
        return
    owner = item.ends_with
    if owner is None or owner.kind == "user":
        yield Proof("its owner has kept it", found.owner == owner, str(found.owner or "nobody"))
        return
    yield Proof("it belongs to the customer", found.owner == owner, str(found.owner or "nobody"))
    if owner not in seen.customers:  # asking for a token would make one
        yield Proof("the customer's token lists it", False, f"product {owner.product} has no {owner}")
        return
    try:
        listed = item.device in lists.of(owner)
        yield Proof("the customer's token lists it", listed, f"{len(lists.of(owner))} listed")
        customer = lists.acting(owner)
    except PhotonrigError as error:
        yield Proof("the customer's token lists it", False, str(error))
        return
    if not found.online or ends_in is None:
        return
    if thorough:
        # The former owner, the central user, is on the team and reaches every device of its products.
        yield from prove_control(item.device, owner=customer, team=operator.team, product=product(ends_in), probe=probe)
        return
    yield _read("the customer reads a variable", lambda: customer.variable(item.device, probe.variable))
    yield _read(
        "the team reads it through the product",
        lambda: operator.team.variable(item.device, probe.variable, product(ends_in)),
    )


def _read(name: str, ask: Callable[[], Any]) -> Proof:
    try:
        return Proof(name, True, str(ask()))
    except DeviceOffline as error:
        # It went offline meanwhile, which says nothing about who owns it.
        return Proof(name, True, f"offline by now: {error}")
    except PhotonrigError as error:
        return Proof(name, False, str(error))


def write_report(
    path: Path, plan: FleetPlan, records: Sequence[Record], figures: dict[str, Any], clock: Clock = SYSTEM
) -> None:
    """Write what was seen (mode 0600: it names customers): a line about the run, then one line a device, all JSON.

    :raises UsageError: the path cannot be written
    :raises RigError: the disk did not take it; a former file is as it was
    """
    head = {"plan": plan.digest, "api": plan.api, "account": plan.account, "written": clock.wall(), **figures}
    lines = [head | {"devices": len(records)}, *(record.as_json() for record in records)]
    replace(path, "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), private=True)
