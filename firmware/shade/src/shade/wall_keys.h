// Up, stop and down as contacts on the wall: closed to ground, held for 30 ms.
#pragma once

#include <stdint.h>

namespace shade {

enum class Key { None, Up, Stop, Down };

class WallKeys {
 public:
  static constexpr uint32_t kDebounceMs = 30;

  // The contacts as they are now, in every loop; returns a key that has just been pressed. More than one at a time
  // are Stop. A contact that is closed at the start is none until it has been open.
  Key look(bool up, bool stop, bool down, uint32_t now_ms) {
    uint8_t closed = static_cast<uint8_t>((up ? 1 : 0) | (stop ? 2 : 0) | (down ? 4 : 0));
    if (closed != seen_) {
      seen_ = closed;
      since_ms_ = now_ms;
    }
    if (seen_ == stable_ || now_ms - since_ms_ < kDebounceMs) return Key::None;
    bool more = (seen_ & ~stable_) != 0;
    stable_ = seen_;
    if (!more) return Key::None;
    return stable_ == 1 ? Key::Up : stable_ == 4 ? Key::Down : Key::Stop;
  }
  bool settling() const { return seen_ != stable_; }

 private:
  uint8_t seen_ = 7, stable_ = 7;
  uint32_t since_ms_ = 0;
};

}  // namespace shade
