#include "shade_device.h"

#include <stdio.h>
#include <string.h>

namespace shade {

namespace {

const uint32_t kHealthPeriodMs = 500;
// Shorter than this is waited for within loop(), so that outputs switch on the millisecond however slow the loop is.
const uint32_t kPreciseMs = 50;
const unsigned kWatchPeriodMs = 100;

}  // namespace

ShadeDevice* ShadeDevice::instance_ = nullptr;

ShadeDevice::ShadeDevice(Driver& driver, const Identity& identity, Driver* tilt)
    : controller_(identity, Controller::Ports{driver, clock_, storage_, publisher_, led_, board_, tilt}),
      console_(port_, controller_, board_),
      watchdog_(kWatchPeriodMs, &ShadeDevice::watch, *this) {
  instance_ = this;
}

void ShadeDevice::before_setup() {
  System.enableFeature(FEATURE_RESET_INFO);
  softap_set_application_page_handler(on_page, nullptr);
}

void ShadeDevice::setup() {
  Serial.begin(9600);
  board_.begin();
  controller_.begin(console_);
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

  System.on(firmware_update | reset, on_system_event);
}

void ShadeDevice::loop() {
  console_.poll();
  controller_.tick();
  refresh();
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
  variables_.position = controller_.position();
  variables_.moving = controller_.moving();
  variables_.tilt = controller_.tilt_position();
  // Hardly ever another one, and this is done in every loop.
  if (strcmp(variables_.site, controller_.site()) != 0)
    snprintf(variables_.site, sizeof variables_.site, "%s", controller_.site());
  if (clock_.now_ms() - health_written_ms_ >= kHealthPeriodMs) write_health();
  if (variables_.moving == was_moving_) return;
  // An update waits until nothing moves: the cloud is told, and keeps it until updates are enabled again.
  was_moving_ = variables_.moving;
  if (was_moving_) {
    System.disableUpdates();
    watchdog_.start();
  } else {
    watchdog_.stop();
    System.enableUpdates();
  }
}

void ShadeDevice::write_health() {
  health_written_ms_ = clock_.now_ms();
  controller_.write_health(variables_.health, sizeof variables_.health);
}

void ShadeDevice::on_system_event(system_event_t event, int param) {
  // An update that the cloud forces comes even so, and every reset leaves the motors without anybody to stop them.
  if (event == firmware_update) {
    instance_->updated_ = param == firmware_update_complete;
    if (param == firmware_update_begin) instance_->controller_.halt("update");
  }
  if (event == reset) {
    instance_->controller_.halt("reset");
    instance_->console_.announce_reset(instance_->updated_ ? "update" : "system");
  }
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
  SINGLE_THREADED_BLOCK() {
    Controller& controller = instance_->controller_;
    SetupPage::Outcome outcome = SetupPage::take(form, controller);
    static char html[SetupPage::kMaxPage];  // larger than that thread's stack may like
    SetupPage::render(controller, instance_->board_, outcome, html, sizeof html);
    respond(argument, 0, outcome == SetupPage::Outcome::Refused ? 400 : 200, "text/html", nullptr);
    page->write(html);
  }
}

}  // namespace shade
