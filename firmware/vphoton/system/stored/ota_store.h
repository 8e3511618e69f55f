// An over-the-air update from its first byte to the copy into its module's place, safe against a power cut anywhere.
//
// Staging writes only the OTA region; a file of more than 128 KB runs on into the factory image behind it, which is
// then lost, as on a real one. arm() describes the staged module in the DCT and then sets the update flag: from that
// write on every boot copies the staged module until the copy is complete, and only then drops the flag. So a boot
// finds the old module whole, or the new one staged whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "board/flash_device.h"
#include "system/stored/dct.h"
#include "system/stored/module_image.h"

namespace vphoton {

// Device OS 2.3.1, system errors.
constexpr int kErrorFile = -225;
constexpr int kErrorInvalidState = -210;
constexpr int kErrorOutOfRange = -290;
constexpr int kErrorModuleNotFound = -1300;
constexpr int kErrorUnsupportedModule = -1310;
constexpr int kErrorIntegrity = -1330;
constexpr int kErrorDependency = -1340;
constexpr int kErrorAddress = -1350;
constexpr int kErrorPlatform = -1360;
constexpr int kErrorSize = -1390;  // the number is a choice

class OtaStore {
 public:
  OtaStore(FlashDevice& flash, Dct& dct) : flash_(flash), dct_(dct) {}

  // Once Device OS runs: modules that need later system parts are refused.
  void set_system_version(uint16_t version) { system_version_ = version; }

  // All return 0 or a negative system error.
  int begin(uint32_t length);
  int write(uint32_t offset, const std::string& data);
  int validate() const;
  int arm();

  // At boot, before anything of the modules is read: finishes a copy that is due. True if one was finished.
  bool apply_pending();

  // The factory image is a user part that this device would run.
  bool factory_image_valid() const;
  // Copies it over the user part. False, and nothing changed, if it is not valid; a power cut leaves a user part that
  // is not valid either, and the next boot does this again.
  bool restore_factory();

  // A module was replaced and the cloud was not told yet.
  bool succeeded() const;
  void forget_success();

 private:
  std::optional<ModuleImage> staged() const;
  std::optional<ModuleImage> factory_image() const;
  bool install(const ModuleImage& image);

  FlashDevice& flash_;
  Dct& dct_;
  uint32_t length_ = 0;
  uint16_t system_version_ = kAnySystemVersion;
};

}  // namespace vphoton
