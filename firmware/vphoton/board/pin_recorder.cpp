#include "board/pin_recorder.h"

#include <cerrno>
#include <cstring>

namespace vphoton {
namespace {

// By Wiring's numbers; those that are not led out have none.
constexpr const char* kNames[kPinCount] = {"D0",    "D1", "D2",    "D3",  "D4",    "D5",   "D6",   "D7", nullptr,
                                           nullptr, "A0", "A1",    "A2",  "A3",    "A4",   "A5",   "A6", "A7",
                                           "RX",    "TX", "SETUP", "RED", "GREEN", "BLUE", nullptr};
constexpr int kValueBits = 12;

// Identifiers are printable characters.
char level_id(int pin) { return static_cast<char>('!' + pin); }
char value_id(int pin) { return static_cast<char>('A' + pin); }
static_assert('!' + kPinCount <= 'A');

std::string binary(int value) {
  std::string digits;
  for (int bit = kValueBits - 1; bit >= 0; --bit) digits += value >> bit & 1 ? '1' : '0';
  return digits;
}

}  // namespace

std::unique_ptr<PinRecorder> PinRecorder::open(const std::string& path, std::string* error) {
  FILE* file = fopen(path.c_str(), "we");
  if (!file) {
    *error = path + ": " + strerror(errno);
    return nullptr;
  }
  fputs("$version vphoton $end\n$timescale 1us $end\n$scope module photon $end\n", file);
  for (int pin = 0; pin < kPinCount; ++pin) {
    if (!kNames[pin]) continue;
    fprintf(file, "$var wire 1 %c %s $end\n", level_id(pin), kNames[pin]);
    fprintf(file, "$var wire %d %c %s_value $end\n", kValueBits, value_id(pin), kNames[pin]);
  }
  fputs("$upscope $end\n$enddefinitions $end\n#0\n$dumpvars\n", file);
  for (int pin = 0; pin < kPinCount; ++pin)
    if (kNames[pin]) fprintf(file, "z%c\nb%s %c\n", level_id(pin), binary(0).c_str(), value_id(pin));
  fputs("$end\n", file);
  return std::unique_ptr<PinRecorder>(new PinRecorder(file));
}

PinRecorder::~PinRecorder() { fclose(file_); }

void PinRecorder::at(uint64_t us) {
  if (us <= us_) return;
  us_ = us;
  fprintf(file_, "#%llu\n", static_cast<unsigned long long>(us));
}

void PinRecorder::changed(uint64_t us, const Pins& pins, int pin) {
  if (pin < 0 || pin >= kPinCount || !kNames[pin]) return;
  const PinMode mode = pins.mode(pin);
  const bool floats = mode != PinMode::Output && mode != PinMode::AnalogOutput && mode != PinMode::InputPullup &&
                      mode != PinMode::InputPulldown && !pins.driven(pin);
  const Shown now{floats           ? 'z'
                  : pins.read(pin) ? '1'
                                   : '0',
                  mode == PinMode::AnalogOutput ? pins.duty(pin)
                  : pins.driven(pin)            ? pins.analog_read(pin)
                                                : 0};
  Shown& before = shown_[static_cast<size_t>(pin)];
  if (now.level == before.level && now.value == before.value) return;
  at(us);
  if (now.level != before.level) fprintf(file_, "%c%c\n", now.level, level_id(pin));
  if (now.value != before.value) fprintf(file_, "b%s %c\n", binary(now.value).c_str(), value_id(pin));
  before = now;
}

void PinRecorder::end(uint64_t us) {
  at(us);
  fflush(file_);
}

}  // namespace vphoton
