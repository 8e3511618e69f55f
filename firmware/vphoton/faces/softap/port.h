// One TCP port on 127.0.0.1 that stays ours whether or not somebody listens on it.
#pragma once

#include <cstdint>
#include <string>

namespace vphoton {

class Port {
 public:
  Port() = default;
  ~Port();
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  // Takes `number`, or any free port for 0, or the one `inherited` (a descriptor, or -1) holds. Connections are refused
  // until somebody listens. Empty return: done; otherwise what went wrong.
  std::string reserve(uint16_t number, int inherited);
  uint16_t number() const { return number_; }
  int descriptor() const { return holder_; }

  // A listening, non-blocking socket on the port; -1 if that fails, or none is reserved.
  int listen(int backlog) const;

 private:
  int holder_ = -1;
  uint16_t number_ = 0;
};

}  // namespace vphoton
