#include "controller.h"

#include <stdio.h>
#include <string.h>

#include "json_writer.h"
#include "numbers.h"
#include "surface.h"

namespace shade {

Controller::Controller(const Identity& identity, const Ports& ports)
    : identity_(identity),
      board_(ports.board),
      clock_(ports.clock),
      motion_(ports.driver, ports.clock, identity.rules, identity.travel),
      settings_(ports.storage),
      events_(ports.publisher, ports.clock),
      identifier_(ports.indicator, ports.clock),
      travel_(identity.travel) {
  snprintf(fw_, sizeof fw_, "%s %d", identity.variant, identity.version);
}

void Controller::begin(Observer& observer) {
  observer_ = &observer;
  uptime_counted_ms_ = clock_.now_ms();
  // A new device is installed with the shade closed; so its position is known.
  Settings settings = {0, true, false, false, identity_.travel};
  SettingsStore::Found found = settings_.load(settings);
  settings_lost_ = found == SettingsStore::Found::Damaged;
  if (settings.calibrated) travel_ = settings.travel;
  calibrated_ = settings.calibrated;
  motion_.set_travel(travel_);
  // Power lost in motion: the stored position is where the move began.
  motion_.set_position(settings.position, settings.known && !settings.in_motion && !settings_lost_);

  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.text("variant", identity_.variant).text("fw", fw_).number("reset", board_.reset_reason());
  json.number("position", position()).flag("calibrated", calibrated_);
  emit("boot", event::boot, data);
  if (settings_lost_) raise(Fault::SettingsLost);
  motion_.begin();
  settle();
}

void Controller::tick() {
  uint32_t now = clock_.now_ms();
  uint32_t seconds = (now - uptime_counted_ms_) / 1000;
  uptime_s_ += seconds;
  uptime_counted_ms_ += seconds * 1000;

  motion_.tick();
  settle();
  identifier_.tick();
  events_.tick();
}

// Stores and reports where the shade came to rest, whatever made it stop, and a driver that does not obey.
void Controller::settle() {
  if (motion_.faulted() && !driver_failed_) raise(Fault::Driver);
  driver_failed_ = motion_.faulted();
  bool moves = moving();
  if (moves == was_moving_) return;
  was_moving_ = moves;
  if (moves) {
    stop_commanded_ = false;
    store(true);
    return;
  }
  store(false);
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.number("position", position()).number("target", target());
  json.text("cause", motion_.faulted() ? "fault" : stop_commanded_ ? "stopped" : "arrived");
  emit("moved", event::moved, data);
}

int Controller::move(const char* argument) {
  uint32_t target;
  if (strcmp(argument, "open") == 0) {
    target = 100;
  } else if (strcmp(argument, "close") == 0) {
    target = 0;
  } else if (strcmp(argument, "stop") == 0) {
    stop_commanded_ = moving();
    int result = motion_.stop();
    settle();
    return result;
  } else if (!read_number(argument, '\0', 100, target)) {
    return kBadArgument;
  }
  int result = motion_.move_to(static_cast<int>(target));
  settle();
  return result;
}

int Controller::identify(const char* argument) {
  uint32_t seconds = Identifier::kDefaultSeconds;
  if (*argument && !read_number(argument, '\0', Identifier::kMaxSeconds, seconds)) return kBadArgument;
  if (seconds == 0) return kBadArgument;
  identifier_.start(seconds);
  return static_cast<int>(seconds);
}

int Controller::calibrate(const char* argument) {
  TravelTimes travel = identity_.travel;
  bool own = strcmp(argument, "reset") != 0;
  if (own) {
    const char* rest;
    if (!read_number(argument, ',', TravelTimes::kMax, travel.open_ms, &rest)) return kBadArgument;
    if (!read_number(rest, '\0', TravelTimes::kMax, travel.close_ms)) return kBadArgument;
    if (!travel.valid()) return kBadArgument;
  }
  if (moving()) return kBusy;
  TravelTimes old_travel = travel_;
  bool old_calibrated = calibrated_;
  travel_ = travel;
  calibrated_ = own;
  if (!store(false)) {
    travel_ = old_travel;
    calibrated_ = old_calibrated;
    return kNotStored;
  }
  settings_lost_ = false;
  motion_.set_travel(travel_);
  return 0;
}

Fault Controller::fault() const {
  if (motion_.faulted()) return Fault::Driver;
  if (storage_failed_) return Fault::Storage;
  return settings_lost_ ? Fault::SettingsLost : Fault::None;
}

void Controller::write_health(char* buffer, size_t size) {
  JsonWriter json(buffer, size);
  json.number("fault", static_cast<int>(fault())).flag("known", known()).flag("calibrated", calibrated_);
  json.count("moves", motion_.moves()).count("uptime", uptime_s_).number("reset", board_.reset_reason());
  json.count("free", board_.free_memory()).count("dropped", events_.dropped());
}

bool Controller::store(bool in_motion) {
  Settings settings = {motion_.hundredths(), motion_.known(), in_motion, calibrated_, travel_};
  bool stored = settings_.save(settings);
  bool failed_before = storage_failed_;
  storage_failed_ = !stored;
  if (!stored && !failed_before) raise(Fault::Storage);
  return stored;
}

void Controller::raise(Fault fault) {
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.number("fault", static_cast<int>(fault)).text("text", fault_text(fault)).number("position", position());
  emit("fault", event::fault, data);
}

void Controller::emit(const char* kind, const char* name, const char* data) {
  events_.add(name, data);
  if (observer_) observer_->on_event(kind, data);
}

}  // namespace shade
