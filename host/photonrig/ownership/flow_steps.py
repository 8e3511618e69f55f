"""Steps of flows, each with its precondition, proof and compensation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

from photonrig.clock import NotSeen
from photonrig.errors import ExpectationFailed, PhotonrigError, UsageError
from photonrig.ownership.device_in_hand import DeviceInHand, SetUpSlot
from photonrig.ownership.engine import NotYet, Step, never
from photonrig.ownership.flow_context import FlowContext
from photonrig.ownership.identities import Account, Whereabouts
from photonrig.particle.claim_code import generate_claim_code
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.cloud_errors import NotFound
from photonrig.particle.events import EventStream, of_device
from photonrig.particle.softap import LISTEN_HOLD, NotReached, SoftAp

FlowStep = Step[FlowContext]

_ONLINE: Final = 60.0  # seconds for a device that was set up to come online
_LISTENING: Final = 20.0
_CODE_LIVES: Final = 3600.0  # lifetime of an unused claim code, seconds


# --- looking ----------------------------------------------------------------------------------------------------------


def _look(at: FlowContext) -> None:
    try:
        found = at.look()
    except NotFound:
        if not at.plan.imports:
            raise
        found = Whereabouts(None, None, online=False)
    product = None if found.quarantined else found.product
    if found.quarantined and not at.plan.imports:
        raise UsageError(f"the device waits in quarantine; import it into product {found.product}", device=at.device)
    if product != at.plan.product and not (product is None and at.plan.imports):
        raise UsageError(f"the device is not in product {at.plan.product}; import it first", device=at.device)
    _learn(at, found, product)
    at.facts["name"] = found.name
    if found.product is None and at.plan.imports:
        at.facts["outside"] = found.owner


def _learn(at: FlowContext, found: Whereabouts, product: int | None) -> None:
    at.facts |= {"former": found.owner, "holder": found.owner, "online": found.online, "product": product}


def _look_unowned(at: FlowContext) -> None:
    _look(at)
    if at.account("former") not in (None, at.to):
        raise ExpectationFailed(f"it belongs to {at.account('former')}; transfer it instead", device=at.device)


LOOK: Final = FlowStep("look", _look, never)
LOOK_UNOWNED: Final = FlowStep("look", _look_unowned, never)


def _open_account(at: FlowContext) -> None:
    at.keys.acting_as(at.to)


# First of all: a device is released only when the token to claim it with is at hand.
KEY: Final = FlowStep("key", _open_account, never, skip=lambda at: at.plan.to is None)


def _check(at: FlowContext) -> None:
    found, owner = at.look(), at.account("holder")
    if found.owner != owner:
        raise ExpectationFailed(f"the cloud names {found.owner or 'nobody'} as owner, not {owner}", device=at.device)
    if found.product != at.facts["product"]:
        raise ExpectationFailed(
            f"the device is in product {found.product}, not in {at.facts['product']}", device=at.device
        )


CHECK: Final = FlowStep("check", _check, never)


# --- the product and the name a device begins with --------------------------------------------------------------------


def _import_first(at: FlowContext) -> None:
    assert at.plan.product is not None
    at.keys.import_device(at.device, at.plan.product)
    if not _imported_first(at):
        raise ExpectationFailed(f"product {at.plan.product} took it, and does not show it", device=at.device)


def _imported_first(at: FlowContext) -> bool:
    """Whether it is in the plan's product; records facts that only the product shows."""
    try:
        found = at.look()
    except NotFound:
        return False
    there = found.product == at.plan.product and not found.quarantined
    if there:
        _learn(at, found, found.product)
    return there


def _take_out_again(at: FlowContext) -> None:
    """Undo of the import for a device that had an owner outside; one without stays where the team can claim it."""
    had = at.account("outside")
    if had is None:
        return
    found = at.look()
    if found.product is not None:
        if found.owner != had:
            raise ExpectationFailed(
                f"it belongs to {found.owner or 'nobody'}, not to {had}; see to it by hand, then go on",
                device=at.device,
            )
        at.keys.team.remove_device(found.product, at.device)
    at.facts["product"] = None


IMPORT_FIRST: Final = FlowStep(
    "import first",
    _import_first,
    _imported_first,
    skip=lambda at: at.facts["product"] == at.plan.product,
    undo=_take_out_again,
)


def _renames(at: FlowContext) -> bool:
    plan, name = at.plan, at.facts.get("name")
    return plan.name not in (None, name) and plan.known_as in (None, name)


def _rename(at: FlowContext) -> None:
    assert at.plan.name is not None
    at.keys.team.rename(at.device, at.plan.name, product(at.product))


def _named(at: FlowContext) -> bool:
    return at.look().name == at.plan.name


def _name_back(at: FlowContext) -> None:
    if _renames(at) and at.facts["name"] and _named(at):
        at.keys.team.rename(at.device, at.facts["name"], product(at.product))


RENAME: Final = FlowStep("rename", _rename, _named, skip=lambda at: not _renames(at), undo=_name_back)


# --- the owner --------------------------------------------------------------------------------------------------------


