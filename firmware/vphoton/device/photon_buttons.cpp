// SETUP and RESET, pressed for a stated time at once or pressed and let go by two requests.
//
// While RESET is held nothing runs, neither Device OS nor bootloader; with SETUP held when RESET is let go, the
// bootloader waits for SETUP and shows by the LED what it would choose. Each step between them is a start of its own.
#include <algorithm>

#include "base/log.h"
#include "device/photon.h"
#include "system/services/system_events.h"

namespace vphoton {
namespace {

// Device OS 2.3.1, SETUP button while running.
constexpr int kListenHoldMs = 3000;
constexpr int kLeaveMostMs = 8000;
constexpr int kEraseHoldMs = 10000;

constexpr int kDfuHoldMs = 3000;  // see boot_choice()

std::string done() { return JsonObject().add("ok", true).str(); }

}  // namespace

std::string Photon::control_reset(const JsonValue& request) {
  const auto hold = request.int_at("setup_hold_ms");
  const auto pressed = request.bool_at("pressed");
  if (request.find("setup_hold_ms") && (!hold || *hold < 0))
    return control_error("reset: \"setup_hold_ms\" is how many milliseconds SETUP stays pressed");
  if (request.find("pressed") && (!pressed || hold))
    return control_error("reset: \"pressed\" is true or false, without \"setup_hold_ms\"");
  const bool let_go = pressed && !*pressed;
  if (let_go != in_reset_)
    return control_error(in_reset_ ? "reset: it is pressed already" : "reset: it is not pressed");
  reactor_.after(0, [this, hold, pressed] {
    reset_pressed_ = pressed.value_or(false);
    if (hold) restart_with_setup_held(*hold);
    reset(ResetReason::PinReset, 0);
  });
  return done();
}

void Photon::restart_with_setup_held(int ms) {
  setup_pressed_ms_.reset();
  setup_hold_after_reset_ms_ = ms;
  reset(ResetReason::PinReset, 0);
}

std::string Photon::control_setup_button(const JsonValue& request) {
  const auto hold = request.int_at("hold_ms");
  const auto pressed = request.bool_at("pressed");
  if (hold ? *hold < 0 : !pressed)
    return control_error("setup_button needs \"hold_ms\", the milliseconds it is held, or \"pressed\"");
  if (!hold && *pressed == setup_pressed_ms_.has_value())
    return control_error(*pressed ? "setup_button: it is pressed already" : "setup_button: it is not pressed");
  if (hold && held()) return control_error("setup_button: the device is held in reset; say \"pressed\"");
  const bool let_go = !hold && !*pressed;
  if (!let_go && dfu_) return control_error("setup_button: the device is in DFU mode; reset it first");
  if (!let_go && asleep_) return control_error("setup_button: the device is asleep");
  if (!let_go && panicking_) return control_error("setup_button: the device panics; it starts again by itself");
  if (hold) {
    press_setup_button();
    if (*hold > kListenHoldMs) setup_button_held(kListenHoldMs);
    if (*hold >= kEraseHoldMs) setup_button_held(kEraseHoldMs);
    release_setup_button(*hold);
  } else if (*pressed) {
    press_setup_button();
    if (held()) return done();
    for (int ms : {kListenHoldMs, kEraseHoldMs})
      hold_timers_.push_back(reactor_.after(static_cast<uint64_t>(ms), [this, ms] { setup_button_held(ms); }));
  } else if (in_bootloader_) {
    reactor_.after(0, [this, ms = setup_button_ms()] { restart_with_setup_held(ms); });
  } else {
    release_setup_button(setup_button_ms());
  }
  return done();
}

void Photon::press_setup_button() {
  setup_pressed_ms_ = reactor_.now_ms();
  pressed_while_listening_ = listening_;
  fire(system_event::kButtonStatus, 0);
}

void Photon::setup_button_held(int ms) {
  if (ms == kListenHoldMs) return enter_listening();
  log_state("the Wi-Fi credentials are erased");
  clear_credentials();
}

void Photon::release_setup_button(int held_ms) {
  setup_pressed_ms_.reset();
  for (auto timer : hold_timers_) reactor_.cancel(timer);
  hold_timers_.clear();
  if (held() || dfu_ || asleep_) return;
  if (pressed_while_listening_ && held_ms > kListenHoldMs && held_ms <= kLeaveMostMs) leave_listening();
  fire(system_event::kButtonStatus, held_ms);
  if (held_ms > kListenHoldMs) return;
  fire(system_event::kButtonClick, 1);
  fire(system_event::kButtonFinalClick, 1);
}

// At the start: true if nothing runs before a button is let go. Without a factory image DFU mode is the last choice,
// and comes while SETUP is still held.
bool Photon::wait_for_buttons() {
  if (!resume_) return false;
  if (resume_->setup_pressed) setup_pressed_ms_ = reactor_.now_ms();
  in_reset_ = resume_->reset_pressed;
  in_bootloader_ = resume_->setup_pressed && !in_reset_ && resume_->setup_hold_ms == 0;
  if (in_bootloader_ && !ota_->factory_image_valid())
    reactor_.after(kDfuHoldMs, [this] {
      setup_hold_after_reset_ms_ = kDfuHoldMs;
      reset(ResetReason::PinReset, 0);
    });
  return held();
}

}  // namespace vphoton
