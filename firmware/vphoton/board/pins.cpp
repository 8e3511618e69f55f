#include "board/pins.h"

#include <sstream>
#include <utility>

#include "base/json.h"

namespace vphoton {
namespace {

constexpr int kChange = 1;
constexpr int kRising = 2;
constexpr int kFalling = 3;
constexpr int kAnalogFull = 4095;
constexpr int kFullDuty = 255;

const char* name_of(PinMode mode) {
  switch (mode) {
    case PinMode::Input:
      return "input";
    case PinMode::Output:
      return "output";
    case PinMode::InputPullup:
      return "input_pullup";
    case PinMode::InputPulldown:
      return "input_pulldown";
    case PinMode::AnalogOutput:
      return "analog_output";
    case PinMode::None:
      break;
  }
  return "none";
}

}  // namespace

void Pins::set_mode(int pin, PinMode mode) {
  if (!exists(pin)) return;
  if (std::exchange(pins_[static_cast<size_t>(pin)].mode, mode) == mode) return;
  if (recorder_) recorder_(pin);
  for (const auto& listener : listeners_) listener(pin);
}

PinMode Pins::mode(int pin) const { return exists(pin) ? pins_[static_cast<size_t>(pin)].mode : PinMode::None; }

void Pins::write(int pin, int level) {
  if (!exists(pin)) return;
  int& output = pins_[static_cast<size_t>(pin)].output;
  if (std::exchange(output, level) == level) return;
  ++changes_;
  if (recorder_) recorder_(pin);
  for (const auto& listener : listeners_) listener(pin);
}

std::string Pins::carried() const {
  std::string text;
  for (int pin = 0; pin < kPinCount; ++pin) {
    const Pin& it = pins_[static_cast<size_t>(pin)];
    if (it.mode == PinMode::None) continue;
    text +=
        std::to_string(pin) + " " + std::to_string(static_cast<int>(it.mode)) + " " + std::to_string(it.output) + " ";
  }
  return text;
}

void Pins::keep(const std::string& carried) {
  std::istringstream text(carried);
  for (int pin, mode, output; text >> pin >> mode >> output;) {
    write(pin, output);
    set_mode(pin, static_cast<PinMode>(mode));
  }
}

void Pins::release() {
  for (int pin = 0; pin < kPinCount; ++pin) {
    attach_interrupt(pin, 0, nullptr);
    set_mode(pin, PinMode::None);
    write(pin, 0);
  }
}

int Pins::duty(int pin) const {
  if (!exists(pin)) return 0;
  const Pin& it = pins_[static_cast<size_t>(pin)];
  if (it.mode == PinMode::AnalogOutput) return it.output;
  return it.mode == PinMode::Output && it.output ? kFullDuty : 0;
}

int Pins::read(int pin) const {
  if (!exists(pin)) return 0;
  const Pin& it = pins_[static_cast<size_t>(pin)];
  if (it.mode == PinMode::Output || it.mode == PinMode::AnalogOutput) return it.output != 0;
  if (it.driven >= 0) return it.driven != 0;
  return it.mode == PinMode::InputPullup;
}

int Pins::analog_read(int pin) const {
  if (!exists(pin)) return 0;
  const Pin& it = pins_[static_cast<size_t>(pin)];
  if (it.driven >= 0) return it.driven;
  return it.mode == PinMode::InputPullup ? kAnalogFull : 0;
}

void Pins::attach_interrupt(int pin, int mode, std::function<void()> handler) {
  if (!exists(pin)) return;
  pins_[static_cast<size_t>(pin)].interrupt_mode = mode;
  pins_[static_cast<size_t>(pin)].handler = std::move(handler);
}

bool Pins::drive_unseen(int pin, int level) {
  if (!exists(pin) || level < 0 || level > kAnalogFull) return false;
  pins_[static_cast<size_t>(pin)].driven = level;
  if (recorder_) recorder_(pin);
  return true;
}

bool Pins::drive(int pin, int level) {
  if (!exists(pin) || level < 0 || level > kAnalogFull) return false;
  Pin& it = pins_[static_cast<size_t>(pin)];
  int before = read(pin);
  it.driven = level;
  if (recorder_) recorder_(pin);
  int after = read(pin);
  if (before == after || !it.handler) return true;
  bool wanted = it.interrupt_mode == kChange || it.interrupt_mode == (after ? kRising : kFalling);
  std::function<void()> handler = it.handler;  // it may detach itself
  if (wanted) handler();
  return true;
}

std::string Pins::json() const {
  std::string list;
  for (int pin = 0; pin < kPinCount; ++pin) {
    const Pin& it = pins_[static_cast<size_t>(pin)];
    if (it.mode == PinMode::None && it.driven < 0) continue;
    int level = it.mode == PinMode::AnalogOutput ? it.output : it.driven > 1 ? it.driven : read(pin);
    if (!list.empty()) list += ",";
    list += JsonObject().add("pin", pin).add("mode", name_of(it.mode)).add("level", level).str();
  }
  return "[" + list + "]";
}

}  // namespace vphoton
