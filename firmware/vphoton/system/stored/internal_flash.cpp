#include "system/stored/internal_flash.h"

#include <algorithm>

#include "system/stored/module_image.h"

namespace vphoton {
namespace {

constexpr uint32_t kKiB = 1024;
constexpr uint32_t kSector = 128 * kKiB;  // of everything from 0x08020000 on

struct Area {
  uint32_t address;
  uint32_t size;
  Region region;
  bool writable_by_dfu;

  uint64_t end() const { return static_cast<uint64_t>(address) + size; }
  bool holds(uint64_t at) const { return at >= address && at < end(); }
};

// Device OS 2.3.1, memory map; then the same regions where their stand-ins are addressed.
constexpr Area kAreas[] = {
    {0x08000000, 16 * kKiB, Region::Bootloader, false},
    {0x08020000, 256 * kKiB, Region::SystemPart1, true},
    {0x08060000, 256 * kKiB, Region::SystemPart2, true},
    {kUserPartAddress, kUserPartSize, Region::UserPart, true},
    {0x080C0000, 128 * kKiB, Region::OverTheAir, true},
    {0x080E0000, 128 * kKiB, Region::Factory, true},
    {0x08000000 + kStandInOffset, 16 * kKiB, Region::Bootloader, false},
    {0x08020000 + kStandInOffset, 256 * kKiB, Region::SystemPart1, true},
    {0x08060000 + kStandInOffset, 256 * kKiB, Region::SystemPart2, true},
};

// Calls `use(area, offset in it, offset in the range, size)` for each piece of the range that is modelled, while it
// returns true. Returns whether all of the range was modelled and used.
template <typename Use>
bool each_piece(uint32_t address, size_t size, Use use) {
  uint64_t at = address, end = at + size;
  bool whole = true;
  while (at < end) {
    auto area = std::find_if(std::begin(kAreas), std::end(kAreas), [at](const Area& a) { return a.holds(at); });
    if (area == std::end(kAreas)) {
      whole = false;
      uint64_t next = end;
      for (const auto& other : kAreas)
        if (other.address > at) next = std::min<uint64_t>(next, other.address);
      at = next;
      continue;
    }
    uint64_t piece = std::min(area->end(), end) - at;
    if (!use(*area, static_cast<size_t>(at - area->address), static_cast<size_t>(at - address),
             static_cast<size_t>(piece)))
      return false;
    at += piece;
  }
  return whole;
}

bool modelled(uint32_t address, size_t size) {
  return each_piece(address, size, [](const Area&, size_t, size_t, size_t) { return true; });
}

}  // namespace

std::string InternalFlash::read(uint32_t address, size_t size) const {
  std::string data(size, '\xFF');
  each_piece(address, size, [&](const Area& area, size_t offset, size_t at, size_t piece) {
    data.replace(at, piece, flash_.read(area.region, offset, piece));
    return true;
  });
  return data;
}

bool InternalFlash::write(uint32_t address, const std::string& data) {
  return modelled(address, data.size()) &&
         each_piece(address, data.size(), [&](const Area& area, size_t offset, size_t at, size_t piece) {
           return flash_.write(area.region, offset, data.substr(at, piece));
         });
}

bool InternalFlash::erase(uint32_t address, size_t size) {
  return modelled(address, size) &&
         each_piece(address, size, [&](const Area& area, size_t offset, size_t, size_t piece) {
           return flash_.erase(area.region, offset, piece);
         });
}

bool InternalFlash::erase_sector(uint32_t address) {
  uint32_t start = address & ~(kSector - 1);
  return writable_by_dfu(start, kSector) && erase(start, kSector);
}

bool InternalFlash::writable_by_dfu(uint32_t address, size_t size) {
  return modelled(address, size) &&
         each_piece(address, size, [](const Area& area, size_t, size_t, size_t) { return area.writable_by_dfu; });
}

}  // namespace vphoton
