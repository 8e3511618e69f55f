// What an application states about itself outside of setup() and loop().
#pragma once

#include <stdint.h>

enum System_Mode_TypeDef { DEFAULT = 0, AUTOMATIC = 1, SEMI_AUTOMATIC = 2, MANUAL = 3, SAFE_MODE = 4 };
enum { DISABLED = 0, ENABLED = 1 };

#define VPHOTON_CONCAT_(a, b) a##b
#define VPHOTON_CONCAT(a, b) VPHOTON_CONCAT_(a, b)

#define SYSTEM_MODE(mode) \
  extern "C" __attribute__((visibility("default"))) int vphoton_app_system_mode() { return (mode); }
#define SYSTEM_THREAD(state) \
  extern "C" __attribute__((visibility("default"))) int vphoton_app_system_thread() { return (state); }

// Runs before setup(), while the module is loaded.
#define STARTUP(...)                                     \
  namespace {                                            \
  struct VPHOTON_CONCAT(Startup, __LINE__) {             \
    VPHOTON_CONCAT(Startup, __LINE__)() { __VA_ARGS__; } \
  } VPHOTON_CONCAT(startup_, __LINE__);                  \
  }

// Product id and version go into the module, little-endian, one section each; the packer copies them into the suffix.
#define VPHOTON_PRODUCT_RECORD(name, value)                              \
  extern "C" __attribute__((visibility("default"))) const uint16_t name; \
  extern "C" __attribute__((section("." #name), used)) const uint16_t name = (value);
#define PRODUCT_ID(id) VPHOTON_PRODUCT_RECORD(photon_product_id, id)
#define PRODUCT_VERSION(version) VPHOTON_PRODUCT_RECORD(photon_product_version, version)
