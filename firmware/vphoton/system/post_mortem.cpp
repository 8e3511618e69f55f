#include "system/post_mortem.h"

#include <algorithm>
#include <cstring>

#include "base/hex.h"
#include "base/json.h"
#include "system/services/panic.h"
#include "system/stored/module_image.h"

namespace vphoton::system {
namespace {

constexpr size_t kMostContexts = 8;
constexpr uint32_t kMostStack = 6 * 1024;
constexpr uint32_t kEndInPrefix = 4;  // where the module's prefix has the address of its CRC

std::string context(const machine::Registers& registers) {
  std::string numbers;
  for (const uint32_t value : registers.r) numbers += (numbers.empty() ? "" : ",") + std::to_string(value);
  return JsonObject().add_raw("r", "[" + numbers + "]").add("xpsr", static_cast<long long>(registers.xpsr())).str();
}

std::string module_crc(const machine::Memory& memory) {
  const uint8_t* at = memory.bytes(kUserPartAddress + kEndInPrefix, sizeof(uint32_t));
  uint32_t end = 0;
  if (at) std::memcpy(&end, at, sizeof end);
  const uint8_t* crc = memory.bytes(end, sizeof(uint32_t));
  return crc ? to_hex(std::string(crc, crc + sizeof(uint32_t))) : "";
}

}  // namespace

std::string post_mortem(const End& end, const machine::Processor& processor, const machine::Memory& memory) {
  std::string contexts = context(processor.regs);
  const auto& interrupted = processor.interrupted();
  for (size_t i = interrupted.size(); i > 1 && interrupted.size() - i + 2 <= kMostContexts; --i)
    contexts += ',' + context(interrupted[i - 1]);
  const uint32_t sp = processor.regs.r[13];
  const uint32_t size = sp >= machine::kRamBase && sp < end.stack_end ? std::min(kMostStack, end.stack_end - sp) : 0;
  const uint8_t* stack = memory.bytes(sp, size);
  return JsonObject()
      .add("code", static_cast<long long>(end.code))
      .add("name", panic::describe(end.code))
      .add("why", end.why)
      .add("in", end.function)
      .add("module", module_crc(memory))
      .add_raw("contexts", "[" + contexts + "]")
      .add("stack_at", static_cast<long long>(sp))
      .add("stack", stack ? to_hex(std::string(stack, stack + size)) : "")
      .str();
}

}  // namespace vphoton::system
