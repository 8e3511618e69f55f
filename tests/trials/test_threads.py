"""Threads of an application: what FreeRTOS promises, each on the machine in time counted in instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from photonrig.trials.plan import Plan
from photonrig.trials.run import Outcome, run

from .conftest import Compile

MODE = "SYSTEM_MODE(MANUAL)\n"


def ran(vphoton: Path, sketch: Compile, text: str, until_ms: int = 1000, seed: int | None = None) -> Outcome:
    return run(vphoton, sketch(MODE + text).module, Plan(until_ms=until_ms, seed=seed))


def said(outcome: Outcome) -> list[str]:
    assert not outcome.restarts and not outcome.hung, outcome.log
    return [each.line for each in outcome.console]


SPIN = """
volatile uint32_t first = 0, second = 0, own = 0;
void spin(void* count) { for (;;) ++*static_cast<volatile uint32_t*>(count); }
int shares() { return first > 0 && second > 0 ? int(100 * first / (first + second)) : -1; }
void setup() {
  Particle.variable("shares", shares);
  Particle.variable("own", [] { return int(own); });
  new Thread("first", spin, (void*)&first, %d);
  new Thread("second", spin, (void*)&second, %d);
}
void loop() { ++own; }
"""


def test_equal_threads_take_turns_by_ticks_though_neither_waits(vphoton: Path, sketch: Compile) -> None:
    variables = ran(vphoton, sketch, SPIN % (2, 2), 300).variables
    assert variables["shares"] == pytest.approx(50, abs=5)
    assert variables["own"] > 10  # the application's own thread is one of them


def test_a_new_thread_has_its_turn_though_the_application_never_waits(vphoton: Path, sketch: Compile) -> None:
    text = """
    volatile bool ran = false;
    os_thread_t handle;
    void setup() {
      os_thread_create(&handle, "new", 2, [](void*) { ran = true; os_thread_exit(nullptr); }, nullptr, 512);
      uint32_t began = millis();
      while (!ran) continue;
      Serial.printlnf("%d", millis() - began <= 2);
    }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == ["1"]


@pytest.mark.parametrize("waits", ["delay(20)", "os_thread_join(handle)", "Particle.process()"])
def test_a_thread_whose_function_returns_is_over(vphoton: Path, sketch: Compile, waits: str) -> None:
    text = """
    volatile bool ran = false;
    os_thread_t handle;
    void setup() { os_thread_create(&handle, "short", 2, [](void*) { ran = true; }, nullptr, 512); }
    void loop() {
      if (!ran) return;
      %s;
      static bool told = false;
      if (!told) Serial.printlnf("%%d", os_thread_join(handle));
      told = true;
    }
    """
    outcome = ran(vphoton, sketch, text % waits)
    assert said(outcome) == ["0"]
    assert outcome.figures is not None
    assert [(each.name, each.finished) for each in outcome.figures.threads] == [("short", True)]


def test_a_lower_thread_runs_when_no_higher_one_can(vphoton: Path, sketch: Compile) -> None:
    """Below the application's own thread, which spins for 200 ms and then waits for 100 ms."""
    text = """
    volatile uint32_t count = 0;
    void spin(void*) { for (;;) ++count; }
    void setup() {
      Thread* low = new Thread("low", spin, nullptr, 1);
      uint32_t before = count;
      for (uint32_t began = millis(); millis() - began < 200;) continue;
      Serial.printlnf("%d", count == before);
      delay(100);
      Serial.printlnf("%d", count > before + 10000);
    }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == ["1", "1"]


def test_a_higher_thread_runs_as_soon_as_it_can(vphoton: Path, sketch: Compile) -> None:
    text = """
    os_semaphore_t semaphore;
    String order;
    void wait(void*) { for (;;) { os_semaphore_take(semaphore, 0xFFFFFFFF, false); order += "h"; } }
    void setup() {
      os_semaphore_create(&semaphore, 5, 0);
      new Thread("high", wait, nullptr, 5);
      for (int i = 0; i < 3; ++i) { order += "a"; os_semaphore_give(semaphore, false); order += "b"; }
      Serial.println(order);
    }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == ["ahbahbahb"]


