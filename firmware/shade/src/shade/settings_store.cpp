#include "settings_store.h"

#include <string.h>

#include "crc32.h"

namespace shade {

namespace {

const uint8_t kFormat = 1;
const uint8_t kInMotion = 1;
const uint8_t kCalibrated = 2;
const uint8_t kKnown = 4;
const int kChecksum = 28;

void put(uint8_t* at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t get(const uint8_t* at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(at[i]) << (8 * i);
  return value;
}

bool erased(const uint8_t* slot) {
  for (int i = 0; i < SettingsStore::kSlotSize; ++i)
    if (slot[i] != 0xFF) return false;
  return true;
}

bool decode(const uint8_t* slot, Settings& settings, uint32_t& sequence) {
  if (slot[0] != 'S' || slot[1] != 'H' || slot[2] != kFormat) return false;
  if (get(slot + kChecksum, 4) != crc32(slot, kChecksum)) return false;
  sequence = get(slot + 4, 4);
  settings.in_motion = slot[3] & kInMotion;
  settings.calibrated = slot[3] & kCalibrated;
  settings.known = slot[3] & kKnown;
  settings.position = static_cast<uint16_t>(get(slot + 8, 2));
  settings.travel.open_ms = get(slot + 12, 4);
  settings.travel.close_ms = get(slot + 16, 4);
  return settings.position <= 10000 && settings.travel.valid();
}

}  // namespace

SettingsStore::Found SettingsStore::load(Settings& settings) {
  bool found = false;
  bool all_erased = true;
  for (int i = 0; i < 2; ++i) {
    uint8_t slot[kSlotSize];
    if (!storage_.read(kAddress + i * kSlotSize, slot, sizeof slot)) {
      all_erased = false;
      continue;
    }
    if (erased(slot)) continue;
    all_erased = false;
    Settings candidate;
    uint32_t sequence;
    if (!decode(slot, candidate, sequence)) continue;
    // The later one counts; the difference decides, so that the sequence may wrap.
    if (found && static_cast<int32_t>(sequence - sequence_) < 0) continue;
    found = true;
    settings = candidate;
    sequence_ = sequence;
    next_slot_ = 1 - i;
  }
  if (found) return Found::Valid;
  return all_erased ? Found::Nothing : Found::Damaged;
}

bool SettingsStore::save(const Settings& settings) {
  uint8_t slot[kSlotSize] = {'S', 'H', kFormat};
  slot[3] = static_cast<uint8_t>((settings.in_motion ? kInMotion : 0) | (settings.calibrated ? kCalibrated : 0) |
                                 (settings.known ? kKnown : 0));
  put(slot + 4, sequence_ + 1, 4);
  put(slot + 8, settings.position, 2);
  put(slot + 12, settings.travel.open_ms, 4);
  put(slot + 16, settings.travel.close_ms, 4);
  put(slot + kChecksum, crc32(slot, kChecksum), 4);
  int address = kAddress + next_slot_ * kSlotSize;
  if (!storage_.write(address, slot, sizeof slot)) return false;
  uint8_t written[kSlotSize];
  if (!storage_.read(address, written, sizeof written) || memcmp(slot, written, sizeof slot) != 0) return false;
  ++sequence_;
  next_slot_ = 1 - next_slot_;
  return true;
}

}  // namespace shade
