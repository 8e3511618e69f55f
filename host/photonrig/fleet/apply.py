"""Carries a fleet plan out: each device's flow, wave by wave, and delivers customer tokens."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Self

from msgspec.structs import replace

from photonrig.errors import PhotonrigError, UsageError
from photonrig.fleet.journal import Journal
from photonrig.fleet.move import Move
from photonrig.fleet.operator import Operator
from photonrig.fleet.plan import FleetPlan
from photonrig.fleet.tokens import TokenSink
from photonrig.fleet.transfer import Transfer
from photonrig.fleet.waves import MoveResult, Rules, Watcher, run_waves
from photonrig.ownership.identities import Account
from photonrig.particle.events import EventStream

_SHOWN = 10


class PlanOutdated(UsageError):
    """The cloud's state has changed since the plan was made; nothing was done."""

    def __init__(self, changed: list[str]) -> None:
        self.changed = tuple(changed)
        shown = changed[:_SHOWN] + ([f"and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else [])
        super().__init__("the plan no longer fits; make a new one:\n  " + "\n  ".join(shown))


def apply(
    plan: FleetPlan,
    operator: Operator,
    journal: Journal,
    rules: Rules,
    watcher: Watcher,
    *,
    sink: TokenSink | None = None,
    watch: bool = False,
) -> MoveResult:
    """Carry the plan out, or continue: from where each device stands (:mod:`photonrig.fleet.move`).

    A half-finished rollback is completed first. With ``watch``, waiting devices are retried whenever one of the
    products' devices comes online, until all have arrived or Ctrl-C.

    :raises PlanOutdated: the plan does not fit what was found; nothing was done
    :raises UsageError: the plan is for another cloud or account, or its image has changed
    :raises PhotonrigError: with ``watch``, an event stream ended for good
    """
    move = Move.of(plan, operator, journal)
    move.change.prepare()
    devices = move.devices.values()
    if changed := [
        f"{each.device} (row {each.row}) {move.moved(each)}"
        for each in devices
        if move.stands[each.device] == "elsewhere"
    ]:
        raise PlanOutdated(changed)
    there = [each for each in devices if move.stands[each.device] == "there"]
    left = [each for each in devices if move.stands[each.device] != "there"]
    # A rollback may have revoked the customer's token: deliver a new one.
    journal.hand_over_again({_whose(each.to) for each in left if each.arrived and each.to is not None})
    handed = set(journal.handed())

    def hand_over(arrived: Iterable[Transfer]) -> None:
        for customer in dict.fromkeys(each.to for each in arrived):
            if sink is None or customer is None or _whose(customer) in handed:
                continue
            token = operator.keys.acting_as(customer).token
            assert token is not None
            sink.give(customer, token)
            journal.handed_over(_whose(customer))
            handed.add(_whose(customer))

    hand_over(there)
    # Flows that an earlier run turned round end first; then they start again.
    turned = {
        each.device for each in left if each.half_way == "forward" and each.forward and each.forward.heading == "back"
    }

    def go(transfer: Transfer) -> Transfer:
        if transfer.half_way == "back":
            transfer = move.back(transfer)
            if transfer.outcome == "undone" and transfer.forward is not None:  # the rollback failed
                return transfer.at("forward", transfer.forward)
            if transfer.outcome != "done":
                return transfer
        transfer = move.forward(transfer)
        if transfer.outcome == "undone" and transfer.device in turned:
            turned.discard(transfer.device)
            transfer = move.forward(transfer)
        if transfer.outcome == "undone" and transfer.patient and transfer.forward is not None:
            # Nothing was done with a device that is still offline; it starts again when one comes online.
            return transfer.at("forward", replace(transfer.forward, step="", outcome="waiting"))
        return transfer

    with ExitStack() as stack:
        news = stack.enter_context(_Listening(operator, plan)).wait if watch and left else None
        result = run_waves(left, go, rules, watcher, after_wave=hand_over, news=news)
    result.already = tuple(each.device for each in there)
    return result


def _whose(customer: Account) -> str:
    """The journal's key of a customer, which includes the product: each product has its own token."""
    return f"{customer} of product {customer.product}"


class _Listening:
    """Inside a ``with`` block, :meth:`wait` returns when a device of the plan's products has come online."""

    def __init__(self, operator: Operator, plan: FleetPlan) -> None:
        self._news = threading.Event()
        self._failure: PhotonrigError | None = None
        self._stack = ExitStack()
        self._streams = [
            EventStream(operator.team, f"/v1/products/{each}/events/spark%2Fstatus") for each in sorted(plan.products)
        ]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for stream in self._streams:
                stack.enter_context(stream)
                thread = threading.Thread(target=self._hear, args=(stream,), name=f"watch {stream.path}", daemon=True)
                thread.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def wait(self) -> None:
        """Block until a device may have come online since the last call.

        :raises PhotonrigError: a stream ended for good
        """
        self._news.wait()
        self._news.clear()
        if self._failure is not None:
            raise self._failure

    def _hear(self, stream: EventStream) -> None:
        try:
            for event in stream.follow():
                # None: events may have been missed, and any device may have come online meanwhile.
                if event is None or (event.name == "spark/status" and event.data == "online"):
                    self._news.set()
        except PhotonrigError as error:
            self._failure = error
            self._news.set()
