"""Carries a fleet plan out: import where needed, then each device's ownership flow; tokens handed over on the way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from photonrig.errors import PhotonrigError, UsageError
from photonrig.files import file_error
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.difference import moved
from photonrig.fleet.journal import Journal
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.snapshot import snapshot
from photonrig.fleet.standing import Past, Standing, pasts, standings
from photonrig.fleet.tokens import TokenSink
from photonrig.fleet.waves import Carried, Job, Rules, Watcher, carry
from photonrig.fleet.ways import Ways
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress
from photonrig.ownership.identities import Account, Identities
from photonrig.particle.cloud import Cloud
from photonrig.particle.events import EventStream
from photonrig.particle.throttle import Throttle

__all__ = ["Misfit", "Operator", "apply"]

_SHOWN = 10


class Misfit(UsageError):
    """The world has changed since the plan was made; nothing was done."""

    def __init__(self, changed: list[str]) -> None:
        self.changed = tuple(changed)
        shown = changed[:_SHOWN] + ([f"and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else [])
        super().__init__("the plan no longer fits; make a new one:\n  " + "\n  ".join(shown))


@dataclass(frozen=True)
class Operator:
    """Everybody and everything needed to move a fleet on one cloud."""

    config: FleetConfig
    throttle: Throttle
    team: Cloud
    keys: Identities

    @classmethod
    def of(cls, config: FleetConfig, *, production_account: str | None = None) -> Operator:
        """``production_account`` names the account when the cloud is Particle's own.

        :raises UsageError: it is Particle's cloud, and the account named is not the configured one
        """
        if production_account is not None and production_account.lower() != config.account:
            raise UsageError(f"--production names {production_account}, fleet.toml names {config.account}")
        throttle = Throttle(config.limits)
        team = Cloud(config.api, config.token, production_account=production_account)
        team.before_each(throttle.pass_by)
        return cls(
            config, throttle, team, Identities(team, config.account, clients=config.clients, offers=config.offers)
        )

    def close(self) -> None:
        """Close the connections."""
        self.throttle.stop_waiting()
        self.team.close()


def apply(
    plan: FleetPlan,
    operator: Operator,
    journal: Journal,
    rules: Rules,
    watcher: Watcher,
    *,
    sink: TokenSink | None = None,
    watch: bool = False,
) -> Carried:
    """Carry the plan out, or go on where it stopped: from where each device stands (:mod:`photonrig.fleet.standing`).

    A device that is half way back is given back first. With ``watch`` devices that wait are tried again whenever one of
    the products' devices comes online, until all have arrived or Ctrl-C.

    :raises Misfit: what is found is not what the plan was made for; nothing was done
    :raises UsageError: the plan is for another cloud or account, or its image has changed
    :raises PhotonrigError: with ``watch``, an event stream ended for good
    """
    config = operator.config
    plan.must_be_for(config)
    ways = Ways(plan, operator.keys, _image_data(plan))
    past = pasts(journal, plan.acting)
    seen = snapshot(operator.team, config.account, plan.products)
    stands = standings(plan, seen, past)
    if changed := [
        f"{item.device} (row {item.row}) {moved(item.found, seen.devices.get(item.device))}"
        for item in plan.acting
        if stands[item.device] == "elsewhere"
    ]:
        raise Misfit(changed)
    customers = {item.device: item.to for item in plan.acting if item.to is not None}
    # Whoever lost a device to a rollback may have lost the token too.
    again = {device for device, stood in stands.items() if past[device].arrived and stood != "there"}
    journal.hand_over_again({_whose(customer) for device, customer in customers.items() if device in again})
    handed = set(journal.handed())

    def hand_over(devices: Iterable[str]) -> None:
        for device in devices:
            customer = customers.get(device)
            if sink is None or customer is None:
                continue
            whose = _whose(customer)
            if whose in handed:
                continue
            token = operator.keys.acting_as(customer).token
            assert token is not None
            sink.give(customer, token)
            journal.handed_over(whose)
            handed.add(whose)

    already = tuple(device for device, stood in stands.items() if stood == "there")
    hand_over(already)
    jobs = [
        _job(item, ways, journal, past[item.device], stands[item.device])
        for item in plan.acting
        if stands[item.device] != "there"
    ]
    with ExitStack() as stack:
        news = stack.enter_context(_Listening(operator, plan)).wait if watch and jobs else None
        carried = carry(
            jobs,
            journal,
            "forward",
            rules,
            watcher,
            after_wave=lambda done: hand_over(each.device for each in done),
            news=news,
        )
    carried.already = already
    return carried


def _whose(customer: Account) -> str:
    """How the journal names a customer: one of two products gets a token in each."""
    return f"{customer} of product {customer.product}"


def _image_data(plan: FleetPlan) -> bytes:
    if plan.image is None:
        return b""
    try:
        data = Path(plan.image.path).read_bytes()
    except OSError as error:
        raise file_error(plan.image.path, "read", error) from error
    if hashlib.sha256(data).hexdigest() != plan.image.sha256:
        raise UsageError(f"{plan.image.path} is not the image of the plan any more; make a new plan")
    return data


def _job(item: Item, ways: Ways, journal: Journal, past: Past, stands: Standing) -> Job:
    waits = item.verdict == "offline"
    returning = past.back if stands == "half way back" else None
    # What was turned round in an earlier run is finished first; then there is another try.
    turned = stands == "half way" and past.forward is not None and past.forward.heading == "back"
    undone = False

    def go(progress: Progress | None, keep: Keep) -> Progress:
        nonlocal returning, turned, undone
        if returning is not None:
            assert past.forward is not None
            returning = ways.back(item, past.forward, returning, journal.keeper("back"))
            if returning.outcome == "undone" and past.arrived:  # it could not be given back, and is where it was
                return past.forward
            if returning.outcome in ("waiting", "stuck"):
                return returning
            returning = progress = None
        result = ways.there(item, None if undone else progress, keep)
        if turned and result.outcome == "undone":
            turned = False
            result = ways.there(item, None, keep)
        # Nothing was done with a device that is still offline; it is looked at anew when one comes online.
        undone = waits and result.outcome == "undone"
        return replace(result, outcome="waiting") if undone else result

    return Job(item.device, go, at=past.forward if stands == "half way" else None, patient=waits)


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

        :raises PhotonrigError: a stream ended for good, and nothing more will be heard
        """
        self._news.wait()
        self._news.clear()
        if self._failure is not None:
            raise self._failure

    def _hear(self, stream: EventStream) -> None:
        try:
            for event in stream.follow():
                # None: something may have been missed, and any device may have come online meanwhile.
                if event is None or (event.name == "spark/status" and event.data == "online"):
                    self._news.set()
        except PhotonrigError as error:
            self._failure = error
            self._news.set()
