"""Every flow cut off at every request, in every way: no device is lost, and docs/interrupted.md says how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photonrig.build.toolchain import Toolchain
from photonrig.ownership.flows import FLOWS

from .in_hand import InHand, in_hand
from .interrupted_page import DOCUMENT, cell, page, read
from .interruptions import HOWS, How, Interrupter, cases
from .small_cloud import World, world

# A case of each flow, and of the set-up what cuts off the device's side of it.
SHORT = {
    "claim, by a customer": HOWS,
    "release, a customer's": HOWS,
    "to-customer, from the central account": HOWS,
    "to-customer, imported and named first": HOWS,
    "to-user, from a customer": HOWS,
    "change-product, a user's": HOWS,
    "to-developer, from a customer": HOWS,
    "by-request, approved by the owner": HOWS,
    "set-up, by a customer": ("killed after", "refused", "power cut before", "power cut after"),
}
PAGE = read(DOCUMENT.read_text())


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.fixture(scope="module")
def held(there: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InHand]:
    with in_hand(there, Toolchain(Path(__file__).parents[2]), tmp_path_factory.mktemp("hand")) as made:
        yield made


def every_case() -> list[Any]:
    return [
        pytest.param(title, how, marks=[] if how in SHORT.get(title, ()) else [pytest.mark.soak])
        for title, row in PAGE.items()
        for how in HOWS
        if row[how]
    ]


@pytest.mark.parametrize(("title", "how"), every_case())
def test_cut_off_at_any_request_no_device_is_lost(
    there: World, request: pytest.FixtureRequest, tmp_path: Path, title: str, how: How
) -> None:
    case = cases(there)[title]
    held = request.getfixturevalue("held") if case.device else None
    try:
        seen = list(Interrupter(there, case, tmp_path / "journal", held).interruptions(how))
    finally:
        if held:
            held.photon.kill()
    assert [each for each in seen if each.lost] == []
    if how != "refused":
        assert {each.outcome for each in seen} == {"done"}
    assert cell(seen) == PAGE[title][how], "benchmarks/interrupted_flows.py --docs writes the page anew"


def test_every_flow_and_every_way_is_on_the_page(there: World) -> None:
    every = cases(there)
    assert {case.plan.flow for case in every.values()} == set(FLOWS)
    assert {each: tuple(how for how in HOWS if row[how]) for each, row in PAGE.items()} == {
        title: case.hows for title, case in every.items()
    }
    assert page(PAGE) == DOCUMENT.read_text(), "benchmarks/interrupted_flows.py --docs writes the page anew"
    assert {row["lost"] for row in PAGE.values()} == {"0"}
    assert SHORT.keys() <= every.keys()


def test_a_code_given_by_a_process_that_was_killed_is_not_forgotten(there: World, held: InHand, tmp_path: Path) -> None:
    case = cases(there)["set-up, by a customer"]
    try:
        refused, after = Interrupter(there, case, tmp_path / "journal", held).killed_then_refused("SoftAP connect-ap")
    finally:
        held.photon.kill()
    assert refused.outcome == "waiting"  # without power the device keeps the code
    assert "may still come" in refused.reason
    assert after.outcome == "undone"
    assert there.owner() is None
