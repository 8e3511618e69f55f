#include "board/emulated_eeprom.h"

#include <algorithm>

namespace vphoton {
namespace {

constexpr char kErased = '\xFF';

struct Page {
  size_t room;        // for records of four bytes, behind a header of four
  uint32_t erase_ms;  // STM32F20x data sheet, flash programming, 32 bits at a time: typical; twice as long at most
};

constexpr Page kPages[] = {{16 * 1024 / 4 - 1, 250}, {64 * 1024 / 4 - 1, 550}};

size_t written(const std::string& bytes) {
  return bytes.size() - static_cast<size_t>(std::count(bytes.begin(), bytes.end(), kErased));
}

}  // namespace

EmulatedEeprom::State EmulatedEeprom::state() const {
  const std::string kept = flash_.read(kLength, kKept - kLength);
  auto byte = [&kept](size_t i) { return static_cast<uint8_t>(kept[i]); };
  if (kept == std::string(kept.size(), kErased)) return {0, false, written(flash_.read(0, kLength))};
  return {byte(0) == 2 ? 1 : 0, byte(1) == 1, size_t{byte(2)} | size_t{byte(3)} << 8};
}

// From `offset` to the end, in one write.
void EmulatedEeprom::keep(size_t offset, const std::string& bytes, const State& state) {
  const char tail[] = {static_cast<char>(state.page + 1), static_cast<char>(state.pending),
                       static_cast<char>(state.records & 0xFF), static_cast<char>(state.records >> 8)};
  flash_.write(offset, bytes.substr(offset) + std::string(tail, sizeof tail));
}

void EmulatedEeprom::erase(int page) {
  ++erasures_;
  flash_.erase(kPages[page].erase_ms);
}

uint8_t EmulatedEeprom::read(size_t address) const {
  return static_cast<uint8_t>(address < kLength ? flash_.read(address, 1)[0] : kErased);
}

void EmulatedEeprom::write(size_t address, const std::string& data) {
  if (!holds(address, data.size())) return;
  std::string bytes = flash_.read(0, kLength);
  size_t changed = 0;
  for (size_t i = 0; i < data.size(); ++i) changed += bytes[address + i] != data[i];
  if (changed == 0) return;
  bytes.replace(address, data.size(), data);
  State now = state();
  if (now.records + changed <= kPages[now.page].room) {
    now.records += changed;
  } else {
    perform_pending_erase();
    now = {1 - now.page, true, written(bytes)};
  }
  keep(address, bytes, now);
}

void EmulatedEeprom::clear() {
  erase(0);
  erase(1);
  keep(0, std::string(kLength, kErased), {});
}

void EmulatedEeprom::perform_pending_erase() {
  State now = state();
  if (!now.pending) return;
  erase(1 - now.page);
  now.pending = false;
  keep(kLength, flash_.read(0, kLength), now);
}

}  // namespace vphoton
