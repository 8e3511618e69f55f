#include "system/stored/ota_store.h"

#include "base/log.h"
#include "system/stored/internal_flash.h"
#include "system/stored/module_image.h"

namespace vphoton {
namespace {

constexpr char kArmed = '\xA5';
constexpr char kSucceeded[] = {0x05, 0x00};
constexpr char kNotSucceeded[] = {'\xFF', '\xFF'};
constexpr uint32_t kOtaAddress = 0x080C0000;
constexpr size_t kOtaSize = 256 * 1024;
constexpr uint16_t kSlotMagic = 0xABCD;
constexpr uint8_t kInternalFlash = 1;
constexpr size_t kCopySize = 4096;

void put32(std::string& out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xFF);
}

// Source, destination, length, magic, the two flash devices, module function, flags: the order is a choice.
std::string slot(const ModuleImage& image) {
  std::string out;
  put32(out, kOtaAddress);
  put32(out, image.start);
  put32(out, static_cast<uint32_t>(image.bytes.size()));
  out += static_cast<char>(kSlotMagic & 0xFF);
  out += static_cast<char>(kSlotMagic >> 8);
  out += static_cast<char>(kInternalFlash);
  out += static_cast<char>(kInternalFlash);
  out += static_cast<char>(image.function);
  out.resize(dct::kFlashModuleSize, '\0');
  return out;
}

}  // namespace

int OtaStore::begin(uint32_t length) {
  // A length of the whole region stands for "not known" (Device OS 2.3.1, UpdateBegin with default values).
  if (length == 0 || length > kOtaSize) return kErrorSize;
  length_ = 0;
  if (!flash_.erase(Region::OverTheAir)) return kErrorFile;
  if (length > FlashDevice::size(Region::OverTheAir) && !flash_.erase(Region::Factory)) return kErrorFile;
  length_ = length;
  return 0;
}

int OtaStore::write(uint32_t offset, const std::string& data) {
  if (length_ == 0) return kErrorInvalidState;
  if (offset > length_ || data.size() > length_ - offset) return kErrorOutOfRange;
  return InternalFlash(flash_).write(kOtaAddress + offset, data) ? 0 : kErrorFile;
}

std::optional<ModuleImage> OtaStore::staged() const {
  return ModuleImage::parse(InternalFlash(flash_).read(kOtaAddress, kOtaSize));
}

int OtaStore::validate() const {
  auto image = staged();
  if (!image) return kErrorModuleNotFound;
  if (!ModulePlace::find(image->function, image->index)) return kErrorUnsupportedModule;
  uint8_t valid = image->valid_checks(system_version_);
  if (!(valid & ModuleCheck::Integrity)) return kErrorIntegrity;
  if (!(valid & ModuleCheck::Dependencies)) return kErrorDependency;
  if (!(valid & ModuleCheck::AddressRange)) return kErrorAddress;
  if (!(valid & ModuleCheck::Platform)) return kErrorPlatform;
  return 0;
}

int OtaStore::arm() {
  int result = validate();
  if (result != 0) return result;
  auto image = staged();
  length_ = 0;
  if (!dct_.write(dct::kFlashModules, slot(*image))) return kErrorFile;
  return dct_.write(dct::kUpdateFlag, std::string(1, kArmed)) ? 0 : kErrorFile;
}

bool OtaStore::apply_pending() {
  if (dct_.byte(dct::kUpdateFlag) != static_cast<uint8_t>(kArmed)) return false;
  bool applied = false;
  auto image = staged();
  if (image && dct_.read(dct::kFlashModules, dct::kFlashModuleSize) == slot(*image) && validate() == 0) {
    // Still armed when the disk refused: the next boot tries again.
    if (!install(*image)) return false;
    applied = dct_.write(dct::kUpdateSucceeded, std::string(kSucceeded, sizeof kSucceeded));
  } else {
    log_warning("the armed update is no valid module; it is dropped");
  }
  dct_.write(dct::kUpdateFlag, "\xFF");
  dct_.write(dct::kFlashModules, std::string(dct::kFlashModuleSize, '\xFF'));
  return applied;
}

std::optional<ModuleImage> OtaStore::factory_image() const {
  if (flash_.read(Region::Factory, 0, 4) == "\xFF\xFF\xFF\xFF") return std::nullopt;  // most devices have none
  auto image = ModuleImage::parse(flash_.read(Region::Factory, 0, FlashDevice::size(Region::Factory)));
  return image && image->why_not_runnable(system_version_).empty() ? image : std::nullopt;
}

bool OtaStore::factory_image_valid() const { return factory_image().has_value(); }

bool OtaStore::restore_factory() {
  auto image = factory_image();
  return image && install(*image);
}

bool OtaStore::install(const ModuleImage& image) {
  InternalFlash internal(flash_);
  bool written = internal.erase(image.start, ModulePlace::find(image.function, image.index)->size);
  for (size_t at = 0; written && at < image.bytes.size(); at += kCopySize)
    written = internal.write(image.start + static_cast<uint32_t>(at), image.bytes.substr(at, kCopySize));
  return written;
}

bool OtaStore::succeeded() const {
  return dct_.read(dct::kUpdateSucceeded, 2) == std::string(kSucceeded, sizeof kSucceeded);
}

void OtaStore::forget_success() {
  if (succeeded()) dct_.write(dct::kUpdateSucceeded, std::string(kNotSucceeded, sizeof kNotSucceeded));
}

}  // namespace vphoton
