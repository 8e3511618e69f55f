// Table hal_peripherals: tone().
#include "system/not_modelled.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

void start(Application&, uint8_t, uint32_t, uint32_t) { not_modelled("HAL_Tone_Start", "nothing sounds"); }
void stop(Application&, uint8_t) {}
uint32_t frequency(Application&, uint8_t) { return 0; }
bool is_stopped(Application&, uint8_t) { return true; }

}  // namespace

SystemFunctions hal_peripherals_functions() {
  return {
      serves<start>("HAL_Tone_Start"),
      serves<stop>("HAL_Tone_Stop"),
      serves<frequency>("HAL_Tone_Get_Frequency"),
      serves<is_stopped>("HAL_Tone_Is_Stopped"),
  };
}

}  // namespace vphoton::system
