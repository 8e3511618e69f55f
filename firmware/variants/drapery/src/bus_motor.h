// A Dooya curtain motor on an RS-485 bus (DT82 and others). It knows its position and stops by itself where it is sent;
// what this driver adds is to ask, to doubt every answer, and to repeat a stop until the motor stands.
//
// The transceiver drives the line while its DE is high and hears the line always, itself included: an echo that differs
// is another sender. A control command is answered by its own bytes, so the first time they are heard is the echo.
//
// An answer does not say what it answers; after one that did not come the line is left alone until a late one is over.
#pragma once

#include "Particle.h"
#include "bus_frames.h"
#include "shade.h"

class BusMotor : public shade::Driver {
 public:
  static constexpr uint32_t kBaud = 9600;  // loongyh/esphome-rs485, README.md, commit 82d6eb3
  // A frame takes 8.3 ms, its answer comes 3.5 characters later at the soonest, and a timer may be a millisecond early.
  static constexpr uint32_t kReleaseMs = 10;
  static constexpr uint32_t kEchoMs = 15;
  static constexpr uint32_t kAnswerMs = 100;  // as wirenboard/wb-mqtt-serial waits
  static constexpr uint32_t kPauseMs = 40;    // before a question is repeated, a little longer each time
  static constexpr int kTries = 3;
  static constexpr uint32_t kRetryMs = 500;          // after so many tries a stop is tried again
  static constexpr uint32_t kPollMs = 100;           // while it moves
  static constexpr uint32_t kStartMs = 500;          // so long it may stand after it was sent off
  static constexpr uint32_t kStopMs = 1000;          // what still moves so long after a stop overruns
  static constexpr uint32_t kNoProgressMs = 5000;    // a way of 12 m at 14 cm/s takes 0.9 s for each per cent
  static constexpr uint32_t kLongestRunMs = 180000;  // of any run
  static constexpr uint16_t kTolerance = 100;        // hundredths around an aim; positions are told in whole per cent

  // The address is the factory's unless the motor was given another.
  explicit BusMotor(pin_t drive, const BusAddress& address = {0xFE, 0xFE})
      : drive_(drive), address_(address), release_timer_(kReleaseMs, &BusMotor::release, *this, true) {}

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  bool stop() override;
  bool at_end() override { return true; }  // its limits are its own
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;
  bool senses_ends() override { return true; }
  void aim_at(const shade::Leg& leg) override;
  void place(uint16_t hundredths, uint32_t counts) override;

 private:
  enum class Ask : uint8_t { None, Position, Status, Go, Stop };
  enum class Line : uint8_t { Free, Sending, Waiting, Pausing };
  enum MotorState : uint8_t { kAtRest = 0, kOpening = 1, kClosing = 2, kSetting = 3 };

  bool step(uint32_t now_ms);
  void release() { digitalWrite(drive_, LOW); }
  BusFrame frame_of(Ask ask) const;
  void listen(uint32_t now_ms);
  bool heard_answer(int& value) const;
  void answered(int value, uint32_t now_ms);
  void failed(shade::Fault why, uint32_t now_ms);
  void judge(uint32_t now_ms);
  void judge_run(uint32_t now_ms);
  void found(shade::Fault fault);
  bool watches() const { return going_ || stopping_; }
  bool moves() const { return state_ == kOpening || state_ == kClosing; }

  const pin_t drive_;
  const BusAddress address_;
  Timer release_timer_;  // lets go of the line, however late the loop is

  Line line_ = Line::Free;
  Ask wanted_ = Ask::None;  // the next question; None: only what polling asks
  Ask asked_ = Ask::None;
  BusFrame sent_;
  BusWindow heard_;
  bool noise_ = false;  // bytes came that are no answer
  int tries_ = 0;
  uint32_t since_ms_ = 0;  // of the line's state
  uint32_t pause_ms_ = 0;
  uint32_t polled_ms_ = 0;

  uint16_t position_ = 0;  // hundredths
  MotorState state_ = kAtRest;
  bool certain_ = false;  // the motor has told its position, and nothing went wrong since

  bool going_ = false;  // it is meant to move
  uint16_t aim_ = 0;    // hundredths, whole per cent
  bool opens_ = false;
  bool finding_ = false;   // it has forgotten its travel, and goes to an end to find it
  bool accepted_ = false;  // it has confirmed where to
  bool started_ = false;   // and has been seen to move
  bool arrived_ = false;
  uint32_t accepted_ms_ = 0;
  uint32_t progress_ms_ = 0;  // when it was last nearer to its aim than ever before
  uint16_t nearest_ = 0;

  bool stopping_ = false;  // it is meant to stand, and that is not sure yet
  uint32_t stop_ms_ = 0;
  shade::Fault found_ = shade::Fault::None;
};