def change_owner(name: str, who: Callable[[FlowContext], Account | None]) -> tuple[FlowStep, ...]:
    """Steps that make ``who`` the owner, or the device unowned.

    One transaction where the target offers it, else release and claim.

    The compensation gives the device back to the former owner. If no identity can act as that account, the central user
    takes the device, so that its owner can be reached.
    """
    before = f"before {name}"

    def there(at: FlowContext) -> bool:
        at.facts.setdefault(before, at.account("holder"))
        return at.account("holder") == who(at)

    def holds(at: FlowContext) -> None:
        at.facts["holder"] = who(at)

    def hand_over(at: FlowContext) -> None:
        to = who(at)
        assert to is not None
        at.keys.hand_over(at.device, at.product, to)
        holds(at)

    def release(at: FlowContext) -> None:
        owner = at.account("holder")
        assert owner is not None
        at.keys.release(at.device, at.product, owner)
        at.facts["holder"] = None

    def can_be_claimed(at: FlowContext) -> str | None:
        owner, to = at.account("holder"), who(at)
        if not at.keys.offers.product_release and owner is not None and not at.keys.holds(owner):
            return f"only {owner} can release it on this cloud, and no token of that account is at hand"
        if to is not None and not at.keys.offers.claims_offline and not at.facts["online"]:
            return "the device is offline, and this cloud lets only devices be claimed that are online"
        return None

    def claim(at: FlowContext) -> None:
        to = who(at)
        assert to is not None
        at.keys.claim(at.device, to)
        holds(at)

    def owner_now(at: FlowContext) -> Account | None:
        """The cloud's current owner; a third party who got it meanwhile ends the flow."""
        owner = at.look().owner
        if owner not in (None, at.account("holder"), who(at)):
            raise ExpectationFailed(f"it belongs to {owner} now, who got it elsewhere", device=at.device)
        return owner

    def owned(at: FlowContext) -> bool:
        seen = owner_now(at) == who(at)
        if seen:
            holds(at)
        return seen

    def released(at: FlowContext) -> bool:
        seen = owner_now(at) is None
        if seen:
            at.facts["holder"] = None
        return seen

    def give_back(at: FlowContext) -> None:
        if before in at.facts:
            _restore(at, at.account(before), who(at))

    return (
        FlowStep(
            f"hand over{name}",
            hand_over,
            owned,
            skip=lambda at: there(at) or who(at) is None or not at.keys.offers.atomic,
            undo=give_back,
        ),
        FlowStep(
            f"release{name}",
            release,
            released,
            skip=lambda at: there(at) or at.account("holder") is None,
            needs=can_be_claimed,
            undo=give_back,
            window="opens",
        ),
        FlowStep(
            f"claim{name}",
            claim,
            owned,
            skip=lambda at: there(at) or who(at) is None,
            undo=give_back,
            window="closes",
        ),
    )


def _restore(at: FlowContext, former: Account | None, made: Account | None) -> None:
    found = at.look()
    if found.owner != former:
        if found.owner not in (None, made, at.keys.central):
            raise ExpectationFailed(
                f"it belongs to {found.owner} now, who got it elsewhere; see to it by hand, then go on",
                device=at.device,
            )
        if found.product is None:
            raise ExpectationFailed("it is in no product any more; import it again, then go on", device=at.device)
        _give(at, found.owner, found.product, former)
    at.facts["holder"] = former


def _give(at: FlowContext, owner: Account | None, product: int, to: Account | None) -> None:
    keys = at.keys
    if to is not None and keys.offers.atomic:
        keys.hand_over(at.device, product, to)
        return
    if owner is not None:
        keys.release(at.device, product, owner)
    if to is None:
        return
    if keys.holds(to):
        keys.claim(at.device, to)
        return
    keys.claim(at.device, keys.central)
    raise ExpectationFailed(
        f"nothing here can act as {to}, so {keys.central} holds it; add a token of {to}, then go on", device=at.device
    )


def _request(at: FlowContext) -> None:
    at.facts["transfer"] = at.keys.request_transfer(at.device, at.to)


def _approve(at: FlowContext) -> None:
    if at.keys.approve is not None:
        at.keys.approve(str(at.facts["transfer"]))
    if not _is_theirs(at):
        raise NotYet(f"{at.account('former')} has not approved the request yet", device=at.device)


def _is_theirs(at: FlowContext) -> bool:
    theirs = at.look().owner == at.to
    if theirs:
        at.facts["holder"] = at.to
    return theirs


def _give_back_to_former(at: FlowContext) -> None:
    _restore(at, at.account("former"), at.to)


# Repeating a request returns the same one.
REQUEST: Final = FlowStep("request", _request, never, skip=lambda at: at.account("former") == at.to)
APPROVE: Final = FlowStep(
    "approve",
    _approve,
    _is_theirs,
    skip=lambda at: at.account("holder") == at.to,
    undo=_give_back_to_former,
)


# --- the product ------------------------------------------------------------------------------------------------------


def _remove(at: FlowContext) -> None:
    at.keys.team.remove_device(at.product, at.device)
    at.facts["product"] = None