COUNT = """
Mutex mutex;
RecursiveMutex recursive;
volatile int count = 0, done = 0;
void add() { for (int i = 0; i < 300; ++i) { %s } }
void setup() {
  Particle.variable("count", [] { return int(count); });
  Thread first("first", [] { add(); }), second("second", [] { add(); });
  add();
  first.join();
  second.join();
  Serial.println("joined");
}
void loop() {}
"""
LOAD_AND_STORE = "int before = count; for (volatile int n = 0; n < 20; ++n) continue; count = before + 1;"


@pytest.mark.parametrize(
    "guard",
    [
        "mutex.lock(); %s mutex.unlock();",
        "WITH_LOCK(mutex) { %s }",
        "recursive.lock(); recursive.lock(); %s recursive.unlock(); recursive.unlock();",
        "SINGLE_THREADED_BLOCK() { SINGLE_THREADED_BLOCK() { } %s }",
        "ATOMIC_BLOCK() { %s }",
    ],
)
def test_a_guarded_count_loses_nothing(vphoton: Path, sketch: Compile, guard: str) -> None:
    text = COUNT % (guard % LOAD_AND_STORE)
    for seed in (None, 1, 2, 3):
        outcome = ran(vphoton, sketch, text, seed=seed)
        assert said(outcome) == ["joined"]
        assert outcome.variables["count"] == 900


def test_seeds_switch_threads_at_other_instructions_and_each_seed_at_the_same(vphoton: Path, sketch: Compile) -> None:
    """The race that the guards above exclude; how much is lost, the seed decides."""
    part = sketch(MODE + COUNT % LOAD_AND_STORE)
    counts = {
        seed: [run(vphoton, part.module, Plan(until_ms=1000, seed=seed)).variables["count"] for _ in range(2)]
        for seed in range(6)
    }
    assert all(one == other for one, other in counts.values())
    assert min(one for one, _ in counts.values()) < 900
    assert len({one for one, _ in counts.values()}) > 3


def test_who_waits_for_a_mutex_lends_its_priority(vphoton: Path, sketch: Compile) -> None:
    """Without it the middle thread, which spins, would keep the low one from letting the high one go on."""
    text = """
    Mutex mutex;
    volatile bool held = false;
    volatile uint32_t spins = 0;
    void low(void*) { mutex.lock(); held = true; for (volatile int n = 0; n < 300000; ++n) continue; mutex.unlock(); }
    void middle(void*) { for (;;) ++spins; }
    void high(void*) { delay(5); mutex.lock(); Serial.println("high"); mutex.unlock(); os_thread_exit(nullptr); }
    void setup() {
      new Thread("low", low, nullptr, 3);
      while (!held) delay(1);
      new Thread("high", high, nullptr, 5);
      new Thread("middle", middle, nullptr, 4);
    }
    void loop() {}
    """
    assert [each.line for each in ran(vphoton, sketch, text, 500).console] == ["high"]


