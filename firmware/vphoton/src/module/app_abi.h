// What a native user part exports (looked up with dlsym) and may not rely on anything else of the loader.
#pragma once

#include <cstdint>

namespace vphoton {

// A native user part depends on system part 2 at this version. No Photon ever had it, so a real one refuses the module
// and stays in safe mode; a virtual Photon runs a user part only if it depends on exactly this version.
constexpr uint16_t kNativeSystemVersion = 0xF001;

// extern "C" void setup(); extern "C" void loop();          the firmware's own; called through:
// extern "C" void vphoton_app_setup();                      calls setup()
// extern "C" void vphoton_app_loop();                       calls loop()
// extern "C" int  vphoton_app_system_mode();                0, 1 AUTOMATIC, 2 SEMI_AUTOMATIC, 3 MANUAL, 4 SAFE_MODE
// extern "C" int  vphoton_app_system_thread();              0 or 1
// Two sections, one little-endian uint16 each: .photon_product_id (PRODUCT_ID) and .photon_product_version
// (PRODUCT_VERSION). A missing section means 0xFFFF. The packer copies both into the module suffix.
// These exports come from include/user_part.cpp, compiled into every module next to the firmware's own sources:
//   c++ -std=gnu++11 -Os -fPIC -shared -fvisibility=hidden -fno-exceptions -fno-rtti -ffunction-sections
//       -fdata-sections -Wl,--gc-sections -s -I include [-I lib/<name>/src ...] -I src
//       <sources> include/user_part.cpp -o module.so
// Before any of the module's own code runs it calls vphoton_retained_memory(begin, size) of the executable, if it has
// variables declared `retained`.
// Undefined symbols are the Wiring API; the loader finds them in the executable.
constexpr const char* kSetupSymbol = "vphoton_app_setup";
constexpr const char* kLoopSymbol = "vphoton_app_loop";
constexpr const char* kSystemModeSymbol = "vphoton_app_system_mode";
constexpr const char* kSystemThreadSymbol = "vphoton_app_system_thread";

}  // namespace vphoton
