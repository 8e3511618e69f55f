// What an observer is told of the processor's instructions and accesses.
#include "machine/observer.h"

#include <doctest/doctest.h>

#include <tuple>
#include <vector>

#include "bench.h"

using namespace vphoton::machine;

namespace {

struct Recorder : Observer {
  std::vector<std::pair<uint32_t, bool>> instructions;
  std::vector<std::tuple<char, uint32_t, uint32_t>> accesses;

  void instruction(const Registers& regs, bool executed) override { instructions.emplace_back(regs.r[15], executed); }
  void read(uint32_t address, uint32_t size) override { accesses.emplace_back('r', address, size); }
  void written(uint32_t address, uint32_t size) override { accesses.emplace_back('w', address, size); }
};

struct Observed : Bench {
  Observed(std::initializer_list<uint16_t> code) : Bench(code) {
    processor.set_observer(&recorder);
    memory.set_observer(&recorder);
  }
  Recorder recorder;
};

}  // namespace

TEST_CASE("observer: each instruction, and whether its IT block lets it be executed") {
  Observed bench({0x2000, 0xBF0C, 0x3001, 0x3002});  // MOVS r0, #0; ITE EQ; ADD #1; ADD #2
  bench.processor.run(4);
  const std::vector<std::pair<uint32_t, bool>> expected = {
      {kCode, true}, {kCode + 2, true}, {kCode + 4, true}, {kCode + 6, false}};
  CHECK(bench.recorder.instructions == expected);
  CHECK(bench.r(0) == 1);
}

TEST_CASE("observer: each access with its address and size") {
  Observed bench(
      {0xB503, 0x7008, 0x8808, 0xBD03});  // PUSH {r0, r1, lr}; STRB r0, [r1]; LDRH r0, [r1]; POP {r0, r1, pc}
  bench.r(1) = kRamBase + 7;
  bench.processor.run(4);
  const std::vector<std::tuple<char, uint32_t, uint32_t>> expected = {
      {'w', kStack - 12, 4},  {'w', kStack - 8, 4},  {'w', kStack - 4, 4}, {'w', kRamBase + 7, 1},
      {'r', kRamBase + 7, 2}, {'r', kStack - 12, 4}, {'r', kStack - 8, 4}, {'r', kStack - 4, 4}};
  CHECK(bench.recorder.accesses == expected);
}

TEST_CASE("observer: none is told any more, and the run is the same") {
  Observed bench({0x3001, 0x3001, 0x3001});
  bench.processor.run(1);
  bench.processor.set_observer(nullptr);
  bench.memory.set_observer(nullptr);
  bench.processor.run(2);
  CHECK(bench.recorder.instructions.size() == 1);
  CHECK(bench.r(0) == 3);
}

TEST_CASE("processor: the longest time with interrupts masked, by whatever mask") {
  // CPSID i; NOP; NOP; CPSIE i; CPSID f; CPSIE f; MSR BASEPRI, r0; NOP x 4; MSR BASEPRI, r1
  Bench bench(
      {0xB672, 0xBF00, 0xBF00, 0xB662, 0xB671, 0xB661, 0xF380, 0x8811, 0xBF00, 0xBF00, 0xBF00, 0xBF00, 0xF381, 0x8811});
  bench.r(0) = 0x40;
  bench.processor.run(4);
  CHECK(bench.processor.longest_masked() == 3);
  bench.processor.run(2);
  CHECK(bench.processor.longest_masked() == 3);
  bench.processor.run(6);
  CHECK(bench.processor.longest_masked() == 5);
}
