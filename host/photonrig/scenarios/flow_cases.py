"""Flow cases: every flow once, on real or virtual slots, each followed by a proof of control."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from photonrig.clock import Clock
from photonrig.ownership.device_in_hand import DeviceInHand
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import FLOWS, take
from photonrig.ownership.identities import Account, Identities
from photonrig.ownership.proof import Probe, Proof, prove_control, silent_hooks
from photonrig.particle.cloud import USER, product
from photonrig.scenarios.hook_receiver import HookReceiver
from photonrig.scenarios.story import Seen, StepResult, run_step
from photonrig.scenarios.virtual_target import Extended, VirtualTarget

_CHAPTER = "Flows, each with its proof of control"
_EVENT = "shade/moved"


@dataclass(frozen=True, slots=True)
class _Case:
    """A flow from a state of the matrix to an account, by the letter of its token.

    ``spare``: with the device in hand; ``back``: reversed by the same flow.
    """

    title: str
    flow: str
    state: str
    to: str | None = None
    spare: bool = False
    back: bool = False


_CASES = (
    _Case("set up out of the box, for a customer", "set-up", "unowned", "C", spare=True),
    _Case("taken over with another customer's code", "take-over", "customer-owned", "C2", spare=True),
    _Case("set up out of the box, for a user", "set-up", "unowned", "D", spare=True),
    _Case("claimed remotely by a customer", "claim", "unowned", "C"),
    _Case("claimed remotely by a user", "claim", "unowned", "D"),
    _Case("released", "release", "customer-owned"),
    _Case("from the central account to a customer", "to-customer", "user-owned", "C"),
    _Case("from customer to customer", "to-customer", "customer-owned", "C2"),
    _Case("from a customer back to the central account", "to-user", "customer-owned", "M"),
    _Case("asked for by a user, approved by the owner", "by-request", "user-owned", "D"),
    _Case("to another product while a customer owns it", "change-product", "customer-owned", back=True),
    _Case("to another product while it is unowned", "change-product", "unowned", back=True),
    _Case("to a developer's own devices", "to-developer", "customer-owned", "D"),
)


def run_flows(
    target: VirtualTarget,
    extended: Extended,
    hooks: HookReceiver,
    wifi: tuple[str, str],
    clock: Clock,
    started: Callable[[str], None] = lambda title: None,
) -> Iterator[StepResult]:
    """Run every flow and yield the results; ``wifi``: SSID and password of the network devices join."""
    team, ours = target.lab.team, target.lab.product.id
    scopes = {"user": USER, "product": product(ours)}
    made = {whose: team.create_webhook(_EVENT, hooks.url(whose), scope=scope) for whose, scope in scopes.items()}
    held = DeviceInHand(target.spare.slot, *wifi)
    for case in _CASES:
        started(case.title)
        yield run_step(partial(_case, target, case, held), case.title, _CHAPTER, FLOWS[case.flow].title, Seen(clock))
    for whose, scope in scopes.items():
        team.delete_webhook(made[whose].id, scope)
    started("in one transaction")
    title = "in one transaction, where the cloud offers it"
    yield run_step(partial(_atomic, extended), title, _CHAPTER, "never unowned", Seen(clock))


def _case(target: VirtualTarget, case: _Case, held: DeviceInHand, seen: Seen) -> None:
    ours, other = target.lab.product.id, target.other_product
    device = target.spare.device_id if case.spare else target.device("customer-owned")
    target.put(device, case.state)
    keys = target.keys()
    into = other if case.flow == "change-product" else None
    to = None if case.to is None else _account(target, case.to)
    steps: list[str] = []
    silent = silent_hooks(target.lab.team, _EVENT) if case.state == "user-owned" else ()
    done = take(Plan(case.flow, device, ours, to, into), keys, in_hand=held, journal=lambda at: steps.append(_line(at)))
    seen.note("rig", _path(steps))
    if done.outcome != "done":
        seen.that(False, f"{done.outcome}: {done.reason}")
    proofs = _proofs(target, keys, case, device, to, into)
    for each in proofs:
        seen.note("http", f"{'✓' if each.held else '✗'} {each.name}: {each.text}")
    if case.back:
        take(Plan(case.flow, device, other, None, ours), keys)
    target.put(device, case.state)
    text = f"{done.outcome}, {_window(case, done)}; {sum(each.held for each in proofs)} of {len(proofs)} proofs"
    if silent:
        text += f"; falls silent: {', '.join(silent)}"
    failed = [each for each in proofs if not each.held]
    if failed:
        text += f"; {failed[0].name}: {failed[0].text}"
    seen.that(not failed, text)


def _window(case: _Case, done: Progress) -> str:
    if done.unowned_since is not None:
        return "unowned now"
    if case.state == "unowned":
        return "it was unowned"
    return f"unowned for {done.unowned * 1000:.0f} ms" if done.unowned else "never unowned"


def _proofs(
    target: VirtualTarget, keys: Identities, case: _Case, device: str, to: Account | None, into: int | None
) -> tuple[Proof, ...]:
    # A former owner on the team keeps access: the team reads every device of its product.
    former = target.acting("C") if case.state == "customer-owned" else None
    owner = target.lab.team if to is None else keys.acting_as(to)
    if into is not None and case.state == "customer-owned":
        owner = keys.acting_as(Account.customer(target.emails["C"], into))
    if case.flow == "to-developer":
        # Outside the product the developer alone controls it.
        text = f"position {owner.variable(device, 'position')}"
        return (Proof("the new owner reads a variable", True, text), _gone(target, device))
    where = product(target.lab.product.id if into is None else into)
    argument = target.next_target(device)
    return prove_control(
        device, owner=owner, team=target.lab.team, product=where, former=former, probe=Probe(argument=argument)
    )


def _gone(target: VirtualTarget, device: str) -> Proof:
    listed = device in {each.id for each in target.lab.team.devices(target.scope)}
    return Proof("it has left the product", not listed, "listed" if listed else "not listed")


def _account(target: VirtualTarget, token: str) -> Account:
    name = target.emails[token]
    return Account.user(name) if token in ("M", "D") else Account.customer(name, target.lab.product.id)


def _line(at: Progress) -> str:
    return at.step if at.heading == "forward" else f"undo {at.step}"


def _path(steps: list[str]) -> str:
    return f"steps: {' → '.join(dict.fromkeys(steps))}"


def _atomic(extended: Extended, seen: Seen) -> None:
    to = Account.customer("atomic@example.com", extended.product)
    steps: list[str] = []
    done = take(
        Plan("to-customer", extended.device, extended.product, to),
        extended.keys,
        journal=lambda at: steps.append(_line(at)),
    )
    held = done.outcome == "done" and done.unowned == 0 and not any(step.startswith("release") for step in steps)
    seen.note("rig", _path(steps))
    seen.that(held, f"{done.outcome}, never unowned; an extension of the local cloud, not Particle's")
