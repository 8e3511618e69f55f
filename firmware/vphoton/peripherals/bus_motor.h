// A drapery motor on an RS-485 bus: Serial1 at 19200 baud through a transceiver that switches direction by itself, so
// that the sender hears what it sends. The motor knows its position and its limits, and stops when it hears nothing for
// a second.
//
// Frame: 55, address (a motor's answer: with bit 7), command, payload size, payload, checksum that makes the sum of all
// bytes behind the 55 zero. Commands: 1 status, 2 go to (u16 little-endian, hundredths), 3 stop. Every answer holds
// position u16, state (0 at rest, 1 opening, 2 closing, 3 blocked), 0.
#pragma once

#include <string>
#include <vector>

#include "peripherals/model.h"

namespace vphoton {

class BusMotor : public Model {
 public:
  static constexpr uint32_t kBaud = 19200;
  static constexpr uint8_t kAddress = 0x11;

  BusMotor(World& world, Ports ports);
  ~BusMotor() override;

  std::vector<std::string> fault_names() const override {
    return {"dead_bus", "wrong_checksum", "collision", "stall", "overrun"};
  }
  void pin_changed(int) override {}
  void received(const std::string& bytes) override;
  void disturbed() override;
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override { return part == "lift" ? &body_ : nullptr; }

 private:
  bool obey(const std::string& frame);
  void stop();
  void answer(uint8_t command);
  void watch_silence();

  ShadeBody body_;
  double aim_ = -1;  // 0 ... 1; -1: at rest
  bool blocked_ = false;
  Reactor::TimerId arrival_ = 0;
  Reactor::TimerId silence_ = 0;
  Reactor::TimerId reply_ = 0;
};

}  // namespace vphoton
