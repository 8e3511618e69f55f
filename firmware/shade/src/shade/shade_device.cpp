#include "shade_device.h"

#include <stdio.h>

namespace shade {

namespace {

const uint32_t kHealthPeriodMs = 500;
// Shorter than this is waited for within loop(), so that outputs switch on the millisecond however slow the loop is.
const uint32_t kPreciseMs = 50;

}  // namespace

ShadeDevice* ShadeDevice::instance_ = nullptr;

ShadeDevice::ShadeDevice(Driver& driver, const Identity& identity)
    : controller_(identity, Controller::Ports{driver, clock_, storage_, publisher_, led_, board_}),
      console_(port_, controller_, board_) {
  instance_ = this;
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
#undef SHADE_REGISTER_VARIABLE
#undef SHADE_REGISTER_FUNCTION

  System.on(firmware_update | reset, on_system_event);
}

void ShadeDevice::loop() {
  console_.poll();
  controller_.tick();
  uint32_t due = controller_.due_in();
  if (due > 0 && due <= kPreciseMs) {
    delay(due);
    controller_.tick();
  }
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
#undef SHADE_DEFINE_FUNCTION

void ShadeDevice::refresh() {
  variables_.position = controller_.position();
  variables_.moving = controller_.moving();
  if (clock_.now_ms() - health_written_ms_ >= kHealthPeriodMs) write_health();
}

void ShadeDevice::write_health() {
  health_written_ms_ = clock_.now_ms();
  controller_.write_health(variables_.health, sizeof variables_.health);
}

void ShadeDevice::on_system_event(system_event_t event, int param) {
  if (event == firmware_update) instance_->updated_ = param == firmware_update_complete;
  if (event == reset) instance_->console_.announce_reset(instance_->updated_ ? "update" : "system");
}

}  // namespace shade
