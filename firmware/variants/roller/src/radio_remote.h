// A remote control of a third-party tube motor: up, stop and down as radio frames through a 433 MHz module on Serial1.
//
// A frame is never given up half sent: a command that comes meanwhile follows it.
//
// Frame (10 bytes): A5, remote id (3), command (1 up, 2 stop, 3 down), rolling code u32 little-endian, XOR of the bytes
// 1 ... 8; sent three times. The module is enabled for as long as that takes and says when it is ready.
#pragma once

#include "Particle.h"
#include "rolling_code.h"
#include "shade.h"

class RadioRemote : public shade::Driver {
 public:
  static constexpr uint32_t kBaud = 4800;
  static constexpr uint32_t kReadyMs = 50;  // a module that is not ready by then is dead
  static constexpr int kRepeats = 3;
  static constexpr uint32_t kLatestMs = 150;  // a command that is on the air later than this after it was given is late

  RadioRemote(pin_t enable, pin_t ready, shade::Storage& storage) : enable_(enable), ready_(ready), code_(storage) {}

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  bool stop() override;
  // The tube motor stops at its own limit, and a stop key pressed at rest would send it to its favourite position.
  bool at_end() override { return true; }
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;

 private:
  enum Command : uint8_t { kNone = 0, kUp = 1, kStop = 2, kDown = 3 };
  enum class State { Off, Waking, Sending };

  static constexpr int kFrame = 10;
  static constexpr uint32_t kPollMs = 1;

  bool send(Command command);
  bool load(Command command);
  void write_frame(uint32_t now_ms);
  void off();

  const pin_t enable_;
  const pin_t ready_;
  RollingCode code_;
  uint8_t remote_[3] = {};
  uint8_t frame_[kFrame] = {};
  State state_ = State::Off;
  Command next_ = kNone;  // waits until the frame that is on its way has been sent once
  int sent_ = 0;          // of this frame
  uint32_t since_ms_ = 0;
  uint32_t asked_ms_ = 0;  // when the last command was given
  bool late_ = false;
  shade::Fault found_ = shade::Fault::None;
};
