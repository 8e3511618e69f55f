#include "shade_device.h"

#include <stdio.h>
#include <string.h>

namespace shade {

namespace {

const uint32_t kHealthPeriodMs = 500;
// Shorter than this is waited for within loop(), so that outputs switch on the millisecond however slow the loop is.
const uint32_t kPreciseMs = 50;
// How long the HTTP thread waits for the loop to make a page.
const uint32_t kPageMs = 5000;
const int kReleaseHoldMs = 10000;

retained ImageHistory image_history;

}  // namespace

ShadeDevice* ShadeDevice::instance_ = nullptr;

ShadeDevice::ShadeDevice(Driver& driver, const Identity& identity, Driver* tilt, pin_t permit, const KeyPins& keys)
    : board_(port_),
      guard_(permit, &ShadeDevice::watch, *this),
      controller_(identity, Controller::Ports{driver, clock_, storage_, publisher_, led_, board_, tilt, &guard_}),
      console_(port_, controller_, board_),
      trial_(image_history),
      key_pins_(keys) {
  instance_ = this;
}

void ShadeDevice::before_setup() {
  System.enableFeature(FEATURE_RESET_INFO);
  System.enableFeature(FEATURE_RETAINED_MEMORY);
  softap_set_application_page_handler(on_page, nullptr);
}

void ShadeDevice::setup() {
  controller_.start_outputs();
  if (trial_.begin(controller_.identity().version, System.resetReason())) System.enterSafeMode();
  Serial.begin(9600);
  board_.begin();
  controller_.begin(console_);
  bool wired = key_pins_.up != LoopGuard::kNoPin && controller_.fault() != Fault::WrongBoard;
  for (pin_t pin : {key_pins_.up, key_pins_.stop, key_pins_.down})
    if (wired) pinMode(pin, INPUT_PULLUP);
  snprintf(variables_.variant, sizeof variables_.variant, "%s", controller_.identity().variant);
  snprintf(variables_.fw, sizeof variables_.fw, "%s", controller_.fw());
  refresh();
  write_health();

#define SHADE_REGISTER_VARIABLE(name, type, text) Particle.variable(#name, variables_.name);
#define SHADE_REGISTER_FUNCTION(name, type, text) Particle.function(#name, &ShadeDevice::name, this);
  SHADE_VARIABLES(SHADE_REGISTER_VARIABLE)
  SHADE_FUNCTIONS(SHADE_REGISTER_FUNCTION)
  if (controller_.has_tilt()) {
    SHADE_TILT_VARIABLES(SHADE_REGISTER_VARIABLE)
    SHADE_TILT_FUNCTIONS(SHADE_REGISTER_FUNCTION)
  }
#undef SHADE_REGISTER_VARIABLE
#undef SHADE_REGISTER_FUNCTION

  Particle.subscribe("shade/to/", &ShadeDevice::on_addressed, this, MY_DEVICES);
  // By its whole name: each device of a fleet that is one account's would hear what all others ask.
  Particle.subscribe(controller_.asks(), &ShadeDevice::on_addressed, this, MY_DEVICES);
  System.on(firmware_update, on_system_event);
  System.on(button_status, on_button);
}

void ShadeDevice::loop() {
  port_.may_wait(!controller_.active());
  port_.pump();
  console_.poll();
  look_at_keys();
  controller_.tick();
  refresh();
  serve_page();
  uint32_t due = controller_.due_in();
  if (due == 0 || due > kPreciseMs) return;
  delay(due);
  controller_.tick();
  refresh();
}

#define SHADE_DEFINE_FUNCTION(name, type, text)      \
  int ShadeDevice::name(String argument) {           \
    int result = controller_.name(argument.c_str()); \
    refresh();                                       \
    write_health();                                  \
    return result;                                   \
  }
SHADE_FUNCTIONS(SHADE_DEFINE_FUNCTION)
SHADE_TILT_FUNCTIONS(SHADE_DEFINE_FUNCTION)
#undef SHADE_DEFINE_FUNCTION

void ShadeDevice::refresh() {
  trial_.tick(clock_.now_ms());
  variables_.position = controller_.position();
  variables_.moving = controller_.moving();
  variables_.tilt = controller_.tilt_position();
  // Hardly ever another one, and this is done in every loop.
  if (household_shown_ != controller_.household_changes()) {
    household_shown_ = controller_.household_changes();
    const Household& household = controller_.household();
    snprintf(variables_.site, sizeof variables_.site, "%s", household.site());
    snprintf(variables_.groups, sizeof variables_.groups, "%s", household.groups());
    household.schedule().write(variables_.schedule, sizeof variables_.schedule);
  }
  if (clock_.now_ms() - health_written_ms_ >= kHealthPeriodMs) write_health();
}

void ShadeDevice::write_health() {
  health_written_ms_ = clock_.now_ms();
  controller_.write_health(variables_.health, sizeof variables_.health);
}

void ShadeDevice::look_at_keys() {
  if (key_pins_.up == LoopGuard::kNoPin) return;
  Key key = keys_.look(pinReadFast(key_pins_.up) == LOW, pinReadFast(key_pins_.stop) == LOW,
                       pinReadFast(key_pins_.down) == LOW, clock_.now_ms());
  if (key != Key::None) controller_.move(key == Key::Up ? "open" : key == Key::Down ? "close" : "stop");
}

// From ten seconds on, in listening mode, the same hold makes Device OS forget its networks.
void ShadeDevice::on_button(system_event_t, int held_ms) {
  if (held_ms >= kReleaseHoldMs) instance_->controller_.ask_release();
}

// Device OS 2.3.1 tells of an update, and of no other reset before it comes: what must not outlast one is kept by the
// journal and the permit line.
void ShadeDevice::on_system_event(system_event_t, int param) {
  // One that the cloud forces comes even while updates are held back.
  if (param == firmware_update_begin) instance_->controller_.begin_update();
  if (param == firmware_update_failed) instance_->controller_.end_update();
  if (param == firmware_update_complete) instance_->console_.announce_reset("update");
}

// On a Photon this runs in the HTTP service's thread.
void ShadeDevice::on_page(const char* url, ResponseCallback* respond, void* argument, Reader* body, Writer* page,
                          void*) {
  if (!SetupPage::is_its(url)) {
    respond(argument, 0, 404, nullptr, nullptr);
    return;
  }
  char form[SetupPage::kMaxForm + 1];
  size_t length = 0;
  for (int got; length < SetupPage::kMaxForm &&
                (got = body->read(reinterpret_cast<uint8_t*>(form) + length, SetupPage::kMaxForm - length)) > 0;)
    length += static_cast<size_t>(got);
  form[length] = '\0';
  PageDesk& desk = instance_->desk_;
  bool asked = desk.ask(form);
  // Whoever is the application's thread has the loop waiting for it.
  if (asked && application_thread_current(nullptr)) instance_->serve_page();
  uint32_t since = millis();
  while (asked && !desk.answered()) {
    if (millis() - since >= kPageMs && desk.give_up()) asked = false;
    delay(10);
  }
  if (!asked) {
    respond(argument, 0, 503, nullptr, nullptr);
    return;
  }
  bool refused = desk.outcome() == SetupPage::Outcome::Refused || desk.outcome() == SetupPage::Outcome::Unmoved;
  respond(argument, 0, refused ? 400 : 200, "text/html", nullptr);
  page->write(desk.page());
  desk.fetched();
}

void ShadeDevice::serve_page() {
  const char* form = desk_.take();
  if (!form) return;
  SetupPage::Outcome outcome = SetupPage::take(form, controller_);
  SetupPage::render(controller_, board_, outcome, desk_.page(), SetupPage::kMaxPage);
  desk_.answer(outcome);
}

}  // namespace shade
