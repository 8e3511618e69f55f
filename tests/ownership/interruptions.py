"""Cuts a flow off at one of its requests, in every way there is, and goes on with it as an operator would."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal, get_args
from unittest.mock import patch

import httpx
import msgspec
from msgspec.structs import replace

from photonrig.ownership import flow_steps
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Offers, Whereabouts
from photonrig.particle.cloud import USER, product
from photonrig.particle.cloud_errors import ApiError

from .in_hand import Condition, InHand
from .small_cloud import CENTRAL, DEVICE, MATE, World

How = Literal[
    "request lost",
    "answer lost",
    "killed before",
    "killed after",
    "refused",
    "power cut before",
    "power cut after",
]
HOWS: tuple[How, ...] = get_args(How)
OWN = Account.user(CENTRAL)
_GOES_ON = 3  # times an operator goes on with a flow that waits


@dataclass(frozen=True)
class Case:
    """A flow from a former owner to where its plan says; ``device``: how the device is that is in hand.

    ``named`` is the name it has when its flow begins; one whose plan imports it is outside products then.
    """

    title: str
    plan: Plan
    former: Account | None = None
    offers: Offers = Offers()  # noqa: RUF009
    device: Condition | None = None
    named: str | None = None

    @property
    def hows(self) -> tuple[How, ...]:
        """A device that is not in hand has no power to cut."""
        return HOWS if self.device else HOWS[:5]


@dataclass(frozen=True)
class Interruption:
    """One flow cut off once: how it ended, whether all is as it should be then, and who can be acted as."""

    how: How
    point: int
    request: str
    outcome: str
    seen: str
    right: bool

    @property
    def lost(self) -> bool:
        """The device is neither where it was nor where it was to go, or nobody here can control or claim it."""
        return not self.right


def cases(there: World) -> dict[str, Case]:
    """Every flow, from and to every kind of owner it may have, by title."""
    jane, john, mate = there.customer("jane"), there.customer("john"), Account.user(MATE)
    shades, drapes = there.shades, there.drapes

    def move(former: Account | None, whose: str) -> Case:
        return Case(f"change-product, {whose}", Plan("change-product", DEVICE, shades, into=drapes), former)

    made = (
        Case("claim, by a customer", Plan("claim", DEVICE, shades, jane)),
        Case("claim, by a user", Plan("claim", DEVICE, shades, mate)),
        Case("release, a customer's", Plan("release", DEVICE, shades), jane),
        Case("to-customer, from the central account", Plan("to-customer", DEVICE, shades, jane), OWN),
        Case("to-customer, from a customer", Plan("to-customer", DEVICE, shades, john), jane),
        Case(
            "to-customer, released by its owner",
            Plan("to-customer", DEVICE, shades, john),
            jane,
            Offers(product_release=False),
        ),
        Case("to-customer, in one transaction", Plan("to-customer", DEVICE, shades, jane), OWN, Offers(atomic=True)),
        Case(
            "to-customer, imported and named first",
            Plan("to-customer", DEVICE, shades, jane, imports=True, name="window"),
            OWN,
            named="shelf",
        ),
        Case(
            "to-user, named as before",
            Plan("to-user", DEVICE, shades, OWN, name="shelf", known_as="window"),
            jane,
            named="window",
        ),
        Case("to-user, from a customer", Plan("to-user", DEVICE, shades, OWN), jane),
        move(jane, "a customer's"),
        Case(
            "change-product, imported and named first",
            Plan("change-product", DEVICE, shades, there.customer("jane", drapes), drapes, imports=True, name="window"),
            OWN,
            named="shelf",
        ),
        move(mate, "a user's"),
        move(None, "unowned"),
        Case("to-developer, from a customer", Plan("to-developer", DEVICE, shades, mate), jane),
        Case("by-request, approved by the owner", Plan("by-request", DEVICE, shades, mate), OWN),
        Case("set-up, by a customer", Plan("set-up", DEVICE, shades, jane), device="out of the box"),
        Case("set-up, by a user", Plan("set-up", DEVICE, shades, mate), device="out of the box"),
        Case("take-over, from a customer", Plan("take-over", DEVICE, shades, john), jane, device="fielded"),
        Case("take-over, by a user", Plan("take-over", DEVICE, shades, mate), jane, device="fielded"),
    )
    return {each.title: each for each in made}


@dataclass
class Interrupter:
    """Takes a case through its flow again and again; ``held`` is the device in hand, for the cases that need it."""

    there: World
    case: Case
    journal: Path
    held: InHand | None = None

    @property
    def bench(self) -> DeviceInHand | None:
        return self.held.bench if self.held and self.case.device else None

    def interruptions(self, how: How) -> Iterator[Interruption]:
        """Cut the flow off at each of its requests in turn; after each, it goes on until it has an outcome."""
        self._reset()
        before = self._where()
        with self.there.wired(offers=self.case.offers) as keys:
            whole = take(self.case.plan, keys, in_hand=self.bench)
            assert whole.outcome == "done", whole.reason
        end = self._where()
        for point in count():
            self._reset()
            cut = self._killed(how, point) if "killed" in how else self._answered(how, point)
            if cut is None:
                return
            request, progress = cut
            for _ in range(_GOES_ON):
                if progress.outcome == "waiting":
                    progress = self._go_on(progress)
            if self.held and self.case.device:
                self.held.settle()
            where = self._where()
            right = progress.outcome in ("done", "undone") and where == (end if progress.outcome == "done" else before)
            right = right and self._in_reach(where.owner, where.product)
            seen = f"{where.owner or 'nobody'} in {where.product}; {progress.reason}"
            yield Interruption(how, point, request, str(progress.outcome), seen, right)

    def killed_then_refused(self, after: str) -> Iterator[Progress]:
        """Killed after a request, the device without power from then on; the next process is refused its first change.

        Then, with the device's power back, one more goes on, and the device comes to rest.
        """
        assert self.held
        self._reset()
        cut = self._killed("killed after", after, power=False)
        assert cut and cut[0] == after
        self.held.photon.kill()
        # What has no power does not come online, however long it is waited for.
        with self.there.wired(offers=self.case.offers) as keys, patch.object(flow_steps, "_ONLINE", 0.5):
            self.there.wire.refuses_changes = True
            progress = take(self.case.plan, keys, in_hand=self.bench, progress=cut[1])
        yield progress
        self.held.photon.start()
        progress = self._go_on(progress)
        self.held.settle()
        yield progress

    def _reset(self) -> None:
        if self.held and self.case.device:
            self.held.photon.kill()
        self.there.reset(self.case.former)
        if self.case.named:
            self.there.team.rename(DEVICE, self.case.named, product(self.there.shades))
        if self.case.plan.imports:
            self.there.team.remove_device(self.there.shades, DEVICE)
        if self.held and self.case.device:
            self.held.put(self.case.device)

    def _where(self) -> Whereabouts:
        found = self.there.where()
        return replace(found, online=False, firmware=None, name=found.name if self.case.named else None)

    def _in_reach(self, owner: Account | None, where: int | None) -> bool:
        """Who owns it can be acted as, and has it; if nobody does, the central account can claim it."""
        keys = self.there.keys()
        if owner is None:
            plan = Plan("claim", DEVICE, where, OWN)
            return take(plan, keys).outcome == "done" and self.there.owner() == OWN
        try:
            return keys.holds(owner) and keys.acting_as(owner).device(DEVICE, USER).id == DEVICE
        except ApiError:
            return False

    def _go_on(self, progress: Progress | None) -> Progress:
        """A new process goes on with nothing but what was written down."""
        plan = msgspec.json.decode(msgspec.json.encode(self.case.plan), type=Plan)
        kept = None if progress is None else msgspec.json.decode(msgspec.json.encode(progress), type=Progress)
        return take(plan, self.there.keys_of_both(offers=self.case.offers), in_hand=self.bench, progress=kept)

    def _answered(self, how: How, point: int) -> tuple[str, Progress] | None:
        def cut(number: int, _: str) -> None:
            if number != point:
                return
            if "power" in how:
                assert self.held
                self.held.power_cut()
            else:
                raise httpx.ReadError("the connection broke")

        with self.there.wired(offers=self.case.offers) as keys:
            wire = self.there.wire
            if how == "refused":
                wire.refuses = point
            else:
                setattr(wire, "before" if how in ("request lost", "power cut before") else "after", cut)
            progress = take(self.case.plan, keys, in_hand=self.bench)
        return (wire.requests[point], progress) if len(wire.requests) > point else None

    def _killed(self, how: How, point: int | str, *, power: bool = True) -> tuple[str, Progress] | None:
        """A process of its own takes the flow and is killed; another goes on with what the first has written down.

        ``point`` is a request's number, or its name where the number may differ from run to run. Without ``power``
        the device loses its own at the same instant, and it is left at that.
        """
        self.journal.write_bytes(b"")
        child = os.fork()
        if child == 0:
            try:
                os._exit(int(not self._take_and_die(how, point, power=power)))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, f"the process failed before request {point}"
            return None
        assert os.WTERMSIG(status) == signal.SIGKILL
        *lines, request = (line for line in self.journal.read_text().split("\n")[:-1] if line)
        last = msgspec.json.decode(lines[-1], type=Progress) if lines else None
        if last is not None and not power:
            return request, last
        return request, self._go_on(last)

    def _take_and_die(self, how: How, point: int | str, *, power: bool) -> bool:
        """Whether it got through, because it makes fewer requests than that."""
        with self.journal.open("a") as file, self.there.wired(offers=self.case.offers) as keys:

            def write(line: str) -> None:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())

            def die(number: int, request: str) -> None:
                if point in (number, request):
                    if not power:
                        assert self.held
                        os.kill(self.held.photon.pid, signal.SIGKILL)
                    write(request)
                    os.kill(os.getpid(), signal.SIGKILL)

            setattr(self.there.wire, "before" if how == "killed before" else "after", die)
            progress = take(
                self.case.plan, keys, in_hand=self.bench, journal=lambda at: write(msgspec.json.encode(at).decode())
            )
            return progress.outcome == "done" and point not in range(len(self.there.wire.requests))
