#include "board/flash_device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "board/emulated_eeprom.h"

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
    {"eeprom.bin", EmulatedEeprom::kKept},
    {"user.bin", 128 * 1024},
    {"ota.bin", 128 * 1024},
    {"factory.bin", 128 * 1024},
    {"bootloader.bin", 16 * 1024},
    {"system1.bin", 256 * 1024},
    {"system2.bin", 256 * 1024},
};

size_t index(Region region) { return static_cast<size_t>(region); }

}  // namespace

// Open for one access: a rack of devices has more files than a process may have open.
class FlashDevice::File {
 public:
  File(const FlashDevice& device, Region region, int flags)
      : descriptor_(open(device.path(region).c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

FlashDevice::FlashDevice(const std::string& folder, PlannedPowerCut cut, std::function<void()> power_gone)
    : folder_(folder), cut_(cut), power_gone_(std::move(power_gone)) {
  for (size_t i = 0; i < kRegionCount && ok(); ++i)
    if (!File(*this, static_cast<Region>(i), O_RDWR | O_CREAT))
      error_ = path(static_cast<Region>(i)) + ": " + strerror(errno);
  // Tools read these two by offset, and an application reads its EEPROM byte by byte.
  for (Region region : {Region::Dct, Region::Eeprom})
    if (ok() && !hold_whole(region)) error_ = path(region) + ": cannot be written";
}

std::string FlashDevice::path(Region region) const { return folder_ + "/" + kLayout[index(region)].file; }

bool FlashDevice::hold_whole(Region region) {
  const size_t have = file_size(region);
  if (have < size(region) && !write(region, have, std::string(size(region) - have, '\xFF'))) return false;
  held_[index(region)] = read(region, 0, size(region));
  return true;
}

size_t FlashDevice::size(Region region) { return kLayout[index(region)].size; }

size_t FlashDevice::file_size(Region region) const {
  if (!held_[index(region)].empty()) return size(region);
  struct stat status;
  return stat(path(region).c_str(), &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

std::string FlashDevice::read(Region region, size_t offset, size_t size) const {
  std::string data(size, '\xFF');
  size_t limit = FlashDevice::size(region);
  if (offset >= limit) return data;
  size_t wanted = std::min(size, limit - offset);
  if (const std::string& held = held_[index(region)]; !held.empty())
    return data.replace(0, wanted, held, offset, wanted);
  File file(*this, region, O_RDONLY);
  size_t done = 0;
  while (done < wanted) {
    ssize_t got = pread(file.descriptor(), data.data() + done, wanted - done, static_cast<off_t>(offset + done));
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
  if (power_gone_) power_gone_();
  _exit(0);
}

bool FlashDevice::put(Region region, size_t offset, const std::string& data) {
  File file(*this, region, O_RDWR | O_CREAT);
  size_t done = 0;
  while (done < data.size()) {
    ssize_t put = pwrite(file.descriptor(), data.data() + done, data.size() - done, static_cast<off_t>(offset + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      log_warning("%s: write of %zu bytes at %zu failed: %s", kLayout[index(region)].file, data.size(), offset,
                  strerror(errno));
      return false;
    }
    if (std::string& held = held_[index(region)]; !held.empty())
      held.replace(offset + done, static_cast<size_t>(put), data, done, static_cast<size_t>(put));
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
  if (offset + size < have || !held_[index(region)].empty()) return put(region, offset, erased);
  return truncate(path(region).c_str(), static_cast<off_t>(offset)) == 0;
}

}  // namespace vphoton
