"""Carries a fleet plan out: import where needed, then each device's ownership flow; tokens handed over on the way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from photonrig.bench.clock import SystemClock
from photonrig.errors import NetworkError, PhotonrigError, UsageError
from photonrig.fleet.carry import Carried, Job, Rules, Watcher, carry
from photonrig.fleet.config import FleetConfig
from photonrig.fleet.difference import misfits
from photonrig.fleet.experimental import EXPERIMENT, Trial
from photonrig.fleet.journal import Journal
from photonrig.fleet.metered import Meter
from photonrig.fleet.plan import FleetPlan, Item
from photonrig.fleet.survey import survey
from photonrig.fleet.tokens import TokenSink
from photonrig.ownership.engine import Journal as Keep
from photonrig.ownership.engine import Progress, run
from photonrig.ownership.flows import take
from photonrig.ownership.keyring import Keyring
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.cloud_errors import CloudFailed, RateLimited
from photonrig.particle.events import EventStream

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
    meter: Meter
    team: Cloud
    keys: Keyring

    @classmethod
    def of(cls, config: FleetConfig, *, production_account: str | None = None) -> Operator:
        """``production_account`` names the account when the cloud is Particle's own.

        :raises UsageError: it is Particle's cloud, and the account named is not the configured one
        """
        if production_account is not None and production_account.lower() != config.account:
            raise UsageError(f"--production names {production_account}, fleet.toml names {config.account}")
        meter = Meter(config.limits)
        team = Cloud(config.api, config.token, production_account=production_account)
        team.before_each(meter.pass_by)
        return cls(config, meter, team, Keyring(team, config.account, clients=config.clients, offers=config.offers))

    def close(self) -> None:
        """Close the connections."""
        self.meter.stop_waiting()
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
    """Carry the plan out, or go on where the journal says that it stopped.

    With ``watch`` devices that wait are tried again whenever one of the products' devices comes online, until all have
    arrived or Ctrl-C.

    :raises Misfit: what is found is not what the plan was made for; nothing was done
    :raises UsageError: the plan is for another cloud or account, or its image has changed
    """
    config = operator.config
    plan.must_be_for(config)
    data = _image_data(plan)
    begun = frozenset(journal.entries("forward"))
    seen = survey(operator.team, config.account, plan.products)
    changed = misfits(plan, seen, begun=begun)
    if changed:
        raise Misfit(changed)
    jobs = [_job(item, plan, operator, data) for item in plan.acting]
    customers = {item.device: item.to for item in plan.acting if item.to is not None}

    handed = set(journal.handed())

    def hand_over(done: Sequence[Progress]) -> None:
        for progress in done:
            customer = customers.get(progress.device)
            if sink is None or customer is None or str(customer) in handed:
                continue
            token = operator.keys.acting_as(customer).token
            assert token is not None
            sink.give(customer, token)
            journal.handed_over(str(customer))
            handed.add(str(customer))

    news = threading.Event() if watch else None
    with _Listening(operator, plan, news):
        return carry(jobs, journal, "forward", rules, watcher, after_wave=hand_over, news=news)


def _image_data(plan: FleetPlan) -> bytes:
    if plan.image is None:
        return b""
    try:
        data = Path(plan.image.path).read_bytes()
    except OSError as error:
        raise UsageError(f"{plan.image.path} cannot be read: {error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != plan.image.sha256:
        raise UsageError(f"{plan.image.path} is not the image of the plan any more; make a new plan")
    return data


def _job(item: Item, plan: FleetPlan, operator: Operator, data: bytes) -> Job:
    if plan.image is not None:
        trial = Trial(item.device, operator.team, plan.image, data, SystemClock())
        return Job(
            item.device,
            lambda progress, keep: run(
                EXPERIMENT, trial, item.device, facts=trial.facts, progress=progress, journal=keep
            ),
        )

    waits = item.verdict == "offline"

    def go(progress: Progress | None, keep: Keep) -> Progress:
        if waits and progress is not None and progress.turned:
            progress = None
        if progress is None or not progress.step:
            failed = _prepared(item, operator)
            if failed is not None:
                keep(failed)
                return failed
        result = take(item.flow, operator.keys, progress=progress, journal=keep)
        # Nothing was done with a device that is still offline; it is looked at anew when one comes online.
        return replace(result, outcome="waiting") if waits and result.outcome == "undone" else result

    return Job(item.device, go, patient=waits)


def _prepared(item: Item, operator: Operator) -> Progress | None:
    """Import and name; both may be done again. What failed, None if nothing did."""
    try:
        if item.imports:
            assert item.product is not None
            operator.keys.import_device(item.device, item.product)
        if item.name is not None and (item.found is None or item.found.name != item.name):
            assert item.product is not None
            operator.team.rename(item.device, item.name, product(item.product))
    except PhotonrigError as error:
        later = isinstance(error, (NetworkError, CloudFailed, RateLimited))
        return Progress(
            item.flow.flow,
            item.device,
            outcome="waiting" if later else "undone",
            reason=str(error),
            retry_after=getattr(error, "retry_after", None),
        )
    return None


class _Listening:
    """While open, ``news`` is set whenever a device of the plan's products comes online; does nothing without it."""

    def __init__(self, operator: Operator, plan: FleetPlan, news: threading.Event | None) -> None:
        self._news = news
        self._leaving = threading.Event()
        self._streams = (
            [EventStream(operator.team, f"/v1/products/{each}/events/spark%2Fstatus") for each in sorted(plan.products)]
            if news is not None
            else []
        )
        self._threads = [threading.Thread(target=self._hear, args=(each,), daemon=True) for each in self._streams]

    def __enter__(self) -> None:
        for stream, thread in zip(self._streams, self._threads, strict=True):
            stream.__enter__()
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        for stream, thread in zip(self._streams, self._threads, strict=True):
            stream.close()
            thread.join(5)

    def _hear(self, stream: EventStream) -> None:
        assert self._news is not None
        heard = 0
        while not self._leaving.wait(0.1):
            events = stream.events
            if any(event.name == "spark/status" and event.data == "online" for event in events[heard:]):
                self._news.set()
            heard = len(events)
