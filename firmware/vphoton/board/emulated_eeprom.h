// The EEPROM that Device OS 2.3.1 emulates in two pages of flash, 16 KB at 0x0800C000 and 64 KB at 0x08010000.
//
// A byte that changes is a record of four bytes behind those in the active page. Where they do not fit, the other page
// takes one record for each byte that is not 0xFF and becomes the active one; the full page is left with an erase that
// is pending: the application performs it at a moment of its choice, or the next copy does before it begins.
//
// Kept is what the records amount to and how many there are. A change is one write, whole or not at all, as the headers
// of the pages guarantee there, too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace vphoton {

class EmulatedEeprom {
 public:
  static constexpr size_t kLength = 2048;
  // The bytes, then the active page (1, 2), 1 if an erase is pending, and the active page's records in two bytes.
  // All of it 0xFF: page 1, with a record for each byte that is not 0xFF.
  static constexpr size_t kKept = kLength + 4;

  // What it lies in.
  struct Flash {
    std::function<std::string(size_t offset, size_t size)> read;
    std::function<void(size_t offset, const std::string& data)> write;  // durable, whole or not at all
    // A page is erased, which takes so long. Until this returns the processor stands still.
    std::function<void(uint32_t ms)> erase;
  };

  explicit EmulatedEeprom(Flash flash) : flash_(std::move(flash)) {}

  static bool holds(size_t address, size_t size) { return address <= kLength && size <= kLength - address; }
  // 0xFF outside.
  uint8_t read(size_t address) const;
  // All of it or, where it reaches beyond the end, nothing. Bytes that are the same already are not written.
  void write(size_t address, const std::string& data);
  // Erases both pages.
  void clear();

  bool has_pending_erase() const { return state().pending; }
  void perform_pending_erase();

  // Pages erased since this was made.
  uint64_t erasures() const { return erasures_; }

 private:
  struct State {
    int page = 0;  // 0 the small one, 1 the large one
    bool pending = false;
    size_t records = 0;
  };
  State state() const;
  void erase(int page);
  void keep(size_t offset, const std::string& bytes, const State& state);

  Flash flash_;
  uint64_t erasures_ = 0;
};

}  // namespace vphoton
