#include "worlds/contact_controller.h"

#include <cmath>

#include "base/json.h"

namespace vphoton {
namespace {

constexpr int kUp = 2;
constexpr int kStop = 3;
// A small relay with a 5 V coil: 10 ms at most to operate, 5 to release (Songle SRD-05VDC-SL-C, data sheet).
constexpr uint64_t kOperateMs = 8;
constexpr uint64_t kReleaseMs = 4;
// Key inputs are debounced over some ten milliseconds, and a key held for seconds is another command: most controllers
// enter their limit setting so. Our choice within that.
constexpr uint64_t kLeastPressMs = 50;
constexpr uint64_t kLongPressMs = 2000;
constexpr double kSwitchAt = 0.01;  // of the way before an end
constexpr int kBounces = 4;         // times a contact opens and closes again when it closes or lets go
constexpr uint64_t kBounceMs = 2;

}  // namespace

ContactController::ContactController(World& world, Ports ports)
    : Model(world, ports), body_(world.bodies[0], true), permit_(ports, 10, [this] { update_coils(); }) {
  for (Switch* it : {&open_end_, &closed_end_}) ports_.pins.drive(it->pin, 1);
  update();
}

ContactController::~ContactController() {
  for (Reactor::TimerId timer : {next_, open_end_.timer, closed_end_.timer, press_, long_press_})
    ports_.reactor.cancel(timer);
  for (Relay& relay : relays_) ports_.reactor.cancel(relay.timer);
}

void ContactController::pin_changed(int pin) {
  if (permit_.uses(pin)) permit_.pin_changed();
  update_coils();
}

void ContactController::update_coils() {
  for (Relay& relay : relays_) {
    bool coil = permit_.on() && ports_.pins.duty(relay.pin) != 0;
    if (coil == relay.coil) continue;
    relay.coil = coil;
    ports_.reactor.cancel(relay.timer);
    relay.timer = ports_.reactor.after(coil ? kOperateMs : kReleaseMs, [this, &relay] {
      relay.timer = 0;
      if (relay.closed == relay.coil) return;
      relay.closed = relay.coil;
      contacts_changed();
    });
  }
}

void ContactController::contacts_changed() {
  ports_.reactor.cancel(press_);
  ports_.reactor.cancel(long_press_);
  press_ = long_press_ = 0;
  int closed = 0, pin = 0;
  for (const Relay& relay : relays_) {
    if (!relay.closed) continue;
    ++closed;
    pin = relay.pin;
  }
  if (closed > 1) ++world_.contradictions;
  if (closed != 1) return;
  press_ = ports_.reactor.after(kLeastPressMs, [this, pin] {
    press_ = 0;
    obey(pin);
  });
  long_press_ = ports_.reactor.after(kLongPressMs, [this] {
    long_press_ = 0;
    programming() = 1;
    body_.drive(0);
    update();
  });
}

void ContactController::obey(int pin) {
  if (programming() || (pin == kStop && has_fault("ignores_stop"))) return;
  body_.drive(pin == kStop || has_fault("stall") ? 0 : pin == kUp ? ways_per_second() : -ways_per_second());
  update();
}

// Sets the switches, and comes back when the next of them is due.
void ContactController::update() {
  if (has_fault("stall")) body_.drive(0);
  double position = body_.position();
  bool shorted = has_fault("shorted_switches");
  set(open_end_, shorted || (position > 1 - kSwitchAt && !has_fault("open_end_missing")));
  set(closed_end_, shorted || position < kSwitchAt || has_fault("closed_end_held"));
  ports_.reactor.cancel(next_);
  next_ = 0;
  double wait = -1;
  for (double at : {0.0, kSwitchAt, 1 - kSwitchAt, 1.0}) {
    double ms = body_.moves() ? body_.ms_until(at) : -1;
    if (ms > 0 && (wait < 0 || ms < wait)) wait = ms;
  }
  if (wait >= 0) next_ = ports_.reactor.after(static_cast<uint64_t>(std::ceil(wait)) + 1, [this] { update(); });
}

void ContactController::set(Switch& it, bool closed) {
  if (it.closed == closed) return;
  it.closed = closed;
  it.bounces = 2 * kBounces;
  bounce(it);
}

void ContactController::bounce(Switch& it) {
  ports_.reactor.cancel(it.timer);
  it.timer = 0;
  bool touches = it.closed == (it.bounces % 2 == 0);
  ports_.pins.drive(it.pin, touches ? 0 : 1);
  if (it.bounces-- > 0) it.timer = ports_.reactor.after(kBounceMs, [this, &it] { bounce(it); });
}

std::string ContactController::parts() const {
  std::string controller = JsonObject().add("programming", world_.numbers[0] != 0).str();
  return JsonObject().add_raw("lift", part_json(body_)).add_raw("controller", controller).str();
}

}  // namespace vphoton
