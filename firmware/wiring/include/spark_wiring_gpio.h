// Pins of the Photon, numbered as its pin map does.
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_constants.h"

#define D0 ((pin_t)0)
#define D1 ((pin_t)1)
#define D2 ((pin_t)2)
#define D3 ((pin_t)3)
#define D4 ((pin_t)4)
#define D5 ((pin_t)5)
#define D6 ((pin_t)6)
#define D7 ((pin_t)7)

#define A0 ((pin_t)10)
#define A1 ((pin_t)11)
#define A2 ((pin_t)12)
#define A3 ((pin_t)13)
#define A4 ((pin_t)14)
#define A5 ((pin_t)15)
#define A6 ((pin_t)16)
#define A7 ((pin_t)17)
#define DAC A6
#define WKP A7
#define RX ((pin_t)18)
#define TX ((pin_t)19)
#define BTN ((pin_t)20)

#define SS A2
#define SCK A3
#define MISO A4
#define MOSI A5
#define SDA D0
#define SCL D1

#define TOTAL_PINS 24
#define TOTAL_ANALOG_PINS 8
#define TOTAL_DAC_PINS 2
#define FIRST_ANALOG_PIN 10

void pinMode(pin_t pin, PinMode mode);
inline PinMode getPinMode(pin_t pin) { return HAL_Get_Pin_Mode(pin); }
bool pinAvailable(pin_t pin);  // no bus or serial port has it
// Only to an output.
void digitalWrite(pin_t pin, uint8_t value);
int32_t digitalRead(pin_t pin);
int32_t analogRead(pin_t pin);                // 0 ... 4095; pin 0 is A0
void analogWrite(pin_t pin, uint32_t value);  // 0 ... 255 duty of an output, 0 ... 4095 on DAC and A3
void analogWrite(pin_t pin, uint32_t value, uint32_t frequency_hz);
uint8_t analogWriteResolution(pin_t pin);  // bits
uint8_t analogWriteResolution(pin_t pin, uint8_t bits);
uint32_t analogWriteMaxFrequency(pin_t pin);
void setADCSampleTime(uint8_t time);
inline void setDACBufferred(pin_t pin, uint8_t on) { HAL_DAC_Enable_Buffer(pin, on); }

inline const Hal_Pin_Info* fastPinGetPinmap() {
  static const Hal_Pin_Info* const pins = HAL_Pin_Map();
  return pins;
}

// On the port's registers, without the checks of the slow ones; the pin must be set up already.
inline void pinSetFast(pin_t pin) {
  const Hal_Pin_Info& its = fastPinGetPinmap()[pin];
  its.gpio_peripheral->BSRRL = its.gpio_pin;
}
inline void pinResetFast(pin_t pin) {
  const Hal_Pin_Info& its = fastPinGetPinmap()[pin];
  its.gpio_peripheral->BSRRH = its.gpio_pin;
}
inline void digitalWriteFast(pin_t pin, uint8_t value) {
  if (value)
    pinSetFast(pin);
  else
    pinResetFast(pin);
}
inline int32_t pinReadFast(pin_t pin) {
  const Hal_Pin_Info& its = fastPinGetPinmap()[pin];
  return (its.gpio_peripheral->IDR & its.gpio_pin) != 0;
}
