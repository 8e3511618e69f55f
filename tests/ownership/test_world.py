"""The model of many devices and accounts: each invariant sees what it is there to see."""

from __future__ import annotations

from dataclasses import replace

from photonrig.ownership.model import DeviceState, Owner, Refusal, Refused

from .world import CODE_SECONDS, Request, World, broken, kept

P, Q = 20001, 20002
TEAM, MATE, STRANGER = (Owner("user", name) for name in ("team", "mate", "stranger"))
JANE, NAMESAKE = Owner("customer", "jane"), Owner("customer", "team")
DEVICE, OTHER = "d1", "d2"
WORLD = World(
    devices={DEVICE: DeviceState(product=P), OTHER: DeviceState(product=P)},
    users=frozenset({TEAM, MATE, STRANGER}),
    customers={JANE: P, NAMESAKE: P},
    teams={P: frozenset({TEAM, MATE}), Q: frozenset({TEAM})},
)
OURS = {TEAM, JANE}


def became(outcome: World | Refused | None) -> World:
    assert isinstance(outcome, World)
    return outcome


def owned(owner: Owner | None, product: int | None = P) -> World:
    return replace(WORLD, devices={**WORLD.devices, DEVICE: DeviceState(owner, product)})


def test_a_sound_world_breaks_nothing() -> None:
    assert broken(WORLD, OURS) == ()
    assert broken(owned(JANE), OURS) == ()
    assert broken(owned(STRANGER, None), OURS) == ()  # somebody else's device is not ours to reach


def test_an_owner_whom_no_account_answers_to_is_seen() -> None:
    # Row 5: the customer's id in a user's place.
    assert "whom no account answers to" in broken(owned(Owner("user", "jane")), OURS)[0]


def test_a_customers_device_outside_the_customers_product_is_seen() -> None:
    assert broken(owned(JANE, Q), OURS)
    assert broken(owned(JANE, None), OURS)


def test_a_device_nobody_of_ours_could_claim_is_seen() -> None:
    assert broken(replace(owned(None), teams={P: frozenset({STRANGER}), Q: frozenset()}), {TEAM})
    assert broken(replace(owned(None), teams={P: frozenset({STRANGER}), Q: frozenset()}), {TEAM, JANE}) == ()


def test_a_request_that_outlives_its_owner_is_seen() -> None:
    asked = became(owned(MATE).ask_for(DEVICE, TEAM))
    assert broken(asked, OURS) == ()
    assert asked.release(DEVICE).requests == frozenset()
    left = replace(owned(None), requests=frozenset({Request(DEVICE, TEAM, MATE)}))
    assert "waits for" in broken(left, OURS)[0]


def test_what_was_acknowledged_stays() -> None:
    assert kept({DEVICE: JANE, OTHER: None}, owned(JANE)) == ()
    assert len(kept({DEVICE: JANE, OTHER: MATE}, owned(TEAM))) == 2


def test_a_code_serves_one_device_within_its_hour() -> None:
    issued = WORLD.issue("code", JANE, now=0.0)
    assert issued.present(DEVICE, "code", now=CODE_SECONDS) is None
    used = became(issued.present(DEVICE, "code", now=CODE_SECONDS - 1))
    assert used.devices[DEVICE].owner == JANE
    assert used.present(OTHER, "code", now=1.0) is None
    # The device that has used it is confirmed again, and changes nothing by it.
    released = used.release(DEVICE)
    assert released.present(DEVICE, "code", now=10 * CODE_SECONDS) is released
    assert WORLD.present(DEVICE, "never issued", now=0.0) is None


def test_requests_are_between_users_and_end_with_the_answer() -> None:
    assert owned(JANE).ask_for(DEVICE, MATE) == Refused(Refusal.OWNED_BY_ANOTHER)
    assert owned(MATE).ask_for(DEVICE, JANE) == Refused(Refusal.OWNED_BY_ANOTHER)
    asked = became(owned(MATE).ask_for(DEVICE, TEAM))
    (request,) = asked.requests
    assert became(asked.approve(request)).devices[DEVICE].owner == TEAM
    assert asked.deny(request).requests == frozenset()
    # Who may not have it is not given it by an owner's yes either.
    (of_stranger,) = became(owned(MATE).ask_for(DEVICE, STRANGER)).requests
    assert owned(MATE).approve(of_stranger) == Refused(Refusal.NOT_A_MEMBER)


def test_a_deleted_customer_leaves_nothing_behind() -> None:
    there = owned(JANE).issue("code", JANE, 0.0).grant("t", JANE)
    gone = there.remove_customer(JANE)
    assert gone.devices[DEVICE].owner is None
    assert not gone.tokens["t"].good(0.0)
    assert gone.present(DEVICE, "code", 1.0) is None
    assert broken(gone, {TEAM}) == ()


def test_tokens_end_by_time_or_revocation() -> None:
    there = WORLD.grant("t", TEAM, 10.0).grant("for ever", TEAM)
    assert there.tokens["t"].good(9.9)
    assert not there.tokens["t"].good(10.0)
    assert there.tokens["for ever"].good(1e12)
    assert not there.revoke("for ever").tokens["for ever"].good(0.0)
