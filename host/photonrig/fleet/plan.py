"""What will be done with each device of a fleet, as a file: one line a device, to be read, compared and approved.

verdict           then
already right     nothing
transfer          released and claimed by the customer, or handed over at once
import            imported first, then transferred
change product    moved to another product, with its owner or to a new one
firmware          made a development device and given one firmware image
offline           as soon as it is online: this cloud lets only devices be claimed that are
other customer    nothing, unless customers' devices may be taken (``allow_customer``)
foreign           nothing: it belongs to a user nobody here can act as
elsewhere         nothing: it is in another product than the source or the firmware image says
quarantined       nothing, unless quarantine is to be approved
unknown           nothing, unless it is to be imported all the same
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from photonrig import files
from photonrig.errors import UsageError
from photonrig.fleet.assignments import Assignment
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.snapshot import Found, Snapshot
from photonrig.invocation import command
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.identities import Account

__all__ = ["ACTS", "FleetPlan", "Image", "Item", "Permit", "Verdict", "judge", "make_plan"]

Verdict = Literal[
    "already right", "transfer", "import", "change product", "firmware", "offline",
    "other customer", "foreign", "elsewhere", "quarantined", "unknown",
]  # fmt: skip
# Verdicts of devices something is done with.
ACTS: Final[frozenset[Verdict]] = frozenset(("transfer", "import", "change product", "firmware", "offline"))

_FORMAT: Final = "photonrig fleet plan 2"
# Requests for one device: look, key, release, claim, check; an import; change of product by the safest way; firmware.
_CALLS: Final[Mapping[Verdict, int]] = {"transfer": 5, "offline": 5, "import": 6, "change product": 10, "firmware": 5}


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware image: its file, SHA-256 (hex digits), and the product id and version inside it."""

    path: str
    sha256: str
    product: int
    version: int


@dataclass(frozen=True, slots=True)
class Permit:
    """What a plan may do beyond moving the central user's devices."""

    allow_customer: bool = False
    approve_quarantined: bool = False
    import_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One device: where it was found, and what will be done; ``product`` is where it is when its flow begins."""

    device: str
    row: int
    verdict: Verdict
    found: Found | None
    product: int | None = None
    to: Account | None = None
    into: int | None = None
    name: str | None = None

    @property
    def acts(self) -> bool:
        """Whether something will be done."""
        return self.verdict in ACTS

    @property
    def imports(self) -> bool:
        """Whether it has to be imported first."""
        return self.acts and (self.found is None or self.found.product is None or self.found.quarantined)

    @property
    def was_outside(self) -> bool:
        """Whether an account had it outside products, and it stays in the one it is brought into."""
        return (
            self.found is not None and (self.found.product, self.into) == (None, None) and self.found.owner is not None
        )

    @property
    def ends_in(self) -> int | None:
        """The product it ends in."""
        return self.into or self.product

    @property
    def ends_with(self) -> Account | None:
        """Whose it is in the end; a customer who keeps a device becomes the same customer of its new product."""
        former = None if self.found is None else self.found.owner
        if self.to is not None or former is None or former.kind == "user" or self.ends_in is None:
            return self.to or former
        return Account.customer(former.name, self.ends_in)

    @property
    def flow(self) -> Plan:
        """The ownership flow that does it."""
        return Plan(
            "to-customer" if self.into is None else "change-product", self.device, self.product, self.to, self.into
        )

    def as_json(self) -> dict[str, Any]:
        """Fields for a plan."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return fields | {"found": None if self.found is None else self.found.as_json()}

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Item:
        """What :meth:`as_json` gave."""
        found = None if fields["found"] is None else Found.from_json(fields["found"])
        return cls(**fields | {"found": found, "to": Account.from_json(fields["to"])})


