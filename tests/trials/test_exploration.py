"""Explorations find what is broken, and nothing in what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.build.compile import compile_project
from photonrig.build.elf import Symbols
from photonrig.build.project import collect_project
from photonrig.build.variants import variant_project
from photonrig.errors import FirmwareError
from photonrig.trials.explorations import exploration_of, plan_of
from photonrig.trials.explore import Explored, explore_function
from photonrig.trials.plan import Explored as Call
from photonrig.trials.plan import Plan
from photonrig.trials.run import explore

from ..user_part.conftest import TOOLS, written
from .conftest import Compile, UserPart


def explored(vphoton: Path, part: UserPart, variant: str, name: str) -> Explored:
    symbols = Symbols(part.elf)
    exploration = exploration_of(variant, name, symbols)
    function = symbols.named(name)
    return explore_function(vphoton, part.module, symbols, function, plan_of(variant, exploration, function))


@pytest.mark.parametrize(
    ("variant", "function"),
    [
        ("venetian", "EncoderDrive::run"),
        ("venetian", "EncoderDrive::aim_at"),
        ("venetian", "EncoderDrive::stop"),
        ("venetian", "EventQueue::send"),
        ("roller", "RadioRemote::stop"),
        ("roller", "EventQueue::add"),
        ("roller", "RecordStore::save"),
        ("drapery", "BusMotor::stop"),
        ("honeycomb", "ContactDrive::run"),
    ],
)
def test_nothing_is_found(vphoton: Path, parts: dict[str, UserPart], variant: str, function: str) -> None:
    found = explored(vphoton, parts[variant], variant, function)
    assert found.findings == ()
    assert found.instructions > 10
    assert found.interruptions["power"] >= 1


# Faults put into a copy of the sources: file, what is replaced, by what; where it is looked for; what is found.
BROKEN = {
    "the aim of an encoder changed in parts": (
        "venetian",
        "src/encoder_drive.cpp",
        "or the new one.\n  ATOMIC_BLOCK() {",
        "\n  {",
        "EncoderDrive::aim_at",
        "stalled",
    ),
    "an encoder's motor that is forgotten when it has arrived": (
        "venetian",
        "src/encoder_drive.cpp",
        "if (!set_aim(leg)) run(leg);",
        "set_aim(leg);",
        "EncoderDrive::aim_at",
        "move open was accepted",
    ),
    "time that counts before the motor is on": (
        "honeycomb",
        "lib/shade/src/shade/motion.cpp",
        "leg_start_ms_ = clock_.now_ms();\n  doubt_if_late(now);",
        "",
        "ContactDrive::run",
        "position 60 is told",
    ),
    "a stop that does not look how long it took": (
        "honeycomb",
        "lib/shade/src/shade/motion.cpp",
        "  rest_at(hundredths());\n  doubt_if_late(now);",
        "  rest_at(hundredths());",
        "Motion::halt",
        "is told, and the lift is at",
    ),
    "a rest that is stored before the motor has heard of it": (
        "roller",
        "lib/shade/src/shade/controller.cpp",
        "return !axis.motion.moving() && !axis.motion.pending();",
        "return !axis.motion.moving();",
        "EventQueue::add",
        "position 37 is told, and the lift is at 100.0",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_function_is_found(vphoton: Path, tmp_path: Path, name: str) -> None:
    variant, file, before, after, function, finding = BROKEN[name]
    project = variant_project(TOOLS, variant)
    files = collect_project(project)
    text = files[file].decode()
    assert text.count(before) == 1
    broken = files | {file: text.replace(before, after).encode()}
    part = written(compile_project(broken, TOOLS.sdk(), debug=project), tmp_path / "broken.bin")
    texts = [each.text for each in explored(vphoton, part, variant, function).findings]
    assert any(finding in text for text in texts), texts


COUNTER = """
SYSTEM_MODE(MANUAL)
volatile int count = 0;
int value() { return count; }
void add() { ++count; }
Timer timer(50, add);
__attribute__((noinline)) void %s() {
  int seen = count;
  asm volatile("nop");
  count = seen + 1;
}
void setup() {
  Particle.variable("count", value);
  timer.start();
}
void loop() {
  %s
}
"""


@pytest.mark.parametrize(("guard", "lost"), [("twice();", True), ("SINGLE_THREADED_BLOCK() { twice(); }", False)])
def test_a_timer_comes_between_a_read_and_a_write(vphoton: Path, sketch: Compile, guard: str, lost: bool) -> None:
    """The sum of a counter shows whether a tick was lost: by construction at two places of an unguarded addition."""
    part = sketch(COUNTER % ("twice", guard))
    symbols = Symbols(part.elf)
    plan = Plan(until_ms=300, explore=Call(symbols.named("twice").begin, after_ms=100, stalls_ms=()))
    instructions, (plain, *runs) = explore(vphoton, part.module, plan)
    assert 4 <= instructions <= 12
    timers = [run for run in runs if run.interruption and run.interruption.kind == "timer"]
    counts = [run.outcome.variables["count"] - plain.outcome.variables["count"] for run in timers]
    if lost:
        # The tick comes early, and with it the later ones; where it is lost one is missing.
        assert len(set(counts)) == 2 and max(counts) - min(counts) == 1
    else:
        assert counts == []


SHARED = """
SYSTEM_MODE(MANUAL)
volatile int count = 0, first = 0, second = 0;
Mutex mutex;
int lost() { return first + second - count; }
#define ADDS(name, own)                      \\
  __attribute__((noinline)) void name() {    \\
    %s                                       \\
    count = count + 1;                       \\
    own = own + 1;                           \\
    %s                                       \\
  }
