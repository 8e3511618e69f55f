"""Whose fault a failure was: the lowest layer that was not provably healthy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photonrig.bench.diagnosis import RULES, Concern, Diagnosis, Readings, diagnose, with_moments
from photonrig.errors import (
    CloudError,
    ExpectationFailed,
    FirmwareError,
    LinkLost,
    NetworkError,
    ProtocolError,
    ToolError,
    UsageError,
)
from photonrig.particle.cloud_errors import refusal
from photonrig.trace import Moment

ALL: frozenset[Concern] = frozenset({"device", "softap", "cloud"})
DEVICE = "0123456789abcdef01234567"
NAMES = [rule.reading for rule in RULES]


def test_every_reading_has_its_rule() -> None:
    assert sorted(NAMES) == sorted(Readings.__slots__)


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(sorted(ALL))))
def test_the_lowest_layer_that_concerns_the_test_is_the_cause(troubled: set[str], concerns: set[Concern]) -> None:
    readings = Readings(**{name: f"trouble with {name}" for name in troubled})
    found = diagnose(NameError("x"), readings, frozenset(concerns))
    fired = [rule for rule in RULES if rule.reading in troubled and rule.concerns in concerns]
    if fired:
        assert (found.cause, found.layer, found.why) == (
            fired[0].cause,
            fired[0].layer,
            f"trouble with {fired[0].reading}",
        )
        assert found.retryable == (fired[0].certain and fired[0].cause in ("rig", "network", "cloud"))
    else:
        assert (found.cause, found.retryable) == ("test", False)


@given(st.sets(st.sampled_from(NAMES)))
def test_proofs_tell_everything_that_was_looked_at(healthy: set[str]) -> None:
    found = Diagnosis("test", "test", "", Readings(**dict.fromkeys(healthy, "")))
    assert [said for _, _, said in found.proofs()] == ["proved"] * len(healthy)


@pytest.mark.parametrize(
    ("error", "concerns", "cause"),
    [
        (AssertionError(), {"device", "cloud"}, "firmware"),
        (ExpectationFailed("x"), {"device"}, "firmware"),
        (AssertionError(), {"cloud"}, "cloud"),
        (AssertionError(), set(), "test"),
        (ProtocolError("garbage"), {"device"}, "firmware"),
        (FirmwareError("wrong"), {"device", "cloud"}, "firmware"),
        (NetworkError("no answer"), {"cloud"}, "network"),
        (LinkLost("gone"), {"device"}, "rig"),
        (ToolError("particle"), {"cloud"}, "rig"),
        (CloudError("no"), {"device", "cloud"}, "cloud"),
        (refusal(f"GET /v1/devices/{DEVICE}/position", 404, {"error": "x"}), {"device", "cloud"}, "firmware"),
        (refusal(f"GET /v1/devices/{DEVICE}", 404, {"error": "x"}), {"device", "cloud"}, "cloud"),
        (refusal(f"POST /v1/devices/{DEVICE}/move", 408, {"error": "Timed out."}), {"device", "cloud"}, "firmware"),
        (UsageError("wrong words"), {"device", "cloud"}, "test"),
        (TypeError("x"), {"device", "cloud"}, "test"),
    ],
)
def test_when_all_is_healthy_the_error_decides(error: Exception, concerns: set[Concern], cause: str) -> None:
    assert diagnose(error, Readings(**dict.fromkeys(NAMES, "")), frozenset(concerns)).cause == cause


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("assert 0 == 1\n +  where 0 = call('set', 'on')\n +    where call = Photon().call",
         "call('set', 'on'): expected 1; seen: 0"),
        ("assert 1 == -3\n +  where -3 = call('move', 'open')", "call('move', 'open'): expected 1; seen: -3"),
        ("assert 20.5 == 21\n +  where 20.5 = variable('celsius')", "variable('celsius'): expected 21; seen: 20.5"),
        ("assert 0 == 1\n +  where 5 = call('set', 'on')", "assert 0 == 1, where 5 = call('set', 'on')"),
        ("assert False\n +  where False = answers()", "assert False, where False = answers()"),
        ("expected 40 %; seen: 20 %", "expected 40 %; seen: 20 %"),
    ],
)  # fmt: skip
def test_what_a_call_returned_is_told_as_expected_and_seen(said: str, why: str) -> None:
    healthy = Readings(**dict.fromkeys(NAMES, ""))
    assert diagnose(AssertionError(said), healthy, frozenset({"device"})).why.split("; every layer")[0] == why


def moment(lane: str, trouble: str = "") -> Moment:
    return Moment(0.0, lane, f"{lane} line", trouble=trouble)  # type: ignore[arg-type]


def test_links_that_broke_meanwhile_are_not_forgotten() -> None:
    well = Readings(serial_link=None, http_link=None, cloud_answers="")
    assert with_moments(well, []) == well
    assert with_moments(well, [moment("serial"), moment("http")]) == Readings(
        serial_link="", http_link="", cloud_answers=""
    )
    assert with_moments(well, [moment("serial", "broke")]).serial_link == "serial line"
    assert with_moments(well, [moment("http", "silent")]).http_link == "http line"
    assert with_moments(well, [moment("http", "failed")]).cloud_answers == "http line"
    # An answer that says no is an answer, and silence on serial is the firmware's to explain.
    assert with_moments(well, [moment("http", "refused")]).http_link == ""
    assert with_moments(well, [moment("serial", "silent")]).serial_link == ""
