// Pins.
#include "spark_wiring_gpio.h"

#include "spark_wiring_i2c.h"
#include "spark_wiring_spi.h"
#include "spark_wiring_usartserial.h"

bool pinAvailable(pin_t pin) {
  if (pin >= TOTAL_PINS) return false;
  if (pin == SCK || pin == MISO || pin == MOSI) return !hal_spi_is_enabled(SPI.interface());
  if (pin == SDA || pin == SCL) return !hal_i2c_is_enabled(Wire.interface(), nullptr);
  if (pin == RX || pin == TX) return !hal_usart_is_enabled(Serial1.interface());
  return true;
}

void pinMode(pin_t pin, PinMode mode) {
  if (mode != PIN_MODE_NONE && pinAvailable(pin)) HAL_Pin_Mode(pin, mode);
}

void digitalWrite(pin_t pin, uint8_t value) {
  PinMode mode = HAL_Get_Pin_Mode(pin);
  bool reads = mode == INPUT || mode == INPUT_PULLUP || mode == INPUT_PULLDOWN || mode == AN_INPUT;
  if (mode == PIN_MODE_NONE || reads || !pinAvailable(pin)) return;
  HAL_GPIO_Write(pin, value);
}

int32_t digitalRead(pin_t pin) {
  PinMode mode = HAL_Get_Pin_Mode(pin);
  if (mode == AF_OUTPUT_PUSHPULL || mode == AF_OUTPUT_DRAIN || !pinAvailable(pin)) return LOW;
  return HAL_GPIO_Read(pin);
}

int32_t analogRead(pin_t pin) {
  if (pin < FIRST_ANALOG_PIN) pin = static_cast<pin_t>(pin + FIRST_ANALOG_PIN);
  if (!pinAvailable(pin) || HAL_Validate_Pin_Function(pin, PF_ADC) != PF_ADC) return LOW;
  return hal_adc_read(pin);
}

namespace {

bool has(pin_t pin, PinFunction function) { return HAL_Validate_Pin_Function(pin, function) == function; }

bool can_pulse(pin_t pin) {
  if (!has(pin, PF_TIMER)) return false;
  PinMode mode = HAL_Get_Pin_Mode(pin);
  return mode == OUTPUT || mode == AF_OUTPUT_PUSHPULL;
}

}  // namespace

void analogWrite(pin_t pin, uint32_t value) {
  if (!pinAvailable(pin)) return;
  if (has(pin, PF_DAC))
    HAL_DAC_Write(pin, static_cast<uint16_t>(value));
  else if (can_pulse(pin))
    hal_pwm_write_ext(pin, value);
}

void analogWrite(pin_t pin, uint32_t value, uint32_t frequency_hz) {
  if (pinAvailable(pin) && can_pulse(pin)) hal_pwm_write_with_frequency_ext(pin, value, frequency_hz);
}

uint8_t analogWriteResolution(pin_t pin, uint8_t bits) {
  if (!pinAvailable(pin)) return 0;
  if (has(pin, PF_DAC)) {
    HAL_DAC_Set_Resolution(pin, bits);
    return HAL_DAC_Get_Resolution(pin);
  }
  if (!has(pin, PF_TIMER)) return 0;
  hal_pwm_set_resolution(pin, bits);
  return hal_pwm_get_resolution(pin);
}

uint8_t analogWriteResolution(pin_t pin) {
  if (!pinAvailable(pin)) return 0;
  if (has(pin, PF_DAC)) return HAL_DAC_Get_Resolution(pin);
  return has(pin, PF_TIMER) ? hal_pwm_get_resolution(pin) : 0;
}

uint32_t analogWriteMaxFrequency(pin_t pin) {
  return pinAvailable(pin) && has(pin, PF_TIMER) ? hal_pwm_get_max_frequency(pin) : 0;
}

void setADCSampleTime(uint8_t time) { hal_adc_set_sample_time(time); }