def test_locks_of_others_and_own(vphoton: Path, sketch: Compile) -> None:
    text = """
    Mutex plain;
    RecursiveMutex again;
    void setup() {
      plain.lock(); again.lock();
      Serial.printlnf("%d %d", plain.trylock(), again.trylock());
      Thread other("other", [] { Serial.printlnf("%d %d", plain.trylock(), again.trylock()); });
      other.join();
      again.unlock();
      Thread once("once", [] { Serial.printlnf("%d", again.trylock()); });
      once.join();
      again.unlock(); plain.unlock();
      Thread twice("twice", [] { Serial.printlnf("%d %d", plain.trylock(), again.trylock()); });
      twice.join();
      Serial.printlnf("%d", os_mutex_recursive_unlock((os_mutex_recursive_t)4));
    }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == ["0 1", "0 0", "0", "1 1", "1"]


def test_semaphores_and_queues(vphoton: Path, sketch: Compile) -> None:
    text = """
    os_queue_t queue;
    os_semaphore_t semaphore;
    struct Item { int number; char text[8]; };
    void produce(void*) {
      for (int i = 0; i < 6; ++i) {
        Item item{i, ""};
        snprintf(item.text, sizeof item.text, "item%d", i);
        os_queue_put(queue, &item, 0xFFFFFFFF, nullptr);
      }
      Serial.println("all put");
      os_thread_exit(nullptr);
    }
    void setup() {
      Serial.printlnf("%d", os_queue_create(&queue, sizeof(Item), 2, nullptr));
      Item item;
      uint32_t began = millis();
      Serial.printlnf("%d %d", os_queue_take(queue, &item, 50, nullptr), int(millis() - began));
      Thread producer("producer", produce);
      delay(5);
      Serial.printlnf("%d", os_queue_put(queue, &item, 0, nullptr));
      Serial.printlnf("%d %d", os_queue_peek(queue, &item, 0, nullptr), item.number);
      for (int i = 0; i < 6; ++i) { os_queue_take(queue, &item, 0xFFFFFFFF, nullptr); Serial.print(item.text); }
      delay(5);
      Serial.printlnf(" %d", os_queue_take(queue, &item, 0, nullptr));
      os_queue_destroy(queue, nullptr);
      os_semaphore_create(&semaphore, 2, 1);
      int taken = os_semaphore_take(semaphore, 0, false), missed = os_semaphore_take(semaphore, 0, false);
      int gave = os_semaphore_give(semaphore, false) + os_semaphore_give(semaphore, false);
      Serial.printlnf("%d %d %d %d", taken, missed, gave, os_semaphore_give(semaphore, false));
      os_semaphore_destroy(semaphore);
      Serial.printlnf("%d", os_queue_create(&queue, 1000, 1000, nullptr));
    }
    void loop() {}
    """
    lines = said(ran(vphoton, sketch, text))
    assert lines == ["0", "1 50", "1", "0 0", "item0item1item2item3all put", "item4item5 1", "0 1 0 1", "1"]


def test_the_life_of_a_thread(vphoton: Path, sketch: Compile) -> None:
    """Its stack comes from the heap and goes back to it; its handle is good until it is cleaned up."""
    text = """
    os_thread_t handle, seen;
    volatile bool current = false;
    void live(void* data) {
      seen = os_thread_current(nullptr);
      current = os_thread_is_current(handle);
      *static_cast<int*>(data) = 42;
      delay(20);
      os_thread_exit(nullptr);
    }
    void setup() {
      int given = 0;
      uint32_t before = System.freeMemory();
      Serial.printlnf("%d", os_thread_create(&handle, "alive", 2, live, &given, 2048));
      Serial.printlnf("%u", before - System.freeMemory());
      delay(5);
      Serial.printlnf("%d %d %d %d", given, handle == seen, current, os_thread_is_current(handle));
      uint32_t began = millis();
      int joined = os_thread_join(handle);
      Serial.printlnf("%d %d", joined, millis() - began >= 10);
      Serial.printlnf("%d %d", os_thread_cleanup(handle), before == System.freeMemory());
      Serial.printlnf("%d %d", os_thread_cleanup(nullptr), os_thread_cleanup(os_thread_current(nullptr)));
      os_thread_t big;
      Serial.printlnf("%d %d", os_thread_create(&big, "big", 2, live, &given, 100000), big == nullptr);
      os_thread_create(&handle, "spins", 2, [](void*) { for (;;) continue; }, nullptr, 512);
      delay(3);
      Serial.printlnf("%d %d", os_thread_exit(handle), os_thread_cleanup(handle));
      Serial.printlnf("%d", before == System.freeMemory());
    }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == [
        "0",
        "2056",  # with the header of a block of the heap
        "42 1 1 0",
        "0 1",
        "0 1",
        "1 1",
        "1 1",
        "0 0",
        "1",
    ]


