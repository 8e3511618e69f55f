#include "flash/flash_device.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/log.h"

namespace vphoton {
namespace {

struct Layout {
  const char* file;
  size_t size;
};

// Device OS 2.3.1, memory map. The size of the Wi-Fi credentials and of the one-time programmable area is a choice.
constexpr Layout kLayout[kRegionCount] = {
    {"otp.bin", 512},
    {"dct.bin", 8391},
    {"wifi.bin", 12 * 1024},
    {"eeprom.bin", 2048},
    {"user.bin", 128 * 1024},
    {"ota.bin", 128 * 1024},
    {"factory.bin", 128 * 1024},
    {"bootloader.bin", 16 * 1024},
    {"system1.bin", 256 * 1024},
    {"system2.bin", 256 * 1024},
};

size_t index(Region region) { return static_cast<size_t>(region); }

}  // namespace

FlashDevice::FlashDevice(const std::string& folder, PlannedPowerCut cut) : cut_(cut) {
  files_.fill(-1);
  for (size_t i = 0; i < kRegionCount; ++i) {
    std::string path = folder + "/" + kLayout[i].file;
    files_[i] = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (files_[i] < 0) {
      error_ = path + ": " + strerror(errno);
      return;
    }
  }
  // Tools read these two by offset, and an application reads its EEPROM byte by byte.
  for (Region region : {Region::Dct, Region::Eeprom})
    if (!map_whole(region)) error_ = folder + "/" + kLayout[index(region)].file + ": cannot be written";
}

bool FlashDevice::map_whole(Region region) {
  size_t have = file_size(region);
  if (have < size(region) && !write(region, have, std::string(size(region) - have, '\xFF'))) return false;
  void* mapped = mmap(nullptr, size(region), PROT_READ, MAP_SHARED, files_[index(region)], 0);
  if (mapped == MAP_FAILED) return false;
  mapped_[index(region)] = static_cast<const char*>(mapped);
  return true;
}

FlashDevice::~FlashDevice() {
  for (size_t i = 0; i < kRegionCount; ++i)
    if (mapped_[i] != nullptr) munmap(const_cast<char*>(mapped_[i]), kLayout[i].size);
  for (int file : files_)
    if (file >= 0) close(file);
}

size_t FlashDevice::size(Region region) { return kLayout[index(region)].size; }

size_t FlashDevice::file_size(Region region) const {
  if (mapped_[index(region)] != nullptr) return size(region);
  struct stat status;
  return fstat(files_[index(region)], &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

std::string FlashDevice::read(Region region, size_t offset, size_t size) const {
  std::string data(size, '\xFF');
  size_t limit = FlashDevice::size(region);
  if (offset >= limit) return data;
  size_t wanted = std::min(size, limit - offset);
  if (const char* mapped = mapped_[index(region)]) return data.replace(0, wanted, mapped + offset, wanted);
  size_t done = 0;
  while (done < wanted) {
    ssize_t got = pread(files_[index(region)], data.data() + done, wanted - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  return data;
}

bool FlashDevice::write(Region region, size_t offset, const std::string& data) {
  size_t limit = size(region);
  if (offset > limit || data.size() > limit - offset) return false;
  size_t have = file_size(region);
  if (offset > have && !commit(region, have, std::string(offset - have, '\xFF'))) return false;
  return commit(region, offset, data);
}

bool FlashDevice::commit(Region region, size_t offset, const std::string& data) {
  count(region, offset, data);
  return put(region, offset, data);
}

void FlashDevice::count(Region region, size_t offset, const std::string& data) {
  ++writes_;
  if (observer_) observer_(writes_);
  if (cut_.at_write == 0 || --cut_.at_write > 0) return;
  bool guarded = region < Region::UserPart;
  if (!guarded) put(region, offset, data.substr(0, cut_.torn));
  log_state("the power goes at a write to %s", kLayout[index(region)].file);
  _exit(0);
}

bool FlashDevice::put(Region region, size_t offset, const std::string& data) {
  size_t done = 0;
  while (done < data.size()) {
    ssize_t put =
        pwrite(files_[index(region)], data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      log_warning("%s: write of %zu bytes at %zu failed: %s", kLayout[index(region)].file, data.size(), offset,
                  strerror(errno));
      return false;
    }
    done += static_cast<size_t>(put);
  }
  return true;
}

bool FlashDevice::erase(Region region, size_t offset, size_t size) {
  size_t limit = FlashDevice::size(region);
  if (offset > limit || size > limit - offset) return false;
  std::string erased(size, '\xFF');
  count(region, offset, erased);
  size_t have = file_size(region);
  if (offset >= have) return true;
  if (offset + size < have || mapped_[index(region)] != nullptr) return put(region, offset, erased);
  return ftruncate(files_[index(region)], static_cast<off_t>(offset)) == 0;
}

}  // namespace vphoton
