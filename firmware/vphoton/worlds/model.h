// What a Photon is wired to. Models act on changes of pins and on bytes, and otherwise only while something moves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/reactor.h"
#include "board/pins.h"
#include "board/spi.h"
#include "board/uart.h"
#include "worlds/shade_body.h"

namespace vphoton {

struct Ports {
  Reactor& reactor;
  Pins& pins;
  Uart& uart;
  Spi& spi;
  // What supplies the Photon as well gives way for a moment. Empty: it never does.
  std::function<void()> supply_dips = {};
};

// What lasts through power cuts of the Photon, as it lies in world.bin.
struct World {
  static constexpr uint32_t kMagic = 0x31445750;  // "PWD1"
  uint32_t magic;
  char model[16];
  uint32_t travel_ms;       // of the whole way
  uint32_t faults;          // a bit for each that is on
  uint32_t contradictions;  // how often the firmware asked for two things that exclude each other
  uint32_t numbers[4];      // the model's own
  BodyState bodies[2];
};

class Model {
 public:
  Model(World& world, Ports ports) : world_(world), ports_(ports) {}
  virtual ~Model() = default;

  // Their order gives the bits.
  virtual std::vector<std::string> fault_names() const = 0;
  virtual void pin_changed(int pin) = 0;
  virtual void received(const std::string&) {}
  // What left on SPI; returns what came back on it.
  virtual std::string exchanged(const std::string&, uint32_t) { return {}; }
  // A fault was switched, or the shade was put somewhere by hand.
  virtual void disturbed() {}
  // The shade's parts: a JSON object with a member for each.
  virtual std::string parts() const = 0;
  // The part's body, or null.
  virtual ShadeBody* body(const std::string& part) = 0;

  bool has_fault(const std::string& name) const {
    auto names = fault_names();
    auto at = std::find(names.begin(), names.end(), name);
    return at != names.end() && (world_.faults >> (at - names.begin()) & 1);
  }

 protected:
  double ways_per_second() const { return 1000.0 / world_.travel_ms; }

  World& world_;
  Ports ports_;
};

// {"position":37.5,"speed":…,"pushed_ms":…}; position in per cent, speed in per cent of the way per second.
std::string part_json(const ShadeBody& body);

}  // namespace vphoton
