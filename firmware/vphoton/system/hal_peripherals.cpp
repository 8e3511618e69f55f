// Table hal_peripherals: tone() and servos.
#include <algorithm>
#include <map>

#include "system/not_modelled.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kServoHz = 50;
constexpr uint32_t kFullDuty = 255;
constexpr uint32_t kMicrosecondsOfSecond = 1000000;

struct Servos {
  std::map<uint16_t, uint16_t> pulses;  // microseconds, by pin
};

void start(Application&, uint8_t, uint32_t, uint32_t) { not_modelled("HAL_Tone_Start", "nothing sounds"); }
void stop(Application&, uint8_t) {}
uint32_t frequency(Application&, uint8_t) { return 0; }
bool is_stopped(Application&, uint8_t) { return true; }

// The pin shows the share of each period that its pulse takes, as of any other PWM.
void servo_write(Application& app, uint16_t pin, uint16_t us) {
  auto& pulses = app.state<Servos>().pulses;
  const auto found = pulses.find(pin);
  if (found == pulses.end()) return;
  found->second = us;
  constexpr uint32_t kPeriod = kMicrosecondsOfSecond / kServoHz;
  app.device().pin_write(pin, static_cast<int>(std::min(kFullDuty, (us * kFullDuty + kPeriod / 2) / kPeriod)));
}

void servo_attach(Application& app, uint16_t pin) {
  if (pin >= kPinCount) return;
  app.state<Servos>().pulses[pin] = 0;
  app.device().pin_mode(pin, PinMode::AnalogOutput);
  app.device().pin_write(pin, 0);
}

void servo_detach(Application& app, uint16_t pin) {
  if (app.state<Servos>().pulses.erase(pin)) app.device().pin_write(pin, 0);
}

uint16_t servo_pulse(Application& app, uint16_t pin) {
  const auto& pulses = app.state<Servos>().pulses;
  const auto found = pulses.find(pin);
  return found == pulses.end() ? uint16_t{0} : found->second;
}

uint16_t servo_frequency(Application& app, uint16_t pin) {
  return app.state<Servos>().pulses.count(pin) ? uint16_t{kServoHz} : uint16_t{0};
}

}  // namespace

SystemFunctions hal_peripherals_functions() {
  return {
      serves<start>("HAL_Tone_Start"),
      serves<stop>("HAL_Tone_Stop"),
      serves<frequency>("HAL_Tone_Get_Frequency"),
      serves<is_stopped>("HAL_Tone_Is_Stopped"),
      serves<servo_attach>("HAL_Servo_Attach"),
      serves<servo_detach>("HAL_Servo_Detach"),
      serves<servo_write>("HAL_Servo_Write_Pulse_Width"),
      serves<servo_pulse>("HAL_Servo_Read_Pulse_Width"),
      serves<servo_frequency>("HAL_Servo_Read_Frequency"),
  };
}

}  // namespace vphoton::system
