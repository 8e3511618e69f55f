"""Every flow against a real local cloud: what it does, what it refuses, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from photonrig.errors import UsageError
from photonrig.ownership.engine import Progress
from photonrig.ownership.flow_context import Plan
from photonrig.ownership.flows import take
from photonrig.ownership.identities import Account, Identities, Offers
from photonrig.particle.cloud import product
from photonrig.particle.cloud_errors import ApiError

from .small_cloud import CENTRAL, DEVICE, MATE, STRANGER, STRAY, World, world

OWN = Account.user(CENTRAL)
BY_OWNER = Offers(product_release=False)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture
def there(shared: World) -> World:
    shared.reset(OWN)
    return shared


# --- what they do -----------------------------------------------------------------------------------------------------


def test_to_a_customer_and_the_window_is_measured(there: World) -> None:
    jane = there.customer("jane")
    done = there.take(Plan("to-customer", DEVICE, there.shades, jane))
    assert (done.outcome, there.owner()) == ("done", jane)
    assert 0 < done.unowned < 10
    assert there.keys().acting_as(jane).devices()[0].id == DEVICE


def test_from_customer_to_customer_and_back_to_the_central_account(there: World) -> None:
    jane, john = there.customer("jane"), there.customer("john")
    for flow, to in (("to-customer", jane), ("to-customer", john), ("to-user", OWN)):
        assert there.take(Plan(flow, DEVICE, there.shades, to)).outcome == "done"
        assert there.owner() == to
    assert there.keys().acting_as(jane).devices() == ()


def test_to_whom_it_belongs_already_is_done_at_once(there: World) -> None:
    done = there.take(Plan("to-user", DEVICE, there.shades, OWN))
    assert (done.outcome, done.unowned, there.owner()) == ("done", 0.0, OWN)


def test_release_and_claim_again(there: World) -> None:
    assert there.take(Plan("release", DEVICE, there.shades)).outcome == "done"
    assert there.owner() is None
    for account in (there.customer("jane"), Account.user(MATE)):
        there.reset(None)
        assert there.take(Plan("claim", DEVICE, there.shades, account)).outcome == "done"
        assert there.owner() == account


def test_claim_leaves_another_owners_device_alone(there: World) -> None:
    undone = there.take(Plan("claim", DEVICE, there.shades, there.customer("jane")))
    assert undone.outcome == "undone"
    assert "transfer it instead" in undone.reason
    assert there.owner() == OWN


def test_a_device_that_nobody_here_can_see_outside_products_changes_its_product_too(there: World) -> None:
    """Its owner's token is not at hand, and outside products only its owner sees it."""
    there.reset(Account.user(MATE))
    keys = there.keys()
    keys.forget(Account.user(MATE))
    undone = take(Plan("change-product", DEVICE, there.shades, into=99999), keys)
    assert (undone.outcome, there.product(), there.owner()) == ("undone", there.shades, Account.user(MATE))
    done = take(Plan("change-product", DEVICE, there.shades, into=there.drapes), keys)
    assert (done.outcome, there.product(), there.owner()) == ("done", there.drapes, Account.user(MATE))


@pytest.mark.parametrize("former", ["nobody", "central", "mate", "customer"])
def test_change_of_product_keeps_the_owner(there: World, former: str) -> None:
    account = {"nobody": None, "central": OWN, "mate": Account.user(MATE), "customer": there.customer("jane")}[former]
    there.reset(account)
    done = there.take(Plan("change-product", DEVICE, there.shades, into=there.drapes))
    assert (done.outcome, there.product()) == ("done", there.drapes)
    expected = there.customer("jane", there.drapes) if former == "customer" else account
    assert there.owner() == expected


def test_change_of_product_goes_the_shortest_way(there: World) -> None:
    steps: list[str] = []
    plan = Plan("change-product", DEVICE, there.shades, into=there.drapes)
    there.take(plan, journal=lambda progress: steps.append(progress.step))
    assert list(dict.fromkeys(steps)) == ["look", "remove", "import", "check"]


