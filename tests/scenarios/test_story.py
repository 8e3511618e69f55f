"""Stories: order, failure, and what is said of steps that never ran."""

from __future__ import annotations

from photonrig.errors import NetworkError
from photonrig.scenarios.story import Seen, Story, step


class Sound(Story):
    @step("first", chapter="one", expects="a")
    def zebra(self, seen: Seen) -> None:
        seen.note("http", "GET /v1/devices -> 200")
        seen.that(True, "a")

    @step("second", chapter="two", expects="b")
    def aardvark(self, seen: Seen) -> None:
        seen.that(True, "b")


class Broken(Story):
    def __init__(self) -> None:
        self.reached: list[str] = []

    @step("first", chapter="one", expects="yes")
    def first(self, seen: Seen) -> None:
        seen.that(False, "no")

    @step("second", chapter="one", expects="yes")
    def second(self, seen: Seen) -> None:
        self.reached.append("second")


class Unreachable(Story):
    @step("first", chapter="one", expects="an answer")
    def first(self, seen: Seen) -> None:
        raise NetworkError("no answer", device="0123")


def test_steps_run_in_the_order_they_stand_not_by_name() -> None:
    announced: list[str] = []
    results = list(Sound().run(announced.append))
    assert announced == ["first", "second"]
    assert [result.verdict for result in results] == ["held", "held"]
    assert results[0].evidence[0].lane == "http"
    assert results[0].observed == "a"


def test_after_a_failure_nothing_runs_and_nothing_counts_as_passed() -> None:
    story = Broken()
    first, second = story.run()
    assert (first.verdict, first.cause, first.observed) == ("failed", "test", "no")
    assert (second.verdict, second.cause) == ("not run", None)
    assert story.reached == []


def test_an_error_names_its_cause_and_device() -> None:
    (result,) = Unreachable().run()
    assert result.verdict == "failed"
    assert result.cause == "network"
    assert result.observed == "NetworkError: 0123: no answer"
