// The internal flash by address, as the bootloader and DFU know it.
#pragma once

#include <cstdint>
#include <string>

#include "board/flash_device.h"

namespace vphoton {

class InternalFlash {
 public:
  explicit InternalFlash(FlashDevice& flash) : flash_(flash) {}

  // Exactly `size` bytes; 0xFF where there is no memory or nothing of it is modelled (DCT copies, EEPROM emulation).
  std::string read(uint32_t address, size_t size) const;
  // False, and nothing done, unless all of it is modelled memory; false also when the disk refuses.
  bool write(uint32_t address, const std::string& data);
  bool erase(uint32_t address, size_t size);
  // What one erasure by DFU takes: the sector that holds `address`. False where DFU cannot erase.
  bool erase_sector(uint32_t address);
  // Whether DFU may write there: everywhere but in the bootloader.
  static bool writable_by_dfu(uint32_t address, size_t size);

 private:
  FlashDevice& flash_;
};

}  // namespace vphoton
