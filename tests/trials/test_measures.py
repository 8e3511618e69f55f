"""What instruments say of applications whose stack, heap, lines and faults are known by construction."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from photonrig.build.elf import Symbols
from photonrig.trials.coverage import coverage, lcov
from photonrig.trials.explorations import life_plan
from photonrig.trials.memory import told
from photonrig.trials.plan import Plan, Step
from photonrig.trials.profile import speedscope
from photonrig.trials.run import Figures, Instruments, Outcome, run

from .. import waveform
from .conftest import Compile, UserPart


def observed(vphoton: Path, part: UserPart, until_ms: int = 200) -> tuple[Figures, Instruments, Symbols]:
    outcome = run(vphoton, part.module, Plan(until_ms=until_ms, instruments=True))
    assert outcome.figures is not None and outcome.instruments is not None and not outcome.restarts
    return outcome.figures, outcome.instruments, Symbols(part.elf)


def figures(vphoton: Path, part: UserPart) -> Figures:
    outcome = run(vphoton, part.module, Plan(until_ms=200))
    assert outcome.figures is not None
    return outcome.figures


STACK = """
SYSTEM_MODE(MANUAL)
__attribute__((noinline)) void wide() {
  volatile uint8_t kept[%d];
  for (size_t i = 0; i < sizeof kept; ++i) kept[i] = 1;
  kept[0] = static_cast<uint8_t>(kept[0] + millis());
}
void setup() { wide(); }
void loop() {}
"""


def test_the_stack_grows_by_what_a_function_keeps(vphoton: Path, sketch: Compile) -> None:
    most = {size: figures(vphoton, sketch(STACK % size)).most_stack for size in (1256, 2256, 4256)}
    assert most[2256] - most[1256] == 1000
    assert most[4256] - most[1256] == 3000
    assert 1256 < most[1256] < 1500


HEAP = """
SYSTEM_MODE(MANUAL)
void setup() {
  void* volatile first = malloc(8000);
  void* volatile second = malloc(8000);
  free(first);
  first = malloc(4000);
  free(first);
  (void)second;
}
void loop() {}
"""


def test_heap_at_its_fullest_and_its_largest_gap(vphoton: Path, sketch: Compile) -> None:
    """Blocks have a header of 8 bytes, as newlib's. The first gap is filled before the room behind."""
    plain = figures(vphoton, sketch("SYSTEM_MODE(MANUAL)\nvoid setup() {}\nvoid loop() {}"))
    seen = figures(vphoton, sketch(HEAP))
    assert seen.heap_most_used - plain.heap_most_used == 2 * 8008
    assert seen.heap_used - plain.heap_used == 8008
    assert plain.heap_least_largest_free - seen.heap_least_largest_free == 2 * 8008


