#include "debug/target_memory.h"

#include <cstring>
#include <optional>

#include "debug/registers.h"

namespace vphoton::debug {
namespace {

using machine::Fault;

// GDB looks at code to find the frames above it, and gives up where there is none: where calls of the system end and
// begin, it is shown a return.
std::optional<char> seeming_code(uint32_t address) {
  constexpr uint16_t kReturn = 0x4770;  // BX LR
  for (const auto& [base, size] : kSeemingCode)
    if (address - base < size) return static_cast<char>(address % 2 == 0 ? kReturn & 0xFF : kReturn >> 8);
  return std::nullopt;
}

}  // namespace

std::string readable(machine::Memory& memory, uint32_t address, size_t size) {
  std::string found;
  while (found.size() < size) {
    const auto at = static_cast<uint32_t>(address + found.size());
    if (at < address) break;
    const size_t left = size - found.size();
    if (const uint8_t* byte = memory.bytes(at, 1)) {
      found += static_cast<char>(*byte);
      continue;
    }
    if (const auto byte = seeming_code(at)) {
      found += *byte;
      continue;
    }
    try {
      const bool whole = at % sizeof(uint32_t) == 0 && left >= sizeof(uint32_t);
      const uint32_t value = whole ? memory.read<uint32_t>(at) : memory.read<uint8_t>(at);
      found.append(reinterpret_cast<const char*>(&value), whole ? sizeof(uint32_t) : 1);
    } catch (const Fault&) {
      break;
    }
  }
  uint32_t ignored = 0;
  memory.take_watched(ignored);  // what the debugger reads is not what the application reads
  return found;
}

bool write(machine::Memory& memory, uint32_t address, const std::string& data) {
  if (data.empty()) return true;
  if (uint8_t* to = memory.writable(address, static_cast<uint32_t>(data.size()))) {
    std::memcpy(to, data.data(), data.size());
    return true;
  }
  try {
    size_t at = 0;
    while (at < data.size()) {
      const auto to = static_cast<uint32_t>(address + at);
      uint32_t word = 0;
      const bool whole = to % sizeof word == 0 && data.size() - at >= sizeof word;
      std::memcpy(&word, data.data() + at, whole ? sizeof word : 1);
      if (whole)
        memory.write<uint32_t>(to, word);
      else
        memory.write<uint8_t>(to, static_cast<uint8_t>(word));
      at += whole ? sizeof word : 1;
    }
  } catch (const Fault&) {
    return false;
  }
  uint32_t ignored = 0;
  memory.take_watched(ignored);
  return true;
}

}  // namespace vphoton::debug
