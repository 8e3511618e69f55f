// Confirmable messages of the device whose acknowledgement somebody waits for, at most 20 s.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>

namespace vphoton::cloud {

class PendingAcks {
 public:
  using Done = std::function<void(bool ok)>;
  static constexpr uint64_t kTimeoutMs = 20000;

  void add(uint16_t id, uint64_t now_ms, Done done);
  // True when somebody waited for `id`.
  bool complete(uint16_t id, bool ok);
  void expire(uint64_t now_ms);
  void fail_all();
  std::optional<uint64_t> deadline() const;

 private:
  struct Entry {
    uint64_t deadline;
    Done done;
  };
  std::map<uint16_t, Entry> entries_;
};

}  // namespace vphoton::cloud
