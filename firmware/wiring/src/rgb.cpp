// RGB.
#include "spark_wiring_rgb.h"

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
