// RGB.
#include "core/device.h"

#include "application.h"

using vphoton::device;

RGBClass RGB;

namespace {
bool taken = false;
uint8_t dimmed = 96;
}  // namespace

void RGBClass::control(bool take) {
  taken = take;
  device().led_control(take);
}

bool RGBClass::controlled() { return taken; }

void RGBClass::color(int red, int green, int blue) {
  if (!taken) return;
  device().led_color(static_cast<uint8_t>(constrain(red, 0, 255)), static_cast<uint8_t>(constrain(green, 0, 255)),
                     static_cast<uint8_t>(constrain(blue, 0, 255)));
}

// The control socket tells the colour as it was set, whatever its brightness.
void RGBClass::brightness(uint8_t value, bool) { dimmed = value; }
uint8_t RGBClass::brightness() { return dimmed; }
