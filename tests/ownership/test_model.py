"""The ownership model: every transition's conditions, and that no sequence of them breaks an invariant."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from photonrig.ownership import model
from photonrig.ownership.model import Claimant, DeviceState, Owner, Quarantine, Refusal, Refused

P, Q = 20001, 20002
MEMBER = Claimant(Owner("user", "m"), member_of=frozenset({P}))
STRANGER = Claimant(Owner("user", "o"))
CUSTOMER = Claimant(Owner("customer", "c"), product=P)
SECOND = Claimant(Owner("customer", "c2"), product=P)
ELSEWHERE = Claimant(Owner("customer", "d"), product=Q)
# A customer may carry the same id as a user: only kind and id together name an account.
NAMESAKE = Claimant(Owner("customer", "m"), product=P)

SANDBOX = DeviceState()
IN_P = DeviceState(product=P)


@pytest.mark.parametrize(
    ("device", "by", "online", "expected"),
    [
        (SANDBOX, STRANGER, True, STRANGER.owner),
        (SANDBOX, STRANGER, False, Refusal.OFFLINE),
        (SANDBOX, CUSTOMER, True, Refusal.OTHER_PRODUCT),
        (IN_P, MEMBER, True, MEMBER.owner),
        (IN_P, MEMBER, False, MEMBER.owner),
        (IN_P, STRANGER, True, Refusal.NOT_A_MEMBER),
        (IN_P, CUSTOMER, True, CUSTOMER.owner),
        (IN_P, CUSTOMER, False, CUSTOMER.owner),
        (IN_P, ELSEWHERE, True, Refusal.OTHER_PRODUCT),
        (DeviceState(CUSTOMER.owner, P), CUSTOMER, False, CUSTOMER.owner),
        (DeviceState(CUSTOMER.owner, P), SECOND, True, Refusal.OWNED_BY_ANOTHER),
        (DeviceState(CUSTOMER.owner, P), MEMBER, True, Refusal.OWNED_BY_ANOTHER),
        (DeviceState(MEMBER.owner), NAMESAKE, True, Refusal.OWNED_BY_ANOTHER),
    ],
)
def test_claim(device: DeviceState, by: Claimant, online: bool, expected: Owner | Refusal) -> None:
    outcome = model.claim(device, by, online=online)
    assert (outcome.reason if isinstance(outcome, Refused) else outcome.owner) == expected


@pytest.mark.parametrize(
    ("device", "by", "expected"),
    [
        (DeviceState(MEMBER.owner), STRANGER, STRANGER.owner),
        (DeviceState(MEMBER.owner, P), CUSTOMER, CUSTOMER.owner),
        (DeviceState(CUSTOMER.owner, P), SECOND, SECOND.owner),
        (DeviceState(CUSTOMER.owner, P), ELSEWHERE, Refusal.OTHER_PRODUCT),
        (DeviceState(CUSTOMER.owner, P), STRANGER, Refusal.NOT_A_MEMBER),
        (DeviceState(CUSTOMER.owner, P), MEMBER, MEMBER.owner),
        (SANDBOX, CUSTOMER, Refusal.OTHER_PRODUCT),
    ],
)
def test_claim_by_code(device: DeviceState, by: Claimant, expected: Owner | Refusal) -> None:
    outcome = model.claim_by_code(device, by)
    assert (outcome.reason if isinstance(outcome, Refused) else outcome.owner) == expected


def test_import_refuses_a_device_of_another_product_even_when_a_customer_owns_it() -> None:
    device = DeviceState(CUSTOMER.owner, P)
    assert model.import_into(device, Q, platform=6, owner_is_member=False) == Refused(Refusal.IN_ANOTHER_PRODUCT)


def test_import_refuses_another_platform_and_the_device_of_a_user_outside_the_team() -> None:
    assert model.import_into(SANDBOX, P, platform=8, owner_is_member=False) == Refused(Refusal.WRONG_PLATFORM)
    foreign = DeviceState(STRANGER.owner)
    assert model.import_into(foreign, P, platform=6, owner_is_member=False) == Refused(Refusal.OWNER_NOT_A_MEMBER)


def test_import_approves_a_quarantined_device_and_claims_only_an_unowned_one() -> None:
    waiting = DeviceState(quarantine=Quarantine(P))
    imported = model.import_into(waiting, P, platform=6, owner_is_member=False, claim_for=MEMBER.owner)
    assert imported == DeviceState(MEMBER.owner, P)
    again = model.import_into(
        DeviceState(CUSTOMER.owner, P), P, platform=6, owner_is_member=False, claim_for=MEMBER.owner
    )
    assert again == DeviceState(CUSTOMER.owner, P)


def test_remove_ends_a_customers_claim_and_keeps_a_users() -> None:
    assert model.remove(DeviceState(CUSTOMER.owner, P), P) == SANDBOX
    assert model.remove(DeviceState(MEMBER.owner, P), P) == DeviceState(MEMBER.owner)
    assert model.remove(SANDBOX, P) == Refused(Refusal.NOT_IN_PRODUCT)


def test_a_denied_device_stays_denied_until_it_is_imported() -> None:
    denied = model.remove(model.quarantine(SANDBOX, P), P, deny=True)
    assert denied == DeviceState(quarantine=Quarantine(P, denied=True))
    assert model.quarantine(denied, P) == denied
    assert model.import_into(denied, P, platform=6, owner_is_member=False) == IN_P


def test_violations_names_what_no_transition_may_reach() -> None:
    assert model.violations(DeviceState(CUSTOMER.owner), product_of_customer=P)
    assert model.violations(DeviceState(CUSTOMER.owner, Q), product_of_customer=P)
    assert model.violations(DeviceState(product=P, quarantine=Quarantine(Q)), product_of_customer=None)


CLAIMANTS = st.sampled_from([MEMBER, STRANGER, CUSTOMER, SECOND, ELSEWHERE, NAMESAKE])
PRODUCTS = st.sampled_from([P, Q])
PRODUCT_OF = {each.owner: each.product for each in (CUSTOMER, SECOND, ELSEWHERE, NAMESAKE)}


class AnySequence(RuleBasedStateMachine):
    """Whatever happens in whatever order, the invariants hold and ownership changes only as the rule at hand allows."""

    def __init__(self) -> None:
        super().__init__()
        self.device = SANDBOX

    def _become(self, outcome: DeviceState | Refused) -> bool:
        if isinstance(outcome, Refused):
            return False
        self.device = outcome
        return True

    @rule(by=CLAIMANTS, online=st.booleans())
    def claim(self, by: Claimant, online: bool) -> None:
        before = self.device.owner
        if self._become(model.claim(self.device, by, online=online)):
            assert self.device.owner == by.owner
            assert before in (None, by.owner)
        else:
            assert self.device.owner == before != by.owner

    @rule(by=CLAIMANTS)
    def present_code(self, by: Claimant) -> None:
        if self._become(model.claim_by_code(self.device, by)):
            assert self.device.owner == by.owner

    @rule()
    def release(self) -> None:
        product = self.device.product
        self._become(model.release(self.device))
        assert self.device.owner is None
        assert self.device.product == product

    @rule(product=PRODUCTS, claim_for=st.sampled_from([None, MEMBER.owner]))
    def import_device(self, product: int, claim_for: Owner | None) -> None:
        before = self.device
        member = before.owner == MEMBER.owner
        if self._become(model.import_into(before, product, platform=6, owner_is_member=member, claim_for=claim_for)):
            assert self.device.product == product
            assert before.product in (None, product)
            assert self.device.owner == (before.owner or claim_for)

    @rule(product=PRODUCTS, deny=st.booleans())
    def remove(self, product: int, deny: bool) -> None:
        if self._become(model.remove(self.device, product, deny=deny)):
            assert self.device.product != product

    @rule(product=PRODUCTS)
    def firmware_names(self, product: int) -> None:
        before = self.device
        self._become(model.quarantine(before, product))
        assert (self.device.owner, self.device.product) == (before.owner, before.product)

    @invariant()
    def holds(self) -> None:
        owner = self.device.owner
        assert model.violations(self.device, product_of_customer=owner and PRODUCT_OF.get(owner)) == ()


TestAnySequence = AnySequence.TestCase
