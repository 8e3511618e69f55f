// A 433 MHz transmitter module and, out of its reach by wire, the receiver of a tube motor with its own limits.
//
// The module takes bytes on TX at 4800 baud while D2 is high and has D3 high when it is ready. Frame (10 bytes):
// A5, remote id (3), command (1 up, 2 stop, 3 down), rolling code u32 little-endian, XOR of the bytes 1 ... 8.
// The receiver obeys the first remote it hears, and only codes ahead of the last one by at most its window.
#pragma once

#include <string>
#include <vector>

#include "peripherals/model.h"

namespace vphoton {

class RemoteReceiver : public Model {
 public:
  static constexpr uint32_t kBaud = 4800;
  static constexpr uint32_t kWindow = 128;

  RemoteReceiver(World& world, Ports ports);
  ~RemoteReceiver() override;

  std::vector<std::string> fault_names() const override { return {"dead_module", "deaf", "stall"}; }
  void pin_changed(int pin) override;
  void received(const std::string& bytes) override;
  void disturbed() override;
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override { return part == "lift" ? &body_ : nullptr; }

 private:
  // Of World::numbers.
  uint32_t& remote() { return world_.numbers[0]; }  // its id, with a bit above it; 0: none heard yet
  uint32_t& last_code() { return world_.numbers[1]; }
  uint32_t& accepted() { return world_.numbers[2]; }
  uint32_t& refused() { return world_.numbers[3]; }  // a code that was not ahead, or too far

  void frame(const uint8_t* bytes);
  void command(int what);

  ShadeBody body_;
  std::string heard_;
  Reactor::TimerId ready_ = 0;
};

}  // namespace vphoton
