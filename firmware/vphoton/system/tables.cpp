#include "system/tables.h"

#include <cstring>
#include <map>

#include "system/dynalib.h"
#include "system/registers.h"

namespace vphoton::system {
namespace {

// System parts 1 and 2, as much of them as there is something. The tables' places are our choice, those of the words
// that point to them are Device OS's.
constexpr uint32_t kPart1 = 0x08020000;
constexpr uint32_t kPart1Size = 0x400;
constexpr uint32_t kPart2 = 0x08060000;
constexpr uint32_t kTables = 0x08061000;
constexpr uint32_t kPinSize = 28;
constexpr uint32_t kPart2Size = kPinMap + kMappedPins * kPinSize - kPart2;
constexpr uint8_t kPinModeNone = 0xFF;
constexpr uint32_t kTimers[] = {0, 0x40010000, 0x40000000, 0x40000400, 0x40000800, 0x40000C00};  // TIM1 ... TIM5

void put(std::vector<uint8_t>& bytes, uint32_t at, uint32_t value, size_t size) {
  std::memcpy(bytes.data() + at, &value, size);
}

// struct Hal_Pin_Info, abi/include/device_os/pins.h.
void put_pin(std::vector<uint8_t>& bytes, uint32_t at, const PinPlace& pin) {
  put(bytes, at, gpio_address(pin.port), 4);
  put(bytes, at + 4, 1u << pin.bit, 2);
  put(bytes, at + 6, pin.bit, 1);
  put(bytes, at + 7, pin.adc, 1);
  put(bytes, at + 8, pin.dac, 1);
  put(bytes, at + 12, kTimers[pin.timer], 4);
  put(bytes, at + 16, pin.timer ? 4u * (pin.timer_channel - 1u) : 0xFFu, 2);
  put(bytes, at + 18, kPinModeNone, 1);
}

}  // namespace

std::vector<std::pair<uint32_t, std::vector<uint8_t>>> table_segments(uint32_t host_calls) {
  std::vector<uint8_t> part1(kPart1Size, 0xFF), part2(kPart2Size, 0xFF);
  auto put_word = [&](uint32_t address, uint32_t value) {
    if (address < kPart2)
      put(part1, address - kPart1, value, 4);
    else
      put(part2, address - kPart2, value, 4);
  };
  std::map<uint32_t, uint32_t> tables;  // by the address of the word that points to it
  std::map<uint32_t, uint32_t> lengths;
  for (const auto& slot : dynalib()) lengths[slot.pointer_at] = std::max(lengths[slot.pointer_at], slot.index + 1);
  uint32_t next = kTables;
  for (const auto& [pointer_at, length] : lengths) {
    put_word(pointer_at, next);
    tables[pointer_at] = next;
    next += 4 * length;
  }
  uint32_t number = 0;
  for (const auto& slot : dynalib())
    put_word(tables[slot.pointer_at] + 4 * slot.index, (host_calls + 4 * number++) | 1);
  for (int pin = 0; pin < kMappedPins; ++pin)
    put_pin(part2, kPinMap - kPart2 + kPinSize * static_cast<uint32_t>(pin), kPinPlaces[pin]);
  return {{kPart1, std::move(part1)}, {kPart2, std::move(part2)}};
}

}  // namespace vphoton::system
