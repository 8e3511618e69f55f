#include "flash/ota_store.h"

#include <algorithm>

#include "core/log.h"
#include "module/module_image.h"

namespace vphoton {
namespace {

constexpr char kArmed = '\xA5';
constexpr char kSucceeded[] = {0x05, 0x00};
constexpr char kNotSucceeded[] = {'\xFF', '\xFF'};
constexpr uint32_t kOtaAddress = 0x080C0000;
constexpr uint16_t kSlotMagic = 0xABCD;
constexpr uint8_t kInternalFlash = 1;
constexpr size_t kCopySize = 4096;

void put32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xFF);
}

uint32_t get32(const std::string& in, size_t at) {
  uint32_t value = 0;
  for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<uint8_t>(in[at + i]);
  return value;
}

// Source, destination, length, magic, the two flash devices, module function, flags: the order is a choice.
std::string slot(uint32_t length) {
  std::string out;
  put32(out, kOtaAddress);
  put32(out, kUserPartAddress);
  put32(out, length);
  out += static_cast<char>(kSlotMagic & 0xFF);
  out += static_cast<char>(kSlotMagic >> 8);
  out += static_cast<char>(kInternalFlash);
  out += static_cast<char>(kInternalFlash);
  out += static_cast<char>(ModuleFunction::UserPart);
  out.resize(dct::kFlashModuleSize, '\0');
  return out;
}

}  // namespace

int OtaStore::begin(uint32_t length) {
  // A length of the whole region stands for "not known" (Device OS 2.3.1, UpdateBegin with default values).
  if (length == 0 || length > FlashDevice::size(Region::OverTheAir)) return kErrorSize;
  length_ = 0;
  if (!flash_.erase(Region::OverTheAir)) return kErrorFile;
  length_ = length;
  return 0;
}

int OtaStore::write(uint32_t offset, const std::string& data) {
  if (length_ == 0) return kErrorInvalidState;
  if (offset > length_ || data.size() > length_ - offset) return kErrorOutOfRange;
  return flash_.write(Region::OverTheAir, offset, data) ? 0 : kErrorFile;
}

int OtaStore::validate() const {
  auto image = ModuleImage::parse(flash_.read(Region::OverTheAir, 0, FlashDevice::size(Region::OverTheAir)));
  if (!image) return kErrorModuleNotFound;
  if (image->function != ModuleFunction::UserPart || image->index != 1) return kErrorUnsupportedModule;
  uint8_t valid = image->valid_checks();
  if (!(valid & ModuleCheck::Integrity)) return kErrorIntegrity;
  if (!(valid & ModuleCheck::Dependencies)) return kErrorDependency;
  if (!(valid & ModuleCheck::AddressRange)) return kErrorAddress;
  if (!(valid & ModuleCheck::Platform)) return kErrorPlatform;
  return 0;
}

int OtaStore::arm() {
  int result = validate();
  if (result != 0) return result;
  auto image = ModuleImage::parse(flash_.read(Region::OverTheAir, 0, FlashDevice::size(Region::OverTheAir)));
  length_ = 0;
  if (!dct_.write(dct::kFlashModules, slot(static_cast<uint32_t>(image->bytes.size())))) return kErrorFile;
  return dct_.write(dct::kUpdateFlag, std::string(1, kArmed)) ? 0 : kErrorFile;
}

bool OtaStore::apply_pending() {
  if (dct_.byte(dct::kUpdateFlag) != static_cast<uint8_t>(kArmed)) return false;
  std::string wanted = dct_.read(dct::kFlashModules, dct::kFlashModuleSize);
  uint32_t length = get32(wanted, 8);
  bool applied = false;
  if (wanted == slot(length) && length <= FlashDevice::size(Region::UserPart) && validate() == 0) {
    bool written = flash_.erase(Region::UserPart);
    for (size_t at = 0; written && at < length; at += kCopySize) {
      size_t size = std::min(kCopySize, length - at);
      written = flash_.write(Region::UserPart, at, flash_.read(Region::OverTheAir, at, size));
    }
    // Still armed when the disk refused: the next boot tries again.
    if (!written) return false;
    applied = dct_.write(dct::kUpdateSucceeded, std::string(kSucceeded, sizeof kSucceeded));
  } else {
    log_warning("the armed update is not a valid user part; it is dropped");
  }
  dct_.write(dct::kUpdateFlag, "\xFF");
  dct_.write(dct::kFlashModules, std::string(dct::kFlashModuleSize, '\xFF'));
  return applied;
}

bool OtaStore::succeeded() const {
  return dct_.read(dct::kUpdateSucceeded, 2) == std::string(kSucceeded, sizeof kSucceeded);
}

void OtaStore::forget_success() {
  if (succeeded()) dct_.write(dct::kUpdateSucceeded, std::string(kNotSucceeded, sizeof kNotSucceeded));
}

}  // namespace vphoton
