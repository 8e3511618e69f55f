// The pins' levels as a waveform: a value change dump (IEEE 1364), as GTKWave, PulseView and simulators read it.
//
// A pin that nothing drives is z. An analogue output or input has its value (duty of 255, or 0 ... 4095) beside its
// level.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "board/pins.h"

namespace vphoton {

class PinRecorder {
 public:
  // Writes to a new file at `path`. Null, and why not.
  static std::unique_ptr<PinRecorder> open(const std::string& path, std::string* error);
  ~PinRecorder();
  PinRecorder(const PinRecorder&) = delete;
  PinRecorder& operator=(const PinRecorder&) = delete;

  // At this time in microseconds the pin has changed, or may have. Times do not go backwards.
  void changed(uint64_t us, const Pins& pins, int pin);
  // The end of the record, if that is later than its last change.
  void end(uint64_t us);

 private:
  struct Shown {
    char level = 'z';
    int value = 0;
  };

  explicit PinRecorder(FILE* file) : file_(file) {}
  void at(uint64_t us);

  FILE* file_;
  uint64_t us_ = 0;
  std::array<Shown, kPinCount> shown_;
};

}  // namespace vphoton
