#include "peripherals/contact_controller.h"

#include <cmath>

#include "core/json.h"

namespace vphoton {
namespace {

constexpr int kUp = 2;
constexpr int kStop = 3;
constexpr int kDown = 4;
constexpr double kSwitchAt = 0.01;  // of the way before an end
constexpr int kBounces = 4;         // times a contact opens and closes again when it closes or lets go
constexpr uint64_t kBounceMs = 2;

}  // namespace

ContactController::ContactController(World& world, Ports ports) : Model(world, ports), body_(world.bodies[0], true) {
  for (Switch* it : {&open_end_, &closed_end_}) ports_.pins.drive(it->pin, 1);
  update();
}

ContactController::~ContactController() {
  for (Reactor::TimerId timer : {next_, open_end_.timer, closed_end_.timer}) ports_.reactor.cancel(timer);
}

void ContactController::pin_changed(int pin) {
  if (pin < kUp || pin > kDown || !ports_.pins.duty(pin)) return;
  int pressed = 0;
  for (int contact : {kUp, kStop, kDown}) pressed += ports_.pins.duty(contact) != 0;
  if (pressed > 1) {
    ++world_.contradictions;
    return;
  }
  if (pin == kStop && has_fault("ignores_stop")) return;
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

std::string ContactController::parts() const { return JsonObject().add_raw("lift", part_json(body_)).str(); }

}  // namespace vphoton