ADDS(add, first)
ADDS(add_too, second)
void others(void*) {
  for (;;) {
    add_too();
    delay(5);
  }
}
void setup() {
  Particle.variable("lost", lost);
  new Thread("others", others, nullptr, %d);
}
void loop() { add(); }
"""


def switched_at_each_instruction(
    vphoton: Path, sketch: Compile, function: str, priority: int, guard: tuple[str, str] = ("", "")
) -> list[int]:
    """The additions lost in each run with a switch of threads; ``priority`` is the other thread's, loop() has 2."""
    part = sketch(SHARED % (*guard, priority))
    begin = Symbols(part.elf).named(function).begin
    plan = Plan(until_ms=400, explore=Call(begin, after_ms=100, stalls_ms=()))
    _, (plain, *runs) = explore(vphoton, part.module, plan)
    assert plain.outcome.variables["lost"] == 0
    switched = [run for run in runs if run.interruption and run.interruption.kind == "thread"]
    assert not any(run.outcome.hung for run in switched)
    return [run.outcome.variables["lost"] for run in switched]


@pytest.mark.parametrize(("function", "priority"), [("add", 2), ("add", 5), ("add_too", 2)])
def test_another_thread_comes_between_a_read_and_a_write(
    vphoton: Path, sketch: Compile, function: str, priority: int
) -> None:
    """Two threads add to one counter: between one's read and write the other's addition is lost, and only there."""
    assert set(switched_at_each_instruction(vphoton, sketch, function, priority)) == {0, 1}
    lost = switched_at_each_instruction(vphoton, sketch, function, priority, ("mutex.lock();", "mutex.unlock();"))
    assert len(lost) >= 4 and set(lost) == {0}


def test_a_less_urgent_thread_does_not_come_between(vphoton: Path, sketch: Compile) -> None:
    assert switched_at_each_instruction(vphoton, sketch, "add", 1) == []


def test_a_function_that_is_never_called_is_told(vphoton: Path, parts: dict[str, UserPart]) -> None:
    symbols = Symbols(parts["roller"].elf)
    plan = Plan(until_ms=200, wired_to="roller", explore=Call(symbols.named("RadioRemote::stop").begin))
    with pytest.raises(FirmwareError, match="is not called"):
        explore(vphoton, parts["roller"].module, plan)
