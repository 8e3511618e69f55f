"""Proves the end state of a fleet, device by device, by the current answers of cloud and devices.

The report is a plain, unsigned file. To make edits detectable, sign it with a key of your own (``ssh-keygen -Y sign``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from photonrig import files
from photonrig.clock import SYSTEM, Clock
from photonrig.fleet.move import standing
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.snapshot import snapshot
from photonrig.fleet.transfer import Transfer, Verified
from photonrig.fleet.witness import Witness
from photonrig.ownership.identities import Account
from photonrig.ownership.proof import Probe, Proof
from photonrig.particle.cloud import Cloud


def verify(
    plan: FleetPlan,
    operator: Operator,
    *,
    sample: int = 3,
    at_once: int = 8,
    probe: Probe = Probe(),  # noqa: B008
    acting: Callable[[Account], Cloud] | None = None,
    settled: Callable[[Transfer], None] = lambda verified: None,
    clock: Clock = SYSTEM,
) -> tuple[Transfer, ...]:
    """Check every acting device of the plan.

    Owner and product are read through the product, the customer's list with the customer's own token (``acting``; by
    default a new one), and online devices are asked for a variable by customer and team. With ``sample`` devices the
    function, the event on the product's stream and the product's webhooks are tried too.

    :raises UsageError: the plan is for another cloud or account
    :raises PhotonrigError: the snapshot of the cloud failed
    """
    change = plan.change(operator.config)
    seen = snapshot(operator.team, plan.account, plan.products)
    online = [each.device for each in plan.acting if (now := seen.devices.get(each.device)) and now.online]
    thorough = frozenset(online[:sample])
    witness = Witness(operator.team, acting or operator.keys.acting_as, seen.customers, probe, thorough)

    def look(transfer: Transfer) -> Transfer:
        at, now = clock.wall(), seen.devices.get(transfer.device)
        unseen = Proof("the device is seen", False, "neither a product nor the central user sees it")
        proofs = (unseen,) if now is None else tuple(change.proofs(transfer, now, witness))
        held, as_found = all(proof.held for proof in proofs), standing(transfer, now, change) == "before"
        verified = replace(transfer, verified=Verified(at, held, as_found, proofs))
        settled(verified)
        return verified

    with ThreadPoolExecutor(at_once, "verify") as pool:
        return tuple(pool.map(look, plan.acting))


def write_report(
    path: Path, plan: FleetPlan, verified: Sequence[Transfer], figures: dict[str, Any], clock: Clock = SYSTEM
) -> None:
    """Write the report (mode 0600: it names customers): JSON, a line about the run, then one line a device.

    :raises UsageError: the path cannot be written
    :raises RigError: the disk failed; a former file is unchanged
    """
    head = {"plan": plan.digest, "api": plan.api, "account": plan.account, "written": clock.wall(), **figures}
    lines = [head | {"devices": len(verified)}, *verified]
    files.replace(path, b"".join(msgspec.json.encode(line) + b"\n" for line in lines), private=True)
