// A user part that runs, as the device sees it: the application's own functions, and what it declared before setup().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vphoton {

enum class SystemMode { Automatic = 1, SemiAutomatic = 2, Manual = 3, SafeMode = 4 };

class UserPart {
 public:
  virtual ~UserPart() = default;

  virtual SystemMode system_mode() const = 0;
  virtual bool threaded() const = 0;
  virtual void setup() = 0;
  virtual void loop() = 0;
  // Threads that it has made, between two calls of it: they run for about a millisecond; when the next one can run, or
  // nothing.
  virtual void run_threads() = 0;
  virtual std::optional<uint32_t> threads_due_ms() const = 0;
  // Bytes of its heap.
  virtual uint32_t free_memory() const = 0;
  virtual uint32_t total_memory() const = 0;
  // What the machine that runs it has counted, as JSON.
  virtual std::string figures() const = 0;
};

}  // namespace vphoton
