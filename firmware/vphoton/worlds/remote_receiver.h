// A 433.92 MHz transmitter whose carrier is on while its DATA is high, on MOSI (A5), with a wire from its DATA pad back
// to MISO (A4); and, out of reach by wire, an A-OK tube motor with its own limits.
//
// The motor obeys the first remote it hears, on the first channel: up 0B, stop 23, down 43 (akirjavainen/A-OK,
// A-OK.ino, commit 111c74d). As long as there is no carrier its receiver turns up its gain until it hears noise.
#pragma once

#include <string>
#include <vector>

#include "worlds/model.h"
#include "worlds/ook_decoder.h"

namespace vphoton {

class RemoteReceiver : public Model {
 public:
  RemoteReceiver(World& world, Ports ports);

  // `noise`: other transmitters make pulses where there are none and take some away, so that a frame is lost now and
  // then.
  std::vector<std::string> fault_names() const override { return {"broken_wire", "deaf", "stall", "noise"}; }
  void pin_changed(int) override {}
  std::string exchanged(const std::string& bytes, uint32_t hz) override;
  void disturbed() override;
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override { return part == "lift" ? &body_ : nullptr; }

 private:
  // Of World::numbers.
  uint32_t& remote() { return world_.numbers[0]; }  // its id, with a bit above it; 0: none heard yet
  uint32_t& accepted() { return world_.numbers[1]; }
  uint32_t& refused() { return world_.numbers[2]; }   // a wrong sum, or another remote or channel
  uint32_t& repeated() { return world_.numbers[3]; }  // how often the last command was heard

  uint32_t draw(uint32_t bound);
  void hear(bool carrier, double at_us, double us);
  void hear_noise();
  void obey(const OokFrame& frame);

  ShadeBody body_;
  OokDecoder decoder_;
  uint8_t command_ = 0;     // the last one heard
  double heard_us_ = -1e9;  // when the carrier was last there
  uint32_t chance_ = 2463534242u;
};

}  // namespace vphoton
