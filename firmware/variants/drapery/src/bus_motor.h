// A drapery motor on an RS-485 bus. It knows its position and stops by itself where it is sent; what this driver adds
// is to ask, to doubt every answer, and to keep the motor's own watchdog content while it is meant to move.
//
// Frame: 55, address (a motor's answer: with bit 7), command, payload size, payload, checksum that makes the sum of all
// bytes behind the 55 zero. The transceiver hears what it sends: another sender shows as an echo that differs.
#pragma once

#include "Particle.h"
#include "shade.h"

class BusMotor : public shade::Driver {
 public:
  static constexpr uint32_t kBaud = 19200;
  static constexpr uint8_t kAddress = 0x11;
  static constexpr uint32_t kAnswerMs = 60;  // without a whole answer by then it is none
  static constexpr uint32_t kPauseMs = 40;   // before a question is repeated, a little longer each time
  static constexpr int kTries = 3;
  static constexpr uint32_t kPollMs = 100;   // while it moves; the motor stops after a second of silence
  static constexpr uint32_t kStopMs = 1000;  // what still moves so long after a stop overruns
  static constexpr int kTolerance = 50;      // hundredths of a per cent around an aim

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
  enum Command : uint8_t { kNone = 0, kStatus = 1, kGoTo = 2, kStop = 3 };
  enum MotorState : uint8_t { kAtRest = 0, kOpening = 1, kClosing = 2, kBlocked = 3 };
  enum class Line { Free, Waiting, Pausing };

  static constexpr size_t kMaxFrame = 9;
  static constexpr size_t kAnswerSize = 9;

  void send(uint32_t now_ms);
  void listen(uint32_t now_ms);
  void answered(uint32_t now_ms);
  void failed(shade::Fault why, uint32_t now_ms);
  void judge(uint32_t now_ms);
  bool watches() const { return going_ || stopping_; }

  Line line_ = Line::Free;
  Command wanted_ = kNone;  // the next question; kNone: only what polling asks
  Command asked_ = kNone;
  uint16_t aim_ = 0;
  uint8_t sent_[kMaxFrame];
  size_t sent_size_ = 0;
  uint8_t heard_[kMaxFrame + kAnswerSize];
  size_t heard_size_ = 0;
  int tries_ = 0;
  uint32_t since_ms_ = 0;  // of the line's state
  uint32_t answered_ms_ = 0;

  uint16_t position_ = 0;  // hundredths
  MotorState state_ = kAtRest;
  bool certain_ = false;   // the motor has told its position, and nothing went wrong since
  bool going_ = false;     // it is meant to move
  bool sent_off_ = false;  // and has confirmed where to
  bool arrived_ = false;
  bool stopping_ = false;  // it is meant to stand, and that is not sure yet
  uint32_t stop_ms_ = 0;
  shade::Fault found_ = shade::Fault::None;
};