def _removed(at: FlowContext) -> bool:
    gone = at.look_for_product() != at.plan.product
    if gone:
        at.facts["product"] = None
    return gone


def _put_back(at: FlowContext) -> None:
    assert at.plan.product is not None
    if at.look_for_product() != at.plan.product:
        at.keys.import_device(at.device, at.plan.product)
    at.facts["product"] = at.plan.product


def _import(at: FlowContext) -> None:
    at.keys.import_device(at.device, at.into)
    at.facts["product"] = at.into


def _imported(at: FlowContext) -> bool:
    there = at.look_for_product() == at.into
    if there:
        at.facts["product"] = at.into
    return there


def _take_out(at: FlowContext) -> None:
    if at.look_for_product() == at.into:
        at.keys.team.remove_device(at.into, at.device)
    at.facts["product"] = None


REMOVE: Final = FlowStep("remove", _remove, _removed, undo=_put_back)
IMPORT: Final = FlowStep("import", _import, _imported, undo=_take_out)


# --- the device in hand -----------------------------------------------------------------------------------------------


def _set_up(at: FlowContext) -> None:
    """Give code and network over SoftAP and wait for the claim; codes are not stored, so each attempt has its own."""
    try:
        held = at.in_hand
        if held is None:
            raise UsageError("the device must be in a slot to be set up", device=at.device)
        acting = at.keys.acting_as(at.to)
        code = acting.create_claim_code(at.plan.product if at.to.kind == "customer" else None)
        with _events(at, acting) as events:
            _configure(at, held, code.code)
            try:
                if at.plan.product is not None:
                    events.expect(of_device(at.device, "spark/status", "online"), timeout=_ONLINE)
                at.clock.wait_until(lambda: at.look().owner == at.to, _ONLINE, f"{at.device} claimed by its code")
            except ExpectationFailed as error:
                raise NotYet(f"set up, and not seen with its new owner: {error}", device=at.device) from None
    except PhotonrigError:
        at.facts["code"] = at.facts["earlier code"]  # this attempt's own, if it got that far
        raise
    at.facts["holder"] = at.to


def _foresee_code(at: FlowContext) -> None:
    """Records the code before issuing it, so that a crash cannot lose it."""
    at.facts["earlier code"] = at.facts.get("code")
    at.facts["code"] = at.clock.wall()


def _events(at: FlowContext, acting: Cloud) -> EventStream:
    if at.plan.product is None:
        return EventStream(acting, "/v1/devices/events")
    return EventStream(at.keys.team, f"/v1/products/{at.plan.product}/events")


def _configure(at: FlowContext, held: DeviceInHand, code: str) -> None:
    with ExitStack() as stack:
        softap = _join(stack, held.slot) or _listen(stack, at, held.slot)
        identity = softap.device_id()
        if identity.device_id != at.device:
            raise UsageError(f"slot {held.slot.name} holds {identity.device_id}", device=at.device)
        at.facts["code"] = at.facts["earlier code"] = at.clock.wall()
        softap.set_claim_code(code)
        softap.join(held.wifi_ssid, held.wifi_password)


def _take_code_back(at: FlowContext) -> None:
    """Give the device back to the former owner, once it can no longer present a code it was given.

    In listening mode its code is overwritten with one no cloud knows; otherwise its claim by the code is awaited,
    unless the code has expired.
    """
    given = at.facts.get("code")
    if given is not None and not _is_theirs(at) and not _exchange_code(at) and at.clock.wall() - given < _CODE_LIVES:
        _wait_for_code(at)
    at.facts["code"] = None
    _give_back_to_former(at)


def _exchange_code(at: FlowContext) -> bool:
    """Overwrite the device's code; False if the device was not reachable."""
    if at.in_hand is None:
        return False
    with ExitStack() as stack:
        softap = _join(stack, at.in_hand.slot)
        there = softap is not None and softap.device_id().device_id == at.device
        if softap is not None and there:
            softap.set_claim_code(generate_claim_code())
    return there


def _wait_for_code(at: FlowContext) -> None:
    if at.in_hand is None:
        raise UsageError("the device must be in a slot to take its claim code back", device=at.device)
    try:
        at.clock.wait_until(lambda: _is_theirs(at), _ONLINE, f"{at.device} claimed by its code")
    except NotSeen:
        raise NotYet(f"it may still come with the code of {at.to} that it was given", device=at.device) from None


def _join(stack: ExitStack, slot: SetUpSlot) -> SoftAp | None:
    try:
        softap = stack.enter_context(slot.softap())
        softap.device_id()
    except NotReached:
        return None
    return softap


def _listen(stack: ExitStack, at: FlowContext, slot: SetUpSlot) -> SoftAp:
    slot.hold_setup(LISTEN_HOLD)
    try:
        softap = at.clock.wait_until(lambda: _join(stack, slot), _LISTENING, "SoftAP after SETUP was held")
    except NotSeen as error:
        raise NotYet(str(error), device=at.device) from None
    assert softap is not None
    return softap


SET_UP: Final = FlowStep("set up", _set_up, _is_theirs, foresee=_foresee_code, undo=_take_code_back)
