"""Cuts a flow off at one of its requests, in every way there is, and goes on with it as an operator would."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import httpx

from photonrig.ownership.engine import Progress
from photonrig.ownership.flows import take
from photonrig.ownership.keyring import Account
from photonrig.ownership.passage import Plan

from .estate import CENTRAL, DEVICE, MATE, Estate

How = Literal["request lost", "answer lost", "killed before", "killed after", "refused"]
HOWS: tuple[How, ...] = get_args(How)
OWN = Account.user(CENTRAL)


@dataclass(frozen=True)
class Interruption:
    """One flow cut off once: how it ended, and whether owner and product are as they should be then."""

    flow: str
    how: How
    point: int
    request: str
    outcome: str
    right: bool

    @property
    def lost(self) -> bool:
        """The device is neither where it was nor where it was to go."""
        return not self.right


def plans(there: Estate) -> dict[str, tuple[Account | None, Plan]]:
    """Former owner and plan, for every flow that needs no device in hand."""
    jane = there.customer("jane")
    return {
        "claim": (None, Plan("claim", DEVICE, there.shades, jane)),
        "release": (jane, Plan("release", DEVICE, there.shades)),
        "to-customer": (OWN, Plan("to-customer", DEVICE, there.shades, jane)),
        "to-user": (jane, Plan("to-user", DEVICE, there.shades, OWN)),
        "change-product": (jane, Plan("change-product", DEVICE, there.shades, into=there.drapes)),
        "to-developer": (jane, Plan("to-developer", DEVICE, there.shades, Account.user(MATE))),
    }


FLOWS = ("claim", "release", "to-customer", "to-user", "change-product", "to-developer")


def interruptions(there: Estate, flow: str, how: How, journal: Path) -> Iterator[Interruption]:
    """Cut the flow off at each of its requests in turn; after each, it goes on until it has an outcome."""
    former, plan = plans(there)[flow]
    there.reset(former)
    with there.wired() as keys:
        assert take(plan, keys).outcome == "done"
        requests = list(there.wire.requests)
    end = (there.owner(), there.product())
    for point, request in enumerate(requests):
        there.reset(former)
        progress = _killed(there, plan, how, point, journal) if "killed" in how else _answered(there, plan, how, point)
        expected = end if progress.outcome == "done" else (former, there.shades)
        right = progress.outcome in ("done", "undone") and (there.owner(), there.product()) == expected
        yield Interruption(flow, how, point, request, str(progress.outcome), right)


def _answered(there: Estate, plan: Plan, how: How, point: int) -> Progress:
    def lose(number: int, _: str) -> None:
        if number == point:
            raise httpx.ReadError("the connection broke")

    with there.wired() as keys:
        if how == "refused":
            there.wire.refuses = point
        else:
            setattr(there.wire, "before" if how == "request lost" else "after", lose)
        return take(plan, keys)


def _killed(there: Estate, plan: Plan, how: How, point: int, journal: Path) -> Progress:
    """A process of its own takes the flow and is killed; another one goes on with what the first has written down."""
    journal.write_bytes(b"")
    child = os.fork()
    if child == 0:
        try:
            _take_and_die(there, plan, how, point, journal)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"the process ended by itself at request {point}"
    assert os.WTERMSIG(status) == signal.SIGKILL
    lines = [line for line in journal.read_text().split("\n")[:-1] if line]
    last = Progress.from_json(json.loads(lines[-1])) if lines else None
    return take(Plan.from_json(json.loads(json.dumps(plan.as_json()))), there.keys(), progress=last)


def _take_and_die(there: Estate, plan: Plan, how: How, point: int, journal: Path) -> None:
    def die(number: int, _: str) -> None:
        if number == point:
            os.kill(os.getpid(), signal.SIGKILL)

    with journal.open("a") as file, there.wired() as keys:

        def keep(progress: Progress) -> None:
            file.write(json.dumps(progress.as_json()) + "\n")
            file.flush()
            os.fsync(file.fileno())

        setattr(there.wire, "before" if how == "killed before" else "after", die)
        take(plan, keys, journal=keep)
