// What the bootloader makes of a SETUP button that is held from power-on or RESET (Device OS 2.3.1).
#pragma once

namespace vphoton {

enum class BootChoice { Normal, SafeMode, Dfu, FactoryReset };

// `held_ms`: until it is let go. Without a valid factory image the longest choice is DFU mode, and is made while the
// button is still held. From 10 s on the LED is white; what is chosen stays factory reset.
constexpr BootChoice boot_choice(int held_ms, bool factory_image) {
  if (held_ms > 6500 && factory_image) return BootChoice::FactoryReset;
  if (held_ms >= 3000) return BootChoice::Dfu;
  return held_ms >= 1000 ? BootChoice::SafeMode : BootChoice::Normal;
}

}  // namespace vphoton