def test_to_a_developers_own_device(there: World) -> None:
    there.reset(there.customer("jane"))
    done = there.take(Plan("to-developer", DEVICE, there.shades, Account.user(MATE)))
    assert (done.outcome, there.product(), there.owner()) == ("done", None, Account.user(MATE))
    there.mate.release(DEVICE)


def test_a_request_for_transfer_waits_for_the_owner(there: World) -> None:
    waiting = there.take(Plan("by-request", DEVICE, there.shades, Account.user(MATE)))
    assert (waiting.outcome, there.owner()) == ("waiting", OWN)
    assert "has not approved" in waiting.reason


# --- what they refuse -------------------------------------------------------------------------------------------------


def test_a_device_outside_the_product_is_left_alone(there: World) -> None:
    undone = there.take(Plan("to-customer", STRAY, there.shades, there.customer("jane")))
    assert undone.outcome == "undone"


def test_plans_that_make_no_sense_are_refused_before_anything_happens(there: World) -> None:
    with pytest.raises(UsageError, match="there is no flow"):
        there.take(Plan("to-mars", DEVICE, there.shades))
    with pytest.raises(UsageError, match="is not a customer of product"):
        there.take(Plan("to-customer", DEVICE, there.shades, there.customer("jane", there.drapes)))
    for plan in (
        Plan("to-customer", DEVICE, there.shades),
        Plan("to-customer", DEVICE, there.shades, OWN),
        Plan("release", DEVICE, there.shades, OWN),
        Plan("change-product", DEVICE, there.shades),
        Plan("to-user", DEVICE, there.shades, OWN, there.drapes),
    ):
        with pytest.raises(UsageError):
            there.take(plan)
    assert there.owner() == OWN


def test_a_device_that_is_in_no_slot_is_not_set_up_and_not_waited_for(there: World) -> None:
    there.reset(None)
    undone = there.take(Plan("set-up", DEVICE, there.shades, there.customer("jane")))
    assert undone.outcome == "undone"
    assert "must be in a slot" in undone.reason
    assert there.owner() is None


def test_without_the_new_owners_token_nothing_is_released(there: World) -> None:
    undone = there.take(Plan("to-user", DEVICE, there.shades, Account.user("nobody@example.com")))
    assert (undone.outcome, undone.unowned, there.owner()) == ("undone", 0.0, OWN)


def test_a_refused_claim_gives_the_device_back(there: World) -> None:
    for former in (OWN, Account.user(MATE), there.customer("john")):
        there.reset(former)
        keys = there.keys()
        # A token that the cloud will not let claim: the stranger is on no team.
        keys.add(Account.user(STRANGER), keys.team.using(there.stranger.token))
        undone = take(Plan("to-user", DEVICE, there.shades, Account.user(STRANGER)), keys)
        assert (undone.outcome, there.owner()) == ("undone", former)
        assert undone.unowned > 0


def test_what_cannot_be_given_back_is_held_by_the_central_user(there: World) -> None:
    there.reset(Account.user(MATE))
    keys = there.keys()
    keys.add(Account.user(STRANGER), keys.team.using(there.stranger.token))
    keys.forget(Account.user(MATE))
    plan = Plan("to-user", DEVICE, there.shades, Account.user(STRANGER))
    stuck = take(plan, keys)
    assert (stuck.outcome, there.owner()) == ("stuck", OWN)
    assert f"nothing here can act as user {MATE}" in stuck.reason
    # With the token at hand the same flow goes on, and back.
    undone = take(plan, there.keys(), progress=stuck)
    assert (undone.outcome, there.owner()) == ("undone", Account.user(MATE))


def test_a_cloud_without_release_by_the_product_needs_the_owners_token(there: World) -> None:
    jane = there.customer("jane")
    done = take(Plan("to-customer", DEVICE, there.shades, jane), there.keys(offers=BY_OWNER))
    assert (done.outcome, there.owner()) == ("done", jane)
    there.reset(Account.user(MATE))
    keys = there.keys(offers=BY_OWNER)
    keys.forget(Account.user(MATE))
    undone = take(Plan("to-customer", DEVICE, there.shades, jane), keys)
    assert (undone.outcome, there.owner()) == ("undone", Account.user(MATE))
    assert "no token of that account" in undone.reason


