"""The four variants as ARM images, wired to what they drive: the same tests that the native builds pass."""

from __future__ import annotations

import pytest

from photonrig.build.user_part import UserPart

from ..test_variants import (
    FAULTS,
    every_variant,
    test_a_fault_is_told_everywhere_and_over_when_it_is_gone,
    test_a_power_cut_in_motion_costs_knowledge_and_no_more,
    test_every_variant_has_its_role_and_its_product,
    test_open_close_a_place_between_and_a_stop,
    wired,
)

__all__ = [
    "FAULTS",
    "every_variant",
    "test_a_fault_is_told_everywhere_and_over_when_it_is_gone",
    "test_a_power_cut_in_motion_costs_knowledge_and_no_more",
    "test_every_variant_has_its_role_and_its_product",
    "test_open_close_a_place_between_and_a_stop",
    "wired",
]


@pytest.fixture
def modules(parts: dict[str, UserPart]) -> dict[str, object]:
    return {variant: part.module for variant, part in parts.items()}
