// What a trial does, as a JSON file says it:
//
//     {"wired_to":"venetian:2000", "until_ms":9000, "seed":7, "trace":true,
//      "instruments":true, "record":"pins.vcd",
//      "steps":[{"at_ms":100,"say":"move 40"},{"at_ms":3000,"call":"move","argument":"close"},
//               {"at_ms":3500,"pin":3,"level":1}],
//      "explore":{"begin":134873088,"call":1,"after_ms":100,"stalls_ms":[600,1100]}}
//
// Steps are done between two calls of loop(), in their order: a line on USB serial, a function of the cloud, a level
// on a pin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vphoton::trial {

struct Step {
  uint64_t at_ms;
  std::string say;
  std::string function;
  std::string argument;
  int pin = -1;
  int level = 0;
};

struct Plan {
  // Which call of the function at `begin` is explored, of those from `after_ms` on; from 1. And how long
  // stalls are.
  struct Explored {
    uint32_t begin;
    int call;
    uint64_t after_ms;
    std::vector<uint64_t> stalls_ms;
  };

  std::string wired_to;
  uint64_t until_ms;
  std::optional<uint32_t> seed;
  bool trace = false;
  bool instruments = false;
  std::string record;  // path of a waveform of the pins, or empty
  std::vector<Step> steps;
  std::optional<Explored> explore;

  // Nothing, and what is wrong.
  static std::optional<Plan> parse(const std::string& json, std::string* error);
};

}  // namespace vphoton::trial
