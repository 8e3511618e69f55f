// Table hal_gpio: pins, pulse widths, analogue values and pin interrupts.
#include <algorithm>

#include "system/serve.h"
#include "system/tables.h"

namespace vphoton::system {
namespace {

// Numbers of Device OS 2.3.1, abi/include/device_os/pins.h.
enum Mode : uint8_t {
  kInput,
  kOutput,
  kInputPullup,
  kInputPulldown,
  kPushPull,
  kOpenDrain,
  kAnalogInput,
  kAnalogOutput,
  kNoMode = 0xFF
};
enum Function : uint8_t { kNoFunction, kDigital, kTimer, kAdc, kDac };

constexpr uint32_t kFullDuty = 255;
constexpr uint32_t kPwmHz = 500;  // Device OS 2.3.1
constexpr uint32_t kMostPwmHz = 65535;
constexpr uint8_t kMostPwmBits = 15;
constexpr uint8_t kDacBits = 12;
constexpr int32_t kInvalidArgument = -130;

struct Pulses {
  uint8_t bits = 8;
  uint32_t value = 0;
  uint32_t hz = kPwmHz;
};
struct Outputs {
  Pulses pulses[kMappedPins];
  uint8_t dac_bits[2] = {kDacBits, kDacBits};
};

Pulses& pulses_of(Application& app, uint16_t pin) { return app.state<Outputs>().pulses[pin]; }

bool exists(uint32_t pin) { return pin < kMappedPins; }

PinMode to_device(uint8_t mode) {
  switch (mode) {
    case kOutput:
    case kPushPull:
    case kOpenDrain:
      return PinMode::Output;
    case kInputPullup:
      return PinMode::InputPullup;
    case kInputPulldown:
      return PinMode::InputPulldown;
    case kAnalogOutput:
      return PinMode::AnalogOutput;
    case kNoMode:
      return PinMode::None;
    default:
      return PinMode::Input;
  }
}

uint32_t pin_map(Application&) { return kPinMap; }

uint8_t validate(Application&, uint16_t pin, uint8_t function) {
  if (!exists(pin)) return kNoFunction;
  const PinPlace& place = kPinPlaces[pin];
  if (function == kAdc && place.adc != 0xFF) return kAdc;
  if (function == kTimer && place.timer != 0) return kTimer;
  if (function == kDac && place.dac != 0xFF) return kDac;
  return kDigital;
}

void set_mode(Application& app, uint16_t pin, uint8_t mode) {
  if (!exists(pin)) return;
  app.pin_modes[pin] = mode;
  app.device().pin_mode(pin, to_device(mode));
}

uint8_t get_mode(Application& app, uint16_t pin) { return exists(pin) ? app.pin_modes[pin] : uint8_t{kNoMode}; }

// A pin that pulsed goes on as an output.
void write_level(Application& app, uint16_t pin, uint8_t level) {
  if (!exists(pin)) return;
  if (app.pin_modes[pin] == kPushPull || app.pin_modes[pin] == kAnalogOutput) set_mode(app, pin, kOutput);
  app.device().pin_write(pin, level ? 1 : 0);
}

int32_t read_level(Application& app, uint16_t pin) {
  if (!exists(pin) || app.pin_modes[pin] == kAnalogInput) return 0;
  return app.device().pin_read(pin);
}

int32_t adc_read(Application& app, uint16_t pin) {
  if (!exists(pin) || kPinPlaces[pin].adc == 0xFF) return 0;
  app.pin_modes[pin] = kAnalogInput;
  app.device().pin_mode(pin, PinMode::Input);
  return app.device().analog_read(pin);
}

void set_sample_time(Application&, uint8_t) {}

void pulse(Application& app, uint16_t pin, uint32_t value, uint32_t hz) {
  if (!exists(pin) || kPinPlaces[pin].timer == 0) return;
  Pulses& pulses = pulses_of(app, pin);
  const uint32_t most = (1u << pulses.bits) - 1;
  pulses.value = std::min(value, most);
  pulses.hz = hz;
  app.pin_modes[pin] = kPushPull;
  app.device().pin_mode(pin, PinMode::AnalogOutput);
  app.device().pin_write(pin, static_cast<int>(pulses.value * kFullDuty / most));
}

void pwm_write(Application& app, uint16_t pin, uint8_t value) { pulse(app, pin, value, kPwmHz); }
void pwm_write_ext(Application& app, uint16_t pin, uint32_t value) { pulse(app, pin, value, kPwmHz); }
void pwm_write_hz(Application& app, uint16_t pin, uint8_t value, uint16_t hz) { pulse(app, pin, value, hz); }
void pwm_write_hz_ext(Application& app, uint16_t pin, uint32_t value, uint32_t hz) { pulse(app, pin, value, hz); }
uint16_t pwm_hz(Application& app, uint16_t pin) {
  return exists(pin) ? static_cast<uint16_t>(pulses_of(app, pin).hz) : uint16_t{0};
}
uint32_t pwm_hz_ext(Application& app, uint16_t pin) { return exists(pin) ? pulses_of(app, pin).hz : 0; }
uint16_t pwm_value(Application& app, uint16_t pin) {
  return exists(pin) ? static_cast<uint16_t>(pulses_of(app, pin).value) : uint16_t{0};
}
uint32_t pwm_value_ext(Application& app, uint16_t pin) { return exists(pin) ? pulses_of(app, pin).value : 0; }
uint8_t pwm_bits(Application& app, uint16_t pin) { return exists(pin) ? pulses_of(app, pin).bits : uint8_t{0}; }
void set_pwm_bits(Application& app, uint16_t pin, uint8_t bits) {
  if (exists(pin) && bits >= 2 && bits <= kMostPwmBits) pulses_of(app, pin).bits = bits;
}
uint32_t pwm_most_hz(Application&, uint16_t pin) { return exists(pin) ? kMostPwmHz : 0; }

uint8_t* bits_of_dac(Application& app, uint16_t pin) {
  return exists(pin) && kPinPlaces[pin].dac != 0xFF ? &app.state<Outputs>().dac_bits[kPinPlaces[pin].dac - 1] : nullptr;
}

void dac_write(Application& app, uint16_t pin, uint16_t value) {
  const uint8_t* bits = bits_of_dac(app, pin);
  if (!bits) return;
  const uint32_t most = (1u << *bits) - 1;
  app.pin_modes[pin] = kAnalogOutput;
  app.device().pin_mode(pin, PinMode::AnalogOutput);
  app.device().pin_write(pin, static_cast<int>(std::min<uint32_t>(value, most) * kFullDuty / most));
}

uint8_t dac_is_enabled(Application& app, uint16_t pin) {
  return bits_of_dac(app, pin) && app.pin_modes[pin] == kAnalogOutput;
}
uint8_t dac_enable(Application& app, uint16_t pin, uint8_t on) {
  if (!bits_of_dac(app, pin)) return 1;
  set_mode(app, pin, on ? kAnalogOutput : kInput);
  return 0;
}
uint8_t dac_resolution(Application& app, uint16_t pin) {
  const uint8_t* bits = bits_of_dac(app, pin);
  return bits ? *bits : uint8_t{0};
}
void set_dac_resolution(Application& app, uint16_t pin, uint8_t bits) {
  uint8_t* kept = bits_of_dac(app, pin);
  if (kept && (bits == 8 || bits == kDacBits)) *kept = bits;
}
void dac_buffer(Application&, uint16_t, uint8_t) {}

int32_t attach(Application& app, uint16_t pin, uint32_t handler, uint32_t data, uint8_t mode, uint32_t) {
  if (!exists(pin) || handler == 0) return kInvalidArgument;
  app.device().attach_interrupt(pin, mode + 1, [&app, handler, data] { app.interrupt(handler, data); });
  return 0;
}

int32_t detach(Application& app, uint16_t pin) {
  if (!exists(pin)) return kInvalidArgument;
  app.device().attach_interrupt(pin, 1, nullptr);
  return 0;
}

int32_t detach_ext(Application& app, uint16_t pin, uint8_t, uint32_t) { return detach(app, pin); }

void interrupts_on(Application& app) { app.set_interrupts(true); }
void interrupts_off(Application& app) { app.set_interrupts(false); }

}  // namespace

SystemFunctions hal_gpio_functions() {
  return {
      serves<pin_map>("HAL_Pin_Map"),
      serves<validate>("HAL_Validate_Pin_Function"),
      serves<set_mode>("HAL_Pin_Mode"),
      serves<get_mode>("HAL_Get_Pin_Mode"),
      serves<write_level>("HAL_GPIO_Write"),
      serves<read_level>("HAL_GPIO_Read"),
      serves<attach>("HAL_Interrupts_Attach"),
      serves<detach>("HAL_Interrupts_Detach"),
      serves<detach_ext>("HAL_Interrupts_Detach_Ext"),
      serves<interrupts_on>("HAL_Interrupts_Enable_All"),
      serves<interrupts_off>("HAL_Interrupts_Disable_All"),
      serves<interrupts_off>("HAL_Interrupts_Suspend"),
      serves<interrupts_on>("HAL_Interrupts_Restore"),
      serves<dac_write>("HAL_DAC_Write"),
      serves<dac_is_enabled>("HAL_DAC_Is_Enabled"),
      serves<dac_enable>("HAL_DAC_Enable"),
      serves<dac_resolution>("HAL_DAC_Get_Resolution"),
      serves<set_dac_resolution>("HAL_DAC_Set_Resolution"),
      serves<dac_buffer>("HAL_DAC_Enable_Buffer"),
      serves<set_sample_time>("hal_adc_set_sample_time"),
      serves<adc_read>("hal_adc_read"),
      serves<pwm_write>("hal_pwm_write"),
      serves<pwm_write_ext>("hal_pwm_write_ext"),
      serves<pwm_write_hz>("hal_pwm_write_with_frequency"),
      serves<pwm_write_hz_ext>("hal_pwm_write_with_frequency_ext"),
      serves<pwm_hz>("hal_pwm_get_frequency"),
      serves<pwm_hz_ext>("hal_pwm_get_frequency_ext"),
      serves<pwm_value>("hal_pwm_get_analog_value"),
      serves<pwm_value_ext>("hal_pwm_get_analog_value_ext"),
      serves<pwm_bits>("hal_pwm_get_resolution"),
      serves<set_pwm_bits>("hal_pwm_set_resolution"),
      serves<pwm_most_hz>("hal_pwm_get_max_frequency"),
  };
}

}  // namespace vphoton::system
