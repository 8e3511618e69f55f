// What the Wiring language of Arduino has beyond Particle.h; only applications that include it have it.
#pragma once

#ifndef ARDUINO
#define ARDUINO 10800
#endif

#include "application.h"
#include "avr/pgmspace.h"
#include "spark_wiring_arduino_constants.h"

#undef F
#define F(X) (reinterpret_cast<const __FlashStringHelper*>(X))

// One word of two bytes.
inline uint16_t makeWord(uint16_t w) { return w; }
inline uint16_t makeWord(uint8_t high, uint8_t low) { return static_cast<uint16_t>(high << 8 | low); }
#define word(...) makeWord(__VA_ARGS__)

#ifndef WEAK
#define WEAK __attribute__((weak))
#endif

#define SYSTEM_CORE_CLOCK 120000000UL
#define clockCyclesPerMicrosecond() (SYSTEM_CORE_CLOCK / 1000000L)
#define clockCyclesToMicroseconds(a) (((a) * 1000L) / (SYSTEM_CORE_CLOCK / 1000L))
#define microsecondsToClockCycles(a) ((a) * (SYSTEM_CORE_CLOCK / 1000000L))

#define digitalPinToInterrupt(pin) (pin)
#define digitalPinToPort(pin) (HAL_Pin_Map()[pin].gpio_peripheral)
#define digitalPinToBitMask(pin) (HAL_Pin_Map()[pin].gpio_pin)
#define portOutputRegister(port) (&(port->ODR))
#define portInputRegister(port) (&(port->IDR))
#define digitalPinHasPWM(pin) (HAL_Validate_Pin_Function(pin, PF_TIMER) == PF_TIMER)
#define PINS_COUNT TOTAL_PINS
#define NUM_DIGITAL_PINS TOTAL_PINS
#define NUM_ANALOG_INPUTS TOTAL_ANALOG_PINS
#define NUM_ANALOG_OUTPUTS TOTAL_DAC_PINS
#define analogInputToDigitalPin(p) (((p) < TOTAL_ANALOG_PINS && (p) >= 0) ? (p) + FIRST_ANALOG_PIN : -1)
#define LED_BUILTIN D7
#define ATN SS

#define _BV(x) (((uint32_t)1) << (x))
#define sei() HAL_enable_irq(0)
#define cli() (void)HAL_disable_irq()
#define cbi(sfr, bit) ((sfr) &= ~_BV(bit))
#define sbi(sfr, bit) ((sfr) |= _BV(bit))
typedef volatile uint32_t RwReg;

// The ports that libraries look for.
#define UBRRH
#define UBRR1H
#define UBRR2H
#define SERIAL_PORT_MONITOR Serial
#define SERIAL_PORT_USBVIRTUAL Serial
#define SERIAL_PORT_HARDWARE_OPEN Serial1
#define SERIAL_PORT_HARDWARE_OPEN1 Serial1
#define SERIAL_PORT_HARDWARE_OPEN2 Serial2
#define SERIAL_PORT_HARDWARE Serial1
#define SERIAL_PORT_HARDWARE1 Serial1
#define SERIAL_PORT_HARDWARE2 Serial2
#define SerialUSB Serial