@dataclass(frozen=True)
class FleetPlan:
    """A whole plan. ``calls`` and ``tokens`` are requests it will take, ``seconds`` the least time within the limits.

    ``new_customers`` are those that the products do not have yet: carrying the plan out makes them.
    ``silent_hooks`` are the central user's webhooks that stop seeing the devices, ``product_hooks`` what the products
    have in their place.
    """

    api: str
    account: str
    items: tuple[Item, ...]
    calls: int
    tokens: int
    seconds: float
    new_customers: tuple[Account, ...] = ()
    silent_hooks: tuple[str, ...] = ()
    product_hooks: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    image: Image | None = None

    @property
    def acting(self) -> tuple[Item, ...]:
        """The devices something is done with."""
        return tuple(item for item in self.items if item.acts)

    @property
    def totals(self) -> dict[str, int]:
        """Devices by verdict."""
        return dict(Counter(item.verdict for item in self.items).most_common())

    @property
    def products(self) -> frozenset[int]:
        """Every product that has a part in it."""
        named = {each for item in self.items for each in (item.product, item.into) if each is not None}
        return frozenset(named | {item.found.product for item in self.items if item.found and item.found.product})

    def must_be_for(self, config: FleetConfig) -> None:
        """Check that it was made with the same cloud and account.

        :raises UsageError: it was not
        """
        if (self.api, self.account) != (config.api, config.account):
            raise UsageError(
                f"the plan is for {self.account} on {self.api}, fleet.toml for {config.account} on {config.api}"
            )

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """The plan as JSON, one line a device."""
        head = {
            "format": _FORMAT,
            "api": self.api,
            "account": self.account,
            "totals": self.totals,
            "calls": self.calls,
            "token_requests": self.tokens,
            "least_seconds": self.seconds,
            "new_customers": self.new_customers,
            "silent_hooks": list(self.silent_hooks),
            "product_hooks": {str(product): list(hooks) for product, hooks in self.product_hooks.items()},
            "image": None if self.image is None else {name: getattr(self.image, name) for name in Image.__slots__},
        }
        lines = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
        items = ",\n".join("    " + json.dumps(item.as_json(), ensure_ascii=False) for item in self.items)
        return f'{lines},\n  "devices": [\n{items}\n  ]\n}}\n'

    def write(self, path: Path) -> None:
        """Write the file (mode 0600: it names customers); a former file is replaced whole.

        :raises UsageError: the path cannot be written
        :raises RigError: the disk did not take it; a former file is as it was
        """
        files.replace(path, self.text(), private=True)

    @classmethod
    def read(cls, path: Path) -> FleetPlan:
        """Read a plan.

        :raises UsageError: no such file, or no plan
        """
        try:
            fields = json.loads(path.read_text())
            if fields["format"] != _FORMAT:
                raise UsageError(f"{path} is a plan of another version; make a new one")
            return cls(
                api=fields["api"],
                account=fields["account"],
                items=tuple(Item.from_json(item) for item in fields["devices"]),
                calls=fields["calls"],
                tokens=fields["token_requests"],
                seconds=fields["least_seconds"],
                new_customers=tuple(Account(*each) for each in fields["new_customers"]),
                silent_hooks=tuple(fields["silent_hooks"]),
                product_hooks={int(product): tuple(hooks) for product, hooks in fields["product_hooks"].items()},
                image=None if fields["image"] is None else Image(**fields["image"]),
            )
        except OSError as error:
            raise files.file_error(path, "read", error, missing=f"make it with {command('fleet plan')}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise UsageError(f"{path} is no fleet plan; make one with {command('fleet plan')}") from None


def make_plan(
    assignments: Sequence[Assignment],
    seen: Snapshot,
    config: FleetConfig,
    permit: Permit,
    *,
    image: Image | None = None,
) -> FleetPlan:
    """Say for each device what is and what will be done; asks nobody.

    With an ``image`` every device gets that firmware, and owners stay as they are.
    """
    central = Account.user(config.account)
    items = []
    for assignment in assignments:
        found = seen.devices.get(assignment.device)
        item = _drafted(assignment, found)
        items.append(replace(item, verdict=judge(item, found, central, config, permit, image)))
    acting = [item for item in items if item.acts]
    owners = [item.ends_with for item in acting] if image is None else []
    customers = dict.fromkeys(owner for owner in owners if owner is not None and owner.kind == "customer")
    calls = sum(_CALLS[item.verdict] for item in acting)
    tokens = len(customers.keys() & seen.customers)
    products = {item.into or item.product for item in acting}
    return FleetPlan(
        api=config.api,
        account=config.account,
        items=tuple(items),
        calls=calls,
        tokens=tokens,
        seconds=config.limits.least_seconds(calls, tokens),
        new_customers=tuple(customer for customer in customers if customer not in seen.customers),
        silent_hooks=seen.user_hooks if any(_leaves(item, central) for item in acting) else (),
        product_hooks={each: hooks for each, hooks in seen.product_hooks.items() if each in products},
        image=image,
    )


def _drafted(assignment: Assignment, found: Found | None) -> Item:
    """The item without its verdict, which depends on more."""
    product = assignment.product
    if product is None and found is not None:
        product = found.product
    ends_in = assignment.into or product
    to = None if assignment.customer is None or ends_in is None else Account.customer(assignment.customer, ends_in)
    into = None if assignment.into == product else assignment.into
    return Item(assignment.device, assignment.row, "unknown", found, product, to, into, assignment.name)


def judge(
    item: Item, found: Found | None, central: Account, config: FleetConfig, permit: Permit, image: Image | None
) -> Verdict:
    """What will be done with a device that is ``found`` so; the item's own verdict has no say."""
    if found is None:
        return "import" if permit.import_unknown and item.product is not None and image is None else "unknown"
    if found.quarantined:
        return "import" if permit.approve_quarantined else "quarantined"
    if found.product is not None and found.product != (item.product if image is None else image.product):
        return "elsewhere"
    if image is not None:
        return "already right" if found.firmware == image.version else "firmware"
    if item.product is None:
        return "unknown"
    owner = found.owner
    if item.into is None and (item.to is None or owner == item.to):
        return "already right"
    if owner is not None and owner.kind == "user" and owner != central:
        return "foreign"
    if (
        owner is not None
        and owner.kind == "customer"
        and owner.name != (item.to or owner).name
        and not permit.allow_customer
    ):
        return "other customer"
    if found.product is None:
        return "import"
    if not found.online and not config.offers.claims_offline:
        return "offline"
    return "transfer" if item.into is None else "change product"


def _leaves(item: Item, central: Account) -> bool:
    return item.to is not None and item.found is not None and item.found.owner == central
