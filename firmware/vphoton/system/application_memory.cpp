// What an application's memory is to the system: arguments and pointers, each checked.
#include <algorithm>
#include <cstring>

#include "base/hex.h"
#include "system/application.h"
#include "system/services/panic.h"

namespace vphoton::system {

uint32_t Application::argument(unsigned place) {
  const auto& r = processor_.regs.r;
  return place < 4 ? r[place] : get<uint32_t>(r[13] + 4 * (place - 4));
}

const uint8_t* Application::bytes(uint32_t address, uint32_t size) {
  const uint8_t* found = memory_.bytes(address, size);
  if (!found) panic(panic::kHardFault, "passes the address " + hex_address(address) + ", where it has no memory");
  return found;
}

uint8_t* Application::writable(uint32_t address, uint32_t size) {
  uint8_t* found = memory_.writable(address, size);
  if (!found) panic(panic::kHardFault, "passes the address " + hex_address(address) + ", where it cannot write");
  if (instruments_) instruments_->memory().written_by_system(address, size);
  return found;
}

std::string Application::text(uint32_t address, uint32_t most) {
  constexpr uint32_t kAtOnce = 64;
  std::string found;
  if (address == 0) return found;
  most = std::min(most, machine::kRamSize);
  while (found.size() < most) {
    const uint32_t next = address + static_cast<uint32_t>(found.size());
    uint32_t size = std::min(kAtOnce, most - static_cast<uint32_t>(found.size()));
    const uint8_t* piece = memory_.bytes(next, size);
    if (!piece) piece = bytes(next, size = 1);  // near the end of a memory
    const void* end = std::memchr(piece, 0, size);
    found.append(reinterpret_cast<const char*>(piece),
                 end ? static_cast<size_t>(static_cast<const uint8_t*>(end) - piece) : size);
    if (end) break;
  }
  return found;
}

void Application::write(uint32_t address, const std::string& data) {
  if (data.empty()) return;
  std::memcpy(writable(address, static_cast<uint32_t>(data.size())), data.data(), data.size());
}

uint32_t Application::allocate(uint32_t size) {
  const uint32_t address = heap_.allocate(size);
  if (address == 0) panic(panic::kOutOfHeap, "has no memory left for " + std::to_string(size) + " bytes");
  return address;
}

Application::Lent::Lent(Application& application, const std::string& text)
    : application_(application), address_(application.allocate(static_cast<uint32_t>(text.size()) + 1)) {
  application.write(address_, text + '\0');
}

}  // namespace vphoton::system
