// The part of Wiring that the drivers of the variants use, on the device of the test: pins, interrupts, Serial1, time,
// the device id.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "system/device.h"

// The device whose pins these functions are; null takes it away.
void wire_to(vphoton::Device* device);
vphoton::Device& wired_device();

using std::max;
using std::min;

typedef uint16_t pin_t;

constexpr pin_t D0 = 0, D1 = 1, D2 = 2, D3 = 3, D4 = 4, D5 = 5, D6 = 6, D7 = 7;
constexpr pin_t A0 = 10, A1 = 11, A2 = 12;
constexpr pin_t TOTAL_PINS = vphoton::kPinCount;
constexpr uint8_t LOW = 0, HIGH = 1;

enum PinMode { INPUT, OUTPUT, INPUT_PULLUP, INPUT_PULLDOWN };
enum InterruptMode { CHANGE, RISING, FALLING };

inline uint32_t millis() { return wired_device().millis(); }

void pinMode(pin_t pin, PinMode mode);
inline void digitalWrite(pin_t pin, uint8_t level) { wired_device().pin_write(pin, level); }
inline int32_t digitalRead(pin_t pin) { return wired_device().pin_read(pin); }
inline int32_t pinReadFast(pin_t pin) { return digitalRead(pin); }
void analogWrite(pin_t pin, uint32_t duty);

template <typename T>
bool attachInterrupt(pin_t pin, void (T::*handler)(), T* object, InterruptMode mode) {
  wired_device().attach_interrupt(pin, mode + 1, [=] { (object->*handler)(); });
  return true;
}

inline void detachInterrupt(pin_t pin) { wired_device().attach_interrupt(pin, 1, nullptr); }

// Interrupts come between calls here, never within a block.
#define ATOMIC_BLOCK() if (true)
// There is one thread.
#define SINGLE_THREADED_BLOCK() if (true)

class Timer {
 public:
  template <typename T>
  Timer(unsigned ms, void (T::*handler)(), T& object, bool)
      : ms_(ms), handler_([&object, handler] { (object.*handler)(); }) {}
  ~Timer() { stop(); }
  void start() {
    stop();
    device_ = &wired_device();
    id_ = device_->start_timer(ms_, [this] {
      id_ = 0;
      handler_();
    });
  }
  void stop() {
    if (id_) device_->cancel_timer(id_);
    id_ = 0;
  }

 private:
  const unsigned ms_;
  const std::function<void()> handler_;
  vphoton::Device* device_ = nullptr;
  vphoton::Reactor::TimerId id_ = 0;
};

struct SerialPort {
  void begin(uint32_t baud) { wired_device().uart().begin(baud); }
  void end() { wired_device().uart().end(); }
  int available() { return static_cast<int>(wired_device().uart().available()); }
  int read() { return wired_device().uart().read(); }
  size_t write(const uint8_t* data, size_t size) { return wired_device().uart().write(data, size); }
};
extern SerialPort Serial1;

constexpr uint8_t SPI_CLOCK_DIV256 = 0x38, MSBFIRST = 1, SPI_MODE0 = 0;

struct SpiPort {
  void begin() { wired_device().spi().begin(); }
  void setClockDivider(uint8_t divider) { wired_device().spi().divide_by(2u << divider / 8); }
  void setBitOrder(uint8_t) {}
  void setDataMode(uint8_t) {}
  void transfer(void* sent, void* received, size_t length, void (*done)()) {
    std::string bytes(static_cast<const char*>(sent), length);
    wired_device().spi().transfer(std::move(bytes), [=](const std::string& back) {
      back.copy(static_cast<char*>(received), length);
      done();
    });
  }
  void transferCancel() { wired_device().spi().cancel(); }
};
extern SpiPort SPI;

struct String : std::string {
  String(std::string text) : std::string(std::move(text)) {}
  String substring(unsigned from, unsigned to) const { return substr(from, to - from); }
};

struct SystemClass {
  String deviceID() { return wired_device().device_id(); }
};
extern SystemClass System;
