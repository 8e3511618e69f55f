"""Fleet plan: the action for each device, as a file with one line per device, for review and approval.

verdict           action
already right     nothing
transfer          released and claimed by the customer, or changed in one transaction
import            imported first, then transferred
change product    moved to another product, with its owner or to a new one
firmware          marked as development device and flashed with one firmware image
offline           transferred once it is online: this cloud lets only online devices be claimed
other customer    nothing, unless customers' devices may be taken (``allow_customer``)
foreign           nothing: it belongs to a user the operator cannot act as
elsewhere         nothing: it is in another product than the source or the firmware image says
quarantined       nothing, unless quarantine is to be approved
unknown           nothing, unless unknown devices may be imported
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Raw, Struct

from photonrig import files
from photonrig.errors import UsageError
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.owner_change import OwnerChange, Permit
from photonrig.fleet.rollout import Image, Rollout
from photonrig.fleet.snapshot import Snapshot
from photonrig.fleet.transfer import Transfer, Verdict, where_wrong
from photonrig.invocation import command
from photonrig.ownership.identities import Account

# The change of a plan: owners and products, or one firmware image.
Change = OwnerChange | Rollout

_FORMAT: Final = "photonrig fleet plan 3"
# Requests per device: look, key, release, claim, check; an import; change of product by the safest way; firmware.
_CALLS: Final[Mapping[Verdict, int]] = {"transfer": 5, "offline": 5, "import": 6, "change product": 10, "firmware": 5}


class FleetPlan(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fleet plan. ``calls`` and ``tokens``: requests it takes; ``seconds``: minimum time within the rate limits.

    ``totals``: devices by verdict. ``new_customers``: customers that do not exist yet and will be created.
    ``silent_hooks``: the central user's webhooks that lose the devices; ``product_hooks``: the products' webhooks for
    the same events. With an ``image`` the plan is a firmware rollout.
    """

    format: Literal["photonrig fleet plan 3"] = _FORMAT
    api: str
    account: str
    totals: dict[str, int]
    calls: int
    tokens: int
    seconds: float
    new_customers: tuple[Account, ...] = ()
    silent_hooks: tuple[str, ...] = ()
    product_hooks: dict[int, tuple[str, ...]] = {}
    image: Image | None = None
    devices: tuple[Transfer, ...]

    @property
    def acting(self) -> tuple[Transfer, ...]:
        """The devices with an action."""
        return tuple(each for each in self.devices if each.acts)

    @property
    def unowned_between(self) -> int:
        """Devices that are released before they are claimed, on a cloud without the change in one transaction."""
        owned = (each for each in self.acting if each.found is not None and each.found.owner is not None)
        return sum(each.verdict != "firmware" and each.found.owner != each.ends_with for each in owned if each.found)

    @property
    def products(self) -> frozenset[int]:
        """Every product concerned."""
        found = (each.found.product for each in self.devices if each.found is not None)
        named = (product for each in self.devices for product in (each.product, each.into))
        return frozenset(product for product in (*named, *found) if product)

    def change(self, config: FleetConfig, permit: Permit = Permit()) -> Change:  # noqa: B008
        """Its change, for this configuration.

        :raises UsageError: it was made for another cloud or account
        """
        if (self.api, self.account) != (config.api, config.account):
            raise UsageError(
                f"the plan is for {self.account} on {self.api}, fleet.toml for {config.account} on {config.api}"
            )
        return _change(config, permit, self.image)

    @property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return hashlib.sha256(self.text().encode()).hexdigest()

    def text(self) -> str:
        """The plan as JSON: one line a key, then one line a device."""
        head = {name: _json(getattr(self, name)) for name in self.__struct_fields__}
        head["devices"] = "[\n" + ",\n".join(f"    {_json(each)}" for each in self.devices) + "\n  ]"
        return "{\n" + ",\n".join(f'  "{name}": {value}' for name, value in head.items()) + "\n}\n"

    def write(self, path: Path) -> None:
        """Write the file (mode 0600: it names customers), replacing a former one.

        :raises UsageError: the path cannot be written
        :raises RigError: the disk failed; a former file is unchanged
        """
        files.replace(path, self.text(), private=True)

    @classmethod
    def read(cls, path: Path) -> FleetPlan:
        """Read a plan.

        :raises UsageError: no such file, or not a plan; names line and key
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise files.file_error(path, "read", error, missing=f"make it with {command('fleet plan')}") from error
        try:
            made_as = msgspec.json.decode(data, type=_Kind).format
            if made_as.startswith("photonrig fleet plan") and made_as != _FORMAT:
                raise UsageError(
                    f"{path} is of another version ({made_as}); finish or roll back what was begun with the version "
                    "that made it, then make a new plan"
                )
            return msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            key, complaint = where_wrong(error)
            at = f"{path}, line {_line(data, key, complaint)}{key and ', '}{key}"
            raise UsageError(f"{at}: {complaint}; make a plan with {command('fleet plan')}") from None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


class _Kind(Struct):
    format: str


class _Devices(Struct):
    devices: list[Raw]


def _line(data: bytes, key: str, complaint: str) -> int:
    """The line of a key, or of a JSON syntax error; the first line for errors of the whole."""
    at = 0
    if "truncated" in complaint:
        at = len(data)
    elif byte := re.search(r"\(byte (\d+)\)", complaint):
        at = int(byte[1])
    elif device := re.match(r"devices\[(\d+)\]", key):
        at = data.index(b'"devices"')
        for raw in msgspec.json.decode(data, type=_Devices).devices[: int(device[1]) + 1]:
            at = data.index(bytes(raw), at) + len(bytes(raw))
    elif name := re.match(r"\w+", key) or re.search(r"\w+$", complaint):
        at = max(data.find(f'"{name[0]}"'.encode()), 0)
    return data.count(b"\n", 0, at) + 1


def _change(config: FleetConfig, permit: Permit, image: Image | None) -> Change:
    return OwnerChange(Account.user(config.account), config.offers, permit) if image is None else Rollout(image)


def make_plan(
    assignments: Sequence[Transfer],
    seen: Snapshot,
    config: FleetConfig,
    permit: Permit,
    *,
    image: Image | None = None,
) -> FleetPlan:
    """Plan the action for each device; makes no requests.

    With an ``image`` every device gets that firmware, and owners stay as they are.
    """
    central, change = Account.user(config.account), _change(config, permit, image)
    devices = tuple(change.planned(each, seen.devices.get(each.device)) for each in assignments)
    acting = [each for each in devices if each.acts]
    customers = dict.fromkeys(_customers(acting))
    calls = sum(_CALLS[each.verdict] for each in acting)
    tokens = len(customers.keys() & seen.customers)
    products = {each.ends_in for each in acting}
    leave = any(each.to is not None and each.found is not None and each.found.owner == central for each in acting)
    return FleetPlan(
        api=config.api,
        account=config.account,
        totals=dict(Counter(each.verdict for each in devices).most_common()),
        calls=calls,
        tokens=tokens,
        seconds=config.limits.least_seconds(calls, tokens),
        new_customers=tuple(customer for customer in customers if customer not in seen.customers),
        silent_hooks=seen.user_hooks if leave else (),
        product_hooks={each: hooks for each, hooks in seen.product_hooks.items() if each in products},
        image=image,
        devices=devices,
    )


def _customers(acting: Sequence[Transfer]) -> Iterator[Account]:
    """Customers that need tokens."""
    for each in acting:
        owner = each.ends_with
        if owner is not None and owner.kind == "customer" and each.verdict != "firmware":
            yield owner