def test_a_device_that_cannot_be_claimed_again_is_not_released(there: World) -> None:
    keys = there.keys(offers=Offers(claims_offline=False))
    undone = take(Plan("to-customer", DEVICE, there.shades, there.customer("jane")), keys)
    assert (undone.outcome, undone.unowned, there.owner()) == ("undone", 0.0, OWN)
    assert "offline" in undone.reason


def test_a_refused_import_brings_the_device_back(there: World) -> None:
    there.reset(there.customer("jane"))
    keys = there.keys()
    undone = take(Plan("change-product", DEVICE, there.shades, into=99999), keys)
    assert undone.outcome == "undone"
    assert (there.product(), there.owner()) == (there.shades, there.customer("jane"))


def test_an_unknown_device_is_imported_and_its_owner_learned(there: World) -> None:
    """A team mate's device outside products, which nobody here sees there: the product shows whose it is."""
    there.reset(Account.user(MATE))
    there.team.remove_device(there.shades, DEVICE)
    keys = Identities(there.team, CENTRAL, clients=there.clients)
    done = take(Plan("to-customer", DEVICE, there.shades, there.customer("jane"), imports=True), keys)
    assert (done.outcome, there.owner()) == ("done", there.customer("jane"))
    assert done.facts["former"] == Account.user(MATE) and done.facts.get("outside") is None


def test_what_was_imported_for_a_refused_flow_is_taken_out_again(there: World) -> None:
    there.team.remove_device(there.shades, DEVICE)
    kept: list[Progress] = []
    keys = there.keys(offers=Offers(claims_offline=False))
    plan = Plan("to-customer", DEVICE, there.shades, there.customer("jane"), imports=True)
    undone = take(plan, keys, journal=kept.append)
    assert undone.outcome == "undone" and "offline" in undone.reason
    assert (there.owner(), there.product()) == (OWN, None)
    steps = [(each.step, each.phase, each.heading) for each in kept]
    for step in (("forward", "begun"), ("forward", "done"), ("back", "begun"), ("back", "done")):
        assert ("import first", step[1], step[0]) in steps


def test_a_device_imported_first_that_somebody_else_got_meanwhile_is_not_taken_from_them(there: World) -> None:
    there.team.remove_device(there.shades, DEVICE)
    buyer = there.customer("buyer")

    def sell(progress: Progress) -> None:
        if (progress.step, progress.phase, progress.heading) == ("import first", "done", "forward"):
            there.team.release(DEVICE, product(there.shades))
            there.keys().claim(DEVICE, buyer)

    keys = there.keys(offers=Offers(claims_offline=False))
    plan = Plan("to-customer", DEVICE, there.shades, there.customer("jane"), imports=True)
    stuck = take(plan, keys, journal=sell)
    assert stuck.outcome == "stuck" and "see to it by hand" in stuck.reason
    assert (there.owner(), there.product()) == (buyer, there.shades)


def test_a_name_is_given_back_only_to_a_device_that_still_has_the_one_it_was_given(there: World) -> None:
    there.team.rename(DEVICE, "hers")
    done = there.take(Plan("to-user", DEVICE, there.shades, OWN, name="shelf", known_as="window"))
    assert (done.outcome, there.where().name) == ("done", "hers")
    there.team.rename(DEVICE, "window")
    done = there.take(Plan("to-user", DEVICE, there.shades, OWN, name="shelf", known_as="window"))
    assert (done.outcome, there.where().name) == ("done", "shelf")


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_no_token_is_in_what_is_kept(there: World) -> None:
    keys = there.keys()
    kept: list[str] = []
    take(
        Plan("to-customer", DEVICE, there.shades, there.customer("jane")),
        keys,
        journal=lambda progress: kept.append(msgspec.json.encode(progress).decode()),
    )
    secrets = [keys.acting_as(account).token for account in (OWN, there.customer("jane"))]
    assert all(token is not None and token.access_token not in "".join(kept) for token in secrets)


def test_a_customers_old_token_may_not_claim_in_another_product(there: World) -> None:
    with pytest.raises(ApiError):
        there.keys().claim(DEVICE, there.customer("jane", there.drapes))
    assert DEVICE in {each.id for each in there.team.devices(product(there.shades))}
