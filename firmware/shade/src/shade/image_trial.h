// Whether this image is any good: one that crashes again and again within its first ten minutes leaves the device to
// Device OS alone, in safe mode, where it can be updated.
#pragma once

#include <stdint.h>

namespace shade {

// In memory that a reset leaves as it is; after a power cut anything.
struct ImageHistory {
  uint32_t image;  // which one, and that this is a history
  uint32_t crashes;
};

class ImageTrial {
 public:
  static constexpr uint32_t kGoodMs = 600000;
  static constexpr uint32_t kMostCrashes = 5;

  explicit ImageTrial(ImageHistory& history) : history_(history) {}

  // At the start, with the reset reason of Device OS. True: it has crashed too often.
  bool begin(int version, int reset_reason) {
    uint32_t image = kMark ^ static_cast<uint32_t>(version);
    bool crashed = reset_reason == kPanic || reset_reason == kWatchdog;
    bool known = history_.image == image && history_.crashes <= kMostCrashes;
    // Safe mode ends in a start, too; it is no proof of anything.
    if (!known || !(crashed || reset_reason == kSafeMode)) history_ = {image, 0};
    if (crashed && history_.crashes < kMostCrashes) ++history_.crashes;
    return history_.crashes >= kMostCrashes;
  }
  void tick(uint32_t since_start_ms) {
    if (confirmed_ || since_start_ms < kGoodMs) return;
    confirmed_ = true;
    history_.crashes = 0;
  }
  // It has run for ten minutes without a reset.
  bool confirmed() const { return confirmed_; }

 private:
  static constexpr uint32_t kMark = 0x1A6E0000;
  // Device OS 2.3.1, its reset reasons.
  static constexpr int kWatchdog = 60, kSafeMode = 110, kPanic = 130;

  ImageHistory& history_;
  bool confirmed_ = false;
};

}  // namespace shade
