// Everything a Photon keeps without power, one file per region in the state folder, and the one way to change it.
//
// What survives is exactly what a kill -9 leaves: each write() is one pwrite() of a range within one page of the file,
// or of several pages where the reader does not rely on them together, and the kernel never stops within a page.
// Bytes behind the end of a file read as erased, so that erased flash costs no disk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace vphoton {

// OverTheAir and Factory are one stretch of flash, 0x080C0000 to 0x080FFFFF, in two sectors of 128 KB.
enum class Region : uint8_t {
  OneTimeProgrammable,
  Dct,
  WifiCredentials,
  Eeprom,
  UserPart,
  OverTheAir,
  Factory,
  Bootloader,
  SystemPart1,
  SystemPart2,
};
constexpr size_t kRegionCount = 10;

// When the power goes: the process ends at once, as under kill -9.
struct PlannedPowerCut {
  uint64_t at_write = 0;  // 1: the next write or erasure is the one that is not done; 0: never
  // How many bytes of it are done all the same, where nothing guards against that: modules, over-the-air region and
  // factory image.
  // The DCT, Wi-Fi credentials with it, and the EEPROM are switched from old to new by one mark; they are never torn.
  size_t torn = 0;
};

class FlashDevice {
 public:
  // `folder` exists. ok() is false if a region cannot be opened; error() says which. `power_gone` is called at the
  // planned power cut and does not return; without one the process ends.
  explicit FlashDevice(const std::string& folder, PlannedPowerCut cut = {}, std::function<void()> power_gone = nullptr);
  FlashDevice(const FlashDevice&) = delete;
  FlashDevice& operator=(const FlashDevice&) = delete;

  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

  static size_t size(Region region);

  // Exactly `size` bytes; 0xFF where nothing was written or outside of the region.
  std::string read(Region region, size_t offset, size_t size) const;
  // False when out of bounds or when the disk refuses; then nothing may be assumed of that range.
  bool write(Region region, size_t offset, const std::string& data);
  bool erase(Region region) { return erase(region, 0, size(region)); }
  // A part of it; false when out of bounds or when the disk refuses.
  bool erase(Region region, size_t offset, size_t size);

  // Writes and erasures since the process started.
  uint64_t write_count() const { return writes_; }
  // Called before each write or erasure with its number, 1 for the first.
  void before_each_write(std::function<void(uint64_t number)> observer) { observer_ = std::move(observer); }

  void cut_power(PlannedPowerCut cut) { cut_ = cut; }
  // What is still to come, counted from now.
  const PlannedPowerCut& power_cut() const { return cut_; }

 private:
  bool commit(Region region, size_t offset, const std::string& data);
  bool put(Region region, size_t offset, const std::string& data);
  // Of the write or erasure that is about to begin and would leave `data`.
  void count(Region region, size_t offset, const std::string& data);
  class File;

  std::string path(Region region) const;
  size_t file_size(Region region) const;
  // Makes the file of a region as long as the region, and reads it from memory from now on.
  bool hold_whole(Region region);

  std::string folder_;
  std::array<std::string, kRegionCount> held_;  // the region's bytes, or empty: read from the file
  std::string error_;
  uint64_t writes_ = 0;
  PlannedPowerCut cut_;
  std::function<void()> power_gone_;
  std::function<void(uint64_t)> observer_;
};

}  // namespace vphoton
