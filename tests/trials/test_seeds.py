"""A run is repeated exactly by its seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.errors import UsageError
from photonrig.trials.explorations import life_plan
from photonrig.trials.invariants import violations
from photonrig.trials.plan import Plan, Step, say
from photonrig.trials.run import Run, run, trace

from .conftest import Compile, UserPart


@pytest.mark.parametrize("variant", ["roller", "venetian", "drapery", "honeycomb"])
def test_a_seed_repeats_a_run_to_the_instruction(vphoton: Path, parts: dict[str, UserPart], variant: str) -> None:
    module = parts[variant].module
    first = trace(vphoton, module, life_plan(variant, 7))
    again = trace(vphoton, module, life_plan(variant, 7))
    other = trace(vphoton, module, life_plan(variant, 8))
    assert first == again
    assert first[0] != other[0]
    assert len(first[0]) == first[1].host_calls > 1000


@pytest.mark.parametrize("variant", ["roller", "venetian", "drapery", "honeycomb"])
def test_no_seed_breaks_an_invariant(vphoton: Path, parts: dict[str, UserPart], variant: str) -> None:
    for seed in range(20):
        plan = life_plan(variant, seed)
        found = list(violations(Run(None, run(vphoton, parts[variant].module, plan)), plan))
        assert found == [], f"seed {seed}"


RACE = """
SYSTEM_MODE(MANUAL)
volatile int shared = 0;
int lost = 0;
void tick() { ++shared; }
Timer timer(1, tick);
void setup() {
  Particle.variable("lost", lost);
  timer.start();
}
void loop() {
  int before = shared;
  for (volatile int i = 0; i < 2000; ++i) continue;
  if (shared != before) ++lost;
}
"""


def test_seeds_bring_timers_to_other_instructions(vphoton: Path, sketch: Compile) -> None:
    """A loop of a fraction of a millisecond, a timer each millisecond: how often it comes within, the seed decides."""
    module = sketch(RACE).module
    lost = {run(vphoton, module, Plan(until_ms=2000, seed=seed)).variables["lost"] for seed in range(12)}
    assert len(lost) > 3


def test_steps_reach_serial_functions_and_pins(vphoton: Path, sketch: Compile) -> None:
    program = """
    int heard = 0, presses = 0;
    int hear(String text) { return heard = text.toInt(); }
    void press() { ++presses; }
    void setup() {
      Serial.begin();
      Particle.variable("heard", heard);
      Particle.variable("presses", presses);
      Particle.function("hear", hear);
      pinMode(D2, INPUT_PULLUP);
      attachInterrupt(D2, press, FALLING);
    }
    void loop() { while (Serial.available()) Serial.write(Serial.read()); }
    """
    steps = (
        *say((100, "echo")),
        Step(200, call="hear", argument="42"),
        *(Step(300 + n, pin=2, level=n % 2) for n in range(6)),
    )
    outcome = run(vphoton, sketch(program).module, Plan(until_ms=1000, steps=steps))
    assert [line.line for line in outcome.console] == ["echo"]
    assert (outcome.variables["heard"], outcome.variables["presses"]) == (42, 3)


@pytest.mark.parametrize(
    ("program", "panic"),
    [
        ("void setup() { *(volatile int*)0 = 1; }", "hard_fault"),
        ("volatile int none; void setup() { none = 7 / none; }", "usage_fault"),
        ("void setup() { abort(); }", "7"),
    ],
)
def test_a_panic_is_told(vphoton: Path, sketch: Compile, program: str, panic: str) -> None:
    outcome = run(vphoton, sketch(f"{program}\nvoid loop() {{}}").module, Plan(until_ms=100))
    assert {each.panic for each in outcome.restarts} == {panic}
    assert outcome.hung  # it never gets beyond setup()


def test_a_loop_without_end_hangs(vphoton: Path, sketch: Compile) -> None:
    module = sketch("void setup() {}\nvoid loop() { for (;;) continue; }").module
    assert run(vphoton, module, Plan(until_ms=500)).ms == 500 or run(vphoton, module, Plan(until_ms=500)).hung


def test_a_wrong_plan_is_refused(vphoton: Path, parts: dict[str, UserPart]) -> None:
    with pytest.raises(UsageError, match="step 2 needs"):
        run(vphoton, parts["roller"].module, Plan(until_ms=1, steps=say((5, "b"), (4, "a"))))
    with pytest.raises(UsageError, match="there are roller, venetian"):
        run(vphoton, parts["roller"].module, Plan(until_ms=1, wired_to="awning"))
