"""Proof of control after a transfer: who can use the device, who no longer can, which webhooks fire.

The answer to the transfer itself counts for nothing: the new owner reads and calls, the former owner is refused, the
team calls through the product, the device's event is seen on the product's stream, and the product's webhooks fire. A
user's own webhooks, which see only the user's devices, are named when they fall silent (forum thread of 2016, row 41).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from photonrig.errors import PhotonrigError
from photonrig.particle.cloud import USER, Cloud, Scope, Webhook
from photonrig.particle.cloud_errors import ApiError
from photonrig.particle.events import Event, EventStream, of_device

_EVENT: Final = 15.0
_HOOK: Final = 30.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a proof uses of the firmware: a variable, a function and argument that publish an event, and that event."""

    variable: str = "position"
    function: str = "move"
    argument: str = "40"
    event: str = "shade/moved"


@dataclass(frozen=True, slots=True)
class Proof:
    """One expected observation, whether it was made, and its text."""

    name: str
    held: bool
    text: str


def prove_control(
    device: str,
    *,
    owner: Cloud,
    team: Cloud,
    product: Scope,
    former: Cloud | None = None,
    probe: Probe = Probe(),
) -> tuple[Proof, ...]:
    """Check everything, also after a failure; answers of cloud and device never raise."""
    hooks = _hooks_of(team, product, probe.event)
    with EventStream(team, f"/v1/products/{product.product}/events") as stream:
        proofs = [
            _shown(
                "the new owner reads a variable", lambda: f"{probe.variable} = {owner.variable(device, probe.variable)}"
            ),
            _shown("the new owner calls a function", lambda: _called(owner, device, probe, USER)),
            _shown("the team reads through the product", lambda: f"{team.variable(device, probe.variable, product)}"),
            _shown("the team calls through the product", lambda: _called(team, device, probe, product)),
            _shown(
                "the event is on the product's stream",
                lambda: _event_text(stream.expect(of_device(device, probe.event), timeout=_EVENT)),
            ),
        ]
        proofs += [
            _shown(
                f"the product's webhook to {hook.url} fires",
                lambda: _event_text(stream.expect(f"hook-sent/{probe.event}", timeout=_HOOK)),
            )
            for hook in hooks
        ]
    if former is not None:
        proofs.append(_refused("the former owner is refused", lambda: former.variable(device, probe.variable)))
    return tuple(proofs)


def silent_hooks(user: Cloud, event: str) -> tuple[str, ...]:
    """A user's own webhooks on an event that do not fire for other owners' devices: "EVENT → URL"."""
    return tuple(f"{hook.event} → {hook.url}" for hook in _hooks_of(user, USER, event))


def _hooks_of(cloud: Cloud, scope: Scope, event: str) -> list[Webhook]:
    try:
        return [each for each in cloud.webhooks(scope) if event.startswith(each.event) and each.url]
    except ApiError:
        return []


def _called(who: Cloud, device: str, probe: Probe, scope: Scope) -> str:
    returned = who.call(device, probe.function, probe.argument, scope)
    return f"{probe.function}({probe.argument}) returned {returned}"


def _event_text(event: Event) -> str:
    return f"{event.name} {event.data or ''} at {event.published_at}".replace("  ", " ")


def _shown(name: str, look: Callable[[], str]) -> Proof:
    try:
        return Proof(name, True, look())
    except PhotonrigError as error:
        return Proof(name, False, str(error))


def _refused(name: str, ask: Callable[[], object]) -> Proof:
    try:
        answer = ask()
    except ApiError as refusal:
        return Proof(name, refusal.status in (401, 403), str(refusal))
    except PhotonrigError as error:
        return Proof(name, False, str(error))
    return Proof(name, False, f"it was answered: {answer}")
