"""Proves the end state of a fleet, device by device, from what the cloud and the devices say now.

Every record carries the SHA-256 of itself and of the record before it, so that a report in which anything was changed,
added or left out later no longer adds up; :func:`check_report` says where.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from photonrig.errors import PhotonrigError, UsageError
from photonrig.fleet.apply import Operator
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.survey import Survey, patiently, survey
from photonrig.ownership.keyring import Account
from photonrig.ownership.proof import Probe, Proof, prove_control
from photonrig.particle.cloud import USER, Cloud, product
from photonrig.particle.cloud_errors import DeviceOffline

__all__ = ["Record", "check_report", "verify", "write_report"]

_START: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Record:
    """What was looked at for one device, in seconds since 1970, and whether all of it held."""

    device: str
    at: float
    proofs: tuple[Proof, ...]

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
) -> tuple[Record, ...]:
    """Look at every device of the plan that something was to be done with.

    Owner and product are read through the product, the customer's list with the customer's own token (``acting``; by
    default a new one), and online devices are asked for a variable by customer and team. With ``sample`` devices the
    function, the event on the product's stream and the product's webhooks are tried too.

    :raises PhotonrigError: the cloud could not be surveyed
    """
    seen = survey(operator.team, operator.config.account, plan.products)
    lists = _Lists(acting or operator.keys.acting_as)
    items = plan.acting
    online = [item.device for item in items if (found := seen.devices.get(item.device)) is not None and found.online]
    thorough = set(online[:sample])

    def look(item: Item) -> Record:
        record = Record(
            item.device, time.time(), tuple(_proofs(item, plan, operator, seen, lists, probe, item.device in thorough))
        )
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
    item: Item, plan: FleetPlan, operator: Operator, seen: Survey, lists: _Lists, probe: Probe, thorough: bool
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
    if item.to is None:
        return
    yield Proof("it belongs to the customer", found.owner == item.to, str(found.owner or "nobody"))
    try:
        listed = item.device in lists.of(item.to)
        yield Proof("the customer's token lists it", listed, f"{len(lists.of(item.to))} listed")
        customer = lists.acting(item.to)
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


# --- the report -------------------------------------------------------------------------------------------------------


def write_report(path: Path, plan: FleetPlan, records: Sequence[Record], figures: dict[str, Any]) -> None:
    """Write what was seen (mode 0600: it names customers), one line a device, each bound to the one before.

    :raises UsageError: it cannot be written
    """
    chain = _START
    lines = []
    head = {"plan": plan.digest, "api": plan.api, "account": plan.account, "written": time.time(), **figures}
    for fields in (head, *(record.as_json() for record in records)):
        chain = _next(chain, fields)
        lines.append(json.dumps(fields | {"sha256": chain}, ensure_ascii=False))
    lines.append(json.dumps({"records": len(records), "sha256": _next(chain, {"records": len(records)})}))
    try:
        draft = path.with_name(f"{path.name}.new")
        draft.touch(mode=0o600)
        draft.write_text("\n".join(lines) + "\n")
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def check_report(path: Path) -> int:
    """Whether a report is as it was written; returns the number of its records.

    :raises UsageError: it is not; the message names the line
    """
    chain = _START
    try:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{path} is no report") from None
    for number, line in enumerate(lines, 1):
        fields = dict(line)
        said = fields.pop("sha256", None)
        chain = _next(chain, fields)
        if said != chain:
            raise UsageError(f"{path}, line {number}, is not what was written")
    if not lines or lines[-1].get("records") != len(lines) - 2:
        raise UsageError(f"{path} is cut off")
    return len(lines) - 2


def _next(chain: str, fields: dict[str, Any]) -> str:
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{chain}{text}".encode()).hexdigest()
