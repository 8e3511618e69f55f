// Table hal_core: resets, features, configuration, and what is known of memory and the last reset.
#include <algorithm>

#include "system/serve.h"

namespace vphoton::system {
namespace {

bool button_pressed(Application& app, uint16_t least_ms) {
  return app.device().setup_button_ms() >= std::max<int>(least_ms, 1);
}
void button_reset(Application&, uint16_t) {}

void reset(Application& app) { app.device().reset(ResetReason::None, 0); }
void reset_for(Application& app, int32_t reason, uint32_t data, uint32_t) {
  app.device().reset(static_cast<ResetReason>(reason), data);
}
void factory_reset(Application& app) { app.device().reset(ResetReason::FactoryReset, 0); }
void enter_bootloader(Application& app, bool) { app.device().reset(ResetReason::DfuMode, 0); }
void enter_safe_mode(Application& app, uint32_t) { app.device().reset(ResetReason::SafeMode, 0); }

// struct runtime_info_t, abi/include/device_os/system.h; older ones end earlier.
uint32_t runtime_info(Application& app, uint32_t at, uint32_t) {
  const Heap& heap = app.heap();
  const uint32_t values[] = {heap.total() - heap.used(),
                             app.device().system_version_number(),
                             heap.total(),
                             heap.total(),
                             heap.most_used(),
                             app.static_ram(),
                             heap.largest_free()};
  const uint16_t size = app.get<uint16_t>(at);
  for (uint32_t i = 0; i < std::size(values) && 4 + 4 * (i + 1) <= size; ++i)
    app.put<uint32_t>(at + 4 + 4 * i, values[i]);
  return 0;
}

int32_t set_config(Application& app, uint8_t item, uint32_t data, uint32_t size) {
  const uint8_t* bytes = size ? app.bytes(data, size) : nullptr;
  return app.device().set_config(item, std::string(bytes, bytes + size));
}

// Only one matters here, and it is not asked for.
bool feature(Application&, uint8_t) { return false; }

int32_t set_feature(Application& app, uint8_t feature, bool on) {
  if (on) app.device().enable_feature(feature);
  return 0;
}

int32_t last_reset(Application& app, uint32_t reason, uint32_t data, uint32_t) {
  app.put_if<int32_t>(reason, static_cast<int32_t>(app.device().reset_reason()));
  app.put_if<uint32_t>(data, app.device().reset_reason_data());
  return 0;
}

uint32_t device_id(Application& app, uint32_t to, uint32_t size) {
  constexpr uint32_t kSize = 12;
  const std::string digits = app.device().device_id();
  for (uint32_t i = 0; i < std::min(size, kSize); ++i)
    app.put<uint8_t>(to + i, static_cast<uint8_t>(std::stoi(digits.substr(2 * i, 2), nullptr, 16)));
  return kSize;
}

bool no(Application&) { return false; }
void nothing(Application&) {}

}  // namespace

SystemFunctions hal_core_functions() {
  return {
      serves<button_pressed>("HAL_Core_Mode_Button_Pressed"),
      serves<button_reset>("HAL_Core_Mode_Button_Reset"),
      serves<reset>("HAL_Core_System_Reset"),
      serves<reset_for>("HAL_Core_System_Reset_Ex"),
      serves<factory_reset>("HAL_Core_Factory_Reset"),
      serves<enter_bootloader>("HAL_Core_Enter_Bootloader"),
      serves<enter_safe_mode>("HAL_Core_Enter_Safe_Mode"),
      serves<runtime_info>("HAL_Core_Runtime_Info"),
      serves<set_config>("HAL_Set_System_Config"),
      serves<feature>("HAL_Feature_Get"),
      serves<set_feature>("HAL_Feature_Set"),
      serves<last_reset>("HAL_Core_Get_Last_Reset_Info"),
      serves<device_id>("HAL_device_ID"),
      serves<no>("HAL_watchdog_reset_flagged"),
      serves<nothing>("HAL_Notify_WDT"),
  };
}

}  // namespace vphoton::system
