// The pins: what the firmware makes of them and what the bench connects to them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "board/pin_mode.h"

namespace vphoton {

class Pins {
 public:
  void set_mode(int pin, PinMode mode);
  PinMode mode(int pin) const;
  void write(int pin, int level);
  int read(int pin) const;         // 0 or 1
  int analog_read(int pin) const;  // 0 ... 4095
  // mode: 1 change, 2 rising, 3 falling. A null handler detaches.
  void attach_interrupt(int pin, int mode, std::function<void()> handler);

  // From outside: 0 or 1, or 0 ... 4095 for an analogue input. False for a pin that does not exist.
  bool drive(int pin, int level);
  // The same, and the processor misses the interrupt.
  bool drive_unseen(int pin, int level);
  // How strongly the firmware drives a pin, 0 ... 255; 0 as long as it is no output.
  int duty(int pin) const;
  // What is connected hears of every pin whose duty may have changed.
  void on_output(std::function<void(int pin)> listener) { listeners_.push_back(std::move(listener)); }
  // Whether something outside drives the pin.
  bool driven(int pin) const { return exists(pin) && pins_[static_cast<size_t>(pin)].driven >= 0; }
  // Hears of every change of a pin, whoever made it.
  void record(std::function<void(int pin)> recorder) { recorder_ = std::move(recorder); }
  // How often the firmware has changed the level of an output.
  uint64_t changes() const { return changes_; }
  // [{"pin","mode","level"}] of all pins in use.
  std::string json() const;
  // What the firmware makes of the pins, for keep() of another process: `pin mode output`, one after another.
  std::string carried() const;
  void keep(const std::string& carried);
  // As a reset leaves them: inputs, without an interrupt.
  void release();

 private:
  struct Pin {
    PinMode mode = PinMode::None;
    int output = 0;
    int driven = -1;  // from outside; -1: nothing connected
    int interrupt_mode = 0;
    std::function<void()> handler;
  };
  static bool exists(int pin) { return pin >= 0 && pin < kPinCount; }

  std::array<Pin, kPinCount> pins_;
  std::vector<std::function<void(int pin)>> listeners_;
  std::function<void(int pin)> recorder_;
  uint64_t changes_ = 0;
};

}  // namespace vphoton