OFF = """
SYSTEM_MODE(MANUAL)
void setup() {
  %s
  for (int i = 0; i < %d; ++i) asm volatile("nop");
  %s
}
void loop() {}
"""
WAYS = {
    "by the system": ("noInterrupts();", "interrupts();"),
    "by the processor": ('asm volatile("cpsid i");', 'asm volatile("cpsie i");'),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_longest_time_without_interrupts(vphoton: Path, sketch: Compile, way: str) -> None:
    off, on = WAYS[way]
    longest = {
        turns: figures(vphoton, sketch(OFF % (off, turns, on))).longest_without_interrupts for turns in (100, 1100)
    }
    per_turn = (longest[1100] - longest[100]) / 1000
    assert per_turn == int(per_turn) and 2 <= per_turn <= 5  # nop, count, compare, branch
    assert 0 <= longest[100] - 100 * per_turn < 40


def test_calls_of_the_system_in_a_loop(vphoton: Path, sketch: Compile) -> None:
    calls = {
        count: figures(
            vphoton, sketch("SYSTEM_MODE(MANUAL)\nvoid setup() {}\nvoid loop() {" + "millis();" * count + "}")
        )
        for count in (0, 7)
    }
    assert calls[7].loop_calls - calls[0].loop_calls == 7 * calls[7].loops
    assert calls[7].loops == calls[0].loops > 5


FAULTS = {
    "a variable of the stack": ("volatile int n; sink = n;", "reads 4 bytes"),
    "a block of the heap": ("volatile int* n = take<int>(4); sink = *n; free((void*)n);", "reads 4 bytes"),
    "one byte beyond a block": ("volatile char* at = take<char>(10); at[10] = 1; free((void*)at);", "uses 1 bytes"),
    "one byte before a block": ("volatile char* at = take<char>(10); at[-1] = 1; free((void*)at);", "uses 1 bytes"),
    "a word that ends behind its block": (
        "volatile char* at = take<char>(10); at[8] = at[9] = 1; sink = *(volatile int*)(at + 8); free((void*)at);",
        "reads 4 bytes",
    ),
    "a block that was freed": ("volatile int* n = take<int>(4); *n = 1; free((void*)n); sink = *n;", "uses 4 bytes"),
    "what a shrunk block lost": (
        "volatile char* at = (char*)realloc((void*)take<char>(64), 8); at[20] = 1; free((void*)at);",
        "uses 1 bytes",
    ),
}
CHECKED = """
SYSTEM_MODE(MANUAL)
volatile int sink;
template <typename T>
volatile T* take(size_t size) {
  void* volatile taken = malloc(size);
  return static_cast<volatile T*>(taken);
}
__attribute__((noinline)) void culprit() { %s }
void setup() { culprit(); }
void loop() {}
"""


@pytest.mark.parametrize("name", FAULTS)
def test_memory_used_wrongly_is_named(vphoton: Path, sketch: Compile, name: str) -> None:
    code, text = FAULTS[name]
    part = sketch(CHECKED % code)
    _, instruments, symbols = observed(vphoton, part)
    (line,) = told(symbols, instruments.memory)
    assert line.startswith("culprit (sketch.cpp:") and text in line


def test_memory_used_rightly_is_not(vphoton: Path, sketch: Compile) -> None:
    right = """
      struct Padded { char small; int large; } one = {1, 2}, copy = one;
      sink = copy.large;
      String text("a text that lies in the heap");
      text += String::format(" %d", 42);
      sink = text.length();
      char buffer[40];
      snprintf(buffer, sizeof buffer, "%s", text.c_str());
      sink = strlen(buffer);
      char* at = (char*)calloc(1, 12); sink = at[3];
      at = (char*)realloc(at, 100); at[99] = 1; free(at);
    """
    _, instruments, symbols = observed(vphoton, sketch(CHECKED % right))
    assert list(told(symbols, instruments.memory)) == []


@pytest.mark.parametrize("variant", ["roller", "venetian", "drapery", "honeycomb"])
def test_the_variants_use_their_memory_rightly(vphoton: Path, parts: dict[str, UserPart], variant: str) -> None:
    plan = msgspec.structs.replace(life_plan(variant), instruments=True)
    outcome = run(vphoton, parts[variant].module, plan)
    assert outcome.instruments is not None
    assert list(told(Symbols(parts[variant].elf), outcome.instruments.memory)) == []


COVERED = """
SYSTEM_MODE(MANUAL)
volatile int chosen = 1, sink;
__attribute__((noinline)) void one() {
  sink = 11;  // hit
}
__attribute__((noinline)) void other() {
  sink = 22;  // missed
}
void setup() {
  if (chosen)
    one();
  else
    other();
}
void loop() {
  sink = 44;  // hit
}
"""


def test_coverage_of_lines(vphoton: Path, sketch: Compile, tmp_path: Path) -> None:
    part = sketch(COVERED)
    named = tmp_path / "src" / "sketch.cpp"
    named.parent.mkdir()
    named.write_text(f'#include "Particle.h"\n{COVERED}')
    _, instruments, symbols = observed(vphoton, part)
    covered = coverage(symbols, instruments.executed, tmp_path)
    (source,) = covered
    text = source.read_text().splitlines()
    told_lines = {number: hit for number, hit in covered[source].items() if "//" in text[number - 1]}
    assert told_lines == {number: "// hit" in line for number, line in enumerate(text, 1) if "//" in line}
    trace = tmp_path / "lcov.info"
    trace.write_text(lcov(covered, "sketch"))
    assert trace.read_text().startswith(f"TN:sketch\nSF:{source}\nDA:")
    if shutil.which("genhtml"):
        subprocess.run(["genhtml", "-q", str(trace), "-o", str(tmp_path / "html")], check=True)
        assert (tmp_path / "html" / "index.html").exists()


PROFILED = """
SYSTEM_MODE(MANUAL)
__attribute__((noinline)) void leaf(int turns) { for (int i = 0; i < turns; ++i) asm volatile("nop"); }
__attribute__((noinline)) void caller_one() { leaf(1000); asm volatile(""); }
__attribute__((noinline)) void caller_two() { leaf(3000); asm volatile(""); }
void setup() { caller_one(); caller_two(); asm volatile(""); }
void loop() {}
"""


def test_a_profile_by_caller(vphoton: Path, sketch: Compile) -> None:
    counted, instruments, symbols = observed(vphoton, sketch(PROFILED))
    profile = speedscope(symbols, instruments.profile, "sketch")
    assert profile["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    names = [frame["name"] for frame in profile["shared"]["frames"]]
    (its,) = profile["profiles"]
    assert (its["type"], its["unit"], its["startValue"]) == ("sampled", "none", 0)
    assert its["endValue"] == sum(its["weights"]) == counted.instructions
    assert len(its["samples"]) == len(its["weights"])
    by_stack = {
        tuple(names[f] for f in stack): weight for stack, weight in zip(its["samples"], its["weights"], strict=True)
    }
    one = sum(weight for stack, weight in by_stack.items() if stack[-2:] == ("caller_one", "leaf"))
    two = sum(weight for stack, weight in by_stack.items() if stack[-2:] == ("caller_two", "leaf"))
    assert 2.9 < two / one < 3.1
    assert {stack[-3] for stack in by_stack if stack[-1] == "leaf"} == {"setup"}


def test_a_waveform_of_the_pins(vphoton: Path, sketch: Compile, tmp_path: Path) -> None:
    """Read by the parser of pyvcd, which nobody here wrote."""
    program = """
    SYSTEM_MODE(MANUAL)
    void setup() {
      pinMode(D7, OUTPUT);
      pinMode(D2, INPUT);
      digitalWrite(D7, HIGH);
      delay(5);
      digitalWrite(D7, LOW);
      pinMode(D0, OUTPUT);
      analogWrite(D0, 100);
    }
    void loop() {}
    """
    file = tmp_path / "pins.vcd"
    steps = (Step(20, pin=2, level=1), Step(60, pin=2, level=0))
    outcome: Outcome = run(vphoton, sketch(program).module, Plan(until_ms=100, steps=steps, record=str(file)))
    assert not outcome.restarts
    recorded = waveform.read(file)
    assert recorded.end == 100_000
    d7 = recorded.of("D7")
    assert [value for _, value in d7] == ["z", "0", "1", "0"]
    assert 5000 <= d7[3][0] - d7[2][0] < 5100
    assert [value for _, value in recorded.of("D0_value")] == [0, 100]
    assert [(at // 1000, value) for at, value in recorded.of("D2")] == [(0, "z"), (20, "1"), (60, "0")]
    assert len(set(recorded.names)) == len(recorded.names)
