// A Photon module: prefix, payload, suffix and CRC, and the checks a Photon makes before it runs one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vphoton {

constexpr uint32_t kUserPartAddress = 0x080A0000;
constexpr uint32_t kUserPartSize = 128 * 1024;
constexpr uint16_t kPhotonPlatform = 6;
constexpr size_t kModulePrefixSize = 24;
constexpr size_t kModuleSuffixSize = 44;  // with the CRC
// What stands in for a bootloader or system part lies this far above the place it stands for, at addresses where no
// Photon has memory: a real one's DFU has no such range, and its Device OS refuses the module.
constexpr uint32_t kStandInOffset = 0x08000000;

// Device OS 2.3.1, module function numbers.
enum class ModuleFunction : uint8_t {
  None = 0,
  Resource = 1,
  Bootloader = 2,
  Monolithic = 3,
  SystemPart = 4,
  UserPart = 5,
  Settings = 6,
  Ncp = 7,
  Radio = 8,
};

// Bits of "vc" and "vv" in the system describe.
namespace ModuleCheck {
constexpr uint8_t Integrity = 2;
constexpr uint8_t Dependencies = 4;
constexpr uint8_t AddressRange = 8;
constexpr uint8_t Platform = 16;
constexpr uint8_t All = 30;
}  // namespace ModuleCheck

struct ModuleDependency {
  ModuleFunction function;
  uint8_t index;
  uint16_t version;
};

// Of system parts: later than any, for the bootloader, which does not look at what a module needs.
constexpr uint16_t kAnySystemVersion = 0xEFFF;

// Where the Photon has room for a module. Device OS 2.3.1, memory map.
struct ModulePlace {
  ModuleFunction function;
  uint8_t index;
  uint32_t address;
  uint32_t size;

  // Null: the Photon has none.
  static const ModulePlace* find(ModuleFunction function, uint8_t index);
};

struct ModuleImage {
  size_t prefix;  // offset of the prefix: behind the vector table where the module begins with one
  uint32_t start;
  uint32_t end;  // address of the CRC
  uint8_t flags;
  uint16_t version;
  uint16_t platform;
  ModuleFunction function;
  uint8_t index;
  ModuleDependency dependency[2];
  uint16_t product_id;       // 0xFFFF: none
  uint16_t product_version;  // 0xFFFF: none
  std::string sha256;        // 32 bytes, as stored
  std::string bytes;         // the module itself, without what followed it

  // `data` begins with the prefix or a vector table and may be longer than the module. Nothing, and a reason, if it is
  // not a module or is cut short.
  static std::optional<ModuleImage> parse(const std::string& data, std::string* reason = nullptr);

  // Bits of ModuleCheck that hold on a virtual Photon whose system parts are of this version.
  uint8_t valid_checks(uint16_t system_version = kAnySystemVersion) const;
  // Empty if the Photon would run it as its user part; else the first thing that is wrong.
  std::string why_not_runnable(uint16_t system_version = kAnySystemVersion) const;
};

}  // namespace vphoton
