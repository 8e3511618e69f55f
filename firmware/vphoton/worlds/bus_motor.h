// A Dooya curtain motor on an RS-485 bus: Serial1 at 9600 baud through a transceiver that drives the line while D2 is
// high and hears it always, so that the sender hears what it sends. The motor has the address of the factory, knows its
// position and its limits, and goes on to where it was sent whatever becomes of the Photon.
//
// Registers, commands and answers: Dooya, "General external interface 485 agreement (opening and closing curtains)",
// protocol version A4, sections 2, 3 and 5. An end that is open already answers "open" with FF: dooya_device.cpp of
// wirenboard/wb-mqtt-serial. The pause before an answer is a choice: 3.5 characters, as on Modbus, and up to 20 ms.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "worlds/model.h"

namespace vphoton {

class BusMotor : public Model {
 public:
  static constexpr uint32_t kBaud = 9600;
  using Address = std::array<uint8_t, 2>;  // low byte first

  BusMotor(World& world, Ports ports) : BusMotor(world, ports, {0xFE, 0xFE}) {}
  BusMotor(World& world, Ports ports, const Address& address);
  ~BusMotor() override;

  // `noise`: bytes come from nowhere, and some bits are turned over. `forgets_travel`: as after a power cut of its own,
  // until it has been at an end.
  std::vector<std::string> fault_names() const override {
    return {"dead_bus", "wrong_checksum", "collision", "stall", "overrun", "noise", "forgets_travel"};
  }
  void pin_changed(int) override {}
  void received(const std::string& bytes) override;
  void disturbed() override;
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override { return part == "lift" ? &body_ : nullptr; }

 private:
  // Of World::numbers.
  uint32_t& forgotten() { return world_.numbers[0]; }
  uint32_t& aim() { return world_.numbers[1]; }  // in 1/10000 of the way, and 1 more; 0: none

  void heard(const std::string& line);
  std::string control(uint8_t command, const uint8_t* value);
  std::string read(uint8_t at);
  bool go_to(double position);
  void watch_arrival();
  void arrive();
  void stop();
  bool at_end() const { return body_.position() == 0 || body_.position() == 1; }
  std::string framed(const std::string& content) const;
  void answer(const std::string& content);
  std::string through_noise(std::string line);
  uint32_t draw(uint32_t bound);

  const Address address_;
  ShadeBody body_;
  Reactor::TimerId arrival_ = 0;
  Reactor::TimerId reply_ = 0;
  uint32_t chance_ = 362436069;
};

}  // namespace vphoton
