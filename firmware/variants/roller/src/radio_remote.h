// An A-OK remote control (AC114, AC123) of a tube motor: up, stop and down as frames on 433.92 MHz.
//
// Frame (65 bits, first bit first): A3, remote id (24 bits), channels (16, a bit for each), command (8), sum of the six
// bytes before it (8), 1. A bit takes three units: 0 is one of carrier and two without, 1 is two and one. Before the
// first bit 19 units of carrier and two without, before that 18 without.
//
// A frame is made of the bits of one SPI transfer, so that its edges lie where they should whatever the processor is
// held up by. What the module's input saw comes back on MISO.
//
// Sources: akirjavainen/A-OK, A-OK.ino, commit 111c74d (pulses of 272 and 567 us, AGC of 5200 and 530, silence of 5030,
// fields, sum, commands, 8 or 10 repeats); sage905/esphome, aok_protocol.cpp, commit 7d95a82 (two units after
// the 17 of the AGC, of 300 us each).
#pragma once

#include "Particle.h"
#include "shade.h"

class RadioRemote : public shade::Driver {
 public:
  // Of each command, without a gap; a motor obeys the first that it hears whole.
  static constexpr int kRepeats = 8;
  static constexpr uint32_t kLatestMs = 100;  // a command that is on the air later than this after it was given is late

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  // Follows the frame that is under way.
  bool stop() override;
  // The tube motor stops at its own limit.
  bool at_end() override { return true; }
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;

 private:
  enum Command : uint8_t { kNone = 0, kUp = 0x0B, kStop = 0x23, kDown = 0x43 };

  static constexpr uint8_t kStart = 0xA3;
  static constexpr uint16_t kChannels = 0x0100;  // the first of sixteen

  // 64 bits at 60 MHz / 256 take 273 us.
  static constexpr size_t kWordsPerUnit = 2;
  static constexpr size_t kSilence = 18, kSyncHigh = 19, kSyncLow = 2, kUnitsPerBit = 3;
  static constexpr size_t kBytes = 8;
  static constexpr size_t kUnits = kSilence + kSyncHigh + kSyncLow + (8 * kBytes + 1) * kUnitsPerBit;
  static constexpr uint32_t kFrameMs = 64;
  static constexpr uint32_t kDeadMs = 100;  // a transfer that takes longer never ends

  bool send(Command command);
  void load(Command command);
  void transmit();
  uint32_t sum_of_wave() const;
  static void ended();

  uint8_t remote_[3] = {};
  uint32_t wave_[kUnits * kWordsPerUnit] = {};  // a frame; what came back takes its place
  uint32_t sum_ = 0;                            // of what was sent
  Command command_ = kNone;
  bool busy_ = false;
  Command next_ = kNone;  // waits until the frame that is on its way is over
  int left_ = 0;          // frames of this command, with the one under way
  uint32_t since_ms_ = 0;
  uint32_t asked_ms_ = 0;  // when the last command was given
  bool late_ = false;
  shade::Fault found_ = shade::Fault::None;
  static volatile bool ended_;  // set by the interrupt at the end of a transfer
};
