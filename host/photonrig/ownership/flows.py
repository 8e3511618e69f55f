"""Flows: every way a device changes owner or product, as named steps.

    plan = Plan("to-customer", device, product=20001, to=Account.customer("jane@example.com", 20001))
    progress = take(plan, keys, journal=keep)

An interrupted flow resumes with ``take(plan, keys, progress=kept)``; see :mod:`photonrig.ownership.engine` for its
outcomes. What each flow does is its list of steps below.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from photonrig.clock import SYSTEM, Clock
from photonrig.errors import UsageError
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.engine import Flow, Journal, Progress, no_journal, run
from photonrig.ownership.flow_context import FlowContext, Plan
from photonrig.ownership.flow_steps import (
    APPROVE,
    CHECK,
    IMPORT,
    IMPORT_FIRST,
    KEY,
    LOOK,
    LOOK_UNOWNED,
    REMOVE,
    RENAME,
    REQUEST,
    SET_UP,
    change_owner,
)
from photonrig.ownership.identities import Account, Identities

PassageFlow = Flow[FlowContext]

_TO_NEW_OWNER = change_owner("", lambda at: at.plan.to)


def _interim_owner(at: FlowContext) -> Account | None:
    """Interim owner while the device is in no product, because anyone could claim an unowned one.

    A customer's claim ends with the removal; a user's outlives it.
    """
    former = at.account("former")
    return former if former is not None and former.kind == "user" else at.keys.central


def _after_move(at: FlowContext) -> Account | None:
    """The plan's new owner; by default the former account, a customer as the new product's customer."""
    former = at.account("former")
    if at.plan.to is not None or former is None:
        return at.plan.to
    return Account.customer(former.name, at.into) if former.kind == "customer" else former


_FLOWS = (
    PassageFlow("claim", "An unowned device is claimed", (LOOK_UNOWNED, KEY, *_TO_NEW_OWNER, CHECK)),
    PassageFlow("release", "A device is released", (LOOK, RENAME, *change_owner("", lambda at: None), CHECK)),
    PassageFlow("to-customer", "A device goes to a customer", (LOOK, KEY, IMPORT_FIRST, RENAME, *_TO_NEW_OWNER, CHECK)),
    PassageFlow("to-user", "A device comes back to a user", (LOOK, KEY, RENAME, *_TO_NEW_OWNER, CHECK)),
    PassageFlow(
        "change-product",
        "A device moves to another product",
        (
            LOOK,
            IMPORT_FIRST,
            RENAME,
            *change_owner(" to its keeper", _interim_owner),
            REMOVE,
            IMPORT,
            *change_owner(" after the move", _after_move),
            CHECK,
        ),
    ),
    PassageFlow(
        "to-developer", "A device becomes a developer's own", (LOOK, KEY, RENAME, *_TO_NEW_OWNER, REMOVE, CHECK)
    ),
    PassageFlow("by-request", "A user asks for a device and its owner approves", (LOOK, KEY, REQUEST, APPROVE, CHECK)),
    PassageFlow("set-up", "A device out of the box is set up by SoftAP", (LOOK_UNOWNED, KEY, SET_UP, CHECK)),
    PassageFlow("take-over", "Who has the device in hand takes it over by a claim code", (LOOK, KEY, SET_UP, CHECK)),
)

# Allowed new owners per flow, by kind; None: unowned.
_GIVES_TO: Final[Mapping[str, tuple[str | None, ...]]] = {
    "claim": ("user", "customer"),
    "release": (None,),
    "to-customer": ("customer",),
    "to-user": ("user",),
    "change-product": ("user", "customer", None),
    "to-developer": ("user",),
    "by-request": ("user",),
    "set-up": ("user", "customer"),
    "take-over": ("user", "customer"),
}

FLOWS: Final[Mapping[str, PassageFlow]] = MappingProxyType({flow.name: flow for flow in _FLOWS})


def take(
    plan: Plan,
    keys: Identities,
    *,
    in_hand: DeviceInHand | None = None,
    progress: Progress | None = None,
    journal: Journal = no_journal,
    clock: Clock = SYSTEM,
) -> Progress:
    """Run the plan's flow, from ``progress`` or from the beginning, to an outcome.

    Blocks; many devices run concurrently on many threads with one :class:`Identities`. ``journal`` is called before and
    after every step and must return only once its argument is durable.

    :raises UsageError: an inconsistent plan, or ``progress`` of another flow or device; nothing was done
    """
    flow = FLOWS.get(plan.flow)
    if flow is None:
        raise UsageError(f"there is no flow {plan.flow!r}; there are {', '.join(FLOWS)}", device=plan.device)
    _check(plan)
    context = FlowContext(plan, keys, in_hand, clock)
    return run(flow, context, plan.device, facts=context.facts, progress=progress, journal=journal, clock=clock)


def _check(plan: Plan) -> None:
    """Reject a plan that does not fit its flow."""
    kind = None if plan.to is None else plan.to.kind
    if kind not in _GIVES_TO[plan.flow]:
        kinds = " or ".join(each or "nobody" for each in _GIVES_TO[plan.flow])
        raise UsageError(f"{plan.flow} gives a device to {kinds}, not to {kind or 'nobody'}", device=plan.device)
    if (plan.into is None) == (plan.flow == "change-product"):
        raise UsageError(f"{plan.flow} with {plan.into} as product to move to makes no sense", device=plan.device)
    ends_in = plan.into or plan.product
    if plan.to is not None and plan.to.kind == "customer" and plan.to.product != ends_in:
        raise UsageError(f"{plan.to} is not a customer of product {ends_in}", device=plan.device)
