"""Many identities claim one device at the same moment: exactly one wins, and the others are told whose it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.ownership.identities import Account
from photonrig.ownership.model import Owner
from photonrig.particle.cloud import Cloud, product
from photonrig.particle.cloud_errors import OwnedByAnother

from .machine import race
from .small_cloud import CENTRAL, DEVICE, MATE, world


@pytest.mark.parametrize("races", [100, pytest.param(1000, marks=pytest.mark.soak)])
def test_exactly_one_of_all_who_claim_at_once_wins(tmp_path: Path, races: int) -> None:
    with world(tmp_path) as there:
        keys = there.keys()
        names = [Account.user(CENTRAL), Account.user(MATE), there.customer("jane"), there.customer("john")]
        acting: dict[Owner, Cloud] = {Owner(each.kind, each.name): keys.acting_as(each) for each in names}
        won: dict[str, int] = {}
        for _ in range(races):
            winners, answers = race(acting, list(acting), DEVICE)
            assert len(winners) == 1
            assert all(isinstance(answers[who], OwnedByAnother) for who in acting if who not in winners)
            found = there.team.device(DEVICE, product(there.shades))
            assert found.owner is not None
            assert (found.owner.kind, found.owner_name) == tuple(winners[0])
            won[winners[0].id] = won.get(winners[0].id, 0) + 1
            there.team.release(DEVICE, product(there.shades))
        print(f"{races} races, one winner each: {won}")
        assert len(won) > 1  # or it was no race
