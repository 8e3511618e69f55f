// RGB.
#include "spark_wiring_rgb.h"

#include <initializer_list>

#include "spark_wiring_interrupts.h"

RGBClass RGB;

namespace {

wiring_rgb_change_handler_t on_change;

}  // namespace

void RGBClass::control(bool take) {
  if (take == controlled()) return;
  if (take)
    LED_Signaling_Start();
  else
    LED_Signaling_Stop();
}

void RGBClass::color(uint32_t rgb) {
  if (!controlled()) return;
  LED_SetSignalingColor(rgb);
  LED_On(LED_RGB);
}

void RGBClass::color(int red, int green, int blue) { color(static_cast<uint32_t>(red << 16 | green << 8 | blue)); }

void RGBClass::brightness(uint8_t value, bool update) {
  LED_SetBrightness(value);
  if (update && controlled()) LED_On(LED_RGB);
}

void RGBClass::onChange(wiring_rgb_change_handler_t handler) {
  ATOMIC_BLOCK() {
    on_change = std::move(handler);
    LED_RGB_SetChangeHandler(on_change ? changed : nullptr, this);
  }
}

void RGBClass::changed(void*, uint8_t red, uint8_t green, uint8_t blue, void*) {
  if (on_change) on_change(red, green, blue);
}

namespace {

constexpr uint8_t kMirrored = 4;  // Device OS 2.3.1, rgbled.h
constexpr uint8_t kRed = kMirrored + LED3, kGreen = kMirrored + LED4, kBlue = kMirrored + LED2;

}  // namespace

void RGBClass::mirrorTo(pin_t red, pin_t green, pin_t blue, bool invert, bool bootloader) {
  HAL_Core_Led_Mirror_Pin(kRed, red, invert, bootloader, nullptr);
  HAL_Core_Led_Mirror_Pin(kGreen, green, invert, bootloader, nullptr);
  HAL_Core_Led_Mirror_Pin(kBlue, blue, invert, bootloader, nullptr);
}

void RGBClass::mirrorDisable(bool bootloader) {
  for (uint8_t led : {kRed, kGreen, kBlue}) HAL_Core_Led_Mirror_Pin_Disable(led, bootloader, nullptr);
}
