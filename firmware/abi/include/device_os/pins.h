// Pins, their functions and their interrupts. Device OS 2.3.1, pinmap_hal.h, gpio_hal.h, interrupts_hal.h.
#pragma once

#include "layout.h"

typedef uint16_t pin_t;
#define PIN_INVALID ((pin_t)0xFFFF)

enum PinMode {
  INPUT = 0,
  OUTPUT = 1,
  INPUT_PULLUP = 2,
  INPUT_PULLDOWN = 3,
  AF_OUTPUT_PUSHPULL = 4,  // driven by a timer or a bus
  AF_OUTPUT_DRAIN = 5,
  AN_INPUT = 6,
  AN_OUTPUT = 7,
  OUTPUT_OPEN_DRAIN = AF_OUTPUT_DRAIN,
  OUTPUT_OPEN_DRAIN_PULLUP = 8,
  PIN_MODE_NONE = 0xFF
};
ABI_SIZE(PinMode, 1);

enum PinFunction { PF_NONE, PF_DIO, PF_TIMER, PF_ADC, PF_DAC, PF_UART, PF_PWM, PF_SPI, PF_I2C };
ABI_SIZE(PinFunction, 1);

// One GPIO port of the STM32F2.
struct GPIO_TypeDef {
  volatile uint32_t MODER, OTYPER, OSPEEDR, PUPDR;
  volatile uint32_t IDR;
  volatile uint32_t ODR;
  volatile uint16_t BSRRL, BSRRH;  // set, reset
  volatile uint32_t LCKR;
  volatile uint32_t AFR[2];
};
ABI_FIELD(GPIO_TypeDef, IDR, 0x10);
ABI_FIELD(GPIO_TypeDef, ODR, 0x14);
ABI_FIELD(GPIO_TypeDef, BSRRL, 0x18);
ABI_FIELD(GPIO_TypeDef, BSRRH, 0x1A);
ABI_SIZE(GPIO_TypeDef, 0x28);

constexpr uint32_t kGpioPorts = 0x40020000, kGpioPortStep = 0x400;
#define GPIOA ((GPIO_TypeDef*)(kGpioPorts + 0 * kGpioPortStep))
#define GPIOB ((GPIO_TypeDef*)(kGpioPorts + 1 * kGpioPortStep))
#define GPIOC ((GPIO_TypeDef*)(kGpioPorts + 2 * kGpioPortStep))
#define GPIOD ((GPIO_TypeDef*)(kGpioPorts + 3 * kGpioPortStep))
#define GPIOE ((GPIO_TypeDef*)(kGpioPorts + 4 * kGpioPortStep))
#define GPIOF ((GPIO_TypeDef*)(kGpioPorts + 5 * kGpioPortStep))
#define GPIOG ((GPIO_TypeDef*)(kGpioPorts + 6 * kGpioPortStep))

// What HAL_Pin_Map() returns an array of, by pin number.
struct Hal_Pin_Info {
  GPIO_TypeDef* gpio_peripheral;
  pin_t gpio_pin;  // mask within the port
  uint8_t gpio_pin_source;
  uint8_t adc_channel;
  uint8_t dac_channel;
  void* timer_peripheral;
  uint16_t timer_ch;
  PinMode pin_mode;
  uint16_t timer_ccr;
  int32_t user_property;
};
typedef Hal_Pin_Info STM32_Pin_Info;
ABI_FIELD(Hal_Pin_Info, gpio_pin, 4);
ABI_FIELD(Hal_Pin_Info, gpio_pin_source, 6);
ABI_FIELD(Hal_Pin_Info, dac_channel, 8);
ABI_FIELD(Hal_Pin_Info, timer_peripheral, 12);
ABI_FIELD(Hal_Pin_Info, timer_ch, 16);
ABI_FIELD(Hal_Pin_Info, pin_mode, 18);
ABI_FIELD(Hal_Pin_Info, timer_ccr, 20);
ABI_FIELD(Hal_Pin_Info, user_property, 24);
ABI_SIZE(Hal_Pin_Info, 28);

enum InterruptMode { CHANGE, RISING, FALLING };
ABI_SIZE(InterruptMode, 1);

typedef void (*HAL_InterruptHandler)(void* data);

struct HAL_InterruptExtraConfiguration {
  uint8_t version;  // 4, or 5 with flags
  uint8_t IRQChannelPreemptionPriority;
  uint8_t IRQChannelSubPriority;
  uint8_t flags;
};
ABI_SIZE(HAL_InterruptExtraConfiguration, 4);
constexpr uint8_t HAL_INTERRUPT_EXTRA_CONFIGURATION_VERSION_1 = 4;