def test_a_period_is_kept_whatever_its_work_takes(vphoton: Path, sketch: Compile) -> None:
    text = """
    void tick(void*) {
      system_tick_t last = millis();
      uint32_t began = last;
      for (int i = 0; i < 5; ++i) {
        delay(3 * i);
        os_thread_delay_until(&last, 20);
        Serial.printf("%d ", int(millis() - began));
      }
      Serial.println();
      os_thread_exit(nullptr);
    }
    void setup() { new Thread("tick", tick); }
    void loop() {}
    """
    assert said(ran(vphoton, sketch, text)) == ["20 40 60 80 100 "]


STACK = """
__attribute__((noinline)) void wide() {
  volatile uint8_t kept[%d];
  for (size_t i = 0; i < sizeof kept; ++i) kept[i] = 1;
  kept[0] = static_cast<uint8_t>(kept[0] + millis());
}
void run(void*) { wide(); for (;;) delay(10); }
void setup() { new Thread("narrow", run, nullptr, 2, 2048); }
void loop() {}
"""


def test_the_highest_stack_of_each_thread(vphoton: Path, sketch: Compile) -> None:
    most = {}
    for size in (256, 1256):
        figures = ran(vphoton, sketch, STACK % size, 100).figures
        assert figures is not None
        (thread,) = figures.threads
        assert (thread.name, thread.priority, thread.stack_total, thread.finished) == ("narrow", 2, 2048, False)
        most[size] = thread.most_stack
    assert most[1256] - most[256] == 1000
    assert 256 < most[256] < 600


def test_a_thread_beyond_its_stack_ends_the_device(vphoton: Path, sketch: Compile) -> None:
    outcome = ran(vphoton, sketch, STACK % 2100, 100)
    assert {each.panic for each in outcome.restarts} == {"stack_overflow"}
    assert 'its stack of 2048 bytes in its thread "narrow"' in outcome.log


def test_threads_that_wait_for_one_another_hang(vphoton: Path, sketch: Compile) -> None:
    text = """
    Mutex one, other;
    void setup() {
      one.lock();
      Thread thread("thread", [] { other.lock(); one.lock(); });
      delay(5);
      other.lock();
    }
    void loop() {}
    """
    assert ran(vphoton, sketch, text).hung


def test_instruments_tell_threads_apart(vphoton: Path, sketch: Compile) -> None:
    """Two threads that switch in the middle of functions: no false finding, and each has its own calls."""
    text = """
    __attribute__((noinline)) int deep(int n) { volatile int kept[4] = {n}; return n ? deep(n - 1) + kept[0] : 0; }
    void work(void*) { for (;;) { deep(20); os_thread_yield(); } }
    void setup() { new Thread("one", work); new Thread("two", work); }
    void loop() { deep(30); }
    """
    outcome = run(vphoton, sketch(MODE + text).module, Plan(until_ms=200, seed=3, instruments=True))
    assert outcome.instruments is not None and not outcome.restarts
    assert outcome.instruments.memory == ()


def test_a_thread_that_ends_within_a_callback_of_the_system(vphoton: Path, sketch: Compile) -> None:
    """By itself, and by another while its callback waits: the system was about to go on from the callback."""
    text = """
    volatile bool within = false;
    void message(const char*, int, const char*, const LogAttributes*, void*) {
      within = true;
      if (os_thread_current(nullptr) == nullptr) return;
      %s
    }
    int enabled(int, const char*, void*) { return 1; }
    os_thread_t handle;
    void setup() {
      log_set_callbacks(message, nullptr, enabled, nullptr);
      uint32_t before = System.freeMemory();
      os_thread_create(&handle, "logs", 2, [](void*) { log_message(30, "app", nullptr, nullptr, "x"); }, nullptr, 2048);
      while (!within) continue;
      for (uint32_t began = millis(); millis() - began < 5;) continue;
      Serial.printlnf("%%d", os_thread_cleanup(handle));
      delay(20);
      Serial.printlnf("%%d", before - System.freeMemory() < 100);
    }
    void loop() {}
    """
    for code in ("os_thread_exit(nullptr);", "delay(10000);", "for (;;) continue;"):
        assert said(ran(vphoton, sketch, text % code)) == ["0", "1"], code
