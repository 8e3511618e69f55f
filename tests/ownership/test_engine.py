"""The engine: whatever cuts a flow off, it goes on forward or back, and does nothing twice that must happen once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest

from photonrig.errors import CloudError, ExpectationFailed, NetworkError, RigError, UsageError
from photonrig.ownership.engine import Flow, NotYet, Progress, Step, run

DEVICE = "0123456789abcdef01234567"


class PowerCut(BaseException):
    """What no flow may catch."""


@dataclass
class World:
    """Two switches and a gate; ``trouble`` is called before and after each action of a step."""

    done: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    trouble: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    def act(self, name: str) -> None:
        self._troubled(f"before {name}")
        if name not in self.done:
            self.done.append(name)
        self._troubled(f"after {name}")

    def undo(self, name: str) -> None:
        self._troubled(f"before undoing {name}")
        if name in self.done:
            self.done.remove(name)
        self._troubled(f"after undoing {name}")

    def seen(self, name: str) -> bool:
        self.looked.append(name)
        return name in self.done

    def _troubled(self, when: str) -> None:
        if self.trouble.get(when):
            self.trouble[when].pop(0)()


def raising(error: BaseException) -> Callable[[], None]:
    def do() -> None:
        raise error

    return do


def step(name: str, *, window: str | None = None, **more: object) -> Step[World]:
    return Step(
        name,
        act=lambda world: world.act(name),
        seen=lambda world: world.seen(name),
        undo=lambda world: world.undo(name),
        window=window,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


FLOW = Flow("lamps", "Three lamps are lit", (step("one"), step("two", window="opens"), step("three", window="closes")))


def light(world: World, progress: Progress | None = None, kept: list[Progress] | None = None) -> Progress:
    keep = (lambda _: None) if kept is None else kept.append
    return run(FLOW, world, DEVICE, facts={}, progress=progress, journal=keep)


def through_json(progress: Progress) -> Progress:
    return msgspec.json.decode(msgspec.json.encode(progress), type=Progress)


def test_all_steps_are_done_in_order_and_journaled_before_and_after() -> None:
    world, kept = World(), list[Progress]()
    assert light(world, kept=kept).outcome == "done"
    assert world.done == ["one", "two", "three"]
    assert [(each.step, each.phase) for each in kept] == [
        *(("one", "begun"), ("one", "done"), ("two", "begun"), ("two", "done")),
        *(("three", "begun"), ("three", "done"), ("three", "done")),
    ]
    assert world.looked == []  # nothing is asked when nothing is in doubt
    assert kept[3].unowned_since is not None
    assert kept[-1].unowned_since is None
    assert kept[-1].unowned > 0


def test_what_is_foreseen_of_a_step_is_written_down_before_it_acts() -> None:
    world, kept, facts = World(), list[Progress](), dict[str, object]()
    world.trouble["before one"] = [raising(PowerCut())]
    flow = Flow("lamp", "A lamp is lit", (step("one", foresee=lambda _: facts.update(coming=True)),))
    with pytest.raises(PowerCut):
        run(flow, world, DEVICE, facts=facts, journal=kept.append)
    assert [(each.phase, each.facts) for each in kept] == [("begun", {"coming": True})]


def test_a_finished_flow_does_nothing_when_it_is_run_again() -> None:
    world = World()
    finished = light(world)
    world.done.clear()
    assert light(world, finished) == finished
    assert world.done == []


POINTS = [f"{when} {name}" for name in ("one", "two", "three") for when in ("before", "after")]


@pytest.mark.parametrize("point", POINTS)
def test_power_cut_anywhere_and_the_flow_goes_on(point: str) -> None:
    world, kept = World(trouble={point: [raising(PowerCut())]}), list[Progress]()
    with pytest.raises(PowerCut):
        light(world, kept=kept)
    assert light(world, through_json(kept[-1])).outcome == "done"
    assert world.done == ["one", "two", "three"]


@pytest.mark.parametrize("point", POINTS)
def test_a_lost_answer_is_asked_for_once_more(point: str) -> None:
    world = World(trouble={point: [raising(NetworkError("no answer"))]})
    assert light(world).outcome == "done"
    assert world.done == ["one", "two", "three"]
    assert world.looked == [point.split()[1]]


@pytest.mark.parametrize("error", [NetworkError("down"), NotYet("press the button")])
def test_a_cloud_that_stays_away_leaves_the_flow_waiting(error: Exception) -> None:
    world = World(trouble={"before two": [raising(error), raising(error)]})
    waiting = light(world)
    assert (waiting.outcome, waiting.step, waiting.phase) == ("waiting", "two", "begun")
    assert str(error) in waiting.reason
    world.trouble.clear()
    assert light(world, through_json(waiting)).outcome == "done"


def test_a_refusal_undoes_everything_in_reverse() -> None:
    world = World(trouble={"before three": [raising(CloudError("no"))]})
    undone = light(world)
    assert (undone.outcome, undone.reason, world.done) == ("undone", "no", [])
    assert undone.unowned_since is None
    assert undone.unowned > 0


def test_a_refused_release_was_no_unowned_moment() -> None:
    world = World(trouble={"before two": [raising(CloudError("no"))]})
    undone = light(world)
    assert (undone.outcome, undone.unowned_since, undone.unowned) == ("undone", None, 0.0)


@pytest.mark.parametrize("point", [f"{when} undoing {name}" for name in ("one", "two") for when in ("before", "after")])
def test_power_cut_on_the_way_back_and_it_goes_back_further(point: str) -> None:
    trouble = {"before three": [raising(CloudError("no"))], point: [raising(PowerCut())]}
    world, kept = World(trouble=trouble), list[Progress]()
    with pytest.raises(PowerCut):
        light(world, kept=kept)
    undone = light(world, through_json(kept[-1]))
    assert (undone.outcome, undone.reason, world.done) == ("undone", "no", [])


def test_a_compensation_that_is_refused_is_stuck_and_says_both_reasons() -> None:
    trouble = {
        "before three": [raising(CloudError("no"))],
        "before undoing two": [raising(ExpectationFailed("locked"))],
    }
    world = World(trouble=trouble)
    stuck = light(world)
    assert (stuck.outcome, stuck.reason) == ("stuck", "no; then locked")
    assert light(world, through_json(stuck)).outcome == "undone"
    assert world.done == []


def test_a_step_that_is_skipped_is_neither_done_nor_journaled() -> None:
    flow = Flow("lamps", "", (step("one", skip=lambda world: True), step("two")))
    world, kept = World(), list[Progress]()
    assert run(flow, world, DEVICE, facts={}, journal=kept.append).outcome == "done"
    assert world.done == ["two"]
    assert {each.step for each in kept} == {"two"}


def test_a_missing_precondition_changes_nothing_and_is_named() -> None:
    flow = Flow("lamps", "", (step("one"), step("two", needs=lambda world: "there is no bulb")))
    world = World()
    undone = run(flow, world, DEVICE, facts={})
    assert undone.outcome == "undone"
    assert "there is no bulb" in undone.reason
    assert world.done == []


def test_facts_outlive_the_process() -> None:
    facts: dict[str, object] = {}

    def learn(world: World) -> None:
        facts["colour"] = "red"

    def use(world: World) -> None:
        assert facts["colour"] == "red"
        world.act("two")

    flow = Flow("lamps", "", (Step("one", learn, lambda world: False), Step("two", use, lambda world: False)))
    kept: list[Progress] = []
    world = World(trouble={"before two": [raising(PowerCut())]})
    with pytest.raises(PowerCut):
        run(flow, world, DEVICE, facts=facts, journal=kept.append)
    facts.clear()
    assert run(flow, world, DEVICE, facts=facts, progress=through_json(kept[-1])).outcome == "done"


def test_progress_of_another_flow_or_device_is_refused() -> None:
    for other in (Progress("doors", DEVICE), Progress("lamps", "fedcba987654321001234567")):
        with pytest.raises(UsageError):
            light(World(), other)
    with pytest.raises(msgspec.ValidationError, match="colour"):
        msgspec.convert({"flow": "lamps", "device": DEVICE, "colour": "red"}, Progress)
    with pytest.raises(UsageError, match="no step"):
        light(World(), Progress("lamps", DEVICE, step="four"))


def test_a_journal_that_fails_ends_the_flow_where_it_stands() -> None:
    """Even if it fails once: that is no refusal of the step. What was kept is where it goes on."""
    total = len(journal_of(World()))
    assert total > 6
    for fails_at in range(total):
        world = World()
        kept: list[Progress] = []
        failures = [RigError("no space left")]

        def keep(
            progress: Progress, at: int = fails_at, kept: list[Progress] = kept, failures: list[RigError] = failures
        ) -> None:
            if len(kept) == at and failures:
                raise failures.pop()
            kept.append(progress)

        with pytest.raises(RigError, match="no space left"):
            run(FLOW, world, DEVICE, facts={}, journal=keep)
        assert all(progress.heading == "forward" for progress in kept)
        assert world.done == ["one", "two", "three"][: (fails_at + 1) // 2]
        last = through_json(kept[-1]) if kept else None
        assert light(world, last).outcome == "done" and world.done == ["one", "two", "three"]


def journal_of(world: World) -> list[Progress]:
    kept: list[Progress] = []
    light(world, kept=kept)
    return kept
