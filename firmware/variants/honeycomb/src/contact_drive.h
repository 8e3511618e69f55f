// Three relay contacts into a maker's own controller (up, stop, down) and the two limit switches of its shade. One
// contact at a time. The controller runs to the ends by itself; in between time tells the position.
#pragma once

#include "Particle.h"
#include "shade.h"

class ContactDrive : public shade::Driver {
 public:
  struct Pins {
    pin_t up, stop, down;        // relays
    pin_t open_end, closed_end;  // switches to ground
  };

  static constexpr uint32_t kPressMs = 250;     // what the controller takes for a press
  static constexpr uint32_t kDebounceMs = 20;   // a switch counts when it has been still for so long
  static constexpr uint32_t kReleaseMs = 1500;  // by then the end that was left must have let go of its switch

  explicit ContactDrive(const Pins& pins) : pins_(pins), open_end_(pins.open_end), closed_end_(pins.closed_end) {}

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  bool stop() override;
  // Opens UP and DOWN and presses STOP; opens STOP once it was held for its time.
  void cut() override;
  bool powered() override { return pressed_ != kNone; }
  bool at_end() override;
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;
  bool senses_ends() override { return true; }

 private:
  class Switch {
   public:
    explicit Switch(pin_t pin) : pin_(pin) {}
    void begin();
    void tick(uint32_t now_ms);
    uint32_t due_in(uint32_t now_ms) const;
    bool closed() const { return closed_; }
    // Whether the shade was driven here when it closed. One that closes by itself may be stuck.
    bool proven = true;
    bool closed_since(uint32_t ms) const {
      return static_cast<int32_t>(changed_ms_ - ms) > static_cast<int32_t>(kDebounceMs);
    }
    // Closed and still: one that has just let go, or bounces, holds nothing.
    bool holds() const { return closed_ && !digitalRead(pin_) && millis() - changed_ms_ >= kDebounceMs; }

   private:
    void changed() { changed_ms_ = millis(); }  // interrupt

    const pin_t pin_;
    bool attached_ = false;
    bool closed_ = false;
    volatile uint32_t changed_ms_ = 0;
  };

  bool both_ends() const { return open_end_.holds() && closed_end_.holds(); }
  static constexpr pin_t kNone = 0xFFFF;

  void press(pin_t contact);
  void hold(pin_t contact);
  void release();

  const Pins pins_;
  Switch open_end_;
  Switch closed_end_;
  volatile pin_t pressed_ = kNone;
  volatile uint32_t pressed_ms_ = 0;
  volatile bool cut_ = false;       // since run() or stop() began: neither closes a contact any more
  Switch* left_ = nullptr;          // the switch of the end that a run began at
  const Switch* sought_ = nullptr;  // of the end that it leads to
  uint32_t run_ms_ = 0;
  shade::Fault found_ = shade::Fault::None;
};
