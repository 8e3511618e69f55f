#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <initializer_list>

#include "json_writer.h"
#include "numbers.h"
#include "surface.h"

namespace shade {

namespace {

// In the place of a tilt that a variant does not have.
class NoDriver : public Driver {
 public:
  bool begin() override { return true; }
  bool run(const Leg&) override { return true; }
  bool stop() override { return true; }
  bool at_end() override { return true; }
  void tick(uint32_t) override {}
  uint32_t due_in(uint32_t) override { return kNothingDue; }
};
NoDriver no_driver;

}  // namespace

Controller::Controller(const Identity& identity, const Ports& ports)
    : identity_(identity),
      board_(ports.board),
      clock_(ports.clock),
      lift_driver_(ports.driver),
      tilt_driver_(ports.tilt),
      has_tilt_(ports.tilt != nullptr),
      lift_(ports.driver, ports.clock, identity.rules, identity.travel),
      tilt_(ports.tilt ? *ports.tilt : static_cast<Driver&>(no_driver), ports.clock, identity.rules, identity.travel),
      settings_(ports.storage),
      site_(ports.storage),
      events_(ports.publisher, ports.clock),
      identifier_(ports.indicator, ports.clock),
      travel_(identity.travel) {
  snprintf(fw_, sizeof fw_, "%s %d%s", identity.variant, identity.version,
           identity.experimental ? " experimental" : "");
}

void Controller::begin(Observer& observer) {
  observer_ = &observer;
  uptime_counted_ms_ = ticked_ms_ = clock_.now_ms();
  // A new device is installed with the shade closed; so its position is known.
  Settings settings = {{0, true, false}, {0, true, false}, false, identity_.measure, identity_.travel};
  SettingsStore::Found found = settings_.load(settings);
  // Numbers in another measure say nothing about this motor, nor does the position that was counted with them.
  bool foreign = settings.measure != identity_.measure;
  settings_lost_ = found == SettingsStore::Found::Damaged || (foreign && settings.calibrated);
  bool usable = !settings_lost_ && !foreign;
  calibrated_ = usable && settings.calibrated;
  if (calibrated_) travel_ = settings.travel;
  site_.load();
  // Power lost in motion: the stored position is where the move began.
  lift_.motion.set_position(settings.lift.position, usable && settings.lift.known && !settings.lift.in_motion);
  tilt_.motion.set_position(settings.tilt.position,
                            !has_tilt_ || (usable && settings.tilt.known && !settings.tilt.in_motion));
  apply_travel();
  lift_driver_.place(settings.lift.position, travel_.first);
  if (tilt_driver_) tilt_driver_->place(settings.tilt.position, travel_.second);

  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.text("variant", identity_.variant).text("fw", fw_).number("reset", board_.reset_reason());
  json.number("position", position()).flag("calibrated", calibrated_);
  emit("boot", event::boot, data);
  if (settings_lost_) raise(Fault::SettingsLost);
  lift_.motion.begin();
  tilt_.motion.begin();
  settle();
}

void Controller::apply_travel() {
  lift_.motion.set_travel(travel_);
  tilt_.motion.set_travel(travel_);
}

void Controller::tick() {
  uint32_t now = clock_.now_ms();
  uint32_t seconds = (now - uptime_counted_ms_) / 1000;
  uptime_s_ += seconds;
  uptime_counted_ms_ += seconds * 1000;
  ticked_ms_ = now;

  if (cut_) {
    cut_ = false;
    for (Axis* axis : {&lift_, &tilt_})
      if (axis->motion.moving()) axis->motion.fail(Fault::LoopStalled);
  }
  lift_.motion.tick();
  tilt_.motion.tick();
  settle();
  identifier_.tick();
  events_.tick();
}

void Controller::watch() {
  if (!cut_) {
    if (!moving() || clock_.now_ms() - ticked_ms_ < kLongestLoopMs) return;
    cut_ = true;
    lift_.motion.cut();
    tilt_.motion.cut();
  }
  // A stop that is a message is on its way for several rounds, and the loop gives none.
  lift_.motion.carry_out();
  tilt_.motion.carry_out();
}

void Controller::halt(const char* cause) {
  for (Axis* axis : {&lift_, &tilt_}) {
    if (!axis->motion.moving()) continue;
    axis->stopped_by = cause;
    axis->motion.stop();
  }
  settle();
}

uint32_t Controller::due_in() const {
  uint32_t lift = lift_.motion.due_in(), tilt = tilt_.motion.due_in();
  return lift < tilt ? lift : tilt;
}

// Stores and reports where things came to rest, whatever made them stop, and a driver that does not obey.
void Controller::settle() {
  bool lift = settle(lift_), tilt = settle(tilt_);
  bool heard = motor_heard(lift_), tilt_heard = motor_heard(tilt_);
  if (!lift && !tilt && !heard && !tilt_heard) return;
  store();
  if (lift) report_rest(lift_);
  if (tilt) report_rest(tilt_);
}

// Whether it has begun to move or come to rest.
bool Controller::settle(Axis& axis) {
  Fault fault = axis.motion.fault();
  if (fault != axis.reported) {
    axis.reported = fault;
    if (fault != Fault::None) raise(fault);
  }
  bool moves = axis.motion.moving();
  if (moves == axis.was_moving) return false;
  axis.was_moving = moves;
  if (moves) axis.stopped_by = nullptr;
  return true;
}

// Whether the command that stopped it has reached the motor, which had not when that was stored.
bool Controller::motor_heard(Axis& axis) {
  bool was_pending = axis.was_pending;
  axis.was_pending = !axis.motion.moving() && axis.motion.pending();
  return was_pending && !axis.was_pending;
}

void Controller::report_rest(Axis& axis) {
  if (axis.was_moving) return;
  bool lift = &axis == &lift_;
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.number(lift ? "position" : "tilt", axis.motion.position()).number("target", axis.motion.target());
  json.text("cause", cause_of_rest(axis));
  emit(lift ? "moved" : "tilted", lift ? event::moved : event::tilted, data);
}

// "arrived" is a promise: the position is the target, and is known by more than a travel that nobody has measured or a
// switch that may be stuck.
const char* Controller::cause_of_rest(const Axis& axis) const {
  const Motion& motion = axis.motion;
  if (motion.fault() != Fault::None) return "fault";
  if (axis.stopped_by) return axis.stopped_by;
  if (abs(motion.position() - motion.target()) > 1) return "end";
  bool to_end = motion.target() == 0 || motion.target() == 100;
  if (motion.doubtful()) return "assumed";
  if (calibrated_ || identity_.measure == Measure::Motor || (to_end && motion.finds_ends())) return "arrived";
  return "assumed";
}

int Controller::move(const char* argument) { return command(lift_, argument); }

int Controller::tilt(const char* argument) {
  return has_tilt_ ? command(tilt_, argument) : static_cast<int>(kBadArgument);
}

int Controller::command(Axis& axis, const char* argument) {
  uint32_t target;
  if (strcmp(argument, "open") == 0) {
    target = 100;
  } else if (strcmp(argument, "close") == 0) {
    target = 0;
  } else if (strcmp(argument, "stop") == 0) {
    axis.stopped_by = axis.motion.moving() ? "stopped" : nullptr;
    int result = axis.motion.stop();
    settle();
    return result;
  } else if (!read_number(argument, '\0', 100, target)) {
    return kBadArgument;
  }
  int result = axis.motion.move_to(static_cast<int>(target));
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
  Travel travel = identity_.travel;
  bool own = strcmp(argument, "reset") != 0;
  if (own) {
    const char* rest;
    if (!read_number(argument, ',', Travel::kMaxNumber, travel.first, &rest)) return kBadArgument;
    if (!read_number(rest, '\0', Travel::kMaxNumber, travel.second)) return kBadArgument;
    if (!travel.valid(identity_.measure)) return kBadArgument;
  }
  if (moving()) return kBusy;
  Travel old_travel = travel_;
  bool old_calibrated = calibrated_;
  uint16_t lift = lift_.motion.hundredths(), tilt = tilt_.motion.hundredths();
  travel_ = travel;
  calibrated_ = own;
  if (!store()) {
    travel_ = old_travel;
    calibrated_ = old_calibrated;
    return kNotStored;
  }
  settings_lost_ = false;
  apply_travel();
  lift_driver_.place(lift, travel_.first);
  if (tilt_driver_) tilt_driver_->place(tilt, travel_.second);
  return 0;
}

bool Controller::name_site(const char* text) { return site_.save(text); }

Fault Controller::fault() const {
  if (lift_.motion.fault() != Fault::None) return lift_.motion.fault();
  if (tilt_.motion.fault() != Fault::None) return tilt_.motion.fault();
  if (storage_failed_) return Fault::Storage;
  return settings_lost_ ? Fault::SettingsLost : Fault::None;
}

void Controller::write_health(char* buffer, size_t size) {
  JsonWriter json(buffer, size);
  json.number("fault", static_cast<int>(fault())).flag("known", known()).flag("calibrated", calibrated_);
  json.flag("claimed", board_.claimed());
  json.count("moves", lift_.motion.moves() + tilt_.motion.moves()).count("uptime", uptime_s_);
  json.number("reset", board_.reset_reason());
  json.count("free", board_.free_memory()).count("dropped", events_.dropped());
}

AxisRecord Controller::record_of(const Axis& axis) const {
  return {axis.motion.hundredths(), axis.motion.known(), axis.motion.moving() || axis.motion.pending()};
}

bool Controller::store() {
  Settings settings = {record_of(lift_), record_of(tilt_), calibrated_, identity_.measure, travel_};
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
